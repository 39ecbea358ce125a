import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Observation } from '../roles.ts'
import { fixed } from './fixed.ts'
import { proportional } from './proportional.ts'

const seen = (
  load: readonly number[],
  unitRate: number | undefined,
  more: Partial<Observation> = {}
): Observation => ({
  nowMs: load.length * 1000,
  load: { startMs: 0, stepMs: 1000, unit: 'events/s', values: Float64Array.from(load) },
  capacity: { ready: { web: 4 } },
  service: { unitRate },
  ...more
})
const decide = (observation: Observation, target = 0.8) => {
  const policy = proportional({ target })
  return policy.decide(observation, policy.initial()).decision
}

describe('proportional', () => {
  it.each([
    { when: 'the load needs ten at 80 %', load: [800], to: 10, rule: 'proportional' },
    { when: 'it needs a little more than ten', load: [801], to: 11, rule: 'proportional' },
    { when: 'only the last step counts', load: [9000, 80], to: 1, rule: 'proportional' },
    { when: 'nothing came', load: [0], to: 1, rule: 'proportional' },
    { when: 'the last step is missing', load: [800, NaN], to: 4, rule: 'load-unknown' },
    { when: 'there is no step', load: [], to: 4, rule: 'load-unknown' },
    { when: 'the load is negative', load: [-5], to: 4, rule: 'load-unknown' },
    { when: 'the load is infinite', load: [Infinity], to: 4, rule: 'load-unknown' },
    { when: 'the load is absurd', load: [1e15], to: 4, rule: 'load-invalid' },
    { when: 'the unit rate is unknown', load: [800], unitRate: NaN, to: 4, rule: 'unit-rate-unknown' },
    { when: 'the unit rate is zero', load: [800], unitRate: 0, to: 4, rule: 'unit-rate-unknown' },
    {
      when: 'nothing is known of the service',
      load: [800],
      unitRate: undefined,
      to: 4,
      rule: 'unit-rate-unknown'
    }
  ])('wants $to when $when', (row) => {
    const unitRate = 'unitRate' in row ? row.unitRate : 100
    expect(decide(seen(row.load, unitRate))).toMatchObject({ to: { web: row.to }, why: { rule: row.rule } })
  })

  it('believes a load for five minutes and two steps, no longer', () => {
    expect(decide({ ...seen([800], 100), nowMs: 301_000 }).to).toEqual({ web: 10 })
    expect(decide({ ...seen([800], 100), nowMs: 301_001 }).why.rule).toBe('load-unknown')
  })

  it('keeps within the bounds, goes to zero only where zero is allowed', () => {
    const bounds = (min: number, max: number) => ({ bounds: { web: { min, max } } })
    expect(decide(seen([800], 100, bounds(1, 6)))).toMatchObject({
      to: { web: 6 },
      why: { bound: ['maxReplicas'] }
    })
    expect(decide(seen([0], 100, bounds(0, 6))).to).toEqual({ web: 0 })
    expect(decide(seen([0], 100, bounds(2, 6))).to).toEqual({ web: 2 })
  })

  it('never uses a unit beyond the target, and never has one unit too many', () => {
    const cases = fc.record({
      load: fc.double({ min: 1, max: 1e6, noNaN: true }),
      unitRate: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
      target: fc.double({ min: 0.05, max: 1, noNaN: true })
    })
    fc.assert(
      fc.property(cases, ({ load, unitRate, target }) => {
        const { web } = decide(seen([load], unitRate), target).to
        expect(load / (web * unitRate)).toBeLessThanOrEqual(target * (1 + 1e-12))
        if (web > 1) expect(load / ((web - 1) * unitRate)).toBeGreaterThan(target * (1 - 1e-12))
      })
    )
  })
})

describe('fixed', () => {
  it('wants the same for every resource, whatever is seen', () => {
    const policy = fixed({ units: 6 })
    const { decision, memory } = policy.decide(
      { nowMs: 0, capacity: { ready: { map: 2, sink: 9 } } },
      policy.initial()
    )
    expect(decision).toMatchObject({ kind: 'scale', to: { map: 6, sink: 6 }, why: { rule: 'fixed' } })
    expect(memory).toBeNull()
  })

  it('takes a size for each resource, and leaves alone what is not named', () => {
    for (const units of ['map=6;sink=1', 'map=6,sink=1']) {
      const { decision } = fixed({ units }).decide(
        { nowMs: 0, capacity: { ready: { map: 2, sink: 9, src: 4 } } },
        null
      )
      expect(decision.to).toEqual({ map: 6, sink: 1, src: 4 })
    }
  })

  it('keeps what is wanted when no size was set, for every resource, and stays within the bounds', () => {
    const policy = fixed()
    const capacity = { ready: { map: 2, sink: 9 }, wanted: { map: 3 } }
    expect(policy.decide({ nowMs: 0, capacity }, null).decision).toMatchObject({
      kind: 'hold',
      to: { map: 3, sink: 9 }
    })
    const bounds = { sink: { max: 5 } }
    expect(policy.decide({ nowMs: 0, capacity, bounds }, null).decision).toMatchObject({
      kind: 'scale',
      to: { map: 3, sink: 5 },
      why: { bound: ['maxReplicas'] }
    })
  })

  it('refuses half a unit', () => {
    expect(() => fixed({ units: 1.5 })).toThrow(/fixed\.units must be a whole number.* was '?1\.5/)
  })
})

describe('proportional with a stabilisation window', () => {
  it('goes up at once, and down only to the most it asked for within the window', () => {
    const policy = proportional({ target: 0.8, downStabilization: '5m' })
    let memory = policy.initial()
    const ask = (minute: number, load: number, wanted: number) => {
      const nowMs = minute * 60_000
      const at = { startMs: nowMs - 1_000, stepMs: 1_000, unit: 'events/s', values: Float64Array.of(load) }
      const answer = policy.decide(
        seen([load], 100, { nowMs, load: at, capacity: { ready: { web: wanted } } }),
        memory
      )
      memory = answer.memory
      return answer.decision.to.web
    }
    expect(ask(0, 800, 4)).toBe(10)
    expect(ask(1, 400, 10)).toBe(10)
    expect(ask(4, 160, 10)).toBe(10)
    expect(ask(5.5, 160, 10)).toBe(5) // the 10 of minute 0 is over, the 5 of minute 1 is not
    expect(ask(7, 160, 5)).toBe(2)
    expect(policy.name).toBe('proportional')
  })
})
