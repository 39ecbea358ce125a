import { describe, expect, it } from 'vitest'
import {
  coverage,
  coverageBelow,
  crps,
  crpsLevels,
  mae,
  mase,
  naiveError,
  normalQuantile,
  pinball,
  rmse,
  smape,
  smape2
} from './index.ts'

describe('accuracy', () => {
  // By hand: errors 1, −2, 2.
  const actual = [10, 20, 30]
  const predicted = [9, 22, 28]
  const rows = [
    { name: 'mae', got: mae(actual, predicted), want: 5 / 3 },
    { name: 'rmse', got: rmse(actual, predicted), want: Math.sqrt(3) },
    { name: 'smape2', got: smape2(actual, predicted), want: (1 / 19 + 2 / 42 + 2 / 58) / 3 },
    { name: 'smape', got: smape(actual, predicted), want: (2 / 19 + 4 / 42 + 4 / 58) / 3 },
    { name: 'pinball at .9', got: pinball(actual, predicted, 0.9), want: (0.9 + 0.2 + 1.8) / 3 },
    { name: 'mase', got: mase(actual, predicted, naiveError([0, 10, 10, 30], 1)), want: 5 / 3 / 10 },
    { name: 'coverage', got: coverage([1, 2, 3, 4], [1, 1, 4, 0], [1, 3, 5, 3]), want: 0.5 },
    { name: 'coverageBelow', got: coverageBelow([1, 2, 3, 4], [1, 3, 2, 3]), want: 0.5 }
  ]
  for (const { name, got, want } of rows)
    it(`${name} is what it is by hand`, () => expect(got).toBeCloseTo(want, 12))

  it('takes the naive error at the same horizon', () => {
    expect(naiveError([1, 2, 4, 8], 1)).toBeCloseTo((1 + 2 + 4) / 3)
    expect(naiveError([1, 2, 4, 8], 2)).toBeCloseTo((3 + 6) / 2)
  })

  it('leaves out pairs with a gap on either side', () => {
    expect(mae([1, NaN, 3], [2, 2, NaN])).toBe(1)
    expect(coverage([NaN, 5], [0, 0], [9, 9])).toBe(1)
    expect(naiveError([1, NaN, 3, 5], 1)).toBe(2)
  })

  it('knows nothing of nothing', () => {
    for (const measure of [mae, rmse, smape, smape2, coverageBelow]) expect(measure([NaN], [1])).toBeNaN()
  })

  it('counts two zeros as no error', () => expect(smape([0, 1], [0, 1])).toBe(0))

  it('has no MASE where the training never moved', () => expect(mase([1], [2], 0)).toBeNaN())

  describe('continuous ranked probability score', () => {
    const distribution = (quantile: (p: number) => number) =>
      Object.fromEntries(crpsLevels.map((p) => [p, [quantile(p)]]))
    const normal = distribution((p) => 50 + 10 * normalQuantile(p))

    // CRPS(N(μ, σ²), a) = σ · (z (2Φ(z) − 1) + 2φ(z) − 1/√π), z = (a − μ)/σ: Gneiting & Raftery 2007, eq. 5.
    it.each([
      [50, 2.3369],
      [60, 6.0244],
      [70, 14.5279]
    ])('of a normal distribution around 50 is for %d what its formula says', (a, want) =>
      expect(Math.abs(crps([a], normal) / want - 1)).toBeLessThan(0.02)
    )

    it('is the absolute error of a distribution that is a single number', () => {
      const sure = distribution(() => 8)
      expect(crps([5], sure)).toBeCloseTo(3, 12)
      expect(crps([11], sure)).toBeCloseTo(3, 12)
    })

    it('is least where it is right', () => {
      const wide = distribution((p) => 50 + 30 * normalQuantile(p))
      expect(crps([50], normal)).toBeLessThan(crps([50], wide))
      expect(crps([120], normal)).toBeGreaterThan(crps([120], wide))
    })
  })
})
