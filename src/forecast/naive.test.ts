import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { series, sliceSteps } from '../base/index.ts'
import { ewma, naive, seasonalNaive, sma } from './index.ts'

const of = (values: readonly number[]) => series(60_000, values)
const ahead = (forecaster: ReturnType<typeof naive>, values: readonly number[], steps: number) => [
  ...forecaster.fit(of(values), { horizon: steps }).predict(steps).mean
]

describe('naive', () => {
  it('says the last measured value', () => expect(ahead(naive(), [1, 7, NaN], 3)).toEqual([7, 7, 7]))
})

describe('seasonal naive', () => {
  const rows = [
    { when: 'all was measured', values: [1, 2, 3, 4, 5, 6], says: [4, 5, 6, 4] },
    { when: 'the season is not whole', values: [1, 2, 3, 4], says: [2, 3, 4, 2] },
    { when: 'last season has a gap', values: [1, 2, 3, 4, NaN, 6], says: [4, 2, 6, 4] },
    { when: 'a phase was never measured', values: [1, NaN, 3, 4, NaN, 6], says: [4, 6, 6, 4] }
  ]
  for (const { when, values, says } of rows) {
    it(`says the same phase of the newest season when ${when}`, () =>
      expect(ahead(seasonalNaive({ season: 3 }), values, 4)).toEqual(says))
  }

  it('forecasts any load that repeats exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 9 }),
        (wave) => {
          const values = Array.from({ length: 3 * wave.length + 1 }, (_, t) => wave[t % wave.length])
          const said = ahead(seasonalNaive({ season: wave.length }), values, 12)
          for (let h = 0; h < 12; h++) expect(said[h]).toBe(wave[(values.length + h) % wave.length])
        }
      )
    )
  })

  it('is naive where no season is found', () => expect(ahead(seasonalNaive(), [3, 1, 2], 2)).toEqual([2, 2]))

  it('takes no season of one step', () =>
    expect(() => seasonalNaive({ season: 1 })).toThrow(/at least 2, or 0/))
})

describe('simple moving average', () => {
  // NIST/SEMATECH e-Handbook §6.4.2: twelve suppliers, averages of three.
  const suppliers = [9, 8, 9, 12, 9, 12, 11, 7, 13, 9, 11, 10]
  const averages = [8.667, 9.667, 10, 11, 10.667, 10, 10.333, 9.667, 11, 10]
  averages.forEach((average, i) => {
    it(`says ${average} after ${i + 3} of NIST's suppliers`, () =>
      expect(ahead(sma({ window: 3 }), suppliers.slice(0, i + 3), 1)[0]).toBeCloseTo(average, 3))
  })
  it('averages what was measured', () => expect(ahead(sma({ window: 3 }), [5, 1, NaN, 3], 1)).toEqual([2]))
  it('keeps its mean through a long gap', () =>
    expect(ahead(sma({ window: 2 }), [2, 4, NaN, NaN, NaN], 1)).toEqual([4]))
})

describe('exponentially weighted moving average', () => {
  // NIST/SEMATECH e-Handbook §6.4.3.1, α = 0.1.
  const values = [71, 70, 69, 68, 64, 65, 72, 78, 75, 75, 75, 70]
  const smoothed = [71, 70.9, 70.71, 70.44, 69.8, 69.32, 69.58, 70.43, 70.88, 71.29, 71.67]
  smoothed.forEach((said, i) => {
    it(`says ${said} for NIST's step ${i + 2}`, () =>
      expect(ahead(ewma({ alpha: 0.1 }), values.slice(0, i + 1), 1)[0]).toBeCloseTo(said, 2))
  })
  it('keeps its level through a gap', () =>
    expect(ahead(ewma({ alpha: 0.5 }), [10, 20, NaN, NaN], 2)).toEqual([15, 15]))
  it('fits a weight near 1 to a drifting load and near 0 to a noisy one', () => {
    const alphaOf = (load: readonly number[]) =>
      JSON.parse(JSON.stringify(ewma().fit(of(load)).save())).parameters.alpha
    expect(alphaOf(Array.from({ length: 200 }, (_, t) => t * t))).toBeGreaterThan(0.95)
    expect(alphaOf(Array.from({ length: 200 }, (_, t) => 50 + ((t * 7919) % 13)))).toBeLessThan(0.1)
  })
  it('goes on from where it was', () => {
    const fitted = ewma({ alpha: 0.1 }).fit(of(values.slice(0, 5)))
    const { mean } = fitted.update(sliceSteps(of(values), 5)).predict(1)
    expect(mean[0]).toBeCloseTo(71.5, 2)
  })
})
