import { describe, expect, it } from 'vitest'
import { ears, memoryKnowledge, permitAll, scripted, smallTarget } from '../../test/fakes/loop.ts'
import { virtualClock } from '../../test/fakes/virtual-clock.ts'
import { policies } from '../decide/index.ts'
import type { Policy } from '../roles.ts'
import type { LoopTarget } from './cycle-parts.ts'
import { fleet } from './fleet.ts'
import { leaseKeeper, type PauseNote, permission, type WriteRecord } from './permission.ts'

function stage() {
  const clock = virtualClock(1e12)
  const heard = ears()
  const knowledge = memoryKnowledge()
  const all = fleet({ knowledge, permission: permitAll(), clock, tell: heard.tell })
  const worlds = new Map<string, ReturnType<typeof smallTarget>>()
  const targetOf = (name: string, change: Partial<LoopTarget> = {}): LoopTarget => {
    const world = smallTarget(clock)
    worlds.set(name, world)
    return {
      name,
      policy: policies.hpa.make({ target: 0.5 }) as Policy,
      options: {},
      sources: [scripted(clock, 15_000, world.readings)],
      view: { stepMs: 15_000 },
      intervalMs: 15_000,
      actuator: world.actuator,
      ...change
    }
  }
  return { clock, heard, all, targetOf, worlds }
}

const bad: Policy = {
  name: 'bad',
  intervalMs: 15_000,
  initial() {
    throw new Error('poisoned')
  },
  decide() {
    throw new Error('poisoned')
  }
}

describe('a fleet of loops', () => {
  it('gives each its turns, spread over the first seconds, and lets a poisoned one stop nobody', async () => {
    const { clock, heard, all, targetOf } = stage()
    const names = Array.from({ length: 50 }, (_, i) => `t${i}`)
    await all.set(
      names.map((name) => ({ target: targetOf(name, name === 't7' ? { policy: bad } : {}), version: '1' }))
    )
    await clock.advance(180_000)
    const turns = heard.turns()
    for (const name of names) {
      expect(turns.filter(({ target }) => target === name).length).toBe(name === 't7' ? 0 : 12)
    }
    expect(heard.errors()).toEqual(Array(3).fill('the loop of this target broke: poisoned'))
    const first = new Set(names.map((name) => turns.find(({ target }) => target === name)?.atMs))
    expect(first.size).toBeGreaterThan(40)
    await all.close()
  })

  it('begins what is new, ends what is gone, and begins again what is changed', async () => {
    const { clock, heard, all, targetOf } = stage()
    const [a, b, c] = ['a', 'b', 'c'].map((name) => targetOf(name))
    await all.set([a, b].map((target) => ({ target, version: '1' })))
    await clock.advance(60_000)
    const changed = { ...b, options: { price: 2 } }
    await all.set([
      { target: c, version: '1' },
      { target: changed, version: '2' }
    ])
    expect(all.names().toSorted()).toEqual(['b', 'c'])
    const seen = heard.events.length
    await clock.advance(60_000)
    const later = heard.events.slice(seen).flatMap((event) => (event.kind === 'turn' ? [event.turn] : []))
    expect(new Set(later.map(({ target }) => target))).toEqual(new Set(['b', 'c']))
    expect(later.find(({ target }) => target === 'b')?.policy.options).toEqual({ price: 2 })
    await all.close()
  })
})

describe('a fleet with one turn', () => {
  it('is done when every target had its turn, a broken one told', async () => {
    const clock = virtualClock(1e12)
    const heard = ears()
    const all = fleet({
      ...{ knowledge: memoryKnowledge(), permission: permitAll(), clock, tell: heard.tell, once: true }
    })
    const world = smallTarget(clock)
    const target: LoopTarget = {
      ...{ name: 'a', policy: policies.hpa.make({}) as Policy, options: {}, intervalMs: 15_000 },
      sources: [scripted(clock, 15_000, world.readings)],
      view: { stepMs: 15_000 }
    }
    await all.set([
      { target, version: '1' },
      { target: { ...target, name: 'b', policy: bad }, version: '1' }
    ])
    await clock.advance(31_000)
    await all.done()
    expect(heard.turns().map((turn) => turn.target)).toEqual(['a'])
    expect(heard.errors()).toEqual(['the loop of this target broke: poisoned'])
  })
})

describe('permission to command', () => {
  function record() {
    let lease = { holder: '', epoch: 0, untilMs: 0 }
    const notes: Record<string, PauseNote> = {}
    const made: WriteRecord = {
      holdLease(holder, nowMs, untilMs) {
        if (lease.holder !== holder && lease.untilMs > nowMs) return { mine: false, ...lease }
        lease = { holder, epoch: lease.epoch + (lease.holder === holder ? 0 : 1), untilMs }
        return { mine: true, ...lease }
      },
      dropLease: () => {
        lease = { ...lease, untilMs: 0 }
      },
      nextEpoch: (_target, holder, nowMs) =>
        lease.holder === holder && lease.untilMs > nowMs ? 7 : undefined,
      pauses: () => notes
    }
    return { made, notes }
  }

  it('is for who holds the lease, unless it is paused or killed', async () => {
    const clock = virtualClock(0)
    const { made, notes } = record()
    let killed: string | undefined
    const may = permission({ record: made, holder: 'a', clock, killed: () => killed })
    expect(may.ask('web')).toEqual({ refused: 'another loop holds the lease' })
    made.holdLease('a', 0, 10_000)
    expect(may.ask('web')).toEqual({ epoch: 7 })
    notes.web = { sinceMs: 0, by: 'ann', because: 'release' }
    expect(may.ask('web')).toEqual({ refused: 'paused by ann since 1970-01-01T00:00:00.000Z: release' })
    expect(may.ask('other')).toEqual({ epoch: 7 })
    notes['*'] = { sinceMs: 0, untilMs: 5_000, by: 'bob' }
    expect(may.ask('other')).toMatchObject({ refused: expect.stringContaining('bob') })
    clock.jump(5_000)
    expect(may.ask('other')).toEqual({ epoch: 7 })
    killed = 'stop.txt is there'
    expect(may.ask('other')).toEqual({ refused: 'kill switch: stop.txt is there' })
  })

  it('is not given where the record cannot be read, and the lease runs out by itself', async () => {
    const clock = virtualClock(0)
    const { made } = record()
    const broken: WriteRecord = {
      ...made,
      pauses() {
        throw new Error('store is damaged')
      },
      holdLease() {
        throw new Error('store is locked')
      },
      dropLease() {
        throw new Error('store is locked')
      }
    }
    const may = permission({ record: broken, holder: 'a', clock })
    expect(may.ask('web')).toEqual({ refused: 'the record cannot be read: store is damaged' })
    const said: string[] = []
    const stop = new AbortController()
    const keeping = leaseKeeper({ record: broken, holder: 'a', clock }).keep(stop.signal, (what) =>
      said.push(what)
    )
    await clock.advance(10_000)
    stop.abort()
    await clock.advance(0)
    await keeping
    expect(said).toEqual(['the lease cannot be renewed: store is locked'])
  })

  it('ends for a holder that cannot renew, before the other one can have it: never two at a time', async () => {
    const clock = virtualClock(0)
    const { made } = record()
    let broken = false
    const failing: WriteRecord = {
      ...made,
      holdLease(...asked) {
        if (broken) throw new Error('the disk is full')
        return made.holdLease(...asked)
      }
    }
    const times = { leaseMs: 15_000, deadlineMs: 10_000, renewMs: 2_000 }
    const [a, b] = [failing, made].map((own, i) => {
      const holder = 'ab'[i]
      const lease = leaseKeeper({ record: own, holder, clock, ...times })
      return { lease, may: permission({ record: own, holder, clock, lease }), stop: new AbortController() }
    })
    const running = [a, b].map(({ lease, stop }) => lease.keep(stop.signal))
    await clock.advance(60_000)
    broken = true
    /** Who may command, second by second. */
    const who: string[] = []
    for (let second = 1; second <= 20; second++) {
      await clock.advance(1_000)
      const may = [a, b].map((loop) => 'epoch' in loop.may.ask('web'))
      who.push(`${may[0] ? 'a' : ''}${may[1] ? 'b' : ''}`)
    }
    expect(who).not.toContain('ab')
    expect(
      who
        .join(' ')
        .replaceAll(/(\w+)( \1)+/g, '$1')
        .replaceAll(/ +/g, ' ')
    ).toBe('a b')
    const alone = who.lastIndexOf('a') + 1
    expect(alone).toBeLessThan(10_001 / 1_000)
    expect(who.indexOf('b')).toBeGreaterThanOrEqual(alone + 4)
    // It finds out that it has lost it as soon as it can ask again.
    broken = false
    await clock.advance(4_000)
    expect([a.lease.now?.mine, b.lease.now?.mine]).toEqual([false, true])
    expect(a.may.ask('web')).toEqual({ refused: 'another loop holds the lease' })
    for (const { stop } of [a, b]) stop.abort()
    await clock.advance(0)
    await Promise.all(running)
  })

  it('comes back to a holder that can renew again in time', async () => {
    const clock = virtualClock(0)
    const { made } = record()
    const lease = leaseKeeper({ record: made, holder: 'a', clock })
    const may = permission({ record: made, holder: 'a', clock, lease })
    const stop = new AbortController()
    const keeping = lease.keep(stop.signal)
    await clock.advance(1)
    expect(may.ask('web')).toEqual({ epoch: 7 })
    // The process was stopped for a while: its timers come late.
    clock.jump(12_000)
    expect(may.ask('web')).toEqual({ refused: 'the lease could not be renewed for 12s1ms' })
    await clock.advance(2_000)
    expect(may.ask('web')).toEqual({ epoch: 7 })
    stop.abort()
    await clock.advance(0)
    await keeping
  })

  it('goes over to the other loop when the first is gone, and never to both', async () => {
    const clock = virtualClock(0)
    const { made } = record()
    const [a, b] = ['a', 'b'].map((holder) => leaseKeeper({ record: made, holder, clock }))
    const [endA, endB] = [new AbortController(), new AbortController()]
    const said: string[] = []
    const running = [a.keep(endA.signal), b.keep(endB.signal, (what) => said.push(what))]
    await clock.advance(60_000)
    expect([a.now?.mine, b.now?.mine]).toEqual([true, false])
    endA.abort()
    await clock.advance(3_000)
    expect(b.now).toMatchObject({ mine: true, epoch: 2 })
    expect(said).toEqual(['a holds the lease: only watching', 'holds the lease, epoch 2'])
    endB.abort()
    await clock.advance(0)
    await Promise.all(running)
  })
})
