/**
 * What forecasts, as pure functions from plain data to plain data: each is called on a worker thread (`jobs.ts`), where
 * long work can be stopped and a failure takes nothing with it. This module hands in what pure code cannot load itself.
 */
import { type Random, random, type Series, sliceSteps } from '../base/index.ts'
import { type ForecasterSpec, forecasterFrom } from '../compare/forecaster-spec.ts'
import {
  type BacktestOptions,
  type BacktestRow,
  backtestOne,
  forecasterOf,
  type ModelFile,
  makeModel,
  whyChosen
} from '../forecast/index.ts'
import { toOnnx } from '../forecast/onnx.ts'
import type { Forecast, Json } from '../roles.ts'
import { handInAugurs } from './augurs.ts'

export { doJob } from '../compare/rehearsal-job.ts'

handInAugurs()

/** Of methods that have no seed among their options. */
const chanceOf = ({ options }: ForecasterSpec, seed: number): Random | undefined =>
  Object.hasOwn(options, 'seed') ? undefined : random(seed, 'forecaster')

type Progress = (done: number, of: number) => void

export interface ForecastJob {
  readonly spec: ForecasterSpec
  readonly history: Series
  readonly horizon: number
  readonly levels: readonly number[]
  readonly seed: number
}

export interface ForecastDone {
  readonly forecast: Forecast
  /** What was chosen and why, of a method that chooses. */
  readonly chosen?: string
}

export function forecastJob(
  { spec, history, horizon, levels, seed }: ForecastJob,
  progress: Progress
): ForecastDone {
  const rng = chanceOf(spec, seed)
  const fitted = forecasterFrom(spec).fit(history, { horizon, levels, rng, progress })
  const { parameters } = fitted.save() as { readonly parameters: Json }
  return { forecast: fitted.predict(horizon), chosen: whyChosen(parameters) }
}

export interface BacktestJob {
  readonly spec: ForecasterSpec
  readonly series: Series
  readonly options: Omit<BacktestOptions, 'nowMs' | 'progress'>
}

export function backtestJob({ spec, series, options }: BacktestJob, progress: Progress): BacktestRow {
  const nowMs = () => performance.now()
  const seed = Object.hasOwn(spec.options, 'seed') ? undefined : options.seed
  return backtestOne(series, spec.label, forecasterFrom(spec), { ...options, seed, nowMs, progress })
}

export interface TrainJob {
  readonly spec: ForecasterSpec
  readonly series: Series
  /** Steps that it is trained on; those behind them measure it. */
  readonly trainUntil: number
  readonly horizon: number
  readonly levels: readonly number[]
  readonly seed: number
  readonly library: ModelFile['library']
  /** Training is told that it is enough after this. Absent: nothing looks at a clock, and the same bytes come out. */
  readonly timeLimitMs?: number
  /** The network as ONNX is wanted too. */
  readonly onnx: boolean
}

export interface TrainedModel {
  readonly model: ModelFile
  readonly trainMs: number
  /** Of one forecast, where it was measured: a time, so it is no part of the model. */
  readonly predictMs: number | undefined
  readonly onnx: Uint8Array | undefined
}

/** Trains, and measures the very model that is handed back, as it will be read from its file. */
export function trainJob(job: TrainJob, progress: Progress): TrainedModel {
  const { spec, series, trainUntil, horizon, levels, seed, timeLimitMs } = job
  const history = sliceSteps(series, 0, trainUntil)
  const nowMs = () => performance.now()
  const startedMs = nowMs()
  const fitted = forecasterFrom(spec).fit(history, {
    horizon,
    levels,
    rng: chanceOf(spec, seed),
    progress,
    ...(timeLimitMs !== undefined && { nowMs, enough: () => nowMs() - startedMs > timeLimitMs })
  })
  const trainMs = nowMs() - startedMs
  const { library } = job
  const parts = {
    saved: fitted.save(),
    options: spec.options,
    history,
    horizon,
    levels,
    seed,
    library
  }
  const scored = measured(makeModel(parts), job)
  const model = makeModel({ ...parts, metrics: scored?.metrics })
  return { model, trainMs, predictMs: scored?.predictMs, onnx: job.onnx ? toOnnx(model) : undefined }
}

/** On the steps behind its training part, where there are enough for one forecast. */
function measured(model: ModelFile, { spec, series, trainUntil, horizon }: TrainJob) {
  const steps = series.values.length - trainUntil - horizon + 1
  if (steps < 1) return undefined
  const { label } = spec
  const nowMs = () => performance.now()
  const row = backtestOne(series, label, forecasterOf(model, label), { horizon, trainUntil, nowMs })
  const { rmse, mae, mase, smape, smape2, pinball, crps, coverage, predictMs } = row
  return { metrics: { horizon, steps, rmse, mae, mase, smape, smape2, pinball, crps, coverage }, predictMs }
}
