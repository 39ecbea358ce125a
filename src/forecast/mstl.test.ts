import { describe, expect, it } from 'vitest'
import { HOUR, random, series, sliceSteps } from '../base/index.ts'
import type { Fitted, Json } from '../roles.ts'
import { mstl } from './mstl.ts'

type Parameters = { readonly [field: string]: Json }
const learnedOf = (fitted: Fitted) => (fitted.save() as { readonly parameters: Parameters }).parameters

const wave = (t: number) => 90 * Math.sin((2 * Math.PI * t) / 24) + (t % 168 >= 120 ? -60 : 0)

/** Hours with a day and a week on a slow line. */
function load(steps: number, noise = 2) {
  const rng = random(6, 'mstl')
  return series(
    HOUR,
    Array.from({ length: steps }, (_, t) => 500 + t / 20 + wave(t) + noise * rng.normal())
  )
}

describe('MSTL', () => {
  it('takes day and week where the history shows both, and one of them where it does not', () => {
    expect(learnedOf(mstl().fit(load(168 * 6))).seasons).toEqual([24, 168])
    expect(learnedOf(mstl().fit(load(24 * 5))).seasons).toEqual([24])
    expect(learnedOf(mstl({ season: 12 }).fit(load(24 * 5))).seasons).toEqual([12])
  })

  it('forecasts two seasons on a line, a week ahead', () => {
    const steps = 168 * 8
    const { mean } = mstl().fit(load(steps)).predict(168)
    for (let h = 0; h < 168; h++) {
      const t = steps + h
      expect(Math.abs(mean[h] - 500 - t / 20 - wave(t))).toBeLessThan(30)
    }
  })

  it('takes the line out of the season', () => {
    const steep = series(
      HOUR,
      Array.from({ length: 24 * 20 }, (_, t) => 500 + 3 * t + 90 * Math.sin((2 * Math.PI * t) / 24))
    )
    const profile = learnedOf(mstl({ season: 24 }).fit(steep)).profile as readonly number[]
    for (let h = 0; h < 24; h++)
      expect(Math.abs(profile[h] - 90 * Math.sin((2 * Math.PI * h) / 24))).toBeLessThan(5)
  })

  it('has a profile whose mean is 0', () => {
    const profile = learnedOf(mstl().fit(load(168 * 6))).profile as readonly number[]
    expect(profile).toHaveLength(168)
    expect(Math.abs(profile.reduce((sum, s) => sum + s, 0))).toBeLessThan(1e-6)
  })

  it('sees through gaps, short and long', () => {
    const { values, ...rest } = load(168 * 6)
    const gappy = { ...rest, values: values.map((y, t) => (t % 9 === 4 || (t > 300 && t < 380) ? NaN : y)) }
    const [whole, holed] = [load(168 * 6), gappy].map((of) => mstl().fit(of).predict(48).mean)
    for (let h = 0; h < 48; h++) expect(Math.abs(holed[h] - whole[h])).toBeLessThan(25)
  })

  it('has no season where none is, and asks nobody', () => {
    const rng = random(3)
    const noise = series(
      HOUR,
      Array.from({ length: 300 }, () => 50 + rng.normal())
    )
    expect(learnedOf(mstl().fit(noise))).toMatchObject({ seasons: [], profile: [0] })
  })

  it('makes the same model of what was learned, also on another part of the load', () => {
    const all = load(168 * 6)
    const fitted = mstl().fit(all, { horizon: 4 })
    const learned = learnedOf(fitted)
    const again = mstl().fit(all, { horizon: 4, learned })
    expect([...again.predict(9).mean]).toEqual([...fitted.predict(9).mean])
    expect(learnedOf(again)).toEqual(learned)
    const later = mstl().fit(sliceSteps(all, 500), { horizon: 4, learned })
    for (let h = 0; h < 4; h++)
      expect(Math.abs(later.predict(4).mean[h] - fitted.predict(4).mean[h])).toBeLessThan(5)
  })

  it('refuses what was learned for another step, or elsewhere', () => {
    const learned = learnedOf(mstl().fit(load(24 * 5)))
    const refused = expect.objectContaining({ code: 'BAD_MODEL' })
    const minutes = series(60_000, [1, 2, 3, 4])
    expect(() => mstl().fit(minutes, { learned })).toThrow(refused)
    expect(() => mstl().fit(load(50), { learned: { ...learned, profile: 'none' } })).toThrow(refused)
  })
})
