/**
 * Interval coverage — does the central 80 % interval really hold 80 %?
 *
 *   inside   share of the held-back values inside the central interval, ends included
 *   ties     share of them exactly on one of its ends
 *
 * One pass over the steps behind `trainUntil`, forecasting from each and learning one value a step, for all horizons
 * and levels at once. A load that idles at exactly zero has its lower end there too: then no interval can hold 80 %,
 * and what can be asked is that the nominal share lies between `inside − ties` and `inside`.
 */
import { requireOption, type Series, sliceSteps } from '../base/index.ts'
import type { Forecaster } from '../roles.ts'
import { tailsOf } from './backtest.ts'

export interface CoverageOptions {
  /** Steps ahead. */
  readonly horizons: readonly number[]
  /** Probabilities of central intervals. */
  readonly levels?: readonly number[]
  /** Steps before the first forecast. Default 0.8 of the series. */
  readonly trainUntil?: number
  /** The step behind the last that is scored. Default the end. */
  readonly until?: number
}

export interface CoverageRow {
  readonly horizon: number
  readonly level: number
  readonly inside: number
  readonly ties: number
  /** Values scored. */
  readonly steps: number
  /** Within five points of nominal; `ties` = only when values on the ends may count either way. */
  readonly holds: 'yes' | 'ties' | 'no'
}

const tolerance = 0.05

export function intervalCoverage(
  series: Series,
  forecaster: Forecaster,
  options: CoverageOptions
): CoverageRow[] {
  const { horizons, levels = [0.5, 0.8, 0.95], until = series.values.length } = options
  const from = options.trainUntil ?? Math.floor(0.8 * series.values.length)
  requireOption(from >= 1 && from < until, 'trainUntil', from, `between 1 and ${until - 1} steps`)
  const horizon = Math.max(...horizons)
  const counts = horizons.flatMap((h) =>
    levels.map((level) => ({ h, level, tails: tailsOf(level), n: 0, inside: 0, ties: 0 }))
  )
  const wanted = [...new Set(counts.flatMap((c) => c.tails))]
  let fitted = forecaster.fit(sliceSteps(series, 0, from), { horizon, levels: wanted })
  for (let t = from; t < until; t++) {
    const { quantiles } = fitted.predict(horizon)
    for (const c of counts) {
      const y = series.values[t + c.h - 1]
      if (t + c.h > until || Number.isNaN(y)) continue
      const [low, high] = c.tails.map((p) => quantiles[p][c.h - 1])
      c.n++
      if (y >= low && y <= high) c.inside++
      if (y === low || y === high) c.ties++
    }
    fitted = fitted.update(sliceSteps(series, t, t + 1))
  }
  return counts.map(({ h, level, n, inside, ties }) => row(h, level, n, inside / n, ties / n))
}

function row(horizon: number, level: number, steps: number, inside: number, ties: number): CoverageRow {
  const near = Math.abs(inside - level) <= tolerance
  const nearWithTies = level >= inside - ties - tolerance && level <= inside + tolerance
  return { horizon, level, inside, ties, steps, holds: near ? 'yes' : nearWithTies ? 'ties' : 'no' }
}
