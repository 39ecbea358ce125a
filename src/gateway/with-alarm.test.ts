import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import { policies } from '../decide/index.ts'
import { policyContract } from '../decide/policy.case.ts'
import type { EdgeSignal, Observation, Policy, Units } from '../roles.ts'
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

  it('multiplies what each operator of a job has, where there are several', () => {
    const twice: Policy<null> = {
      name: 'two',
      intervalMs: 1,
      initial: () => null,
      decide: (_, memory) => ({
        decision: {
          kind: 'hold',
          to: { map: 2, sink: 1 },
          why: { rule: 'r', inputs: {}, bound: [], changed: [] }
        },
        memory
      })
    }
    const policy = withAlarm(twice)
    // What was added is in the answer of a policy that keeps what there is: it is not multiplied again.
    const keeps: Policy<null> = {
      ...twice,
      decide: ({ capacity: { ready } }, memory) => ({
        decision: { kind: 'hold', to: ready, why: { rule: 'r', inputs: {}, bound: [], changed: [] } },
        memory
      })
    }
    const patient = withAlarm(keeps)
    let memory = patient.initial()
    let units: Units = { map: 2, sink: 1 }
    for (const [nowMs, predictedLoad] of [
      [0, 800],
      [2_000, 801],
      [4_000, 802]
    ]) {
      const decided = patient.decide(
        seen(nowMs, [alarm(nowMs, { predictedLoad })], { capacity: { ready: units } }),
        memory
      )
      units = decided.decision.to
      memory = decided.memory
    }
    expect(units).toEqual({ map: 9, sink: 5 })
    const ready = { capacity: { ready: { map: 2, sink: 1 } } }
    expect(policy.decide(seen(0, [alarm(0)], ready), policy.initial()).decision.to).toEqual({
      map: 8,
      sink: 4
    })
    const blind = seen(0, [alarm(0)], { ...ready, load: undefined })
    expect(policy.decide(blind, policy.initial()).decision.to).toEqual({ map: 2, sink: 1 })
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

  it('cannot be sized for a utilisation that cannot be', () => {
    expect(() => withAlarm(policies.mpc.make(), { target: 0 })).toThrow('withAlarm.target must be above 0')
  })
})

policyContract({ name: 'withAlarm(mpc)', make: () => withAlarm(policies.mpc.make()), memoryless: true })
