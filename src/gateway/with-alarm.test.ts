import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import { policies } from '../decide/index.ts'
import { policyContract } from '../decide/policy.case.ts'
import type { EdgeSignal, Observation, Policy } from '../roles.ts'
import { withAlarm } from './with-alarm.ts'
import { withSignalCap } from './with-signal-cap.ts'

const MINUTE = 60_000
const alarm = (sentMs: number, more: Partial<EdgeSignal> = {}): EdgeSignal => ({
  gateway: 'g',
  seq: sentMs,
  sentMs,
  predictedLoad: 800,
  burstAlarm: true,
  horizonMs: MINUTE,
  confidence: 0.9,
  trust: 1,
  ...more
})
const seen = (
  nowMs: number,
  signals: readonly EdgeSignal[],
  more: Partial<Observation> = {}
): Observation => ({
  nowMs,
  capacity: { ready: { job: 5 } },
  load: series(MINUTE, [200], { startMs: nowMs - MINUTE }),
  service: { unitRate: 50 },
  signals,
  ...more
})
/** proportional: 200/s at 50/s a unit and 80 % are 5 units. */
const make = () => withAlarm(policies.proportional.make())
const units = (observation: Observation) => make().decide(observation, make().initial()).decision.to.job

describe('an alarm', () => {
  it.each([
    ['none', [], {}, 5],
    ['one that is trusted: 800/s are 20 units', [alarm(0)], {}, 20],
    ['one that is trusted by half: 500/s are 13 units', [alarm(0, { trust: 0.5 })], {}, 13],
    ['one that is not trusted', [alarm(0, { trust: 0 })], {}, 5],
    ['one without trust', [alarm(0, { trust: undefined })], {}, 5],
    ['a signal that is none', [alarm(0, { burstAlarm: false })], {}, 5],
    ['one of less than there is', [alarm(0, { predictedLoad: 10 })], {}, 5],
    ['two', [alarm(0, { trust: 0.5 }), alarm(0, { gateway: 'h', trust: 0.25 })], {}, 17],
    ['one within bounds', [alarm(0)], { bounds: { job: { max: 12 } } }, 12],
    ['one whose horizon is over', [alarm(-2 * MINUTE)], {}, 5],
    ['one of a load that is not known', [alarm(0, { predictedLoad: NaN })], {}, 5],
    ['one while the load is not measured', [alarm(0)], { load: undefined }, 20]
  ] as const)('%s', (_, signals, more, expected) => {
    expect(units(seen(0, signals, more))).toBe(expected)
  })

  it('hears of each gateway only what it said last', () => {
    const both = [alarm(0, { seq: 1, predictedLoad: 400 }), alarm(0, { seq: 2 })]
    const to = (signals: EdgeSignal[]) => make().decide(seen(0, signals), make().initial()).decision.to
    expect(to(both)).toEqual(to([alarm(0)]))
  })

  it('says who announced what', () => {
    const { why } = make().decide(seen(0, [alarm(0)]), make().initial()).decision
    expect(why.bound).toContain('alarm')
    expect(why.changed.at(-1)).toMatchObject({ by: 'withAlarm', because: 'g announces 800/s' })
  })

  describe('of a job of several operators', () => {
    /** As many as the load needs: map does 100/s each, sink 1,000/s. Its memory counts the turns. */
    const job: Policy<number> = {
      name: 'job',
      intervalMs: 1,
      initial: () => 0,
      decide: ({ load, capacity: { ready } }, turns) => {
        const rate = load?.values.at(-1) ?? NaN
        const to = rate >= 0 ? { map: Math.ceil(rate / 100), sink: Math.ceil(rate / 1_000) } : ready
        return {
          decision: { kind: 'hold', to, why: { rule: 'r', inputs: {}, bound: [], changed: [] } },
          memory: turns + 1
        }
      }
    }
    const at = (nowMs: number, signals: readonly EdgeSignal[], more: Partial<Observation> = {}) =>
      seen(nowMs, signals, { capacity: { ready: { map: 2, sink: 1 } }, ...more })

    it('raises those that the announced load needs, as far as it needs them', () => {
      const policy = withAlarm(job)
      const to = (signals: EdgeSignal[]) => policy.decide(at(0, signals), policy.initial()).decision.to
      expect(to([])).toEqual({ map: 2, sink: 1 })
      expect(to([alarm(0)])).toEqual({ map: 8, sink: 1 })
      expect(to([alarm(0, { trust: 0.5 })])).toEqual({ map: 5, sink: 1 })
      expect(to([alarm(0, { predictedLoad: 1_200 })])).toEqual({ map: 12, sink: 2 })
    })

    it('asks for the announced load where its own is not measured, and for nothing where neither is', () => {
      const policy = withAlarm(job)
      const to = (predictedLoad: number) =>
        policy.decide(at(0, [alarm(0, { predictedLoad })], { load: undefined }), policy.initial()).decision.to
      expect(to(800)).toEqual({ map: 8, sink: 1 })
      expect(to(NaN)).toEqual({ map: 2, sink: 1 })
    })

    it('stays with the most that was asked for, and gives it back when the horizon is over', () => {
      const policy = withAlarm(job)
      let memory = policy.initial()
      const lived = [0, 20_000, 40_000, 61_000, 81_000].map((nowMs) => {
        const signal = alarm(nowMs, { predictedLoad: nowMs === 0 ? 800 : 500, burstAlarm: nowMs <= 20_000 })
        const decided = policy.decide(at(nowMs, [signal]), memory)
        memory = decided.memory
        return decided.decision.to.map
      })
      expect(lived).toEqual([8, 8, 8, 8, 2])
      // What was only imagined is not remembered.
      expect(memory.inner).toBe(lived.length)
    })

    it('adds no more than the cap, operator by operator', () => {
      const policy = withSignalCap(withAlarm(job), { maxExtra: { units: 3 }, trusted: 1, most: { units: 4 } })
      const to = (trust: number) =>
        policy.decide(at(0, [alarm(0, { trust, predictedLoad: 9_000 })]), policy.initial()).decision.to
      expect(to(1)).toEqual({ map: 6, sink: 5 })
      expect(to(0.5)).toEqual({ map: 4, sink: 3 })
      expect(to(0)).toEqual({ map: 2, sink: 1 })
    })

    it('is planned by mpc in instances of its bottleneck, with the source as it is', () => {
      const operator = (id: string, parallelism: number, each: number) => ({
        ...{ id, parallelism, trueProcessingRate: each * parallelism, trueOutputRate: each * parallelism },
        ...{ observedProcessingRate: 200, observedOutputRate: 200 }
      })
      const ready = { source: 1, parse: 2, count: 3 }
      const observation = seen(0, [alarm(0, { predictedLoad: 700 })], {
        capacity: { ready, wanted: ready },
        load: series(3_000, new Float64Array(200).fill(200), { startMs: -600_000 }),
        topology: {
          operators: [
            { ...operator('source', 1, 20_000), source: true },
            operator('parse', 2, 200),
            operator('count', 3, 100)
          ],
          edges: [
            { from: 'source', to: 'parse' },
            { from: 'parse', to: 'count' }
          ]
        },
        metrics: { lag: { value: 0, quality: 'ok' } },
        service: { leadTimeMs: { p50: 1_000, p90: 3_000 }, restartMs: { p50: 1_000, p90: 3_000 } },
        slo: { latencyMs: 5_000 }
      })
      const policy = withAlarm(policies.mpc.make())
      const { to } = policy.decide(observation, policy.initial()).decision
      expect(to.source).toBe(1)
      expect(to.parse).toBeGreaterThanOrEqual(4)
      expect(to.count).toBeGreaterThanOrEqual(8)
      // A multiple of what there is would be 7 and 11.
      expect(to.parse).toBeLessThanOrEqual(5)
      expect(to.count).toBeLessThanOrEqual(9)
    })
  })

  it('is understood by a policy that looks at gauges: they rise with the load', () => {
    const ready = { capacity: { ready: { job: 5 }, wanted: { job: 5 } } }
    const gauges = (name: string) => ({ metrics: { [name]: { value: 0.8, quality: 'ok' as const } } })
    const policy = withAlarm(policies.hpa.make({ metric: 'cpu', target: 0.8 }))
    const to = (signals: EdgeSignal[]) =>
      policy.decide(seen(0, signals, { ...ready, ...gauges('cpu') }), policy.initial()).decision.to.job
    expect(to([])).toBe(5)
    expect(to([alarm(0, { predictedLoad: 400 })])).toBe(10)
  })

  it('says nothing to a policy that wants the same at any load', () => {
    const policy = withAlarm(policies.fixed.make({ units: '3' }))
    expect(policy.decide(seen(0, [alarm(0)]), policy.initial()).decision.to).toEqual({ job: 3 })
  })

  it('holds until its horizon is over, also when the gateway ended it because the burst is there', () => {
    const policy = make()
    let memory = policy.initial()
    const lived = [0, 20_000, 59_000, 61_000].map((nowMs) => {
      const signals = nowMs === 0 ? [alarm(0)] : [alarm(nowMs, { burstAlarm: false })]
      const decided = policy.decide(seen(nowMs, signals), memory)
      memory = decided.memory
      return decided.decision.to.job
    })
    expect(lived).toEqual([20, 20, 20, 5])
  })

  it('never takes anything away, and stays within the cap, whatever gateways say', () => {
    const wild = fc.record({
      predictedLoad: fc.oneof(
        fc.double({ min: 0, max: 1e300, noNaN: true }),
        fc.constantFrom(NaN, -1, Infinity)
      ),
      burstAlarm: fc.boolean(),
      trust: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(NaN, -3, 7)),
      horizonMs: fc.constantFrom(0, MINUTE, 1e12),
      sentMs: fc.constantFrom(-1e9, -1, 0, 5)
    })
    const bare = policies.proportional.make()
    fc.assert(
      fc.property(fc.array(wild, { maxLength: 4 }), (given) => {
        const signals = given.map((each, i) => alarm(0, { ...each, gateway: `g${i}` }))
        const least = bare.decide(seen(0, []), bare.initial()).decision.to.job
        const policy = withSignalCap(make(), { maxExtra: { units: 2 }, most: { units: 3 } })
        const { job } = policy.decide(seen(0, signals), policy.initial()).decision.to
        expect(job).toBeGreaterThanOrEqual(least)
        expect(job).toBeLessThanOrEqual(least + 3 * signals.length)
      })
    )
  })
})

policyContract({ name: 'withAlarm(mpc)', make: () => withAlarm(policies.mpc.make()), memoryless: true })
