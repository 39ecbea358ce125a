import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { series, sliceSteps } from '../base/index.ts'
import { seasonIndices } from './deseason.ts'
import { theta } from './theta.ts'

interface Golden {
  readonly by: string
  readonly recursion: readonly {
    readonly series: string
    readonly alpha: number
    readonly theta: number
    readonly steps: number
    readonly forecast: readonly number[]
  }[]
  readonly indices: readonly {
    readonly series: string
    readonly season: number
    readonly kind: string
    readonly indices: readonly number[]
  }[]
  readonly fitted: readonly {
    readonly series: string
    readonly season: number
    readonly kind: string
    readonly model: string
    readonly decomposed: boolean
    readonly mse: number
    readonly forecast: readonly number[]
  }[]
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/golden/${name}.json`, import.meta.url), 'utf8'))
// Made by tools/golden/forecast_theta.py; the series by forecast_holt_winters.py.
const golden: Golden = read('forecast-theta')
const given: Readonly<Record<string, readonly number[]>> = read('forecast-holt-winters').series

describe(`Theta against ${golden.by}`, () => {
  for (const row of golden.recursion) {
    it(`${row.steps} of ${row.series}, θ = ${row.theta}: the same forecasts`, () => {
      const history = series(1_000, given[row.series].slice(0, row.steps))
      const { parameters } = theta({ seasonal: 'none', theta: row.theta, alpha: row.alpha })
        .fit(history)
        .save() as { readonly parameters: { readonly [field: string]: number } }
      const learned = { ...parameters, level: given[row.series][0] }
      const { mean } = theta().fit(history, { learned, horizon: 2 }).predict(20)
      for (let h = 0; h < 20; h++) expect(Math.abs(mean[h] / row.forecast[h] - 1)).toBeLessThan(1e-9)
    })
  }

  for (const { series: name, season, kind, indices } of golden.indices) {
    it(`${name}, ${kind}: the same season`, () => {
      const ours = seasonIndices(Float64Array.from(given[name]), season, kind === 'multiplicative')
      for (let i = 0; i < season; i++) expect(ours[i]).toBeCloseTo(indices[i], 9)
    })
  }

  for (const { series: name, season, kind, model, mse, forecast } of golden.fitted) {
    it(`${name}, ${kind}, ${model}: fitted weights are as good, and forecasts near`, () => {
      const all = series(1_000, given[name])
      const options = { season, seasonal: kind, ...(model === 'STM' && { theta: 2 }) }
      const { parameters: learned } = theta(options).fit(all).save() as {
        readonly parameters: { readonly [field: string]: number }
      }
      let squares = 0
      for (let t = 3; t < all.values.length; t++) {
        const { mean } = theta()
          .fit(sliceSteps(all, 0, t), { learned, horizon: 1 })
          .predict(1)
        squares += (mean[0] - all.values[t]) ** 2
      }
      expect(squares / (all.values.length - 3) / mse).toBeLessThan(1.02)
      const { mean } = theta(options).fit(all).predict(season)
      for (let h = 0; h < season; h++) expect(Math.abs(mean[h] / forecast[h] - 1)).toBeLessThan(0.03)
    })
  }
})
