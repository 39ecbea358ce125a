import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random, series, sliceSteps } from '../base/index.ts'
import type { Fitted, Json } from '../roles.ts'
import { ets } from './ets.ts'
import { formsOf } from './ets-form.ts'

const learnedOf = (fitted: Fitted) => (fitted.save() as { readonly parameters: Json }).parameters
const modelOf = (fitted: Fitted) => (learnedOf(fitted) as { readonly model: string }).model

/** A season of 12 around a level, its size growing with the level where `growing`. */
function load(steps: number, growing = false, noise = 4) {
  const rng = random(8)
  const wave = (t: number) => Math.sin((2 * Math.PI * t) / 12)
  const values = Array.from({ length: steps }, (_, t) => {
    const level = 200 + (growing ? 3 * t : 0)
    return level + (growing ? 0.3 * level : 60) * wave(t) + noise * (growing ? level / 200 : 1) * rng.normal()
  })
  return series(60_000, values)
}

describe('ETS', () => {
  const choices = [
    { when: 'there is nothing but noise', of: load(200, false, 4), model: 'ANA', season: 12 },
    { when: 'the season grows with the level', of: load(200, true, 2), model: 'MAM', season: 12 }
  ]
  for (const { when, of, model, season } of choices) {
    it(`chooses ${model} when ${when}`, () => expect(modelOf(ets({ season }).fit(of))).toBe(model))
  }

  it('has no season where none is found, and no trend where there is none', () => {
    const rng = random(3)
    const noise = series(
      60_000,
      Array.from({ length: 300 }, () => 50 + rng.normal())
    )
    expect(modelOf(ets().fit(noise))).toMatch(/^[AM]NN$/)
  })

  it('may be told its letters', () => {
    for (const model of ['AAdA', 'MNM', 'ANN', 'MAdN']) {
      expect(modelOf(ets({ model, season: 12 }).fit(load(120)))).toBe(model)
    }
    expect(modelOf(ets({ model: 'ZZM', season: 12 }).fit(load(120)))).toMatch(/M$/)
  })

  it('knows fifteen models, the simplest first', () => {
    const names = formsOf('ZZZ', 12, true).map(({ name }) => name)
    expect(names).toHaveLength(15)
    expect(names[0]).toBe('ANN')
    expect(names).not.toContain('ANM')
    expect(formsOf('ZZZ', 12, false).map(({ name }) => name)).toEqual([
      'ANN',
      'AAdN',
      'AAN',
      'ANA',
      'AAdA',
      'AAA'
    ])
    expect(formsOf('ZZZ', 1, true).every(({ name }) => name.endsWith('N'))).toBe(true)
  })

  it('moves through a gap along its own forecast', () => {
    for (const model of ['AAdA', 'MAM', 'ANN']) {
      const fit = () => ets({ season: 12, model }).fit(load(120, true))
      const gap = series(60_000, new Float64Array(9).fill(NaN), { startMs: 120 * 60_000 })
      const [before, after] = [fit().predict(15).mean.subarray(9), fit().update(gap).predict(6).mean]
      for (let h = 0; h < 6; h++) expect(after[h] / before[h]).toBeCloseTo(1, 9)
    }
  })

  it('makes the same model of what was learned, without choosing again', () => {
    for (const of of [load(200), load(1_500, true)]) {
      const fitted = ets({ season: 12 }).fit(of, { horizon: 4 })
      const again = ets().fit(of, { horizon: 4, learned: learnedOf(fitted) })
      expect([...again.predict(9).mean]).toEqual([...fitted.predict(9).mean])
      expect(learnedOf(again)).toEqual(learnedOf(fitted))
    }
  })

  it('takes what was learned to another part of the load', () => {
    const all = load(600)
    const learned = learnedOf(ets({ season: 12 }).fit(sliceSteps(all, 0, 300)))
    const { mean } = ets().fit(sliceSteps(all, 300), { learned }).predict(12)
    for (let h = 0; h < 12; h++)
      expect(Math.abs(mean[h] - 200 - 60 * Math.sin((2 * Math.PI * h) / 12))).toBeLessThan(15)
  })

  const unfit: readonly { readonly what: string; readonly learned: Json }[] = [
    { what: 'nothing at all', learned: 3 },
    { what: 'another model', learned: { model: 'ARIMA' } },
    { what: 'a model that is none', learned: { model: 'ANM', season: 12 } },
    { what: 'a weight above 1', learned: { model: 'ANN', season: 1, alpha: 7, beta: 0, gamma: 0, phi: 1 } },
    { what: 'a weight that is missing', learned: { model: 'ANN', season: 1, alpha: 0.1, beta: 0, gamma: 0 } }
  ]
  for (const { what, learned } of unfit) {
    it(`refuses as learned ${what}`, () => {
      const fit = () => ets().fit(load(50), { learned })
      expect(fit).toThrow(expect.objectContaining({ code: 'BAD_MODEL' }))
    })
  }

  const refused = [
    { model: 'XYZ', says: /ets.model must be three letters.*'XYZ'/ },
    { model: 'ANM', says: /ets.model must be three letters.*'ANM'/ },
    { model: 'AMA', says: /ets.model must be/ }
  ]
  for (const { model, says } of refused)
    it(`refuses ${model}`, () => expect(() => ets({ model })).toThrow(says))

  it('says what a forced model lacks', () => {
    const zeros = series(60_000, [1, 0, 2, 1, 0, 2])
    expect(() => ets({ model: 'MNN' }).fit(zeros)).toThrow(/BAD_INPUT|ets: model MNN needs values above 0/)
    expect(() => ets({ model: 'ZZA' }).fit(series(60_000, [1, 2, 3]))).toThrow(/needs a season/)
  })

  it('stays finite where a multiplicative season meets zeros, giants and gaps', () => {
    const value = fc.oneof(
      fc.double({ min: 0, max: 1e3, noNaN: true }),
      fc.constantFrom(0, NaN, 1e300, 1e-300)
    )
    fc.assert(
      fc.property(fc.array(value, { maxLength: 40 }), (later) => {
        const fitted = ets({ season: 12, model: 'MAM' }).fit(load(60), { horizon: 3 })
        const more = series(60_000, later, { startMs: 60 * 60_000 })
        for (const y of fitted.update(more).predict(20).mean) expect(Number.isFinite(y)).toBe(true)
      }),
      { numRuns: 100 }
    )
  })
})
