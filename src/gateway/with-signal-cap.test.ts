import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { policies } from '../decide/index.ts'
import { policyContract } from '../decide/policy.case.ts'
import type { EdgeSignal, Observation, Policy } from '../roles.ts'
import { allowance, withSignalCap } from './with-signal-cap.ts'

/** As many units as the loudest gateway says, 100 a unit; three without one. */
const believer: Policy<null> = {
  name: 'believer',
  intervalMs: 1_000,
  initial: () => null,
  decide: ({ signals = [] }, memory) => ({
    decision: {
      kind: 'scale',
      to: {
        job: signals.length === 0 ? 10 : Math.ceil(Math.max(...signals.map((s) => s.predictedLoad)) / 100)
      },
      why: { rule: 'believes', inputs: {}, bound: [], changed: [] }
    },
    memory
  })
}

const from = (
  gateway: string,
  trust: number | undefined,
  predictedLoad = 1e9,
  burstAlarm = true
): EdgeSignal => ({
  gateway,
  seq: 1,
  sentMs: 0,
  predictedLoad,
  burstAlarm,
  horizonMs: 60_000,
  confidence: 1,
  ...(trust === undefined ? {} : { trust })
})
const decide = (signals: readonly EdgeSignal[], options = {}) => {
  const seen: Observation = { nowMs: 0, capacity: { ready: { job: 10 } }, signals }
  const policy = withSignalCap(believer, options)
  return policy.decide(seen, policy.initial()).decision
}

describe('F9: a gateway gone wild', () => {
  it.each([
    ['not trusted at all', [from('g', 0)], 10],
    ['without trust', [from('g', undefined)], 10],
    ['at a third of trusted', [from('g', 0.25)], 12],
    ['just not trusted', [from('g', 0.749)], 15],
    ['trusted', [from('g', 0.75)], 50],
    ['no alarm, only a number', [from('g', 0.9, 1e9, false)], 10],
    ['trusted, and modest', [from('g', 0.9, 1_200)], 12],
    ['two of them', [from('g', 0.25), from('h', 0.5)], 16],
    ['an untrusted one that says there is nothing', [from('g', 0.3, 0, false)], 10],
    ['a trusted one that says there is little', [from('g', 0.9, 800, false)], 8]
  ])('%s', (_, signals, units) => {
    expect(decide(signals).to.job).toBe(units)
  })

  it('may add what was set for it', () => {
    expect(decide([from('g', 0.5)], { maxExtra: { units: 3 }, trusted: 1 }).to.job).toBe(12)
    expect(decide([from('g', 1)], { most: { units: 3 } }).to.job).toBe(13)
    const own = { maxExtra: { units: 3 }, maxExtraOf: { g: { units: 6 } }, trusted: 1 }
    expect(decide([from('g', 0.5)], own).to.job).toBe(13)
  })

  it('stands in the audit: who, how far trusted, what was asked and what was given', () => {
    const { why, kind } = decide([from('g', 0.25, 5_000)])
    expect(kind).toBe('scale')
    expect(why.bound).toEqual(['signalTrust'])
    expect(why.changed).toEqual([
      {
        by: 'withSignalCap',
        from: { job: 50 },
        to: { job: 12 },
        because: 'g (trust 0.25) may add 2 to 10, asked for 40'
      }
    ])
    expect(decide([from('g', 0)])).toMatchObject({ kind: 'hold', to: { job: 10 } })
  })

  it('never gets more than its share, nor takes anything away, whatever it says', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.boolean(), (trust, load, alarm) => {
        const { job } = decide([from('g', trust, load, alarm)]).to
        if (Number.isNaN(job)) return
        expect(job).toBeLessThanOrEqual(10 + allowance(trust, 10))
        if (!(trust >= 0.75)) expect(job).toBeGreaterThanOrEqual(10)
      })
    )
  })

  it('adds its share once, turn after turn, although what it added is wanted by then, and lets it go when it is over', () => {
    /** As most policies: never below what is wanted while it may still be needed, here for two minutes. */
    const keeps: Policy<number> = {
      name: 'keeps',
      intervalMs: 15_000,
      initial: () => 0,
      decide: ({ nowMs, capacity, signals = [] }, untilMs) => {
        const now = capacity.wanted?.job ?? capacity.ready.job
        const loud = signals.length > 0 ? 100 : 10
        const job = nowMs < untilMs || loud > now ? Math.max(now, loud) : loud
        const why = { rule: 'keeps', inputs: {}, bound: [], changed: [] }
        return {
          decision: { kind: 'scale', to: { job }, why },
          memory: loud > now ? nowMs + 120_000 : untilMs
        }
      }
    }
    const policy = withSignalCap(keeps)
    let memory = policy.initial()
    let wanted = 10
    const path: number[] = []
    for (let nowMs = 0; nowMs <= 600_000; nowMs += 15_000) {
      const signals = nowMs >= 60_000 && nowMs < 180_000 ? [{ ...from('g', 0.3), sentMs: nowMs }] : []
      const seen: Observation = {
        nowMs,
        capacity: { ready: { job: wanted }, wanted: { job: wanted } },
        signals
      }
      const decided = policy.decide(seen, memory)
      memory = decided.memory
      wanted = decided.decision.to.job
      path.push(wanted)
    }
    expect(new Set(path)).toEqual(new Set([10, 12]))
    expect(path.at(-1)).toBe(10)
    expect(memory.apart).toBeNull()
  })

  it('keeps what an alarm was allowed for its horizon, also when its gateway is trusted less before it is over', () => {
    const policy = withSignalCap(believer, { most: { units: 8 }, maxExtra: { units: 2 } })
    let memory = policy.initial()
    const path = [
      [0, 0.8, true],
      [20_000, 0.7, true],
      [59_000, 0.7, true],
      [61_000, 0.7, true],
      [80_000, 0.7, false],
      [122_000, 0.7, false]
    ].map(([atMs, trust, isOn]) => {
      const nowMs = Number(atMs)
      const signals = [{ ...from('g', Number(trust), 5_000, isOn === true), sentMs: nowMs }]
      const decided = policy.decide({ nowMs, capacity: { ready: { job: 10 } }, signals }, memory)
      memory = decided.memory
      return decided.decision.to.job
    })
    expect(path).toEqual([18, 18, 18, 12, 12, 10])
  })

  it('allows each resource the more of what alarms allow it, whatever they allow others', () => {
    const wide: Policy<null> = {
      ...believer,
      decide: ({ signals = [] }, memory) => ({
        decision: {
          kind: 'scale',
          to: signals.length === 0 ? { a: 10, b: 4 } : { a: 100, b: 40 },
          why: { rule: 'believes', inputs: {}, bound: [], changed: [] }
        },
        memory
      })
    }
    const policy = withSignalCap(wide, { most: { ratio: 1 } })
    const seen = { nowMs: 0, capacity: { ready: { a: 10, b: 4 } }, signals: [from('g', 0.9)] }
    const first = policy.decide(seen, policy.initial())
    expect(first.decision.to).toEqual({ a: 20, b: 8 })
    const { apart, inner } = first.memory
    // What it was allowed of one is more than it is allowed now; of the other it is less.
    const granted = { a: { units: 15, untilMs: 30_000 }, b: { units: 1, untilMs: 30_000 } }
    const before = { inner, apart: apart && { ...apart, granted } }
    const { decision, memory } = policy.decide({ ...seen, nowMs: 10_000 }, before)
    expect(decision.to).toEqual({ a: 25, b: 8 })
    expect(memory.apart?.granted).toEqual({
      a: { units: 15, untilMs: 30_000 },
      b: { units: 4, untilMs: 60_000 }
    })
  })

  it('is over when nothing is added any more, also where a quiet gateway lets it do with less', () => {
    const policy = withSignalCap(believer)
    const at = (nowMs: number, loud: boolean, memory: ReturnType<typeof policy.initial>) => {
      const signals = [{ ...from('g', 0.9, loud ? 2_000 : 800, loud), sentMs: nowMs }]
      return policy.decide({ nowMs, capacity: { ready: { job: 10 } }, signals }, memory)
    }
    const alarmed = at(0, true, policy.initial())
    expect(alarmed.decision.to.job).toBe(20)
    expect(alarmed.memory.apart).not.toBeNull()
    const after = at(61_000, false, alarmed.memory)
    expect(after.decision.to.job).toBe(8)
    expect(after.memory.apart).toBeNull()
  })

  it('that is trusted more may add at least as much', () => {
    let last = 0
    for (let t = 0; t <= 1; t += 0.01) {
      expect(allowance(t, 10)).toBeGreaterThanOrEqual(last)
      last = allowance(t, 10)
    }
  })

  it.each([
    [{ trusted: 0 }, 'withSignalCap.trusted must be above 0, at most 1, was 0'],
    [{ most: { ratio: -1 } }, 'withSignalCap must be at least 0']
  ])('with %j cannot be bounded', (options, says) => {
    expect(() => withSignalCap(believer, options)).toThrow(says)
  })
})

policyContract({
  name: 'withSignalCap(mpc)',
  make: () => withSignalCap(policies.mpc.make()),
  memoryless: true
})
