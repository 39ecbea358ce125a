/**
 * Backtest — what each forecaster would have said, told only what it could have known.
 *
 *   rolling origin: the steps behind `trainUntil` are cut into `folds`; at the start of each fold the method is fitted
 *   to everything before it, then forecasts `horizon` steps ahead from every step of the fold, learning one value a
 *   step. Scored is the forecast for exactly `horizon` steps ahead.
 *
 * FPP3 §5.10. MASE divides by the naive error at the same horizon on the steps before `trainUntil`. `coverage['0.95']`
 * is the share of values inside the central 95 % interval, ends included: from the 2.5 % to the 97.5 % quantile.
 * `pinball` is the mean over the quantiles of all those intervals, `crps` that of the whole distribution (`math/accuracy.ts`).
 */
import { PrescaleError, random, requireOption, type Series, sliceSteps } from '../base/index.ts'
import {
  coverage,
  crps,
  crpsLevels,
  mae,
  mase,
  naiveError,
  pinball,
  rmse,
  smape,
  smape2
} from '../math/index.ts'
import type { Forecaster } from '../roles.ts'

export interface BacktestOptions {
  /** Steps ahead. */
  readonly horizon?: number
  readonly folds?: number
  /** Steps before the first forecast. Default 0.8 of the series. */
  readonly trainUntil?: number
  /** Probabilities of central intervals. */
  readonly levels?: readonly number[]
  /** Further quantile levels that the forecasts are kept for. */
  readonly quantiles?: readonly number[]
  /** Measures of every horizon up to `horizon` too. */
  readonly perHorizon?: boolean
  /** Of the chance that methods are given; absent: their own. */
  readonly seed?: number
  /** A clock for fitMs and predictMs; without it they are 0. */
  readonly nowMs?: () => number
  readonly progress?: (done: number, of: number) => void
}

/** How good forecasts for one horizon were. */
export interface Measures {
  readonly rmse: number
  readonly mae: number
  readonly mase: number
  readonly smape: number
  readonly smape2: number
  readonly pinball: number
  /** In the unit of the series; of a forecast that is a single number it would be its mean absolute error. */
  readonly crps: number
  readonly coverage: Readonly<Record<string, number>>
}

export interface BacktestRow extends Measures {
  readonly model: string
  /** Mean time of one fit, and of one update and forecast. */
  readonly fitMs: number
  readonly predictMs: number
  /** Where it was asked for: every horizon up to that of the row, from the same origins. */
  readonly byHorizon?: readonly (Measures & { readonly horizon: number })[]
  /** Why there are no measures: they are `NaN` then. */
  readonly failed?: string
}

export interface Backtest {
  readonly horizon: number
  readonly folds: number
  readonly models: readonly BacktestRow[]
}

/** One forecaster's forecasts of every step from `from` on, made `horizon` steps before. */
export interface Scored {
  readonly from: number
  readonly actual: Float64Array
  readonly mean: Float64Array
  /** By level as written, such as `'0.975'`. */
  readonly quantiles: Readonly<Record<string, Float64Array>>
  readonly fitMs: number
  readonly predictMs: number
}

export const intervalLevels: readonly number[] = [0.8, 0.95]

export function backtest(
  series: Series,
  forecasters: Readonly<Record<string, Forecaster>>,
  options: BacktestOptions = {}
): Backtest {
  const { horizon = 1, folds = 1 } = options
  const names = Object.keys(forecasters)
  const models = names.map((model, i) => {
    const progress = (done: number, of: number) => options.progress?.(i * of + done, names.length * of)
    return backtestOne(series, model, forecasters[model], { ...options, progress })
  })
  return { horizon, folds, models }
}

/** One row of a backtest. */
export function backtestOne(
  series: Series,
  model: string,
  forecaster: Forecaster,
  options: BacktestOptions = {}
): BacktestRow {
  const { horizon = 1, levels = intervalLevels, perHorizon = false } = options
  const training = series.values.subarray(0, options.trainUntil ?? Math.floor(0.8 * series.values.length))
  const horizons = perHorizon ? Array.from({ length: horizon }, (_, h) => h + 1) : [horizon]
  const all = rollingOrigins(series, forecaster, horizons, { ...options, quantiles: crpsLevels })
  const measured = all.map((scored, i) => measures(scored, levels, naiveError(training, horizons[i])))
  const last = all[all.length - 1]
  return {
    model,
    ...measured[measured.length - 1],
    fitMs: last.fitMs,
    predictMs: last.predictMs,
    ...(perHorizon && { byHorizon: measured.map((row, i) => ({ horizon: horizons[i], ...row })) })
  }
}

/** The row of a model that could not be backtested: nothing was measured. */
export function failedRow(model: string, failed: string, levels: readonly number[]): BacktestRow {
  const nothing = { rmse: NaN, mae: NaN, mase: NaN, smape: NaN, smape2: NaN, pinball: NaN, crps: NaN }
  const inside = Object.fromEntries(levels.map((level) => [String(level), NaN]))
  return { model, ...nothing, coverage: inside, fitMs: NaN, predictMs: NaN, failed }
}

/** The forecasts behind a backtest, for whoever needs more than their measures. */
export function rollingOrigin(series: Series, forecaster: Forecaster, options: BacktestOptions = {}): Scored {
  return rollingOrigins(series, forecaster, [options.horizon ?? 1], options)[0]
}

/** The same for several horizons at once, each up to `options.horizon`, from the same origins. */
function rollingOrigins(
  series: Series,
  forecaster: Forecaster,
  horizons: readonly number[],
  options: BacktestOptions
): Scored[] {
  const { horizon = 1, folds = 1, levels = intervalLevels, nowMs = () => 0 } = options
  const steps = series.values.length
  const trainUntil = options.trainUntil ?? Math.floor(0.8 * steps)
  checkBacktest(steps, { ...options, trainUntil })
  const wanted = [...new Set([...levels.flatMap(tailsOf), ...(options.quantiles ?? [])])].sort(
    (a, b) => a - b
  )
  const origins = steps - trainUntil - horizon + 1
  const unknown = () => new Float64Array(origins).fill(NaN)
  const said = horizons.map((ahead) => {
    // The first value that a forecast from `trainUntil` reaches is the horizon's last.
    const from = trainUntil + ahead - 1
    const actual = series.values.slice(from, from + origins)
    return {
      ahead,
      from,
      actual,
      mean: unknown(),
      quantiles: Object.fromEntries(wanted.map((p) => [p, unknown()]))
    }
  })
  let [fitMs, predictMs] = [0, 0]
  for (let fold = 0; fold < folds; fold++) {
    const edge = (f: number) => trainUntil + Math.floor((origins * f) / folds)
    let clock = nowMs()
    let fitted = forecaster.fit(sliceSteps(series, 0, edge(fold)), {
      horizon,
      levels: wanted,
      rng: options.seed === undefined ? undefined : random(options.seed, 'backtest', fold),
      // Fitting is most of the work where there is something to learn.
      progress: (done, of) => options.progress?.(fold + done / of, folds)
    })
    fitMs += nowMs() - clock
    clock = nowMs()
    for (let t = edge(fold); t < edge(fold + 1); t++) {
      const forecast = fitted.predict(horizon)
      for (const { ahead, mean, quantiles } of said) {
        mean[t - trainUntil] = forecast.mean[ahead - 1]
        for (const p of wanted) quantiles[p][t - trainUntil] = forecast.quantiles[p][ahead - 1]
      }
      fitted = fitted.update(sliceSteps(series, t, t + 1))
    }
    predictMs += nowMs() - clock
    options.progress?.(fold + 1, folds)
  }
  const times = { fitMs: fitMs / folds, predictMs: predictMs / origins }
  return said.map(({ ahead: _, ...scored }) => ({ ...scored, ...times }))
}

/** The two quantile levels between which the central interval of this probability lies. */
export function tailsOf(level: number): [number, number] {
  requireOption(level > 0 && level < 1, 'level', level, 'a probability between 0 and 1')
  // Rounded, so that .95 asks for 0.025 and 0.975 and not for their neighbours in binary.
  const tail = Math.round((1 - level) * 5e8) / 1e9
  return [tail, Math.round((1 - tail) * 1e9) / 1e9]
}

function measures(scored: Scored, levels: readonly number[], scale: number): Measures {
  const { actual, mean, quantiles } = scored
  const tails = [...new Set(levels.flatMap(tailsOf))]
  const losses = tails.map((p) => pinball(actual, quantiles[p], p))
  const inside = levels.map((level) => {
    const [low, high] = tailsOf(level)
    return [String(level), coverage(actual, quantiles[low], quantiles[high])]
  })
  return {
    rmse: rmse(actual, mean),
    mae: mae(actual, mean),
    mase: mase(actual, mean, scale),
    smape: smape(actual, mean),
    smape2: smape2(actual, mean),
    pinball: losses.reduce((a, b) => a + b, 0) / losses.length,
    crps: crps(actual, quantiles),
    coverage: Object.fromEntries(inside)
  }
}

/** Refuses what no forecaster could be backtested with. Errors: `BAD_OPTION`, `TOO_SHORT`. */
export function checkBacktest(steps: number, options: BacktestOptions): void {
  const { horizon = 1, folds = 1, levels = intervalLevels } = options
  const trainUntil = options.trainUntil ?? Math.floor(0.8 * steps)
  for (const level of levels) tailsOf(level)
  const whole = (value: number) => Number.isInteger(value) && value >= 1
  requireOption(whole(horizon), 'horizon', horizon, 'a whole number of steps, at least 1')
  requireOption(whole(folds), 'folds', folds, 'a whole number, at least 1')
  requireOption(
    whole(trainUntil) && trainUntil < steps,
    'trainUntil',
    trainUntil,
    `between 1 and ${steps - 1} steps`
  )
  const origins = steps - trainUntil - horizon + 1
  if (origins >= folds) return
  throw new PrescaleError(
    'TOO_SHORT',
    `backtest: ${steps - trainUntil} steps behind the training part are too few for ${folds} folds at horizon ${horizon}; ` +
      `it needs at least ${folds + horizon - 1}`
  )
}
