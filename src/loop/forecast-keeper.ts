/**
 * Forecast keeper — a forecaster that lives as long as its target: fitted once there is enough, led on by every new step, fitted anew
 * now and then.
 *
 *   advance(load since `untilMs`) → forecast          steps of the forecast = means over whole groups of steps of the load
 *
 * Steps that nobody measured are `NaN` to the forecaster. A method that fails, or for which there is too little, gives no forecast, and
 * whoever decides goes without.
 */
import {
  append,
  coarsen,
  endMs,
  formatDuration,
  random,
  type Series,
  series,
  sliceSteps
} from '../base/index.ts'
import type { Fitted, Forecast, Forecaster } from '../roles.ts'

export interface KeeperOptions {
  readonly forecaster: Forecaster
  /** Steps of the forecast, whole multiples of those of the load. */
  readonly stepMs: number
  readonly horizon: number
  /** How much of the past is fitted to. */
  readonly historyMs: number
  readonly refitMs: number
  readonly seed?: number
}

export interface ForecastKeeper {
  /** Until when it knows the load: the next part should begin there. `NaN`: it knows nothing. */
  readonly untilMs: number
  /** Why there was no forecast the last time. */
  readonly trouble: string | undefined
  /** What is missing while there is no forecast: a step that is over, or as many as the method needs. */
  readonly lacks: string | undefined
  advance(part: Series): Forecast | undefined
}

export function forecastKeeper(options: KeeperOptions): ForecastKeeper {
  const { forecaster, stepMs, horizon, historyMs, refitMs, seed = 0 } = options
  const most = Math.max(1, Math.round(historyMs / stepMs))
  let history: Series | undefined
  let fitted: Fitted | undefined
  let fittedMs = NaN
  /** Too short, or failed: tried again when the history is twice as long, or it is time to fit anew. */
  let triedAt = 0
  let latest: Forecast | undefined
  let trouble: string | undefined

  function advance(part: Series): Forecast | undefined {
    const more = wholeSteps(part, stepMs, history && endMs(history))
    if (more.values.length === 0) return latest
    // A gap is told as what it is: steps that were not measured.
    const joined = history ? append(history, more) : more
    const added = sliceSteps(joined, history?.values.length ?? 0)
    history = trimmed(joined, most)
    latest = undefined
    const now = endMs(history)
    const long = history.values.length
    const due =
      fitted === undefined ? long >= 2 * triedAt || now - fittedMs >= refitMs : now - fittedMs >= refitMs
    try {
      fitted = fitted?.update(added)
      if (due) fit(history)
      latest = fitted?.predict(horizon)
      if (fitted) trouble = undefined
    } catch (error) {
      fitted = undefined
      trouble = error instanceof Error ? error.message : String(error)
    }
    return latest
  }

  function lackOf(steps: number): string {
    const step = formatDuration(stepMs)
    if (trouble === undefined) return `no step of ${step} was measured from end to end yet`
    // It is not tried again with every step.
    const now = steps === triedAt ? '' : `, ${steps} by now`
    return `${trouble} (steps of ${step}${now})`
  }

  function fit(known: Series): void {
    triedAt = known.values.length
    fittedMs = endMs(known)
    fitted = forecaster.fit(known, { horizon, rng: random(seed, 'forecast', forecaster.name) })
  }

  return {
    get untilMs() {
      return history === undefined ? NaN : endMs(history)
    },
    get trouble() {
      return trouble
    },
    get lacks() {
      return latest === undefined ? lackOf(history?.values.length ?? 0) : undefined
    },
    advance
  }
}

/** The part of a load that makes whole steps on the grid of the epoch, from `fromMs` on. */
function wholeSteps(part: Series, stepMs: number, fromMs = Number.NEGATIVE_INFINITY): Series {
  const factor = Math.round(stepMs / part.stepMs)
  const beginMs = Math.max(fromMs, Math.ceil(part.startMs / stepMs) * stepMs)
  const from = Math.round((beginMs - part.startMs) / part.stepMs)
  if (from >= part.values.length) return series(stepMs, [], { startMs: part.startMs, unit: part.unit })
  return coarsen(sliceSteps(part, from), factor)
}

function trimmed(s: Series, most: number): Series {
  // Cut down only when it is a good deal too long, so that not every step copies all of it.
  return s.values.length > 1.25 * most ? sliceSteps(s, s.values.length - most) : s
}
