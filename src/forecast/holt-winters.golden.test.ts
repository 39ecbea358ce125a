import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import { type HoltWintersOptions, holtWinters } from './index.ts'

interface Golden {
  readonly by: string
  readonly parameters: {
    readonly alpha: number
    readonly beta: number
    readonly gamma: number
    readonly phi: number
  }
  readonly series: Readonly<Record<string, readonly number[]>>
  readonly rows: readonly {
    readonly series: string
    readonly season: number
    readonly seasonal: string
    readonly trend: string
    readonly recursion: { readonly forecast: readonly (number | null)[]; readonly sse: number }
    readonly fitted: { readonly sse: number }
  }[]
}

// Made by tools/golden/forecast_holt_winters.py.
const golden: Golden = JSON.parse(
  readFileSync(new URL('../../test/golden/forecast-holt-winters.json', import.meta.url), 'utf8')
)

function fit(row: Golden['rows'][number], given: HoltWintersOptions) {
  const { season, seasonal, trend } = row
  const forecaster = holtWinters({ season, seasonal, trend, ...given })
  return forecaster.fit(series(1_000, golden.series[row.series]), { horizon: 2 * season + 1 })
}

function errorOf(fitted: ReturnType<typeof fit>): number {
  const saved = JSON.parse(JSON.stringify(fitted.save()))
  return saved.parameters.sse
}

describe(`Holt-Winters against ${golden.by}`, () => {
  for (const row of golden.rows) {
    const what = `${row.series}, season ${row.seasonal}, trend ${row.trend}`
    it(`${what}: the same recursion`, () => {
      const { beta, gamma, phi, alpha } = golden.parameters
      const fitted = fit(row, { alpha, beta, gamma, phi })
      const { mean } = fitted.predict(2 * row.season + 1)
      for (let h = 0; h < mean.length; h++) {
        const theirs = row.recursion.forecast[h]
        if (theirs !== null) expect(Math.abs(mean[h] / theirs - 1)).toBeLessThan(1e-9)
      }
      expect(errorOf(fitted) / row.recursion.sse).toBeCloseTo(1, 9)
    })
    it(`${what}: fitted parameters are as good`, () => {
      expect(errorOf(fit(row, {})) / row.fitted.sse).toBeLessThan(1.01)
    })
  }
})
