/**
 * Flink, in place — asks the adaptive scheduler for other parallelisms of a running job, and sees to it that they come. Flink ≥ 1.18.
 *
 *   GET  /jobs/:job/resource-requirements  →  { [vertex]: { parallelism: { lowerBound, upperBound } } }
 *   PUT  /jobs/:job/resource-requirements  ←  the same, complete
 *   GET  /jobs/:job                        until as many tasks run as were asked for, or the deadline
 *
 * Read before write: what is there already is not written again, and what somebody else wrote is left (or asked for again, by
 * `foreignChange`). The PUT has no precondition, so between our read and its arrival somebody else may still write: ours then wins. After
 * an answer that leaves it open whether it took effect (timeout, 5xx, 409, 429), it is first read, later, whether it did. One command
 * changes a job once at most: a repetition carries the same map.
 */
import { PrescaleError, type Random } from '../base/index.ts'
import {
  type FlinkJob,
  type FlinkReply,
  type FlinkRequirements,
  type FlinkRest,
  findJob,
  flinkRest,
  hasEnded,
  type Server
} from '../net/index.ts'
import type { Actuator, Command, Receipt } from '../roles.ts'
import { backoff } from './backoff.ts'
import { foreignWrite, isSame, planOf, type Reached, reachedOf, uppersOf } from './flink-plan.ts'
import { type ActuatorMemory, isOlder, newMemory } from './memory.ts'

export interface FlinkActuatorOptions {
  readonly server: Server
  /** Id or name. */
  readonly job: string
  readonly clock: () => number
  /** Waits until a moment of the clock, or less when aborted. */
  readonly sleepUntil: (atMs: number, abort: AbortSignal) => Promise<void>
  /** For the jitter between attempts. */
  readonly rng: Random
  readonly memory?: ActuatorMemory
  /** When somebody else changed the size: leave it and say so (default), or ask again. */
  readonly foreignChange?: 'yield' | 'reassert'
  /** So long it may take until what was asked for runs; 2 min. */
  readonly reachWithinMs?: number
  /** Between two looks while it comes; 250 ms. */
  readonly pollMs?: number
  /** How often the command is sent at most; 3. */
  readonly attempts?: number
  /** First wait between attempts; doubles up to 10 s. */
  readonly backoffMs?: number
  /** Told what happens on the way, for the log. */
  readonly tell?: (what: string, text: string) => void
}

/** Errors: INTERRUPTED, BAD_OPTION. All else is in the receipt: `refused` begins with a short code. */
export function flink(options: FlinkActuatorOptions): Actuator {
  const { memory = newMemory() } = options
  const rest = flinkRest(options.server)
  return { apply: (command, abort) => apply({ ...options, memory }, rest, command, abort) }
}

export type Ready = FlinkActuatorOptions & { readonly memory: ActuatorMemory }

async function apply(
  options: Ready,
  rest: FlinkRest,
  command: Command,
  abort: AbortSignal
): Promise<Receipt> {
  const { memory, clock, attempts = 3 } = options
  const refuse = (refused: string, reached: Partial<Reached> = {}): Receipt =>
    receiptOf(command, clock(), reached, refused)
  const older = isOlder(memory, command)
  if (older !== undefined) return refuse(older)
  let last = ''
  for (let attempt = 0; attempt < attempts; attempt++) {
    const seen = await jobNow(options, rest, abort)
    if (typeof seen === 'string') {
      last = seen
      if (!isPassing(seen)) break
      await pause(options, attempt, 0, abort)
      continue
    }
    const { job, bounds } = seen
    const plan = planOf(job, bounds, command.to)
    if ('refused' in plan) return refuse(plan.refused)
    const { wanted } = plan
    const foreign = foreignWrite(memory, job, bounds, wanted, command.to)
    if (foreign !== undefined) {
      if (options.foreignChange !== 'reassert') {
        return refuse(`foreign-writer: ${foreign}; left as it is`, reachedOf(job, bounds))
      }
      options.tell?.('foreign-writer', `${foreign}; asked for again`)
    }
    if (isSame(bounds, wanted)) return verify(options, rest, command, job, wanted, abort)
    const [units, before] = [uppersOf(job.vertices, wanted), uppersOf(job.vertices, bounds)]
    memory.sent = { id: job.id, units, before }
    const outcome = await send(rest, job, wanted, abort)
    if (outcome.kind === 'accepted') return verify(options, rest, command, job, wanted, abort)
    if (outcome.kind === 'refused') return refuse(outcome.says, reachedOf(job, bounds))
    last = outcome.says
    options.tell?.('not-accepted', last)
    await pause(options, attempt, outcome.retryAfterMs, abort)
  }
  // What the last attempt left open may have come true by now.
  return (await settled(options, rest, command, abort)) ?? refuse(last)
}

/** After the last attempt: the receipt if the command took effect after all. */
async function settled(
  options: Ready,
  rest: FlinkRest,
  command: Command,
  abort: AbortSignal
): Promise<Receipt | undefined> {
  if (options.memory.sent === null) return undefined
  const seen = await jobNow(options, rest, abort)
  if (typeof seen === 'string') return undefined
  const plan = planOf(seen.job, seen.bounds, command.to)
  if ('refused' in plan || !isSame(seen.bounds, plan.wanted)) return undefined
  return verify(options, rest, command, seen.job, plan.wanted, abort)
}

export function receiptOf(
  { epoch }: Command,
  atMs: number,
  { reached = {}, pending = {} }: Partial<Reached>,
  refused?: string
): Receipt {
  return { epoch, reached, pending, atMs, ...(refused !== undefined && { refused }) }
}

/** Reasons that may be gone in a moment. */
const isPassing = (refused: string) => /^(unreachable|bad-answer|job-not-running)/.test(refused)

/** The job and its bounds now, or why it cannot be changed. */
async function jobNow(
  { job: wanted, tell }: Ready,
  rest: FlinkRest,
  abort: AbortSignal
): Promise<{ readonly job: FlinkJob; readonly bounds: FlinkRequirements } | string> {
  try {
    const found = findJob(await rest.jobs(abort), wanted)
    if (found === undefined) return `job-absent: ${wanted} is not known to ${rest.origin}`
    if (found === 'several') return `job-ambiguous: several jobs called ${wanted} run; give the id of one`
    if (hasEnded(found.state)) return `job-ended: ${wanted} is ${found.state}`
    const job = await rest.job(found.id, abort)
    // A job that waits for slots may be helped by smaller bounds; one that is being set up has no vertices.
    if (job.vertices.length === 0) return `job-not-running: ${wanted} is ${job.state}`
    if (job.scheduler !== '' && job.scheduler !== 'Adaptive') return notAdaptive(wanted, job.scheduler)
    return { job, bounds: await rest.requirements(found.id, abort) }
  } catch (error) {
    const says = readFault(error, wanted)
    tell?.('read-failed', says)
    return says
  }
}

function notAdaptive(job: string, scheduler: string): string {
  return `not-adaptive: ${job} has the scheduler '${scheduler}'; set jobmanager.scheduler: adaptive, or use method savepoint`
}

/** Why reading failed, as a refusal. Throws what is not about the outside. */
export function readFault(error: unknown, job: string): string {
  if (!(error instanceof PrescaleError)) throw error
  switch (error.code) {
    case 'UNREACHABLE':
      // Flink answers 500 for a scheduler that has no such thing.
      return /does not support/.test(error.message)
        ? notAdaptive(job, 'not adaptive')
        : `unreachable: ${error.message}`
    case 'BAD_ANSWER':
      return `bad-answer: ${error.message}`
    case 'NOT_FOUND':
      return `job-absent: ${error.message}`
    default:
      throw error
  }
}

type Outcome =
  | { readonly kind: 'accepted' }
  /** It will never be accepted as it is. */
  | { readonly kind: 'refused'; readonly says: string }
  /** It may have taken effect, or may be accepted later. */
  | { readonly kind: 'open'; readonly says: string; readonly retryAfterMs: number }

async function send(
  rest: FlinkRest,
  job: FlinkJob,
  wanted: FlinkRequirements,
  abort: AbortSignal
): Promise<Outcome> {
  try {
    return outcomeOf(await rest.putRequirements(job.id, wanted, abort), job.name)
  } catch (error) {
    return { kind: 'open', says: readFault(error, job.name), retryAfterMs: 0 }
  }
}

/** Flink's answers to the PUT, as recorded from 2.3.0; 409, 429 and 503 come from what stands before it. */
export function outcomeOf({ status, says, retryAfterMs = 0 }: FlinkReply, job: string): Outcome {
  if (status >= 200 && status < 300) return { kind: 'accepted' }
  if (/Could not find Flink job/.test(says) || status === 404) {
    return { kind: 'refused', says: `job-absent: ${says || status}` }
  }
  if (/does not support/.test(says)) return { kind: 'refused', says: notAdaptive(job, 'not adaptive') }
  if (status === 401 || status === 403) {
    return { kind: 'refused', says: `not-allowed: ${status} ${says}; other credentials are needed` }
  }
  if (status >= 500 || status === 409 || status === 429 || status === 408) {
    return { kind: 'open', says: `not-accepted: ${status} ${says}`.trim(), retryAfterMs }
  }
  return { kind: 'refused', says: `bad-request: ${status} ${says}`.trim() }
}

async function pause(
  { clock, sleepUntil, rng, backoffMs = 500 }: Ready,
  attempt: number,
  askedMs: number,
  abort: AbortSignal
): Promise<void> {
  const wait = backoff(attempt, { baseMs: backoffMs, mostMs: 10_000 }, rng, askedMs)
  await sleepUntil(clock() + wait, abort)
  interrupted(abort)
}

export function interrupted(abort: AbortSignal): void {
  if (abort.aborted) throw new PrescaleError('INTERRUPTED', 'the command was interrupted')
}

/** Looks until as many tasks run as were asked for. What does not run at the deadline is pending. */
async function verify(
  options: Ready,
  rest: FlinkRest,
  command: Command,
  { id, name, vertices }: FlinkJob,
  wanted: FlinkRequirements,
  abort: AbortSignal
): Promise<Receipt> {
  const { memory, clock, sleepUntil, pollMs = 250, reachWithinMs = 120_000 } = options
  memory.written = { id, units: uppersOf(vertices, wanted) }
  memory.sent = null
  const untilMs = clock() + reachWithinMs
  let reached: Partial<Reached> = {}
  let trouble: string | undefined
  let shortSinceMs: number | undefined
  for (;;) {
    try {
      const job = await rest.job(id, abort)
      reached = reachedOf(job, wanted)
      trouble = undefined
      if (hasEnded(job.state)) trouble = `job-ended: ${name} is ${job.state}`
      else if (job.state !== 'RUNNING') trouble = `job-not-running: ${name} is ${job.state}`
      if (reached.done || hasEnded(job.state)) break
      shortSinceMs = (await isShort(rest, job, wanted, abort)) ? (shortSinceMs ?? clock()) : undefined
      if (shortSinceMs !== undefined && clock() - shortSinceMs >= SHORT_MS) break
    } catch (error) {
      trouble = readFault(error, name)
    }
    if (clock() >= untilMs) break
    await sleepUntil(Math.min(untilMs, clock() + pollMs), abort)
    interrupted(abort)
  }
  return receiptOf(
    command,
    clock(),
    reached,
    trouble ?? (await overwritten(rest, id, vertices, wanted, abort))
  )
}

/** Without a free slot for this long, no more will come by itself. */
const SHORT_MS = 5_000

/**
 * The job runs, nothing is free, and every operator has what was asked for, or as many as the largest one has, which is the number of
 * slots (operators share them). One that has more, or could have more on the same slots, is still to be rescaled.
 */
async function isShort(
  rest: FlinkRest,
  { state, vertices }: FlinkJob,
  wanted: FlinkRequirements,
  abort: AbortSignal
): Promise<boolean> {
  const most = Math.max(...vertices.map(({ parallelism }) => parallelism))
  const settled = vertices.every(
    ({ id, running, parallelism }) =>
      running === parallelism && parallelism === Math.min(wanted[id]?.upper ?? most, most)
  )
  return state === 'RUNNING' && settled && (await rest.overview(abort)).freeSlots === 0
}

/** Somebody who wrote while ours was coming. */
async function overwritten(
  rest: FlinkRest,
  id: string,
  vertices: FlinkJob['vertices'],
  wanted: FlinkRequirements,
  abort: AbortSignal
): Promise<string | undefined> {
  try {
    const now = await rest.requirements(id, abort)
    if (isSame(now, wanted)) return undefined
    const is = JSON.stringify(uppersOf(vertices, now))
    return `foreign-writer: the bounds are now ${is}, somebody wrote after us`
  } catch (error) {
    readFault(error, id)
    return undefined
  }
}
