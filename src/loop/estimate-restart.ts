/**
 * Restart cost — how much work a rescale loses, in milliseconds at full capacity.
 *
 *   with a lag gauge   T − (load · T − (lag now − lag before)) / capacity       T since the rescale: the time at full
 *                      capacity that is missing for the lag that is there; outage, replay and warm-up together
 *   without            Σ step · (1 − throughput / min(load, capacity))           over the steps that stay short
 *   capacity           ready · unitRate;  of a job of several operators that of `estimate-job.ts`
 *
 * A failure leaves fewer units than are wanted and is not a rescale. A lag that is drained before the first look behind a rescale says
 * only what it cost at most: that is not zero, it is not measured.
 */
import { MINUTE } from '../base/index.ts'
import type { Metric, Observation, Quantiles } from '../roles.ts'

export interface RestartMemory {
  gap: Gap | null
  /** The last lag that was measured, records. */
  lag: number | null
  lost: number[]
  ms: Quantiles | null
  /** What the last one cost at most, where its lag was drained before anybody looked. */
  mostMs: number | null
}

/** The time behind a rescale in which throughput may fall short, and what was seen in it so far. */
interface Gap {
  sinceMs: number
  untilMs: number
  checkedMs: number
  lostMs: number
  steps: number
  /** It cost at most this, where nothing was left to measure it by; null: not known. */
  mostMs: number | null
  lagBefore: number
}

/** The rings of the estimator that are read here. */
interface Steps {
  readonly atMs: readonly number[]
  readonly ready: readonly number[]
  readonly throughput: readonly (number | null)[]
  readonly logRate: number | null
  /** Of a job of several operators with the instances it has now, events/s; `NaN`: not known. Absent: ready · unitRate. */
  readonly capacity?: number
}

/** How long after a rescale work may be missing: the longest outages of the published Flink runs, 106 s. */
const gapMs = 2 * MINUTE
/** Load and throughput are each seen with about 1 % noise: a smaller shortfall is not an outage. */
const shortfall = 0.05
/** A lag of less is what a running job always has: records that are not fetched yet. */
const DRAINED_S = 2
/** Samples that are remembered: enough for a P90, few enough to follow a change. */
const samples = 32

export const noRestart = (): RestartMemory => ({ gap: null, lag: null, lost: [], ms: null, mostMs: null })

/** The size moved because somebody asked, after `sinceMs`. A gap that is still open then says nothing alone. */
export function openGap(sinceMs: number, seen: Observation, memory: RestartMemory): void {
  if (memory.gap !== null && seen.metrics?.lag === undefined) closeGap(memory)
  const untilMs = seen.nowMs + gapMs
  memory.gap = {
    sinceMs,
    untilMs,
    checkedMs: sinceMs,
    lostMs: 0,
    steps: 0,
    mostMs: null,
    lagBefore: memory.lag ?? 0
  }
}

export function measureRestart(seen: Observation, steps: Steps, memory: RestartMemory): void {
  const { lag } = seen.metrics ?? {}
  if (lag !== undefined) measureLag(seen, lag, steps, memory)
  else if (memory.gap !== null) measureThroughput(seen, steps, memory.gap)
  if (memory.gap !== null && seen.nowMs >= memory.gap.untilMs) closeGap(memory)
}

function measureLag(seen: Observation, lag: Metric, steps: Steps, memory: RestartMemory): void {
  if (!believed(lag) || !(lag.value >= 0)) return
  memory.lag = lag.value
  const { gap } = memory
  const load = seen.load?.values[seen.load.values.length - 1] ?? NaN
  const capacity = steps.capacity ?? oneRate(steps) * steps.ready[steps.ready.length - 1]
  if (gap === null || !(load > 0) || Number.isNaN(capacity)) return
  const passedMs = seen.nowMs - (lag.ageMs ?? 0) - gap.sinceMs
  if (passedMs <= 0) return
  const more = lag.value - gap.lagBefore
  const lostMs = passedMs - (load * passedMs - 1_000 * Math.max(more, DRAINED_S * load)) / capacity
  // Once it is drained, nothing is known of when that was: then this is the most that it can have been.
  if (more < DRAINED_S * load) gap.mostMs ??= lostMs
  else {
    gap.steps++
    gap.lostMs = Math.max(gap.lostMs, lostMs)
  }
}

const oneRate = ({ logRate }: Steps) => (logRate === null ? NaN : Math.exp(logRate))

function measureThroughput(seen: Observation, steps: Steps, gap: Gap): void {
  const { atMs, ready, throughput, capacity = NaN } = steps
  const rate = oneRate(steps)
  for (let i = 1; i < atMs.length; i++) {
    const served = throughput[i]
    if (atMs[i] <= gap.checkedMs || served === null) continue
    const load = loadBefore(seen, atMs[i])
    if (Number.isNaN(load)) break
    const most = steps.capacity === undefined ? Math.min(ready[i], ready[i - 1]) * rate : capacity
    const possible = Number.isNaN(most) ? load : Math.min(load, most)
    const missing = possible > 0 ? 1 - served / possible : 0
    gap.checkedMs = atMs[i]
    gap.steps++
    if (missing > shortfall) gap.lostMs += missing * (atMs[i] - atMs[i - 1])
    else if (gap.steps >= 2) gap.untilMs = atMs[i]
  }
}

function closeGap(memory: RestartMemory): void {
  const { gap } = memory
  memory.gap = null
  if (gap === null) return
  if (gap.steps > 0) {
    push(memory.lost, gap.lostMs)
    memory.ms = quantilesOf(memory.lost)
  } else if (gap.mostMs !== null) memory.mostMs = Math.max(0, gap.mostMs)
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
