/** Fault matrix, F18–F22: links, disks, neighbours and settings; and a mode in which nothing is written. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type LiveLoop, openLoop } from '../../src/cli/live/loop.ts'
import { type Config, readConfig } from '../../src/config/index.ts'
import { policies } from '../../src/decide/index.ts'
import {
  fuse,
  signalDesk,
  signingKey,
  signSignal,
  withAlarm,
  withSignalCap
} from '../../src/gateway/index.ts'
import { fleet, type LoopEvent, type LoopTarget } from '../../src/loop/index.ts'
import type { EdgeSignal, Policy } from '../../src/roles.ts'
import { askLoop } from '../../src/serve/index.ts'
import { type FakeFlink, fakeFlink } from '../fakes/flink.ts'
import { ears, memoryKnowledge, permitAll, scripted, smallTarget } from '../fakes/loop.ts'
import { smallDisk } from '../fakes/small-disk.ts'
import { virtualClock } from '../fakes/virtual-clock.ts'
import { MINUTE, policyNamed, START, stage } from './stage.ts'

const HOUR = 60 * MINUTE
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prescale-around-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('fault matrix: links', () => {
  it('F18 the link of a gateway is cut for three hours: the cloud decides alone; what arrives late is late, and scales nothing', async () => {
    const key = signingKey('hmac-sha256', '1', '0123456789abcdef')
    const signal = (seq: number, atMs: number, burstAlarm: boolean): EdgeSignal =>
      signSignal(
        {
          ...{ gateway: 'g1', seq, sentMs: START + atMs, predictedLoad: 150, burstAlarm },
          ...{ horizonMs: MINUTE, confidence: 0.9 }
        },
        key
      )
    const cutMs = HOUR
    const backMs = 4 * HOUR
    const before = Array.from({ length: 60 }, (_, i): [number, EdgeSignal] => [
      i * MINUTE,
      signal(i, i * MINUTE, false)
    ])
    // The alarms of the hours that were cut come all at once, and then what is true now.
    const late = Array.from({ length: 180 }, (_, i): [number, EdgeSignal] => [
      backMs,
      signal(60 + i, cutMs + i * MINUTE, true)
    ])
    const now: [number, EdgeSignal][] = [[backMs + 1_000, signal(240, backMs + 1_000, false)]]
    const judge = fuse({ gateways: [{ id: 'g1', keys: [key], ttlMs: 2 * MINUTE }] })
    const refused = new Map<string, number>()
    const desk = signalDesk(judge, judge.initial(), (_, because) =>
      refused.set(because, (refused.get(because) ?? 0) + 1)
    )('web')
    const it = stage({
      made: withSignalCap(withAlarm(policyNamed('mpc').policy)) as Policy,
      signals: desk,
      sources: (clock) => [
        {
          async *read(abort) {
            for (const [atMs, said] of [...before, ...late, ...now]) {
              await clock.sleepUntil(START + atMs, abort)
              if (abort.aborted) return
              yield { kind: 'signal', signal: said }
            }
          }
        }
      ]
    })
    it.target.world.load = 80
    it.begin()
    await it.clock.advance(2 * HOUR)
    expect(it.last().observation.signals).toEqual([])
    const wanted = it.target.world.wanted
    const commands = it.target.commands.length
    // A burst that nobody announces is met all the same.
    it.target.world.load = 120
    await it.clock.advance(HOUR)
    expect(it.target.world.wanted).toBeGreaterThan(wanted)
    const met = it.target.commands.length
    expect(met).toBeGreaterThan(commands)
    await it.clock.advance(HOUR + 10 * MINUTE)
    // The last two alarms are young enough to be true; everything older is not.
    expect(refused.get('replayed')).toBeGreaterThanOrEqual(177)
    const more = it.target.commands.slice(met).filter(({ to }) => to.web > 18)
    expect(more.length).toBeLessThanOrEqual(1)
    await it.end()
  })
})

function configFor(url: string, store: string, more = ''): Config {
  return readConfig(
    `
version: 1
targets:
  cars:
    mode: apply
    source: { type: flink, url: '${url}', job: loadjob }
    actuator: { type: flink, url: '${url}', job: loadjob }
    policy: mpc
    interval: 1s
    forecast: none
    maxReplicas: 8
    leadTime: { p50: 1s, p90: 2s }
    restart: { p50: 1s, p90: 2s }
    slo: { latency: 5s }
${more}
store: { path: ${store} }
listen: { metrics: 0, socket: ${join(folder, 'loop.sock')} }
`,
    'prescale.yaml'
  )
}

const wantsMore = (events: readonly LoopEvent[]) =>
  events.some(
    ({ kind, ...event }) => kind === 'turn' && 'turn' in event && event.turn.decision.kind === 'scale'
  )

/** A loop against a fake Flink that has more to do than it can, until it would scale. */
async function untilItWants(
  config: (url: string) => Config,
  apply: boolean,
  look: (loop: LiveLoop, flink: FakeFlink, errors: string[]) => Promise<void>
): Promise<void> {
  const flink = await fakeFlink()
  const pump = setInterval(() => flink.advance(50, 3_000), 50)
  const events: LoopEvent[] = []
  const errors: string[] = []
  const log = {
    event: (event: LoopEvent) => void events.push(event),
    note: () => {},
    error: (text: string) => void errors.push(text)
  }
  const loop = await openLoop(config(flink.url), { apply, once: false, log })
  try {
    await vi.waitFor(() => expect(wantsMore(events)).toBe(true), { timeout: 30_000, interval: 100 })
    const turns = events.length
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(turns + 3), { timeout: 30_000 })
    await look(loop, flink, errors)
  } finally {
    clearInterval(pump)
    await loop.close()
    await flink.close()
  }
}

describe('fault matrix: the record', { timeout: 90_000 }, () => {
  it('F19 a record that is no record: watches, decides, commands nothing, and says so everywhere', async () => {
    const file = join(folder, 'live.sqlite')
    writeFileSync(file, 'this is no database, and never was one\n'.repeat(200))
    await untilItWants(
      (url) => configFor(url, file),
      true,
      async (loop, flink, errors) => {
        expect(flink.writes()).toEqual([])
        expect(errors[0]).toMatch(/live\.sqlite.*only recommends/)
        expect(await askLoop(join(folder, 'loop.sock'), { ask: 'status' })).toMatchObject({
          mode: 'recommend',
          trouble: errors[0]
        })
        const ready = await fetch((loop.metricsUrl ?? '').replace('/metrics', '/readyz'))
        expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('only recommends')])
      }
    )
  })

  it('F19 a disk that fills up while it runs: decisions go on, commands end, and come back with the room', async () => {
    const it = stage()
    it.begin()
    await it.settle(20)
    const before = it.target.commands.length
    it.knowledge.state.full = true
    it.target.world.load = 120
    await it.clock.advance(10 * MINUTE)
    expect(it.target.commands.length).toBe(before)
    expect(it.heard.errors().at(-1)).toContain('disk is full')
    expect(it.last().decision.to.web).toBeGreaterThan(10)
    it.knowledge.state.full = false
    await it.clock.advance(2 * MINUTE)
    expect(it.target.world.wanted).toBeGreaterThan(10)
    await it.end()
  })

  it('F19 a real full disk: a command is on record, or keeping it throws', (context) => {
    const disk = smallDisk(folder, 400)
    if (disk === undefined) return context.skip()
    const url = new URL('../../src/store/index.ts', import.meta.url).href
    const said = disk.run(`
      import { rmSync, writeFileSync } from 'node:fs'
      import { sqlite } from '${url}'
      const file = '${folder}/live.sqlite'
      const store = sqlite({ file })
      const kept = { atMs: 0, memory: 'x'.repeat(20000) }
      let given = 0, refused = ''
      for (let epoch = 1; epoch < 100; epoch++) {
        try {
          store.keep('cars' + epoch, kept, undefined, { target: 'cars' + epoch, to: { a: epoch }, epoch: 1 })
          given++
        } catch (error) { refused = error.message }
      }
      let found = 0
      for (let epoch = 1; epoch < 100; epoch++) if (store.recall('cars' + epoch).given) found++
      console.log(JSON.stringify({ given, found, refused }))
    `)
    const { given, found, refused } = JSON.parse(said)
    expect(given).toBeLessThan(99)
    expect(found).toBe(given)
    expect(refused).toMatch(/disk|full/)
  })
})

describe('fault matrix: neighbours', { timeout: 240_000 }, () => {
  /** When each of the others had its turns, with some of them poisoned. */
  async function turnsOfOthers(count: number, poisoned: Readonly<Record<number, Partial<LoopTarget>>>) {
    const clock = virtualClock(START)
    const heard = ears()
    const times: number[] = []
    const tell = (event: LoopEvent) => {
      if (event.kind === 'turn' && !(event.turn.target.slice(1) in poisoned)) times.push(event.turn.atMs)
      else if (event.kind !== 'turn') heard.tell(event)
    }
    const all = fleet({ knowledge: memoryKnowledge(), permission: permitAll(), clock, tell })
    const targets = Array.from({ length: count }, (_, i) => {
      const world = smallTarget(clock)
      const target: LoopTarget = {
        ...{ name: `t${i}`, policy: policies.hpa.make({ target: 0.5 }) as Policy, options: {} },
        sources: [scripted(clock, 60_000, world.readings)],
        ...{ view: { stepMs: 60_000 }, intervalMs: 60_000, actuator: world.actuator },
        ...poisoned[i]
      }
      return { target, version: '1' }
    })
    await all.set(targets)
    await clock.advance(130_000)
    const names = all.names().length
    const turns = times.length
    const closing = all.close()
    await clock.advance(10_000)
    await closing
    expect(times.length).toBe(turns)
    return { times, names, errors: heard.errors() }
  }

  it('F20 10,000 targets, some poisoned in every way: nobody else has a turn more, less or later', async () => {
    const boom = () => {
      throw new Error('poisoned')
    }
    const bad = (part: Partial<Policy>): Policy => ({ ...(policies.hpa.make() as Policy), ...part })
    const poisons: Readonly<Record<number, Partial<LoopTarget>>> = {
      7: { policy: bad({ initial: boom }) },
      70: { policy: bad({ decide: boom }) },
      700: {
        policy: bad({
          decide: (_, memory) => ({
            decision: {
              kind: 'scale',
              to: { web: NaN },
              why: { rule: 'bad', inputs: {}, bound: [], changed: [] }
            },
            memory
          })
        })
      },
      5000: { sources: [{ read: () => ({ [Symbol.asyncIterator]: boom }) }] },
      9000: {
        sources: [{ read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) }]
      }
    }
    const sick = await turnsOfOthers(10_000, poisons)
    const well = await turnsOfOthers(10_000, Object.fromEntries(Object.keys(poisons).map((i) => [i, {}])))
    expect(sick.names).toBe(10_000)
    expect(sick.times.length).toBeGreaterThanOrEqual(29_000)
    expect(sick.times).toEqual(well.times)
    expect(well.errors).toEqual([])
    expect(sick.errors.filter((what) => what.includes('poisoned')).length).toBeGreaterThan(3)
    expect(sick.errors.at(-1)).toBe('a source does not end; it is left')
  })
})

describe('fault matrix: settings', { timeout: 90_000 }, () => {
  it('F21 settings change while a command is on its way: it is not given again, and what came of it is found out', async () => {
    const clock = virtualClock(START)
    const heard = ears()
    const knowledge = memoryKnowledge()
    const world = smallTarget(clock)
    world.answers.push('hang-but-done')
    world.world.load = 19
    const all = fleet({ knowledge, permission: permitAll(), clock, tell: heard.tell })
    const target: LoopTarget = {
      ...{ name: 'web', policy: policies.hpa.make({ target: 0.5 }) as Policy, options: {} },
      sources: [scripted(clock, 15_000, world.readings)],
      ...{ view: { stepMs: 15_000 }, intervalMs: 15_000, actuator: world.actuator }
    }
    await all.set([{ target, version: '1' }])
    await clock.advance(40_000)
    expect(world.commands).toHaveLength(1)
    const changing = all.set([{ target: { ...target, options: { changed: true } }, version: '2' }])
    await clock.advance(0)
    await changing
    await clock.advance(5 * MINUTE)
    expect(world.commands).toHaveLength(1)
    expect(knowledge.given('web')?.receipt?.refused).toBeUndefined()
    expect(heard.turns().at(-1)?.policy.options).toEqual({ changed: true })
    await all.close()
  })

  it('F21 settings of which nothing can be made: the loop of before goes on', async () => {
    await untilItWants(
      (url) => configFor(url, join(folder, 'live.sqlite')),
      false,
      async (loop, flink) => {
        const wrong = configFor(flink.url, join(folder, 'live.sqlite'))
        const [cars] = wrong.targets
        const broken = {
          ...cars,
          policy: { ...cars.policy, model: join(folder, 'nothing.json'), name: undefined }
        }
        await expect(loop.set({ ...wrong, targets: [broken] })).rejects.toThrow('nothing.json')
        const turns = loop.book.of('cars')?.counts.turns ?? 0
        await vi.waitFor(() => expect(loop.book.of('cars')?.counts.turns).toBeGreaterThan(turns + 1), 10_000)
      }
    )
  })

  it.each([
    ['no leave to apply', false, ''],
    ['a target whose mode is recommend', true, 'recommend'],
    ['a target with the dry-run actuator', true, 'dry-run']
  ])('F22 %s: a recording server sees no write, whatever is decided', async (_, apply, how) => {
    const change = (config: Config): Config => ({
      ...config,
      targets: config.targets.map((target) => ({
        ...target,
        ...(how === 'recommend' && { mode: 'recommend' as const }),
        ...(how === 'dry-run' && { actuator: { type: 'dry-run' as const } })
      }))
    })
    await untilItWants(
      (url) => change(configFor(url, join(folder, 'live.sqlite'))),
      apply,
      async (loop, flink) => {
        expect(flink.calls.length).toBeGreaterThan(10)
        expect(flink.writes()).toEqual([])
        expect(loop.book.of('cars')?.decision?.kind).toBe('scale')
      }
    )
  })
})
