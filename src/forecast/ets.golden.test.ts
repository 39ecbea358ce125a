import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import { ets } from './ets.ts'
import { chooseEts, deviance } from './ets-fit.ts'
import { formOf } from './ets-form.ts'
import { firstState, type State } from './smoothing.ts'

interface Golden {
  readonly by: string
  readonly weights: {
    readonly alpha: number
    readonly beta: number
    readonly gamma: number
    readonly phi: number
  }
  readonly rows: readonly {
    readonly series: string
    readonly season: number
    readonly model: string
    readonly level: number
    readonly slope: number
    readonly forecast: readonly (number | null)[]
    readonly llf: number
    readonly fitted: number
  }[]
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/golden/${name}.json`, import.meta.url), 'utf8'))
// Made by tools/golden/forecast_ets.py; the series by forecast_holt_winters.py.
const golden: Golden = read('forecast-ets')
const given: Readonly<Record<string, readonly number[]>> = read('forecast-holt-winters').series

describe(`ETS against ${golden.by}`, () => {
  for (const { series: from, season, model, level, slope, forecast, llf, fitted } of golden.rows) {
    const values = Float64Array.from(given[from])
    const chosen = formOf(model, season)!
    const weights = {
      ...golden.weights,
      ...(!chosen.form.trend && { beta: 0 }),
      ...(season === 1 && { gamma: 0 }),
      ...(!chosen.damped && { phi: 1 })
    }
    const likelihood = (minusTwo: number) => -(minusTwo + values.length * (1 + Math.log(2 * Math.PI))) / 2

    it(`${from}, ${model}: the same forecasts`, () => {
      const learned = { model, season, ...weights, begins: { startMs: 0, level, slope } }
      const { mean } = ets().fit(series(1_000, values), { horizon: 2, learned }).predict(forecast.length)
      for (let h = 0; h < mean.length; h++) {
        const theirs = forecast[h]
        if (theirs !== null) expect(Math.abs(mean[h] / theirs - 1)).toBeLessThan(1e-9)
      }
    })

    it(`${from}, ${model}: the same likelihood`, () => {
      const begin: State = { ...firstState(values, chosen.form), level, slope }
      const minusTwo = deviance(values, begin, chosen.form, weights, chosen.relative)
      expect(likelihood(minusTwo) / llf).toBeCloseTo(1, 9)
    })

    it(`${from}, ${model}: fitted weights are at least as likely`, () => {
      const [[, fit]] = chooseEts(values, [chosen])
      expect(fit.logLikelihood).toBeGreaterThan(fitted - 0.2)
    })
  }
})
