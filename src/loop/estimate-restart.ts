/**
 * Restart cost — how much work a rescale loses, in milliseconds at full capacity.
 *
 *   with a lag gauge   T − (load · T − (lag now − lag before)) / (ready · unitRate)   T since the rescale: the time at full
 *                      capacity that is missing for the lag that is there; outage, replay and warm-up together
 *   without            Σ step · (1 − throughput / min(load, ready · unitRate))       over the steps that stay short
 *
 * A failure leaves fewer units than are wanted and is not a rescale.
 */
import { MINUTE } from '../base/index.ts'
import type { Metric, Observation, Quantiles } from '../roles.ts'

export interface RestartMemory {
  gap: Gap | null
  /** The last lag that was measured, records. */
  lag: number | null
  lost: number[]
  ms: Quantiles | null
}

/** The time behind a rescale in which throughput may fall short, and what was seen in it so far. */
interface Gap {
  sinceMs: number
  untilMs: number
  checkedMs: number
  lostMs: number
  steps: number
  lagBefore: number
}

/** The rings of the estimator that are read here. */
interface Steps {
  readonly atMs: readonly number[]
  readonly ready: readonly number[]
  readonly throughput: readonly (number | null)[]
  readonly logRate: number | null
}

/** How long after a rescale work may be missing: the longest outages of the published Flink runs, 106 s. */
const gapMs = 2 * MINUTE
/** Load and throughput are each seen with about 1 % noise: a smaller shortfall is not an outage. */
const shortfall = 0.05
/** A lag of less is what a running job always has: records that are not fetched yet. */
const DRAINED_S = 2
/** Samples that are remembered: enough for a P90, few enough to follow a change. */
const samples = 32

export const noRestart = (): RestartMemory => ({ gap: null, lag: null, lost: [], ms: null })

/** The size moved because somebody asked, after `sinceMs`. A gap that is still open then says nothing alone. */
export function openGap(sinceMs: number, seen: Observation, memory: RestartMemory): void {
  if (memory.gap !== null && seen.metrics?.lag === undefined) closeGap(memory)
  const untilMs = seen.nowMs + gapMs
  memory.gap = { sinceMs, untilMs, checkedMs: sinceMs, lostMs: 0, steps: 0, lagBefore: memory.lag ?? 0 }
}

export function measureRestart(seen: Observation, steps: Steps, memory: RestartMemory): void {
  const { lag } = seen.metrics ?? {}
  if (lag !== undefined) measureLag(seen, lag, steps, memory)
  else if (memory.gap !== null) measureThroughput(seen, steps, memory.gap)
  if (memory.gap !== null && seen.nowMs >= memory.gap.untilMs) closeGap(memory)
}

function measureLag(seen: Observation, lag: Metric, { ready, logRate }: Steps, memory: RestartMemory): void {
  if (!believed(lag) || !(lag.value >= 0)) return
  memory.lag = lag.value
  const { gap } = memory
  const load = seen.load?.values[seen.load.values.length - 1] ?? NaN
  if (gap === null || !(load > 0) || logRate === null) return
  const passedMs = seen.nowMs - (lag.ageMs ?? 0) - gap.sinceMs
  if (passedMs <= 0) return
  gap.steps++
  const more = lag.value - gap.lagBefore
  // Once it is drained, nothing is known of when that was.
  if (more < DRAINED_S * load) return
  const capacity = ready[ready.length - 1] * Math.exp(logRate)
  gap.lostMs = Math.max(gap.lostMs, passedMs - (load * passedMs - 1_000 * more) / capacity)
}

function measureThroughput(seen: Observation, { atMs, ready, throughput, logRate }: Steps, gap: Gap): void {
  for (let i = 1; i < atMs.length; i++) {
    const served = throughput[i]
    if (atMs[i] <= gap.checkedMs || served === null) continue
    const load = loadBefore(seen, atMs[i])
    if (Number.isNaN(load)) break
    const rate = logRate === null ? Infinity : Math.exp(logRate)
    const possible = Math.min(load, Math.min(ready[i], ready[i - 1]) * rate)
    const missing = possible > 0 ? 1 - served / possible : 0
    gap.checkedMs = atMs[i]
    gap.steps++
    if (missing > shortfall) gap.lostMs += missing * (atMs[i] - atMs[i - 1])
    else if (gap.steps >= 2) gap.untilMs = atMs[i]
  }
}

function closeGap(memory: RestartMemory): void {
  if (memory.gap !== null && memory.gap.steps > 0) {
    push(memory.lost, memory.gap.lostMs)
    memory.ms = quantilesOf(memory.lost)
  }
  memory.gap = null
}

/** Load of the step that ended at `atMs`; `NaN` when it has not been seen yet. */
function loadBefore(seen: Observation, atMs: number): number {
  const load = seen.load
  if (load === undefined) return Number.NaN
  const i = Math.ceil((atMs - load.startMs) / load.stepMs) - 1
  return i >= 0 && i < load.values.length ? load.values[i] : Number.NaN
}

export function believed(metric: Metric): boolean {
  return metric.quality === 'ok' || metric.quality === 'late'
}

export function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (p: number) => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]
  return { p50: at(0.5), p90: at(0.9) }
}

export function push(values: number[], value: number): void {
  values.push(value)
  if (values.length > samples) values.shift()
}
