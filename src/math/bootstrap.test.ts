import { describe, expect, it } from 'vitest'
import { DAY, MINUTE, random } from '../base/index.ts'
import { blockStarts, blockSums, bootstrap, pairedDifference } from './index.ts'

describe('blocks', () => {
  it('are whole days from a week on, the rest of the last day with it', () => {
    const starts = blockStarts(8 * 1440 + 7, MINUTE)
    expect(starts.slice(0, 3)).toEqual([0, 1440, 2880])
    expect(starts.slice(-2)).toEqual([7 * 1440, 8 * 1440 + 7])
  })
  it('are twenty equal parts of a shorter run', () => {
    const starts = blockStarts(2 * 1440, MINUTE)
    expect(starts).toHaveLength(21)
    expect(starts[1]).toBe(144)
  })
  it('are never more than there are steps', () => expect(blockStarts(3, DAY)).toEqual([0, 1, 2, 3]))
  it('add up what was measured', () => expect([...blockSums([1, 2, NaN, 4], [0, 2, 4])]).toEqual([3, 4]))
})

describe('bootstrap', () => {
  const mean = (values: readonly number[]) => (times: Uint32Array) =>
    values.reduce((sum, v, i) => sum + v * times[i], 0) / values.length

  it('has the interval of the mean that the normal law gives: ±1.96 σ/√n', () => {
    const rng = random(5)
    const values = Array.from({ length: 400 }, () => rng.normal())
    const { ci95 } = bootstrap(400, mean(values), { seed: 1 })
    expect(ci95[1] - ci95[0]).toBeCloseTo((2 * 1.96) / 20, 1)
  })

  it('holds the truth about 95 times in a hundred', () => {
    let held = 0
    for (let trial = 0; trial < 200; trial++) {
      const rng = random(trial, 'truth')
      const values = Array.from({ length: 60 }, () => 3 + rng.normal())
      const { ci95 } = bootstrap(60, mean(values), { seed: trial, resamples: 300 })
      if (ci95[0] <= 3 && 3 <= ci95[1]) held++
    }
    expect(held).toBeGreaterThan(180)
  })

  it('gives the same interval for the same seed', () => {
    const values = [1, 5, 2, 8]
    expect(bootstrap(4, mean(values), { seed: 3 })).toEqual(bootstrap(4, mean(values), { seed: 3 }))
  })
})

describe('pairedDifference', () => {
  it('sees through noise that both share', () => {
    const rng = random(1)
    const b = Array.from({ length: 30 }, () => 100 * rng.next())
    const a = b.map((v) => v - 1)
    const { difference, ci95 } = pairedDifference([{ sum: a }], [{ sum: b }])
    expect(difference).toBeCloseTo(-30, 9)
    expect(ci95[0]).toBeCloseTo(-30, 9)
    expect(ci95[1]).toBeCloseTo(-30, 9)
  })

  it('is relative to the second', () => {
    const { relative, relativeCi95 } = pairedDifference([{ sum: [1, 1] }], [{ sum: [4, 4] }])
    expect(relative).toBe(-0.75)
    expect(relativeCi95).toEqual([-0.75, -0.75])
  })

  it('takes ratios of sums, not means of ratios', () => {
    const a = { sum: [1, 0], weight: [10, 90] }
    const b = { sum: [0, 0], weight: [10, 90] }
    expect(pairedDifference([a], [b]).difference).toBeCloseTo(0.01, 12)
  })

  it('has no relative difference to nothing', () =>
    expect(pairedDifference([{ sum: [1] }], [{ sum: [0] }]).relative).toBeNaN())

  it('refuses runs that are not paired', () =>
    expect(() => pairedDifference([{ sum: [1] }], [{ sum: [1, 2] }])).toThrow(/the same in every run, 1/))
})
