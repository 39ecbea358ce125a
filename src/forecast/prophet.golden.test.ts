/** Ours beside the Prophet of augurs with the optimiser of its own package, on the same data, made here. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { initSync, Prophet, type ProphetOptions, type ProphetSeasonality } from '@bsull/augurs/prophet'
import { optimizer } from '@bsull/augurs-prophet-wasmstan'
import { beforeAll, describe, expect, it } from 'vitest'
import { HOUR, random, series } from '../base/index.ts'
import { componentsOf, fitProphet, type ProphetParts, type ProphetSeasons } from './prophet-fit.ts'

beforeAll(() => {
  const beside = dirname(createRequire(import.meta.url).resolve('@bsull/augurs/prophet'))
  initSync({ module: readFileSync(join(beside, 'prophet_bg.wasm')) })
})

const startMs = Date.UTC(2024, 2, 4, 5)
const steps = 24 * 21
const rng = random(2, 'prophet')
const values = Float64Array.from({ length: steps }, (_, t) => {
  const trend = 500 + (t < 200 ? 0.3 * t : 60 - 0.2 * (t - 200))
  const day = 80 * Math.sin((2 * Math.PI * t) / 24) + 20 * Math.cos((6 * Math.PI * t) / 24)
  return trend + day + 30 * Math.sin((2 * Math.PI * t) / 168) + 5 * rng.normal()
})
const history = series(HOUR, values, { startMs })
const plain: ProphetSeasons = {
  dayWaves: 4,
  weekWaves: 3,
  holidays: '',
  tz: 'UTC',
  seasonMs: 0,
  seasonWaves: 0
}
const trend = { growth: 'linear', changepoints: 25, flexibility: 0.05 } as const
const off = { type: 'manual', enabled: false } as const

interface Row {
  readonly what: string
  readonly theirs: Partial<ProphetOptions>
  readonly seasonality?: ProphetSeasonality
  readonly ours: () => ProphetParts
}

const rows: readonly Row[] = [
  { what: 'day, week and a bending trend', theirs: {}, ours: () => fitProphet(history, plain, false, trend) },
  {
    what: 'seasons that multiply',
    theirs: { seasonalityMode: 'multiplicative' },
    ours: () => fitProphet(history, plain, true, trend)
  },
  {
    what: 'no trend',
    theirs: { growth: 'flat' },
    ours: () => fitProphet(history, plain, false, { ...trend, growth: 'flat' })
  },
  {
    what: 'three changepoints, readily bent',
    theirs: { nChangepoints: 3, changepointPriorScale: 0.5 },
    ours: () => fitProphet(history, plain, false, { ...trend, changepoints: 3, flexibility: 0.5 })
  },
  {
    what: 'a season of its own beside the week',
    theirs: { dailySeasonality: off },
    seasonality: { period: 1, fourierOrder: 3 },
    ours: () =>
      fitProphet(history, { ...plain, dayWaves: 0, seasonMs: 24 * HOUR, seasonWaves: 3 }, false, trend)
  }
]

describe('Prophet against @bsull/augurs', () => {
  for (const { what, theirs, seasonality, ours } of rows) {
    it(`says the same: ${what}`, () => {
      const f = componentsOf(ours())
      const prophet = new Prophet({ optimizer, uncertaintySamples: 0, ...theirs })
      if (seasonality) prophet.addSeasonality('own', seasonality)
      const seconds = (t: number) => startMs / 1_000 + 3_600 * t
      prophet.fit({ ds: Array.from(values.keys(), seconds), y: values }, { seed: 1 })
      const asked = Array.from({ length: steps + 48 }, (_, t) => t)
      const { point } = prophet.predict({ ds: asked.map(seconds) }).yhat
      // Both searches stop near the optimum, not at it: noise is 5, the load 500.
      for (const t of asked) expect(Math.abs(f(startMs + t * HOUR) - point[t])).toBeLessThan(0.5)
    })
  }
})
