import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random, series, sliceSteps } from '../base/index.ts'
import type { Json } from '../roles.ts'
import { holtWinters } from './index.ts'

const weight = fc.double({ min: 0, max: 1, noNaN: true })

describe('Holt-Winters', () => {
  it('forecasts a noiseless line with a season exactly, for any weights', () => {
    fc.assert(
      fc.property(
        weight,
        weight,
        weight,
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 2, maxLength: 8 }),
        (alpha, beta, gamma, slope, wave) => {
          const at = (t: number) => 500 + slope * t + wave[t % wave.length]
          const values = Array.from({ length: 5 * wave.length + 1 }, (_, t) => at(t))
          const options = { season: wave.length, trend: 'additive', alpha, beta, gamma }
          const { mean } = holtWinters(options).fit(series(1_000, values)).predict(20)
          for (let h = 0; h < 20; h++) expect(mean[h]).toBeCloseTo(at(values.length + h), 6)
        }
      )
    )
  })

  it('forecasts a noiseless multiplicative season exactly, for any weights', () => {
    fc.assert(
      fc.property(
        weight,
        weight,
        fc.array(fc.double({ min: 0.2, max: 3, noNaN: true }), { minLength: 2, maxLength: 8 }),
        (alpha, gamma, wave) => {
          const at = (t: number) => 100 * wave[t % wave.length]
          const values = Array.from({ length: 4 * wave.length + 1 }, (_, t) => at(t))
          const options = { season: wave.length, seasonal: 'multiplicative', trend: 'none', alpha, gamma }
          const { mean } = holtWinters(options).fit(series(1_000, values)).predict(12)
          for (let h = 0; h < 12; h++) expect(mean[h]).toBeCloseTo(at(values.length + h), 6)
        }
      )
    )
  })

  it('keeps line and season through gaps', () => {
    const at = (t: number) => 300 + 2 * t + 40 * Math.sin((2 * Math.PI * t) / 12)
    const values = Array.from({ length: 100 }, (_, t) => (t > 60 && t % 5 < 3 ? NaN : at(t)))
    const fitted = holtWinters({ season: 12, trend: 'additive' }).fit(series(1_000, values))
    const later = fitted.update(series(1_000, new Float64Array(7).fill(NaN), { startMs: 100_000 }))
    const { mean } = later.predict(24)
    for (let h = 0; h < 24; h++) expect(mean[h]).toBeCloseTo(at(107 + h), 6)
  })

  it('moves through a gap along its own forecast', () => {
    const rng = random(6)
    const values = Array.from(
      { length: 60 },
      (_, t) => 100 + t + 20 * Math.sin((2 * Math.PI * t) / 6) + rng.normal()
    )
    for (const seasonal of ['additive', 'multiplicative']) {
      const fit = () => holtWinters({ season: 6, seasonal, phi: 0.9 }).fit(series(1_000, values))
      const gap = series(1_000, new Float64Array(9).fill(NaN), { startMs: 60_000 })
      const [before, after] = [fit().predict(15).mean.subarray(9), fit().update(gap).predict(6).mean]
      for (let h = 0; h < 6; h++) expect(after[h]).toBeCloseTo(before[h], 9)
    }
  })

  it('lets a damped trend come to rest', () => {
    const values = Array.from({ length: 80 }, (_, t) => 100 + 3 * t)
    const fitted = holtWinters({ seasonal: 'none', phi: 0.8, alpha: 0.5, beta: 0.5 }).fit(
      series(1_000, values)
    )
    const { mean } = fitted.predict(200)
    expect(mean[1]).toBeGreaterThan(mean[0])
    expect(mean[199] - mean[150]).toBeLessThan(1e-6)
  })

  it('finds the season itself', () => {
    const rng = random(4)
    const values = Array.from(
      { length: 300 },
      (_, t) => 90 + 30 * Math.sin((2 * Math.PI * t) / 20) + rng.normal()
    )
    const saved = JSON.stringify(holtWinters().fit(series(1_000, values)).save())
    expect(saved).toContain('"season":20')
  })

  it('makes the same model of what was learned, and refuses what was not', () => {
    const rng = random(4)
    const history = series(
      1_000,
      Array.from({ length: 120 }, (_, t) => 90 + 30 * Math.sin((2 * Math.PI * t) / 12) + rng.normal())
    )
    const { parameters: learned } = holtWinters({ season: 12 }).fit(history).save() as {
      readonly parameters: { readonly [field: string]: Json }
    }
    const [fitted, again] = [{ season: 12 }, { alpha: 0.9 }].map((options, i) =>
      holtWinters(options).fit(history, i === 1 ? { learned } : {})
    )
    expect([...again.predict(9).mean]).toEqual([...fitted.predict(9).mean])
    expect(again.save()).toEqual(fitted.save())
    const others: readonly Json[] = [{}, { ...learned, alpha: 2 }, { ...learned, season: 0.5 }]
    for (const other of others) {
      const fit = () => holtWinters().fit(history, { learned: other })
      expect(fit).toThrow(expect.objectContaining({ code: 'BAD_MODEL' }))
    }
  })

  it('is level and trend where there is no season', () => {
    const values = Array.from({ length: 50 }, (_, t) => 10 + t)
    const { mean } = holtWinters({ trend: 'additive' }).fit(series(1_000, values)).predict(2)
    expect(mean[1]).toBeCloseTo(61, 6)
  })

  it('learns a season that moves', () => {
    const rng = random(5)
    const wave = (t: number, phase: number) =>
      100 + 40 * Math.sin((2 * Math.PI * (t + phase)) / 24) + rng.normal()
    const before = Array.from({ length: 240 }, (_, t) => wave(t, 0))
    const after = Array.from({ length: 480 }, (_, t) => wave(240 + t, 6))
    const all = series(1_000, [...before, ...after])
    const fitted = holtWinters({ season: 24, gamma: 0.3 })
      .fit(sliceSteps(all, 0, 240))
      .update(sliceSteps(all, 240))
    const { mean } = fitted.predict(24)
    for (let h = 0; h < 24; h++) {
      expect(Math.abs(mean[h] - 100 - 40 * Math.sin((2 * Math.PI * (726 + h)) / 24))).toBeLessThan(6)
    }
  })

  const refused = [
    {
      when: 'a multiplicative season meets a zero',
      options: { season: 2, seasonal: 'multiplicative' },
      values: [1, 2, 0, 3, 1, 2],
      says: /needs values above 0, step 2 is 0; use seasonal=additive/
    },
    {
      when: 'there are not two seasons',
      options: { season: 4 },
      values: [1, 2, 3, 4, 5, 6, 7],
      says: /season 4 needs 2 × 4 = 8 steps, the history has 7/
    },
    {
      when: 'there is one row',
      options: {},
      values: [5],
      says: /needs at least 2 measured steps, the history has 1/
    }
  ]
  for (const { when, options, values, says } of refused) {
    it(`refuses when ${when}`, () =>
      expect(() => holtWinters(options).fit(series(1_000, values))).toThrow(says))
  }
  it('refuses a weight above 1', () =>
    expect(() => holtWinters({ alpha: 2 })).toThrow(/alpha must be .* at most 1/))
})
