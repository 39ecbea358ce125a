/**
 * What `mpc` knows about the target at this moment, from observations only: how fast, how late, how much is coming.
 */
import { MINUTE, SECOND } from '../base/index.ts'
import type { Metric, Observation } from '../roles.ts'
import { boundsOf, latestLoad, leastUnits, metricOf, trusted, usable } from './answer.ts'
import { type JobMemory, noJob } from './mpc-job.ts'
import { learnSurprise, noSurprise, type Surprise } from './mpc-surprise.ts'
import { noTrouble, type Trouble, troubleRate, watchTrouble } from './mpc-trouble.ts'

/** Plain JSON; `null` = not measured. */
export type MpcMemory = {
  /** Latency of an idle target, ms: the least that was seen, rising slowly so that one lucky reading does not stay for ever. */
  readonly idleMs: number | null
  readonly surprise: Surprise
  readonly trouble: Trouble
  /** Of a job of several operators: what each can do. */
  readonly job: JobMemory
}

export const unknown = (): MpcMemory => ({
  idleMs: null,
  surprise: noSurprise,
  trouble: noTrouble,
  job: noJob
})

export interface Situation {
  readonly nowMs: number
  readonly ready: number
  /** Units on their way, with the time until they serve. */
  readonly coming: readonly { readonly units: number; readonly inMs: number }[]
  readonly unitRate: number
  /** Lead time that is planned with (P90) and that is paid in the mean (P50). */
  readonly leadMs: number
  readonly paidMs: number
  readonly restartMs: number
  /** Of a restart, what is late: of a job of several operators what is longer than the patience that waiting has left. */
  readonly feltMs: number
  /** From asking to serving: lead time and restart. */
  readonly reachMs: number
  /** Rate that must stay free so that no more than 5 % wait longer than the SLO allows, events/s. */
  readonly spare: number
  /** Largest step of the measured load within a step of the forecast, against its mean. */
  readonly loadMs: number
  readonly load: number
  readonly backlog: number
  /** There is a gauge of what waits, and it says nothing: the target may be down. */
  readonly blind: boolean
  /** Failures: how often, and how much work each loses. */
  readonly stopsPerMs: number
  readonly stopMs: number
  /** Seconds one may wait. */
  readonly patience: number
  readonly floor: number
  readonly least: number
  readonly most: number
}

/** An overloaded minute is one in which more than 5 % miss the SLO. */
const LATE_SHARE = 0.05
/** A tenth of a percent a decision: 16 h of 15 s steps double it, one hour moves it by a quarter. */
const FORGET = 1.001
/** A lead time nobody stated or measured: CONTRACTS' default for services. */
const ASSUMED_LEAD = 2 * MINUTE

/** A stream job stops when it is rescaled, other targets do not: until measured, half a minute of work is lost. */
const ASSUMED_RESTART = 30 * SECOND

export function remember(seen: Observation, resource: string, before: MpcMemory): MpcMemory {
  const { forecast, load, nowMs } = seen
  const told = trusted(seen.metrics?.latency)
  const job = before.job ?? noJob
  const latency = Number.isNaN(told) && job.bottleneck === resource ? waitedMs(seen) : told
  const least = before.idleMs === null ? Infinity : before.idleMs * FORGET
  const idleMs = Number.isNaN(latency) ? before.idleMs : Math.min(latency, least)
  const surprise =
    forecast === undefined || load === undefined
      ? before.surprise
      : learnSurprise(before.surprise, forecast, load, nowMs, reachOf(seen))
  const unitRate = seen.service?.unitRate ?? NaN
  const trouble = watchTrouble(before.trouble, seen, resource, latestLoad(seen), unitRate)
  return { idleMs, surprise, trouble, job }
}

/** Where a job does not tell its latency: how long what waits has waited. */
function waitedMs(seen: Observation): number {
  const load = latestLoad(seen)
  return load > 0 ? (SECOND * trusted(seen.metrics?.lag)) / load : NaN
}

/** From asking to serving: lead time and restart. */
function reachOf(seen: Observation): number {
  return (seen.service?.leadTimeMs?.p90 ?? ASSUMED_LEAD) + restartOf(seen)
}

function restartOf(seen: Observation): number {
  return seen.service?.restartMs?.p90 ?? (seen.topology === undefined ? 0 : ASSUMED_RESTART)
}

export function situationOf(
  seen: Observation,
  resource: string,
  unitRate: number,
  memory: MpcMemory,
  intervalMs: number
): Situation {
  const { nowMs, capacity, service } = seen
  const leadMs = service?.leadTimeMs?.p90 ?? ASSUMED_LEAD
  const restartMs = restartOf(seen)
  const load = meanOfLast(seen, Math.max(leadMs, Math.min(30 * SECOND, 2 * intervalMs)))
  const patience = patienceOf(seen, memory)
  const spare = patience > 0 ? -Math.log(LATE_SHARE) / patience : 0
  const { min, max } = boundsOf(seen, resource)
  const least = Math.min(leastUnits(seen, resource), max)
  const gauge = metricOf(seen, 'lag', resource, false) ?? metricOf(seen, 'queue', resource, false)
  const queue = trusted(gauge)
  const backlog = Number.isNaN(queue) ? atLeast(gauge) : queue
  const isJob = memory.job.bottleneck === resource
  return {
    nowMs,
    ready: capacity.ready[resource] ?? 0,
    coming: comingUnits(seen, resource, leadMs),
    unitRate,
    leadMs,
    paidMs: service?.leadTimeMs?.p50 ?? ASSUMED_LEAD,
    restartMs,
    feltMs: isJob ? feltOf(restartMs, patience, backlog / load) : restartMs,
    reachMs: leadMs + restartMs,
    spare,
    loadMs: seen.load?.stepMs ?? NaN,
    load,
    backlog,
    blind: gauge !== undefined && Number.isNaN(queue),
    stopsPerMs: troubleRate(memory.trouble, nowMs),
    stopMs: memory.trouble.lostMs,
    patience,
    floor: Number.isNaN(load) ? NaN : Math.max(min, Math.ceil((load + (load > 0 ? spare : 0)) / unitRate)),
    least,
    most: max
  }
}

/** `patience` and `waits` in seconds. What waits already has less patience left. */
function feltOf(restartMs: number, patience: number, waits: number): number {
  const left = SECOND * Math.max(0, patience - (waits || 0))
  return Math.max(0, restartMs - left)
}

/** What was seen of some parts waits there at least. */
function atLeast(gauge: Metric | undefined): number {
  return gauge?.quality === 'partial' && usable(gauge.value) ? gauge.value : 0
}

function comingUnits(seen: Observation, resource: string, leadMs: number) {
  const coming: { units: number; inMs: number }[] = []
  for (const batch of seen.capacity.starting ?? []) {
    if (batch.resource !== resource) continue
    const inMs = Number.isNaN(batch.readyAtMs) ? leadMs : batch.readyAtMs - seen.nowMs
    // Overdue is not there: the next moment is the earliest that can be hoped for.
    coming.push({ units: batch.units, inMs: Math.max(inMs, 1) })
  }
  return coming
}

/** Seconds that an arrival may wait: the SLO less the time it takes when nobody else is there. */
function patienceOf(seen: Observation, memory: MpcMemory): number {
  const slo = seen.slo?.latencyMs
  if (!usable(slo)) return 0
  // An idle latency above half the SLO would be a target that cannot keep it; or was never seen idle.
  const idle = Math.min(memory.idleMs ?? slo / 2, slo / 2)
  return (slo - idle) / SECOND
}

/** Mean of the measured load over the last `ms`; `NaN` when none of it was measured. */
function meanOfLast(seen: Observation, ms: number): number {
  const { load } = seen
  if (load === undefined) return NaN
  const fromMs = seen.nowMs - ms - load.stepMs
  let sum = 0
  let count = 0
  for (let i = load.values.length - 1; i >= 0 && load.startMs + i * load.stepMs >= fromMs; i--) {
    if (!usable(load.values[i])) continue
    sum += load.values[i]
    count++
  }
  return count === 0 ? NaN : sum / count
}
