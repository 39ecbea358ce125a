/**
 * Service estimate — what a target's own history says about it: unit rate, lead time, restart cost.
 *
 *   unitRate  ← throughput(t) / (ready(t) · cpu(t)),  all three of the same step t, cpu below saturation
 *   leadTime  ← first observation with the unit ready − last observation before it was starting (first in, first out)
 *   restart   ← Σ step · (1 − throughput / min(load, ready · unitRate))  over the steps behind a rescale
 *
 * Nothing else is looked at: no parameter of a world, nothing of the future. The unit rate is a local level in logs
 * with a gain of 1/n that stops falling at 1/40, innovations clipped as Huber does (1964): the Kalman filter's steady
 * state with protection against outliers. What was never measured keeps the value that was assumed and is listed in
 * `assumed`. Memory is plain JSON owned by the caller and changed in place: this runs in every step of every rehearsal.
 */
import { MINUTE } from '../base/index.ts'
import type { Metric, Observation, Quantiles, ServiceEstimate, Units } from '../roles.ts'

/** What is believed before anything was measured. Absent: unknown, `NaN` until measured. */
export interface EstimatePriors {
  readonly unitRate?: number
  readonly leadTimeMs?: Quantiles
  readonly restartMs?: Quantiles
}

export interface Estimator {
  initial(): EstimateMemory
  /** One more observation, in order of time. Changes the memory in place. */
  update(seen: Observation, memory: EstimateMemory): ServiceEstimate
}

/** `null` stands for *not measured*. The lists of one step run side by side, newest last. */
export interface EstimateMemory {
  atMs: number[]
  ready: number[]
  throughput: (number | null)[]
  cpu: (number | null)[]
  logRate: number | null
  spread: number
  measured: number
  /** Consecutive innovations beyond the clip, signed: a run of them is a new level and not an outlier. */
  beyond: number
  starting: number
  starts: { sinceMs: number; units: number }[]
  leads: number[]
  leadTimeMs: Quantiles | null
  gap: Gap | null
  restarts: number[]
  restartMs: Quantiles | null
}

/** The steps behind a rescale in which throughput may fall short, and how much it did so far. */
interface Gap {
  sinceMs: number
  untilMs: number
  checkedMs: number
  lostMs: number
  steps: number
}

/** Steps kept: 30 s late metrics of 15 s steps need 3, of 1 s steps 31. */
const kept = 36
/** A gauge of 100 % says only "at least": values from here on are not divided by (1 % noise, three deviations). */
const saturated = 0.97
/** Below this, rounding of the gauge (whole percents in most) is as large as the load. */
const idle = 0.01
/** 40 steps of 15 s are 10 minutes: a drift of 3 %/h is followed with 0.5 % lag, 1.4 % noise is averaged to 0.2 %. */
const slowestGain = 1 / 40
const clipAt = 3
/** Standard deviation of one reading in logs, before it is known: gauges and counters with 1–2 % noise each. */
const firstSpread = 0.02
/** Noiseless gauges would make every later deviation an outlier. */
const smallestSpread = 0.002
/** Six clipped values on one side have a chance of 1e-11 under a fixed level: the level moved. */
const newLevelAfter = 6
/** Samples of lead time and of restart cost that are remembered: enough for a P90, few enough to follow a change. */
const samples = 32
/** How long after a rescale throughput may stay short: the longest outages of the published Flink runs, 106 s. */
const gapMs = 2 * MINUTE
/** Load and throughput are each seen with about 1 % noise: a smaller shortfall is not an outage. */
const shortfall = 0.05

export function estimator(priors: EstimatePriors = {}): Estimator {
  return {
    initial: () => ({
      atMs: [],
      ready: [],
      throughput: [],
      cpu: [],
      logRate: null,
      spread: firstSpread,
      measured: 0,
      beyond: 0,
      starting: 0,
      starts: [],
      leads: [],
      leadTimeMs: null,
      gap: null,
      restarts: [],
      restartMs: null
    }),
    update(seen, memory) {
      const ready = total(seen.capacity.ready)
      const starting = startingUnits(seen)
      const moved = memory.atMs.length > 0 && ready !== memory.ready[memory.ready.length - 1]
      measureLeadTime(seen.nowMs, ready, starting, memory)
      if (moved && ready + starting >= wantedUnits(seen)) openGap(seen.nowMs, memory)
      remember(seen, ready, starting, memory)
      measureRestart(seen, memory)
      return estimateOf(memory, priors)
    }
  }
}

function remember(seen: Observation, ready: number, starting: number, memory: EstimateMemory): void {
  memory.atMs.push(seen.nowMs)
  memory.ready.push(ready)
  memory.throughput.push(null)
  memory.cpu.push(null)
  memory.starting = starting
  if (memory.atMs.length > kept) {
    memory.atMs.shift()
    memory.ready.shift()
    memory.throughput.shift()
    memory.cpu.shift()
  }
  const a = place(memory.throughput, seen.metrics?.throughput, seen.nowMs, memory)
  // Useful time where the engine reports it (Flink's busy time): CPU also counts what a unit does when idle.
  const b = place(memory.cpu, seen.metrics?.busy ?? seen.metrics?.cpu, seen.nowMs, memory)
  if (a >= 0) measureUnitRate(a, memory)
  if (b >= 0 && b !== a) measureUnitRate(b, memory)
}

/** Puts a late value where it was measured. Returns that step's index, or −1 when it says nothing new. */
function place(
  into: (number | null)[],
  metric: Metric | undefined,
  nowMs: number,
  memory: EstimateMemory
): number {
  if (metric === undefined || !(metric.value >= 0) || !believed(metric)) return -1
  const { atMs } = memory
  const measuredMs = nowMs - (metric.ageMs ?? 0)
  let i = atMs.length - 1
  while (i >= 0 && atMs[i] > measuredMs) i--
  if (i < 0 || into[i] !== null) return -1
  into[i] = metric.value
  return i
}

function believed(metric: Metric): boolean {
  return metric.quality === 'ok' || metric.quality === 'late'
}

function measureUnitRate(i: number, memory: EstimateMemory): void {
  const throughput = memory.throughput[i]
  const cpu = memory.cpu[i]
  const units = memory.ready[i]
  if (throughput === null || cpu === null || i < 1) return
  // A step in which capacity moved, or that a restart may have cut, belongs to no number of units.
  if (memory.gap !== null && memory.atMs[i] > memory.gap.sinceMs) return
  if (!(units > 0) || memory.ready[i - 1] !== units || !(throughput > 0) || cpu < idle) return
  const value = Math.log(throughput / (units * Math.min(cpu, 1)))
  // Saturated says "at least this much": it may raise the estimate, never lower it.
  const raises = memory.logRate === null || value > memory.logRate + 2 * memory.spread
  if (cpu < saturated || raises) learnRate(value, memory)
}

function learnRate(value: number, memory: EstimateMemory): void {
  if (memory.logRate === null) {
    memory.logRate = value
    memory.measured = 1
    return
  }
  const limit = clipAt * memory.spread
  const innovation = value - memory.logRate
  const clipped = Math.max(-limit, Math.min(limit, innovation))
  if (clipped === innovation) memory.beyond = 0
  else
    memory.beyond =
      (Math.sign(memory.beyond) === Math.sign(innovation) ? memory.beyond : 0) + Math.sign(innovation)
  if (Math.abs(memory.beyond) >= newLevelAfter) {
    memory.logRate = value
    memory.measured = 1
    memory.beyond = 0
    memory.spread = firstSpread
    return
  }
  memory.measured++
  memory.logRate += clipped * Math.max(slowestGain, 1 / memory.measured)
  // √(π/2) turns a mean absolute deviation into a standard deviation.
  memory.spread += (Math.abs(clipped) * Math.sqrt(Math.PI / 2) - memory.spread) * slowestGain
  memory.spread = Math.max(memory.spread, smallestSpread)
}

/** First in, first out: what began to start first is ready first. What is withdrawn began last. */
function measureLeadTime(nowMs: number, ready: number, starting: number, memory: EstimateMemory): void {
  const last = memory.atMs.length - 1
  if (last < 0) return
  const arrived = Math.max(0, ready - memory.ready[last])
  const begun = starting - memory.starting + Math.min(arrived, memory.starting)
  const { starts } = memory
  let left = Math.min(arrived, memory.starting)
  let learned = false
  while (left > 0 && starts.length > 0) {
    const units = Math.min(left, starts[0].units)
    left -= units
    starts[0].units -= units
    push(memory.leads, nowMs - starts[0].sinceMs)
    learned = true
    if (starts[0].units <= 0) starts.shift()
  }
  // Asked for at the observation before the one that shows it.
  if (begun > 0) starts.push({ sinceMs: memory.atMs[last], units: begun })
  for (let over = -begun; over > 0 && starts.length > 0; ) {
    const newest = starts[starts.length - 1]
    const units = Math.min(over, newest.units)
    over -= units
    newest.units -= units
    if (newest.units <= 0) starts.pop()
  }
  if (learned) memory.leadTimeMs = quantilesOf(memory.leads)
}

/** Capacity moved because somebody asked (a failure leaves less than wanted and is not a rescale). */
function openGap(nowMs: number, memory: EstimateMemory): void {
  closeGap(memory)
  const sinceMs = memory.atMs[memory.atMs.length - 1]
  memory.gap = { sinceMs, untilMs: nowMs + gapMs, checkedMs: sinceMs, lostMs: 0, steps: 0 }
}

function measureRestart(seen: Observation, memory: EstimateMemory): void {
  const { gap, atMs } = memory
  if (gap === null) return
  for (let i = 1; i < atMs.length; i++) {
    const throughput = memory.throughput[i]
    if (atMs[i] <= gap.checkedMs || throughput === null) continue
    const load = loadBefore(seen, atMs[i])
    if (Number.isNaN(load)) break
    const rate = memory.logRate === null ? Number.POSITIVE_INFINITY : Math.exp(memory.logRate)
    const possible = Math.min(load, Math.min(memory.ready[i], memory.ready[i - 1]) * rate)
    const missing = possible > 0 ? 1 - throughput / possible : 0
    gap.checkedMs = atMs[i]
    gap.steps++
    if (missing > shortfall) gap.lostMs += missing * (atMs[i] - atMs[i - 1])
    else if (gap.steps >= 2) gap.untilMs = atMs[i]
  }
  if (seen.nowMs >= gap.untilMs) closeGap(memory)
}

function closeGap(memory: EstimateMemory): void {
  if (memory.gap !== null && memory.gap.steps > 0) {
    push(memory.restarts, memory.gap.lostMs)
    memory.restartMs = quantilesOf(memory.restarts)
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

function estimateOf(memory: EstimateMemory, priors: EstimatePriors): ServiceEstimate {
  const assumed: string[] = []
  if (memory.logRate === null) assumed.push('unitRate')
  if (memory.leadTimeMs === null) assumed.push('leadTimeMs')
  if (memory.restartMs === null) assumed.push('restartMs')
  return {
    unitRate: memory.logRate === null ? (priors.unitRate ?? Number.NaN) : Math.exp(memory.logRate),
    leadTimeMs: memory.leadTimeMs ?? priors.leadTimeMs,
    restartMs: memory.restartMs ?? priors.restartMs,
    assumed
  }
}

function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (p: number) => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]
  return { p50: at(0.5), p90: at(0.9) }
}

function push(values: number[], value: number): void {
  values.push(value)
  if (values.length > samples) values.shift()
}

function total(units: Units): number {
  let sum = 0
  for (const name in units) sum += units[name]
  return sum
}

function startingUnits(seen: Observation): number {
  let sum = 0
  for (const { units } of seen.capacity.starting ?? []) sum += units
  return sum
}

function wantedUnits(seen: Observation): number {
  return seen.capacity.wanted === undefined ? 0 : total(seen.capacity.wanted)
}
