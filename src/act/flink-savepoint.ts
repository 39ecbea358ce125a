/**
 * Flink, by a savepoint — stops the job with a savepoint and submits its jar again with other parallelisms. For clusters without the
 * adaptive scheduler; the job is down from the savepoint until its tasks run again.
 *
 *   POST /jobs/:job/stop { targetDirectory, drain: false, triggerId }  →  202
 *   GET  /jobs/:job/savepoints/:trigger                                →  { status: { id }, operation: { location } }
 *   POST /jars/:jar/run { entryClass, programArgsList, savepointPath, jobId, parallelism,
 *                         flinkConfiguration: { pipeline.jobvertex-parallelism-overrides: "vertex:n,…" } }
 *
 * Flink 2 does not look at the overrides: there the jar's arguments say `{operator}`, or all operators get the same parallelism.
 *
 * The trigger and the id of the new job follow from the command, so a question asked again after a timeout is the same question and never
 * a second job. A savepoint that fails leaves the job as it is. A submission that fails is followed by one with the old parallelisms from
 * the same savepoint; when that fails too, the receipt says where the savepoint is. Operators need a `uid`, or Flink cannot find their state.
 */
import { hashOf } from '../base/index.ts'
import { type FlinkJob, type FlinkRequirements, type FlinkRest, findJob, flinkRest } from '../net/index.ts'
import type { Actuator, Command, Receipt } from '../roles.ts'
import { interrupted, type Ready, readFault, receiptOf } from './flink.ts'
import { foreignWrite, isSame, planOf, type Reached, reachedOf, uppersOf } from './flink-plan.ts'
import {
  canceled,
  cannotSay,
  type FlinkSavepointOptions,
  persist,
  type ReadySavepoint,
  submit,
  tried
} from './flink-submit.ts'
import { isOlder, newMemory } from './memory.ts'

export type { FlinkSavepointOptions } from './flink-submit.ts'

/** Errors: INTERRUPTED, BAD_OPTION. All else is in the receipt. */
export function flinkSavepoint(options: FlinkSavepointOptions): Actuator {
  const { memory = newMemory() } = options
  const rest = flinkRest(options.server)
  return { apply: (command, abort) => apply({ ...options, memory }, rest, command, abort) }
}

async function apply(
  options: ReadySavepoint,
  rest: FlinkRest,
  command: Command,
  abort: AbortSignal
): Promise<Receipt> {
  const { memory, clock, foreignChange, tell } = options
  const refuse = (refused: string, reached: Partial<Reached> = {}): Receipt =>
    receiptOf(command, clock(), reached, refused)
  const older = isOlder(memory, command)
  if (older !== undefined) return refuse(older)
  const job = await runningJob(options, rest, abort)
  if (typeof job === 'string') return refuse(job)
  // What runs is what was asked for: this scheduler has no requirements of its own.
  const now = boundsNow(job)
  const plan = planOf(job, now, command.to)
  if ('refused' in plan) return refuse(plan.refused)
  const foreign = foreignWrite(memory, job, now, plan.wanted, command.to)
  if (foreign !== undefined && foreignChange !== 'reassert') {
    return refuse(`foreign-writer: ${foreign}; left as it is`, reachedOf(job, now))
  }
  if (isSame(now, plan.wanted)) {
    memory.written = { id: job.id, units: uppersOf(job.vertices, now) }
    return receiptOf(command, clock(), reachedOf(job, plan.wanted))
  }
  const silent = cannotSay(options, job, now, plan.wanted, await versionOf(rest, abort))
  if (silent !== undefined) return refuse(silent, reachedOf(job, now))
  const savepoint = await stop(options, rest, command, job, abort)
  if ('refused' in savepoint) {
    const after = await runningJob(options, rest, abort)
    return refuse(savepoint.refused, typeof after === 'string' ? {} : reachedOf(after, now))
  }
  tell?.('savepoint', `${job.name} was stopped with ${savepoint.location}`)
  return restart(
    options,
    rest,
    command,
    job,
    { now, wanted: plan.wanted, location: savepoint.location },
    abort
  )
}

async function runningJob(
  { job: wanted }: Ready,
  rest: FlinkRest,
  abort: AbortSignal
): Promise<FlinkJob | string> {
  try {
    const found = findJob(await rest.jobs(abort), wanted)
    if (found === undefined) return `job-absent: ${wanted} is not known to ${rest.origin}`
    if (found === 'several') return `job-ambiguous: several jobs called ${wanted} run; give the id of one`
    if (found.state !== 'RUNNING') return `job-not-running: ${wanted} is ${found.state}`
    return await rest.job(found.id, abort)
  } catch (error) {
    return readFault(error, wanted)
  }
}

async function versionOf(rest: FlinkRest, abort: AbortSignal): Promise<string> {
  try {
    return (await rest.overview(abort)).version
  } catch (error) {
    readFault(error, 'the cluster')
    return 'of an unknown version'
  }
}

function boundsNow({ vertices }: FlinkJob): FlinkRequirements {
  return Object.fromEntries(vertices.map(({ id, parallelism }) => [id, { lower: 1, upper: parallelism }]))
}

/** 32 hexadecimal digits that belong to a command and what it is needed for. */
function idOf(command: Command, job: FlinkJob, what: string): string {
  const parts = { target: command.target, to: command.to, epoch: command.epoch, job: job.id, what }
  return hashOf(parts) + hashOf({ ...parts, half: 2 })
}

type Stopped = { readonly location: string } | { readonly refused: string }

async function stop(
  options: ReadySavepoint,
  rest: FlinkRest,
  command: Command,
  job: FlinkJob,
  abort: AbortSignal
): Promise<Stopped> {
  const { savepointDir, savepointWithinMs = 600_000, clock, sleepUntil, pollMs = 250 } = options
  const triggerId = idOf(command, job, 'stop')
  const body = {
    drain: false,
    triggerId,
    ...(savepointDir !== undefined && { targetDirectory: savepointDir })
  }
  const asked = await persist(options, abort, () => rest.post(`/jobs/${job.id}/stop`, body, abort))
  if (asked.status >= 300) return { refused: `savepoint-failed: ${asked.status} ${asked.says}` }
  const untilMs = clock() + savepointWithinMs
  for (;;) {
    const answer = await tried(() => rest.get(`/jobs/${job.id}/savepoints/${triggerId}`, abort))
    const operation = operationOf(answer.body)
    if (operation?.location !== undefined) return { location: operation.location }
    if (operation?.failure !== undefined) {
      return { refused: `savepoint-failed: ${operation.failure}; ${job.name} goes on as it was` }
    }
    if (clock() >= untilMs) {
      return { refused: `savepoint-late: no savepoint of ${job.name} in time; look at trigger ${triggerId}` }
    }
    await sleepUntil(clock() + pollMs, abort)
    interrupted(abort)
  }
}

/** `undefined` while it is under way, or nothing was answered. */
function operationOf(body: unknown): { readonly location?: string; readonly failure?: string } | undefined {
  const { operation } = (body ?? {}) as { operation?: unknown }
  if (typeof operation !== 'object' || operation === null) return undefined
  const { location, 'failure-cause': cause } = operation as Record<string, unknown>
  if (typeof location === 'string') return { location }
  if (typeof cause !== 'object' || cause === null) return undefined
  const { class: name = 'unknown', 'stack-trace': stack = '' } = cause as Record<string, unknown>
  return {
    failure: String(stack || name)
      .split('\n')[0]
      .slice(0, 300)
  }
}

interface Change {
  readonly now: FlinkRequirements
  readonly wanted: FlinkRequirements
  readonly location: string
}

async function restart(
  options: ReadySavepoint,
  rest: FlinkRest,
  command: Command,
  job: FlinkJob,
  { now, wanted, location }: Change,
  abort: AbortSignal
): Promise<Receipt> {
  const { memory, clock, tell } = options
  const id = idOf(command, job, 'new job')
  const first = await submit(options, rest, { id, job, bounds: wanted, location }, abort)
  if (first.kind === 'runs') {
    memory.written = { id, units: uppersOf(job.vertices, wanted) }
    return receiptOf(command, clock(), reachedOf(first.job, wanted))
  }
  tell?.('not-submitted', `${first.says}; ${job.name} is started again as it was`)
  const ended =
    first.kind === 'ended' || (first.kind === 'late' && (await canceled(options, rest, id, abort)))
  if (first.kind === 'late' && !ended) {
    return receiptOf(
      command,
      clock(),
      {},
      `job-late: ${first.says}, and could not be canceled; its state is in ${location}`
    )
  }
  // A second job under the same id cannot be: if the first one came after all, this one is refused.
  const backId = ended ? idOf(command, job, 'as it was') : id
  const back = await submit(options, rest, { id: backId, job, bounds: now, location }, abort)
  if (back.kind !== 'runs') {
    const lost = `job-down: ${first.says}; nor as it was: ${back.says}; its state is in ${location}`
    return receiptOf(command, clock(), {}, lost)
  }
  const reached = reachedOf(back.job, wanted)
  memory.written = { id: backId, units: uppersOf(job.vertices, boundsNow(back.job)) }
  return receiptOf(
    command,
    clock(),
    reached,
    reached.done ? undefined : `not-submitted: ${first.says}; runs as it was`
  )
}
