import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { autoArima } from './arima/auto-arima.ts'
import { exactLikelihood } from './arima/exact.ts'
import { lostTo, type Orders } from './arima/orders.ts'
import { growth, rolling } from './arima/roll.ts'

interface Golden {
  readonly by: string
  readonly series: Readonly<Record<string, readonly (number | null)[]>>
  readonly exact: readonly {
    readonly series: string
    readonly orders: Orders
    readonly phi: readonly number[]
    readonly theta: readonly number[]
    readonly seasonalPhi: readonly number[]
    readonly seasonalTheta: readonly number[]
    readonly mean: number
    readonly logLikelihood: number
    readonly forecast: readonly number[]
    readonly error: readonly number[]
  }[]
  readonly auto: readonly {
    readonly series: string
    readonly p: number
    readonly d: number
    readonly q: number
    readonly constant: boolean
    readonly aicc: number
  }[]
}

// Made by tools/golden/arima_statsmodels.py.
const golden: Golden = JSON.parse(
  readFileSync(new URL('../../test/golden/arima.json', import.meta.url), 'utf8')
)
const valuesOf = (name: string) => Float64Array.from(golden.series[name], (v) => v ?? NaN)

describe(`ARIMA against ${golden.by}`, () => {
  for (const row of golden.exact) {
    const { p, d, q, P, D, Q, m } = row.orders
    const what = `${row.series} (${p},${d},${q})(${P},${D},${Q})[${m}]`
    const y = valuesOf(row.series)
    const theirs = { ...row, constant: row.mean }
    // They count ½ log 2π for each of the d + D·m values that a diffuse start uses up.
    const likelihood = row.logLikelihood + 0.5 * Math.log(2 * Math.PI) * lostTo(row.orders)

    it(`${what}: the same likelihood at their coefficients, or more where their mean is not the best`, () => {
      const ours = exactLikelihood(y, row.orders, theirs).logLikelihood
      expect(ours).toBeGreaterThan(likelihood - 1e-6)
      expect(ours).toBeLessThan(likelihood + 1e-3)
    })
    it(`${what}: our fit is as likely`, () => {
      const fit = autoArima(y, { season: m, fixed: row.orders, maxOrder: Math.max(p, q) })
      // The gaps leave two hills of nearly one height: ours stands on the other.
      const apart = row.series === 'mixed with gaps' ? 0.2 : 1e-4
      expect(fit.logLikelihood).toBeGreaterThan(likelihood - apart)
    })
    it(`${what}: the same forecasts of ten steps, and the same growth of their errors`, () => {
      const roll = rolling(row.orders, theirs)
      for (const v of y) roll.observe(v)
      const ahead = new Float64Array(row.forecast.length)
      roll.ahead(ahead)
      const errors = growth(row.orders, theirs, ahead.length)
      for (let h = 0; h < ahead.length; h++) {
        expect(Math.abs(ahead[h] / row.forecast[h] - 1)).toBeLessThan(1e-8)
        expect(Math.abs(errors[h] / row.error[h] - 1)).toBeLessThan(1e-5)
      }
    })
  }

  for (const { series, p, d, q, constant, aicc } of golden.auto) {
    it(`${series}, d = ${d}: orders with an AICc as low as those of AutoARIMA, (${p},${d},${q})`, () => {
      const found = autoArima(valuesOf(series), { fixed: { d, constant } })
      expect(found.aicc).toBeLessThan(aicc + 0.01)
    })
  }
})
