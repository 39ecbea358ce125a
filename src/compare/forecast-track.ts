/**
 * The forecasts of one forecaster along the run: one for each of its steps, made when the step's measurements are in.
 * Without history it begins to forecast once `fit` accepts what has been seen.
 */
import { append, random, type Series, series } from '../base/index.ts'
import type { Fitted, Forecast, Forecaster } from '../roles.ts'

export interface ForecastTrack {
  readonly name: string
  /** `scrapes`: how many values of the measured load are in. */
  advance(scrapes: number): void
  latest(): Forecast | undefined
}

/** What of a fate a forecaster is told. */
export interface Told {
  readonly seed: number
  readonly startMs: number
  readonly history: Series
  readonly horizon: number
}

export function forecastTrack(
  name: string,
  forecaster: Forecaster,
  fate: Told,
  observed: Series
): ForecastTrack {
  const { stepMs } = fate.history
  const factor = Math.round(stepMs / observed.stepMs)
  const rng = () => random(fate.seed, 'forecaster', name)
  let fitted: Fitted | undefined
  let history = fate.history
  let done = 0
  let latest: Forecast | undefined
  const start = (): Fitted | undefined => {
    if (history.values.length === 0) return undefined
    return tryFit(forecaster, history, { horizon: fate.horizon, rng: rng() })
  }
  fitted = start()
  return {
    name,
    advance(scrapes) {
      for (; (done + 1) * factor <= scrapes; done++) {
        const more = series(stepMs, [meanOf(observed.values, done * factor, (done + 1) * factor)], {
          startMs: fate.startMs + done * stepMs
        })
        if (fitted) fitted = fitted.update(more)
        else {
          history = append(history, more)
          // Doubling waits: fitting again on every step of a long start would cost its square.
          if (isPowerOfTwo(history.values.length)) fitted = start()
        }
        latest = undefined
      }
      latest ??= fitted?.predict(fate.horizon)
    },
    latest: () => latest
  }
}

/** Too short a history is not an error here: there is no forecast yet, and the policies must live with that. */
function tryFit(
  forecaster: Forecaster,
  history: Series,
  options: Parameters<Forecaster['fit']>[1]
): Fitted | undefined {
  try {
    return forecaster.fit(history, options)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'TOO_SHORT') return undefined
    throw error
  }
}

function isPowerOfTwo(n: number): boolean {
  return n >= 8 && (n & (n - 1)) === 0
}

function meanOf(values: Float64Array, from: number, to: number): number {
  let sum = 0
  let measured = 0
  for (let i = from; i < to; i++) {
    if (Number.isNaN(values[i])) continue
    sum += values[i]
    measured++
  }
  return measured === 0 ? NaN : sum / measured
}
