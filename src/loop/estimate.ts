/**
 * Service estimate — what a target's own history says about it: unit rate, lead time, restart cost.
 *
 *   unitRate  ← throughput(t) / (ready(t) · cpu(t)),  all three of the same step t, cpu below saturation
 *   leadTime  ← first observation with the unit ready − last observation before it was starting (first in, first out)
 *               a job with one operator: its true processing rate / ready, as the engine counts it
 *   restart   ← see `estimate-restart.ts`
 *
 * Where an engine has a history of its rescales (metrics `rescaleMs.p50`, `.p90`, `rescaleDownMs.p50`, `.p90`), lead times are taken from it:
 * what comes and goes between two observations is not seen by looking. A restart costs at least the time in which nothing ran; until its
 * cost is measured, what was assumed of it is held between that and the most that it can have been. See `estimate-lead.ts`.
 *
 * Nothing else is looked at: no parameter of a world, nothing of the future. The unit rate is a local level in logs
 * with a gain of 1/n that stops falling at 1/40, innovations clipped as Huber does (1964): the Kalman filter's steady
 * state with protection against outliers. What was never measured keeps the value that was assumed and is listed in
 * `assumed`. Memory is plain JSON owned by the caller and changed in place: this runs in every step of every rehearsal.
 */
import { MINUTE, SECOND } from '../base/index.ts'
import type { Capacity, Metric, Observation, Operator, Quantiles, ServiceEstimate, Units } from '../roles.ts'
import { capacityOf, type JobRates, learnRates } from './estimate-job.ts'
import { hear, measureLeadTime, type ToldMemory } from './estimate-lead.ts'
import { believed, measureRestart, noRestart, openGap, type RestartMemory } from './estimate-restart.ts'

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
  /** Since when it runs without having stopped or changed its size; `null` while it is down. */
  runningSinceMs: number | null
  restart: RestartMemory
  /** Of a job of several operators. */
  job: JobRates
  /** What the engine told last of its rescales. */
  told: ToldMemory
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
/** A job's meters are right again when their window of a minute is full and the warm-up (27 s in the published runs) is over. */
const settledMs = 90 * SECOND
/** As long as a restart may take: see `estimate-restart.ts`. */
const blindMs = 2 * MINUTE

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
      runningSinceMs: null,
      restart: noRestart(),
      job: {},
      told: { leadTimeMs: null, downMs: null }
    }),
    update(seen, memory) {
      const ready = sizeOf(seen)
      const starting = startingUnits(seen)
      // What cannot be seen while a job restarts is not another size.
      const last = memory.ready.findLastIndex(Number.isFinite)
      const moved = last >= 0 && ready >= 0 && ready !== memory.ready[last]
      if (isBlind(seen.nowMs, last, memory)) memory.starts = []
      else {
        if (ready >= 0) measureLeadTime(seen.nowMs, ready, starting, memory)
        // Where nothing ran, something starts: nothing has restarted.
        const ran = last >= 0 && memory.ready[last] > 0
        if (moved && ran && ready + starting >= wantedUnits(seen))
          openGap(memory.atMs[last], seen, memory.restart)
      }
      remember(seen, ready, starting, memory)
      watchRunning(seen, moved, memory)
      const operators = seen.topology?.operators ?? []
      if (operators.length > 1) measureJob(seen, operators, memory)
      else measureRestart(seen, memory, memory.restart)
      hear(seen, memory.told)
      return estimateOf(memory, priors)
    }
  }
}

/** Its size was not seen for so long, as where the loop was away, that nothing can be said of when it changed. */
function isBlind(nowMs: number, last: number, { atMs }: EstimateMemory): boolean {
  const step = last > 0 ? atMs[last] - atMs[last - 1] : 0
  return last >= 0 && nowMs - atMs[last] > blindMs + step
}

function remember(seen: Observation, ready: number, starting: number, memory: EstimateMemory): void {
  memory.atMs.push(seen.nowMs)
  memory.ready.push(ready)
  memory.throughput.push(null)
  memory.cpu.push(null)
  if (ready >= 0) memory.starting = starting
  if (memory.atMs.length > kept) {
    memory.atMs.shift()
    memory.ready.shift()
    memory.throughput.shift()
    memory.cpu.shift()
  }
  const job = onlyOperator(seen)
  if (job === undefined) measureServiceRate(seen, memory)
  else measureJobRate(seen.nowMs, job, ready, memory)
}

function measureServiceRate(seen: Observation, memory: EstimateMemory): void {
  const a = place(memory.throughput, seen.metrics?.throughput, seen.nowMs, memory)
  // Useful time where the engine reports it (Flink's busy time): CPU also counts what a unit does when idle.
  const b = place(memory.cpu, seen.metrics?.busy ?? seen.metrics?.cpu, seen.nowMs, memory)
  if (a >= 0) measureUnitRate(a, memory)
  if (b >= 0 && b !== a) measureUnitRate(b, memory)
}

/** The operator of a job that has one: its true rate is counted by the engine itself. */
function onlyOperator({ topology }: Observation): Operator | undefined {
  return topology?.operators.length === 1 ? topology.operators[0] : undefined
}

/** Useful time is measured at full load too, so nothing is excluded but the time in which the window is not full. */
function measureJobRate(nowMs: number, job: Operator, units: number, memory: EstimateMemory): void {
  const since = memory.runningSinceMs
  if (since === null || nowMs - since < settledMs || !((job.busy ?? 1) >= idle) || !(units > 0)) return
  if (job.trueProcessingRate > 0) learnRate(Math.log(job.trueProcessingRate / units), memory)
}

function measureJob(seen: Observation, operators: readonly Operator[], memory: EstimateMemory): void {
  const since = memory.runningSinceMs
  if (since !== null && seen.nowMs - since >= settledMs) learnRates(operators, memory.job)
  const { atMs, ready, throughput } = memory
  const capacity = capacityOf(operators, seen.capacity.ready, memory.job)
  measureRestart(seen, { atMs, ready, throughput, logRate: null, capacity }, memory.restart)
}

function watchRunning(seen: Observation, moved: boolean, memory: EstimateMemory): void {
  const { throughput } = seen.metrics ?? {}
  if (throughput === undefined || !believed(throughput)) memory.runningSinceMs = null
  else if (moved || memory.runningSinceMs === null) memory.runningSinceMs = seen.nowMs
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

function measureUnitRate(i: number, memory: EstimateMemory): void {
  const throughput = memory.throughput[i]
  const cpu = memory.cpu[i]
  const units = memory.ready[i]
  if (throughput === null || cpu === null || i < 1) return
  // A step in which capacity moved, or that a restart may have cut, belongs to no number of units.
  const { gap } = memory.restart
  if (gap !== null && memory.atMs[i] > gap.sinceMs) return
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

function estimateOf(memory: EstimateMemory, priors: EstimatePriors): ServiceEstimate {
  const assumed: string[] = []
  if (memory.logRate === null) assumed.push('unitRate')
  const leadTimeMs = memory.told.leadTimeMs ?? memory.leadTimeMs
  if (leadTimeMs === null) assumed.push('leadTimeMs')
  const restartMs = restartOf(memory, priors.restartMs)
  if (memory.restart.ms === null && restartMs === priors.restartMs) assumed.push('restartMs')
  return {
    unitRate: memory.logRate === null ? (priors.unitRate ?? Number.NaN) : Math.exp(memory.logRate),
    leadTimeMs: leadTimeMs ?? priors.leadTimeMs,
    restartMs,
    assumed
  }
}

/** What was measured; else what was assumed, held between what it cost at least and at most. */
function restartOf({ restart, told }: EstimateMemory, prior: Quantiles | undefined): Quantiles | undefined {
  const least = told.downMs ?? { p50: 0, p90: 0 }
  const most = restart.ms === null ? (restart.mostMs ?? Infinity) : Infinity
  const from = restart.ms ?? prior ?? told.downMs ?? (most < Infinity ? { p50: most, p90: most } : undefined)
  if (from === undefined) return undefined
  const p50 = Math.max(least.p50, Math.min(most, from.p50))
  const p90 = Math.max(p50, least.p90, Math.min(most, from.p90))
  return p50 === from.p50 && p90 === from.p90 ? from : { p50, p90 }
}

/** `NaN` where the target said nothing of itself yet, as in the first turn of a loop: that is no size of zero. */
function sizeOf({ capacity: { ready } }: Observation): number {
  return Object.keys(ready).length === 0 ? NaN : total(ready)
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

/** When starting units will serve is as unknown as everything else: what is known is the estimated lead time. */
export function expectedCapacity(capacity: Capacity, nowMs: number, leadMs: number): Capacity {
  const { starting } = capacity
  if (starting === undefined || starting.length === 0) return capacity
  return {
    ...capacity,
    starting: starting.map(({ resource, units, askedMs = NaN }) => ({
      resource,
      units,
      readyAtMs: Math.max(nowMs, askedMs + leadMs)
    }))
  }
}
