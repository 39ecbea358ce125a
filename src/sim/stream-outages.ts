import { PrescaleError, requireOption } from '../base/index.ts'
import type { Units } from '../roles.ts'
import { type LeadTime, leadTimes } from './lead-time.ts'
import { type OverTime, overTime } from './over-time.ts'

/** What stops the whole job, and what a stop costs. */
export interface OutageConfig {
  /** All operators down on a rescale that adds units (default 15 s) or only removes them (default 8 s), in ms. */
  readonly rescaleUpMs?: OverTime
  readonly rescaleDownMs?: OverTime
  /** All operators down after a failure, in ms. Default 33 s. */
  readonly failureMs?: OverTime
  /** Failures at these times after the world's beginning, in ms. */
  readonly failures?: readonly (number | { readonly atMs: number; readonly outageMs?: number })[]
  /**
   * Records that are read again after a stop: `fixed` = as many as were read in `ms` (default 6 s), `checkpoints` =
   * those since the last multiple of `everyMs` at which the job ran, `none` = a savepoint was taken.
   */
  readonly replay?:
    | { readonly kind: 'fixed'; readonly ms: number }
    | { readonly kind: 'checkpoints'; readonly everyMs: number }
    | { readonly kind: 'none' }
  /** After a stop capacity grows from `from` (default 0) to 1 in a straight line of `ms` (default 27 s). */
  readonly warmUp?: { readonly ms: number; readonly from?: number }
  /** Request → slot there. Default 0: slots are at hand. Fewer units need no lead time. */
  readonly leadTime?: LeadTime
}

export interface Outages {
  readonly pauseUp: (hours: number) => number
  readonly pauseDown: (hours: number) => number
  readonly failures: readonly { readonly atMs: number; readonly outageMs: number }[]
  readonly replay: NonNullable<OutageConfig['replay']>
  readonly warmUpMs: number
  readonly warmUpFrom: number
  readonly leadMs: (seed: number, step: number) => number
}

export function readOutages(config: OutageConfig): Outages {
  const failureMs = overTime(config.failureMs ?? 33_000, 'failureMs')
  const replay = config.replay ?? { kind: 'fixed', ms: 6_000 }
  const warmUp = config.warmUp ?? { ms: 27_000 }
  requireOption(warmUp.ms >= 0, 'warmUp.ms', warmUp.ms, 'at least 0')
  const from = warmUp.from ?? 0
  requireOption(from >= 0 && from <= 1, 'warmUp.from', from, 'a share between 0 and 1')
  if (replay.kind === 'fixed') requireOption(replay.ms >= 0, 'replay.ms', replay.ms, 'at least 0')
  if (replay.kind === 'checkpoints')
    requireOption(replay.everyMs > 0, 'replay.everyMs', replay.everyMs, 'more than 0')
  const failures = (config.failures ?? []).map((given) => {
    const { atMs, outageMs } = typeof given === 'number' ? { atMs: given, outageMs: undefined } : given
    requireOption(atMs >= 0, 'failures', atMs, 'times after the beginning, at least 0 ms')
    return { atMs, outageMs: outageMs ?? failureMs(atMs / 3_600_000) }
  })
  return {
    pauseUp: overTime(config.rescaleUpMs ?? 15_000, 'rescaleUpMs'),
    pauseDown: overTime(config.rescaleDownMs ?? 8_000, 'rescaleDownMs'),
    failures: failures.sort((a, b) => a.atMs - b.atMs),
    replay,
    warmUpMs: warmUp.ms,
    warmUpFrom: from,
    leadMs: leadTimes(config.leadTime ?? { p50Ms: 0, p90Ms: 0 })
  }
}

/** Slots on their way: they are paid for, and the job keeps its old parallelism until they are there. */
export interface Batch {
  readonly operator: number
  readonly units: number
  readonly askedMs: number
  readonly readyAtMs: number
}

/** The life of the job beside its records. Replaced as a whole, and only when something changes. */
export interface Job {
  readonly units: Float64Array
  readonly wanted: Float64Array
  readonly starting: readonly Batch[]
  readonly startingUnits: number
  readonly nextArrivalMs: number
  /** The job is down before this moment, and warming up after it. */
  readonly downUntilMs: number
  readonly nextFailure: number
  readonly rescales: number
}

/** What can be sized: operator index, name and limits. */
export interface Sizable {
  readonly operator: number
  readonly id: string
  readonly min: number
  readonly max: number
}

export function newJob(units: Float64Array): Job {
  return {
    units,
    wanted: units,
    starting: [],
    startingUnits: 0,
    nextArrivalMs: Infinity,
    downUntilMs: LONG_AGO,
    nextFailure: 0,
    rescales: 0
  }
}

/** Long enough before the beginning that nothing is warming up. */
const LONG_AGO = -1e9

export function fail(job: Job, failure: { readonly atMs: number; readonly outageMs: number }): Job {
  return {
    ...job,
    nextFailure: job.nextFailure + 1,
    downUntilMs: Math.max(job.downUntilMs, failure.atMs + failure.outageMs)
  }
}

/** When a step begins, for whom. */
export interface Moment {
  readonly seed: number
  readonly step: number
  readonly atMs: number
  readonly hours: number
}

/**
 * Request and arrivals at the beginning of a step. More units: slots start and are there one lead time later, and the
 * job rescales as they come. Fewer: newest starting slots are given back first, then the job rescales at once.
 */
export function settle(
  outages: Outages,
  resources: readonly Sizable[],
  job: Job,
  action: Units,
  now: Moment
): Job {
  let next = job
  for (const resource of resources) {
    const want = wantedUnits(resource, action[resource.id], next.wanted[resource.operator])
    if (want !== next.wanted[resource.operator]) next = request(outages, next, resource, want, now)
  }
  const due = next.nextArrivalMs <= now.atMs
  if (next === job && !due) return job
  return rescale(outages, next, now)
}

function wantedUnits({ id, min, max }: Sizable, given: number | undefined, before: number): number {
  if (given === undefined || Number.isNaN(given)) return before
  if (!(given >= 0)) throw new PrescaleError('BAD_OPTION', `units of ${id} must be at least 0, was ${given}`)
  return Math.min(max, Math.max(min, Math.round(given)))
}

function request(outages: Outages, job: Job, { operator }: Sizable, want: number, now: Moment): Job {
  const wanted = Float64Array.from(job.wanted)
  wanted[operator] = want
  const own = job.starting.filter((batch) => batch.operator === operator)
  let more = want - job.units[operator] - sum(own)
  const starting = [...job.starting]
  for (let i = starting.length - 1; i >= 0 && more < 0; i--) {
    if (starting[i].operator !== operator) continue
    const back = Math.min(starting[i].units, -more)
    more += back
    starting[i] = { ...starting[i], units: starting[i].units - back }
  }
  if (more > 0) {
    const readyAtMs = now.atMs + outages.leadMs(now.seed, now.step)
    starting.push({ operator, units: more, askedMs: now.atMs, readyAtMs })
  }
  return withStarting(
    { ...job, wanted },
    starting.filter((batch) => batch.units > 0)
  )
}

function rescale(outages: Outages, job: Job, { atMs, hours }: Moment): Job {
  const units = Float64Array.from(job.units)
  let up = false
  for (const batch of job.starting) {
    if (batch.readyAtMs > atMs) continue
    units[batch.operator] += batch.units
    up = true
  }
  let down = false
  for (let i = 0; i < units.length; i++) {
    if (job.wanted[i] >= units[i]) continue
    units[i] = job.wanted[i]
    down = true
  }
  if (!up && !down) return job
  const pause = up ? outages.pauseUp(hours) : outages.pauseDown(hours)
  const left = job.starting.filter((batch) => batch.readyAtMs > atMs)
  return withStarting(
    { ...job, units, downUntilMs: Math.max(job.downUntilMs, atMs + pause), rescales: job.rescales + 1 },
    left
  )
}

function withStarting(job: Job, starting: readonly Batch[]): Job {
  const nextArrivalMs = starting.reduce((first, batch) => Math.min(first, batch.readyAtMs), Infinity)
  return { ...job, starting, startingUnits: sum(starting), nextArrivalMs }
}

function sum(batches: readonly Batch[]): number {
  return batches.reduce((total, batch) => total + batch.units, 0)
}

/**
 * Full-capacity milliseconds that warm-up leaves of the time from `from` to `to`, both counted from the end of the stop:
 * ∫ w(s) ds with w(s) = w0 + (1 − w0) · min(1, s / W).
 */
export function workMs({ warmUpMs: W, warmUpFrom: w0 }: Outages, from: number, to: number): number {
  if (from >= W) return to - from
  const end = Math.min(to, W)
  return w0 * (end - from) + ((1 - w0) * (end * end - from * from)) / (2 * W) + Math.max(0, to - W)
}

/** The inverse: how long from `from` after the stop until `need` full-capacity ms are done. Negative `from`: still down. */
export function timeToDo(outages: Outages, from: number, need: number): number {
  if (from < 0) return -from + timeToDo(outages, 0, need)
  const { warmUpMs: W, warmUpFrom: w0 } = outages
  if (from >= W) return need
  const ramp = workMs(outages, from, W)
  if (need >= ramp) return W - from + (need - ramp)
  const a = (1 - w0) / (2 * W)
  const b = w0 + ((1 - w0) * from) / W
  const root = b + Math.sqrt(b * b + 4 * a * need)
  // Nothing to do, or so little that its square root is 0.
  return root > 0 ? (2 * need) / root : 0
}
