import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import type { Observation, Operator, Policy } from '../roles.ts'
import { withIneffectiveHold } from './with-ineffective-hold.ts'

const S = 1_000
const MIN = 60 * S

/** It wants what it is told to want. */
function wishing() {
  const wish: Record<string, number> = {}
  const policy: Policy<null> = {
    ...{ name: 'wish', intervalMs: 15 * S, initial: () => null },
    decide: () => ({
      decision: { kind: 'scale', to: { ...wish }, why: { rule: 'wish', inputs: {}, bound: [], changed: [] } },
      memory: null
    })
  }
  return { wish, policy }
}

/** A service with this load, this throughput and so many units, that asks every 15 s. */
function service(options: Parameters<typeof withIneffectiveHold>[1] = {}) {
  const { wish, policy } = wishing()
  const guardedPolicy = withIneffectiveHold(policy, options)
  let memory = guardedPolicy.initial()
  let nowMs = 0
  let units = 4
  return {
    get units() {
      return units
    },
    /** What it gets when it wants so many; it has them at the next moment. */
    ask(web: number, { load = 80, throughput = NaN, afterMs = 15 * S } = {}) {
      nowMs += afterMs
      wish.web = web
      const seen: Observation = {
        nowMs,
        capacity: { ready: { web: units } },
        load: series(15 * S, [load], { startMs: nowMs - 15 * S }),
        metrics: { throughput: { value: throughput, quality: Number.isNaN(throughput) ? 'missing' : 'ok' } }
      }
      const made = guardedPolicy.decide(seen, memory)
      memory = JSON.parse(JSON.stringify(made.memory))
      units = made.decision.to.web
      return made.decision
    }
  }
}

describe('no more of what brought nothing', () => {
  it('holds the next increase when the last one changed nothing and was needed, and says so', () => {
    const it = service()
    expect(it.ask(6, { throughput: 40 }).to.web).toBe(6)
    // Not settled: several increases are one.
    expect(it.ask(8, { throughput: 40 }).to.web).toBe(8)
    expect(it.ask(8, { throughput: 41, afterMs: 2 * MIN }).why.bound).toEqual([])
    const held = it.ask(10, { throughput: 42 })
    expect(held.to.web).toBe(8)
    expect(held.kind).toBe('hold')
    expect(held.why.bound).toEqual(['ineffective'])
    expect(held.why.changed[0].because).toBe(
      'web from 4 to 8 brought 5 % of throughput, not 100 %, held for 30m'
    )
  })

  it('tries again after a while, and judges that anew', () => {
    const it = service({ holdMs: 10 * MIN })
    it.ask(8, { throughput: 40 })
    it.ask(8, { throughput: 40, afterMs: 15 * S })
    expect(it.ask(9, { throughput: 40, afterMs: 2 * MIN }).to.web).toBe(8)
    expect(it.ask(9, { throughput: 40, afterMs: 9 * MIN }).to.web).toBe(8)
    expect(it.ask(9, { throughput: 40, afterMs: 1 * MIN }).to.web).toBe(9)
    // One only, until it is known what that brought.
    const trial = it.ask(12, { throughput: 40 })
    expect(trial.to.web).toBe(9)
    expect(trial.why.changed[0].because).toBe('web from 8 is tried again, and not judged yet')
    const again = it.ask(12, { throughput: 40, afterMs: 2 * MIN })
    expect(again.to.web).toBe(9)
    expect(again.why.changed[0].because).toMatch(/^web from 8 to 9 brought 0 % of throughput, not 13 %/)
  })

  it('ends as soon as the increase does bring something', () => {
    const it = service()
    it.ask(8, { throughput: 40 })
    it.ask(8, { throughput: 40 })
    expect(it.ask(9, { throughput: 40, afterMs: 2 * MIN }).to.web).toBe(8)
    expect(it.ask(9, { throughput: 70 }).to.web).toBe(9)
  })

  it.each([
    ['it brought what was expected', { throughput: 75 }],
    ['a tenth of what was expected', { throughput: 45 }],
    ['it is not short: it grew ahead of its load', { throughput: 40, load: 40 }],
    ['its throughput is not known', {}],
    ['its load is not known', { throughput: 40, load: NaN }]
  ])('lets it grow where %s', (_, now) => {
    const it = service()
    it.ask(8, { throughput: 40 })
    it.ask(8, { throughput: 40 })
    expect(it.ask(9, { afterMs: 2 * MIN, ...now }).to.web).toBe(9)
  })

  it('has nothing against a first increase, whose throughput before may be unknown, nor against less', () => {
    const it = service()
    expect(it.ask(8).to.web).toBe(8)
    it.ask(8, { throughput: 40 })
    expect(it.ask(9, { throughput: 40, afterMs: 2 * MIN }).to.web).toBe(9)
    expect(it.ask(3, { throughput: 40 }).to.web).toBe(3)
  })

  it('does not judge an increase from nothing, whose meters still told of before', () => {
    const it = service()
    it.ask(0, { throughput: 70 })
    it.ask(2, { throughput: 40 })
    it.ask(2, { throughput: 40 })
    expect(it.ask(9, { throughput: 60, afterMs: 2 * MIN }).to.web).toBe(9)
  })

  it('forgets an increase that was taken back', () => {
    const it = service()
    it.ask(8, { throughput: 40 })
    it.ask(4, { throughput: 40 })
    it.ask(4, { throughput: 40 })
    expect(it.ask(6, { throughput: 40, afterMs: 2 * MIN }).to.web).toBe(6)
  })

  it.each([
    [{ threshold: 2 }, 'threshold'],
    [{ settleMs: -1 }, 'settleMs'],
    [{ holdMs: NaN }, 'holdMs']
  ])('refuses %o', (options, name) => {
    expect(() => withIneffectiveHold(wishing().policy, options)).toThrow(`withIneffectiveHold.${name}`)
  })
})

describe('of an operator of a job', () => {
  it('holds that operator only, by what goes through it, while the source is held back', () => {
    const { wish, policy } = wishing()
    const guardedPolicy = withIneffectiveHold(policy)
    let memory = guardedPolicy.initial()
    const look = (atMs: number, ready: Record<string, number>, wanted: Record<string, number>) => {
      Object.assign(wish, wanted)
      const operators = ['src', 'map', 'count'].map(
        (id): Operator => ({
          ...{ id, parallelism: ready[id] ?? 1, trueProcessingRate: 99, trueOutputRate: 99 },
          // Keys fall on one instance of count, so nothing that is added does anything.
          ...{ observedProcessingRate: 500, backpressured: id === 'src' ? 0.6 : 0 },
          ...(id === 'src' && { source: true })
        })
      )
      const topology = { operators, edges: [] }
      const made = guardedPolicy.decide({ nowMs: atMs, capacity: { ready }, topology }, memory)
      memory = made.memory
      return made.decision
    }
    expect(look(0, { map: 2, count: 2 }, { map: 2, count: 4 }).to).toEqual({ map: 2, count: 4 })
    look(15 * S, { map: 2, count: 4 }, { map: 2, count: 4 })
    const { to, why } = look(3 * MIN, { map: 2, count: 4 }, { map: 3, count: 8 })
    expect(to).toEqual({ map: 3, count: 4 })
    expect(why.changed[0].because).toMatch(/^count from 2 to 4 brought 0 % of throughput, not 100 %/)
  })
})
