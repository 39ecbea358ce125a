/**
 * Metric window of the Flink autoscaler — what was collected since the job runs, and means over it.
 *
 *   rate(m)     = (last − first) / (t_last − t_first)      for counters: records in and out, busy time, and for lag
 *   average(m)  = mean over the samples                    for gauges: busy share, records in per second
 *
 * The original reads Flink's counters. An Observation has rates, so the counters here are those rates added up over
 * time: each rate stands for the time since the sample before. Flink: flink-autoscaler ScalingMetricCollector,
 * ScalingMetrics and the static methods of ScalingMetricEvaluator.
 */
import type { FlinkSettings } from './flink-options.ts'

/** One vertex at one moment; `null`: not measured. */
export type VertexSample = {
  /** Counters since the job runs. */
  readonly recordsIn: number | null
  readonly recordsOut: number | null
  /** Busy time of all instances together. */
  readonly busyMs: number | null
  /** Records/s; not of a job's sources, as in the original. */
  readonly inPerSecond: number | null
  /** Busy share of the busiest instance, 0..1. */
  readonly load: number | null
  /** Records waiting; only of sources. */
  readonly lag: number | null
  /** Records/s processed while catching up; only of sources; −1: infinite, because nothing came. */
  readonly observedTpr: number | null
}

export type Sample = { readonly atMs: number; readonly vertices: Readonly<Record<string, VertexSample>> }
/** Oldest first. */
export type Samples = readonly Sample[]

/** What an Observation says about one vertex. `NaN`: not measured. */
export interface Reading {
  readonly isSource: boolean
  /** Whether records in per second are a gauge beside the counter; the original has none for sources. */
  readonly hasGauge: boolean
  readonly parallelism: number
  readonly inPerSecond: number
  readonly outPerSecond: number
  readonly load: number
  readonly backpressured: number
  readonly lag: number
}

const infinite = -1

/** The next sample behind `before`, which is empty after a restart. */
export function sampleOf(
  before: Samples,
  nowMs: number,
  readings: Readonly<Record<string, Reading>>,
  settings: FlinkSettings
): Sample {
  const vertices: Record<string, VertexSample> = {}
  for (const id in readings) {
    const reading = readings[id]
    const { inPerSecond, load, isSource, parallelism } = reading
    vertices[id] = {
      recordsIn: counter(before, id, 'recordsIn', nowMs, inPerSecond),
      recordsOut: counter(before, id, 'recordsOut', nowMs, reading.outPerSecond),
      busyMs: counter(before, id, 'busyMs', nowMs, load * 1000 * parallelism),
      inPerSecond: reading.hasGauge ? kept(inPerSecond) : null,
      load: kept(load),
      // A source without the metric counts as one without lag: a fault of the original.
      lag: isSource ? kept(Number.isNaN(reading.lag) ? 0 : reading.lag) : null,
      observedTpr: isSource ? observedTpr(before, id, reading, settings) : null
    }
  }
  return { atMs: nowMs, vertices }
}

/** Counts on from the last sample that has a count, however long ago: the rate stands for all the time since. */
function counter(
  before: Samples,
  id: string,
  name: keyof VertexSample,
  nowMs: number,
  rate: number
): number | null {
  if (before.length === 0) return 0
  if (Number.isNaN(rate)) return null
  for (let i = before.length - 1; i >= 0; i--) {
    const last = before[i].vertices[id]?.[name]
    if (last !== null && last !== undefined) return rounded(last + (rate * (nowMs - before[i].atMs)) / 1000)
  }
  return 0
}

function observedTpr(before: Samples, id: string, reading: Reading, settings: FlinkSettings): number | null {
  const { inPerSecond, backpressured, lag } = reading
  if (Number.isNaN(inPerSecond)) return null
  if (inPerSecond === 0) return infinite
  if ((Number.isNaN(lag) ? 0 : lag) >= settings.observeLagSeconds * inPerSecond) {
    const measured = withBackpressure(inPerSecond, backpressured)
    if (!Number.isNaN(measured)) return rounded(measured)
  }
  const mean = average(before, id, 'observedTpr', settings.observedTrueProcessingRateMinObservations)
  return mean === Infinity ? infinite : kept(mean)
}

/** What would be processed if nothing downstream held it back: rate / (1 − backpressured). */
export function withBackpressure(inPerSecond: number, backpressured: number): number {
  return backpressured >= 1 ? NaN : inPerSecond / (1 - backpressured)
}

/** Per second, between the first and the last sample that have the value; `NaN` when fewer than two have. */
export function rateOf(samples: Samples, id: string, name: keyof VertexSample): number {
  let first = -1
  let last = -1
  for (let i = 0; i < samples.length && first < 0; i++) if (has(samples[i], id, name)) first = i
  if (first < 0) return NaN
  for (let i = samples.length - 1; i > first && last < 0; i--) if (has(samples[i], id, name)) last = i
  if (last < 0) return NaN
  const change = samples[last].vertices[id][name]! - samples[first].vertices[id][name]!
  return (1000 * change) / Math.max(1, samples[last].atMs - samples[first].atMs)
}

function has(sample: Sample, id: string, name: keyof VertexSample): boolean {
  const value = sample.vertices[id]?.[name]
  return value !== null && value !== undefined
}

/** Mean of the finite values, infinite when there are none but infinite ones; `NaN` with fewer than `least`. */
export function average(samples: Samples, id: string, name: keyof VertexSample, least = 1): number {
  let sum = 0
  let count = 0
  let anyInfinite = false
  for (const { vertices } of samples) {
    const value = vertices[id]?.[name]
    if (value === null || value === undefined) continue
    if (name === 'observedTpr' && value === infinite) anyInfinite = true
    else {
      sum += value
      count++
    }
  }
  if (count === 0) return anyInfinite ? Infinity : NaN
  return count < least ? NaN : sum / count
}

function kept(value: number): number | null {
  return Number.isNaN(value) ? null : rounded(value)
}

/** Three decimals, as the original keeps its metrics, but never down to 0. */
export function rounded(value: number): number {
  const short = Math.round(value * 1000) / 1000
  return short === 0 || !Number.isFinite(short) ? value : short
}
