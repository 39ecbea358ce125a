import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random, series, sliceSteps } from '../base/index.ts'
import type { Fitted, Json } from '../roles.ts'
import { seasonIndices } from './deseason.ts'
import { theta } from './theta.ts'

type Parameters = { readonly [field: string]: Json }
const learnedOf = (fitted: Fitted) => (fitted.save() as { readonly parameters: Parameters }).parameters

/** A season of 12 on a slow line, always above zero. */
function load(steps: number, seed = 2) {
  const rng = random(seed, 'theta')
  return series(
    60_000,
    Array.from(
      { length: steps },
      (_, t) => 300 + t / 5 + 60 * Math.sin((2 * Math.PI * t) / 12) + 5 * rng.normal()
    )
  )
}

describe('Theta', () => {
  it('goes on along a noiseless line at half its slope, as the standard method does', () => {
    const line = series(
      1_000,
      Array.from({ length: 200 }, (_, t) => 50 + 2 * t)
    )
    const { mean } = theta({ theta: 2, seasonal: 'none' }).fit(line).predict(20)
    for (let h = 1; h < 20; h++) expect(mean[h] - mean[h - 1]).toBeCloseTo(1, 6)
  })

  it('goes on along it at its whole slope when θ is fitted', () => {
    const line = series(
      1_000,
      Array.from({ length: 200 }, (_, t) => 50 + 2 * t)
    )
    const { mean } = theta({ seasonal: 'none' }).fit(line).predict(20)
    for (let h = 0; h < 20; h++) expect(mean[h] / (50 + 2 * (200 + h))).toBeCloseTo(1, 2)
  })

  it('takes out a season only where it is significant', () => {
    expect(learnedOf(theta({ season: 12 }).fit(load(240))).seasonal).toBe('multiplicative')
    expect(learnedOf(theta({ season: 12, seasonal: 'additive' }).fit(load(240))).seasonal).toBe('additive')
    const rng = random(5)
    const noise = series(
      60_000,
      Array.from({ length: 240 }, () => 90 + rng.normal())
    )
    expect(learnedOf(theta({ season: 12 }).fit(noise)).seasonal).toBe('none')
  })

  it('takes an additive season where a load is zero at times', () => {
    const nights = series(
      60_000,
      Array.from({ length: 240 }, (_, t) => Math.max(0, 50 * Math.sin((2 * Math.PI * t) / 12)))
    )
    const fitted = theta({ season: 12 }).fit(nights)
    expect(learnedOf(fitted).seasonal).toBe('additive')
    for (let h = 0; h < 12; h++) {
      expect(fitted.predict(12).mean[h]).toBeCloseTo(Math.max(0, 50 * Math.sin((2 * Math.PI * h) / 12)), 0)
    }
  })

  it('moves through a gap along its own forecast', () => {
    for (const seasonal of ['none', 'additive', 'multiplicative']) {
      const fit = () => theta({ season: 12, seasonal }).fit(load(120))
      const gap = series(60_000, new Float64Array(9).fill(NaN), { startMs: 120 * 60_000 })
      const [before, after] = [fit().predict(15).mean.subarray(9), fit().update(gap).predict(6).mean]
      for (let h = 0; h < 6; h++) expect(after[h] / before[h]).toBeCloseTo(1, 9)
    }
  })

  it('makes the same model of what was learned', () => {
    const fitted = theta({ season: 12 }).fit(load(240), { horizon: 4 })
    const again = theta().fit(load(240), { horizon: 4, learned: learnedOf(fitted) })
    expect([...again.predict(9).mean]).toEqual([...fitted.predict(9).mean])
    expect(learnedOf(again)).toEqual(learnedOf(fitted))
  })

  it('keeps the season in step on another part of the load', () => {
    const all = load(600)
    const options = { season: 12, seasonal: 'additive' }
    const learned = learnedOf(theta(options).fit(sliceSteps(all, 0, 300)))
    const { mean } = theta().fit(sliceSteps(all, 305), { learned }).predict(12)
    for (let h = 0; h < 12; h++) {
      const t = 600 + h
      expect(Math.abs(mean[h] - 300 - t / 5 - 60 * Math.sin((2 * Math.PI * t) / 12))).toBeLessThan(15)
    }
  })

  it('refuses what was learned for another step, or elsewhere', () => {
    const learned = learnedOf(theta().fit(load(60)))
    const refused = expect.objectContaining({ code: 'BAD_MODEL' })
    expect(() => theta().fit(series(1_000, [1, 2, 3]), { learned })).toThrow(refused)
    for (const other of [{ ...learned, alpha: 3 }, { ...learned, indices: [] }, { alpha: 0.3 }, 'theta']) {
      expect(() => theta().fit(load(60), { learned: other })).toThrow(refused)
    }
  })

  it('says what a multiplicative season needs', () =>
    expect(() => theta({ season: 2, seasonal: 'multiplicative' }).fit(series(1_000, [1, 2, 0, 3]))).toThrow(
      /needs values above 0; use seasonal=additive/
    ))
  it('refuses θ below 1', () => expect(() => theta({ theta: 0.5 })).toThrow(/theta must be .* at least 1/))
})

describe('the season of a decomposition', () => {
  it('is found exactly on a noiseless line, whatever its length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 2, maxLength: 9 }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (wave, slope) => {
          const mean = wave.reduce((sum, s) => sum + s, 0) / wave.length
          const m = wave.length
          const values = Float64Array.from({ length: 5 * m }, (_, t) => 500 + slope * t + wave[t % m])
          const found = seasonIndices(values, m, false)
          for (let i = 0; i < m; i++) expect(found[i]).toBeCloseTo(wave[i] - mean, 6)
        }
      )
    )
  })

  it('leaves out what was not measured', () => {
    const values = Float64Array.from({ length: 96 }, (_, t) =>
      t % 7 === 3 ? NaN : 100 + 20 * Math.sin((2 * Math.PI * t) / 12)
    )
    const found = seasonIndices(values, 12, false)
    for (let i = 0; i < 12; i++)
      expect(Math.abs(found[i] - 20 * Math.sin((2 * Math.PI * i) / 12))).toBeLessThan(3)
  })
})
