/**
 * Surprise — how much of what the forecast has not seen yet will still be there when new units serve.
 *
 *   e  = mean of (load − forecast) over the measurements behind the forecast's end        seen at t
 *   e′ = load − forecast of the step that units asked for at t reach                       seen later
 *   carry = Σ e·e′ / Σ e² · n/(n + 20),  0..1, forgotten with a half-life of 4 h            regression through the origin
 *
 * A forecaster is told once in a step; what happens meanwhile is known to nobody but the policy. Where loads jump and
 * stay, carry is near 1 and units are asked for up to a minute earlier; where a minute says nothing about the next, as
 * with scheduled bursts, it is near 0 and nothing moves.
 */
import type { Series } from '../base/index.ts'
import type { Forecast } from '../roles.ts'

/** Plain JSON, small: it is copied when it changes. */
export type Surprise = {
  readonly sxy: number
  readonly sxx: number
  readonly n: number
  readonly pending: readonly Pending[]
}

type Pending = {
  readonly e: number
  readonly mean: number
  /** Start of the step that units asked for then could reach. */
  readonly startMs: number
}

export const noSurprise: Surprise = { sxy: 0, sxx: 0, n: 0, pending: [] }

/** A half-life of 240 steps: four hours of minutes. */
const KEEP = 0.5 ** (1 / 240)
/** Pairs after which half of the regression is believed. */
const BELIEVED = 20

export function learnSurprise(
  before: Surprise,
  forecast: Forecast,
  load: Series,
  nowMs: number,
  reachMs: number
): Surprise {
  let { sxy, sxx, n, pending } = before
  const loadEnd = load.startMs + load.values.length * load.stepMs
  while (pending.length > 0 && pending[0].startMs + forecast.stepMs <= loadEnd) {
    const { e, mean, startMs } = pending[0]
    const real = meanBetween(load, startMs, startMs + forecast.stepMs)
    if (!Number.isNaN(real)) {
      sxy = sxy * KEEP + e * (real - mean)
      sxx = sxx * KEEP + e * e
      n = n * KEEP + 1
    }
    pending = pending.slice(1)
  }
  // One pair for each forecast: when it is as old as it gets.
  if ((nowMs - forecast.startMs) % forecast.stepMs === 0 && nowMs > forecast.startMs) {
    const e = surpriseOf(forecast, load)
    const step = Math.ceil((nowMs + reachMs - forecast.startMs) / forecast.stepMs)
    const startMs = forecast.startMs + step * forecast.stepMs
    const last = pending.length === 0 ? -Infinity : pending[pending.length - 1].startMs
    if (!Number.isNaN(e) && step < forecast.mean.length && startMs > last) {
      pending = [...pending, { e, mean: forecast.mean[step], startMs }]
    }
  }
  return pending === before.pending ? before : { sxy, sxx, n, pending }
}

/** Mean of load − forecast behind the forecast's end; `NaN` when nothing was measured there. */
export function surpriseOf(forecast: Forecast, load: Series): number {
  let sum = 0
  let count = 0
  for (let i = load.values.length - 1; i >= 0; i--) {
    const atMs = load.startMs + i * load.stepMs
    if (atMs < forecast.startMs) break
    const step = Math.floor((atMs - forecast.startMs) / forecast.stepMs)
    const error = load.values[i] - forecast.mean[step]
    if (Number.isNaN(error)) continue
    sum += error
    count++
  }
  return count === 0 ? NaN : sum / count
}

/** The part of a surprise that is expected to stay, 0..1. */
export function carryOf({ sxy, sxx, n }: Surprise): number {
  return sxx > 0 ? Math.max(0, Math.min(1, (sxy / sxx) * (n / (n + BELIEVED)))) : 0
}

function meanBetween(load: Series, fromMs: number, toMs: number): number {
  const from = Math.round((fromMs - load.startMs) / load.stepMs)
  const to = Math.round((toMs - load.startMs) / load.stepMs)
  if (from < 0 || to > load.values.length || to <= from) return NaN
  let sum = 0
  for (let i = from; i < to; i++) sum += load.values[i]
  return sum / (to - from)
}
