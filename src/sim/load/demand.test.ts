import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE, type Series, series, sliceSteps } from '../../base/index.ts'
import { service } from '../service.ts'
import { splitCounts } from './demand.ts'

const sum = (values: Iterable<number>) => [...values].reduce((total, n) => total + n, 0)

/** Whole counts a step as rates. */
function trace(stepMs: number, counts: readonly number[]): Series {
  const perSecond = 1_000 / stepMs
  return series(
    stepMs,
    counts.map((n) => n * perSecond),
    { startMs: 1_700_000_040_000 }
  )
}

const counts = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 30 })

describe('the demand of a run', () => {
  it('keeps the count of every step of the trace, in whole events', () => {
    fc.assert(
      fc.property(counts, fc.integer(), (list, seed) => {
        const demand = splitCounts(trace(MINUTE, list), 15_000, seed)
        expect(demand.length).toBe(4 * list.length)
        list.forEach((n, i) => {
          const steps = demand.subarray(4 * i, 4 * i + 4)
          expect(sum(steps)).toBe(n)
          for (const k of steps) expect(Number.isInteger(k) && k >= 0).toBe(true)
        })
      })
    )
  })

  it('is bitwise the same for every policy: it is drawn before, and no world touches it', () => {
    const list = Array.from({ length: 60 }, (_, i) => 2_000 + 37 * (i % 7))
    const world = service({ unitRate: 50, leadTime: { p50Ms: 30_000, p90Ms: 60_000 } })
    const met = [1, 3, 40].map((units) => {
      const demand = splitCounts(trace(MINUTE, list), 15_000, 7)
      let state = world.initial(7)
      return Float64Array.from(demand, (arrivals, i) => {
        state = world.transition(state, { unit: units + (i % units) }, arrivals)
        return world.outcome(state).arrivals
      })
    })
    const bytes = met.map((values) => Buffer.from(values.buffer).toString('hex'))
    expect(new Set(bytes).size).toBe(1)
  })

  it('is the same under the same seed and another one under another', () => {
    const rates = trace(MINUTE, [500, 800, 20, 4_000])
    expect(splitCounts(rates, 1_000, 3)).toEqual(splitCounts(rates, 1_000, 3))
    expect(splitCounts(rates, 1_000, 3)).not.toEqual(splitCounts(rates, 1_000, 4))
  })

  it('is the same for a slice as inside the whole', () => {
    fc.assert(
      fc.property(counts, fc.nat(29), (list, from) => {
        const rates = trace(MINUTE, list)
        const whole = splitCounts(rates, 15_000, 5)
        expect(splitCounts(sliceSteps(rates, from), 15_000, 5)).toEqual(
          whole.subarray(4 * Math.min(from, list.length))
        )
      })
    )
  })

  it('has the mean and variance of a multinomial split', () => {
    const demand = splitCounts(trace(MINUTE, new Array(5_000).fill(80)), 15_000, 1)
    const mean = sum(demand) / demand.length
    const variance = sum(demand.map((n) => (n - mean) ** 2)) / demand.length
    expect(mean).toBe(20)
    // n·p·(1 − p) = 80 · ¼ · ¾
    expect(variance / 15).toBeGreaterThan(0.95)
    expect(variance / 15).toBeLessThan(1.05)
  })

  it('is unknown where the trace is, and never zero there', () => {
    const gappy = series(MINUTE, [2, NaN, 2])
    const demand = splitCounts(gappy, 15_000, 1)
    expect([...demand].map(Number.isNaN)).toEqual(Array.from({ length: 12 }, (_, i) => i >= 4 && i < 8))
    expect([...splitCounts(gappy, 2 * MINUTE, 1)]).toEqual([NaN])
  })

  it('is the sum where the trace is finer, and drawn on the common step where neither divides the other', () => {
    expect([...splitCounts(trace(5_000, [1, 2, 3, 4, 5, 6, 7]), 15_000, 1)]).toEqual([6, 15])
    const uneven = splitCounts(trace(10_000, [100, 200, 300]), 15_000, 1)
    expect(uneven.length).toBe(2)
    expect(sum(uneven)).toBe(600)
    expect(uneven[0]).toBeGreaterThanOrEqual(100)
  })

  it('loses no load to rounding when counts are not whole', () => {
    const demand = splitCounts(series(1_000, new Array(20_000).fill(0.3)), 1_000, 2)
    expect(sum(demand) / 20_000).toBeCloseTo(0.3, 1)
    for (const n of demand) expect(n === 0 || n === 1).toBe(true)
  })

  it('refuses rates that cannot be', () => {
    expect(() => splitCounts(series(MINUTE, [1, -2]), 15_000, 1)).toThrow(
      'the load at step 1 must be a rate of at least 0 events/s, was -2'
    )
    expect(() => splitCounts(series(MINUTE, [Number.POSITIVE_INFINITY]), 15_000, 1)).toThrow('was Infinity')
    expect(() => splitCounts(series(MINUTE, [1, 1e17]), 15_000, 1)).toThrow(
      'the load at step 1 is 6000000000000000000 events in one step, more than can be counted'
    )
    expect(() => splitCounts(series(MINUTE, [1]), 0.5, 1)).toThrow(
      'stepMs must be a whole number of milliseconds'
    )
  })
})
