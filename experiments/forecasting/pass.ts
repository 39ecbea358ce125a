/**
 * One pass: a model is fitted to the training part, forecasts from every step behind it and learns one value a step. On
 * whatever thread, from plain data to plain data.
 */
import { type GivenOptions, PrescaleError, type Series, sliceSteps } from '../../src/base/index.ts'
import { handInAugurs } from '../../src/cli/augurs.ts'
import { makeForecaster, tailsOf } from '../../src/forecast/index.ts'
import { mae, naiveError, pinball, rmse, smape, smape2 } from '../../src/math/index.ts'
import type { Fitted } from '../../src/roles.ts'

handInAugurs()

export interface Pass {
  readonly set: string
  readonly model: string
  readonly options: GivenOptions
  readonly series: Series
  readonly trainUntil: number
  /** Steps ahead that are scored; the largest is what the model is fitted for. */
  readonly horizons: readonly number[]
}

export interface Inside {
  readonly level: number
  /** Share of the values inside the central interval, ends included, and exactly on one of its ends. */
  readonly inside: number
  readonly ties: number
}

export interface PassScore {
  readonly horizon: number
  /** Values scored. */
  readonly steps: number
  readonly rmse: number
  readonly mae: number
  readonly mase: number
  readonly smape: number
  readonly smape2: number
  /** Mean over the quantiles 0.025, 0.1, 0.5, 0.9, 0.975. */
  readonly pinball: number
  readonly intervals: readonly Inside[]
}

export interface PassDone {
  readonly set: string
  readonly model: string
  readonly scores: readonly PassScore[]
  readonly fitMs: number
  /** Of one update and forecast. */
  readonly stepMs: number
  /** Of `auto`: what it chose and why, and the work it counted. */
  readonly chosen?: string
  readonly because?: string
  readonly workMs?: number
  /** Why there is nothing. */
  readonly reason?: string
}

export const LEVELS = [0.8, 0.95] as const
const quantileLevels = [...new Set([...LEVELS.flatMap(tailsOf), 0.5])].sort((a, b) => a - b)

/** Never throws what a model says of its data: one bad model does not stop the others. */
export function runPass(pass: Pass, progress?: (done: number, of: number) => void): PassDone {
  const { set, model } = pass
  try {
    const done = scored(pass)
    progress?.(1, 1)
    return { set, model, ...done }
  } catch (error) {
    if (!(error instanceof PrescaleError) || error.code === 'INTERRUPTED') throw error
    progress?.(1, 1)
    return { set, model, scores: [], fitMs: NaN, stepMs: NaN, reason: error.message }
  }
}

function scored({ model, options, series, trainUntil, horizons }: Pass): Omit<PassDone, 'set' | 'model'> {
  const horizon = Math.max(...horizons)
  const steps = series.values.length - trainUntil
  const said = horizons.map((h) => ({
    h,
    mean: empty(steps),
    quantiles: quantileLevels.map(() => empty(steps))
  }))
  let clock = performance.now()
  let fitted = makeForecaster(model, options).fit(sliceSteps(series, 0, trainUntil), {
    horizon,
    levels: quantileLevels
  })
  const fitMs = performance.now() - clock
  const told = choiceOf(fitted)
  clock = performance.now()
  for (let t = 0; t < steps; t++) {
    const forecast = fitted.predict(horizon)
    for (const { h, mean, quantiles } of said) {
      if (t + h > steps) continue
      // Filed under the step that was forecast, so that all horizons are scored on the same values.
      mean[t + h - 1] = forecast.mean[h - 1]
      for (let l = 0; l < quantileLevels.length; l++) {
        quantiles[l][t + h - 1] = forecast.quantiles[quantileLevels[l]][h - 1]
      }
    }
    fitted = fitted.update(sliceSteps(series, trainUntil + t, trainUntil + t + 1))
  }
  const stepMs = (performance.now() - clock) / steps
  const actual = series.values.subarray(trainUntil)
  const training = series.values.subarray(0, trainUntil)
  const scores = said.map(({ h, mean, quantiles }): PassScore => {
    const error = mae(actual, mean)
    const losses = quantileLevels.map((level, l) => pinball(actual, quantiles[l], level))
    return {
      horizon: h,
      steps: countPairs(actual, mean),
      rmse: rmse(actual, mean),
      mae: error,
      mase: error / naiveError(training, h),
      smape: smape(actual, mean),
      smape2: smape2(actual, mean),
      pinball: losses.reduce((a, b) => a + b, 0) / losses.length,
      intervals: LEVELS.map((level) => insideOf(level, actual, quantiles))
    }
  })
  return { scores, fitMs, stepMs, ...told }
}

const empty = (steps: number) => new Float64Array(steps).fill(NaN)

function choiceOf(fitted: Fitted): Pick<PassDone, 'chosen' | 'because' | 'workMs'> {
  const saved = fitted.save() as { readonly parameters?: Readonly<Record<string, unknown>> | null }
  const parameters = saved.parameters ?? {}
  if (typeof parameters.chosen !== 'string') return {}
  const { models } = (parameters.options ?? {}) as { readonly models?: string }
  return {
    chosen: models === undefined ? parameters.chosen : `${parameters.chosen}:models=${models}`,
    because: String(parameters.because),
    workMs: Number(parameters.spentMs)
  }
}

function insideOf(level: number, actual: Float64Array, quantiles: readonly Float64Array[]): Inside {
  const [low, high] = tailsOf(level).map((p) => quantiles[quantileLevels.indexOf(p)])
  let [n, inside, ties] = [0, 0, 0]
  for (let t = 0; t < actual.length; t++) {
    if (Number.isNaN(actual[t] + low[t] + high[t])) continue
    n++
    if (actual[t] >= low[t] && actual[t] <= high[t]) inside++
    if (actual[t] === low[t] || actual[t] === high[t]) ties++
  }
  return { level, inside: inside / n, ties: ties / n }
}

function countPairs(actual: Float64Array, mean: Float64Array): number {
  let n = 0
  for (let t = 0; t < actual.length; t++) if (!Number.isNaN(actual[t] + mean[t])) n++
  return n
}
