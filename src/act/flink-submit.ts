/** Asking Flink for a savepoint or a new job so that asking twice is the same as asking once: what the savepoint actuator is made of. */
import { PrescaleError } from '../base/index.ts'
import {
  type FlinkJob,
  type FlinkReply,
  type FlinkRequirements,
  type FlinkRest,
  hasEnded
} from '../net/index.ts'
import { backoff } from './backoff.ts'
import { type FlinkActuatorOptions, interrupted, type Ready, readFault } from './flink.ts'
import { reachedOf, uppersOf } from './flink-plan.ts'

export interface FlinkSavepointOptions extends FlinkActuatorOptions {
  /** How the job is submitted again. */
  readonly submit: {
    /** Id of the uploaded jar, as `/jars` lists it. */
    readonly jar: string
    readonly entryClass?: string
    /** `{count}` in one of them stands for the parallelism that the operator `count` is to have. */
    readonly programArgs?: readonly string[]
    readonly config?: Readonly<Record<string, string>>
  }
  /** Where savepoints go; else the cluster's own `execution.checkpointing.savepoint-dir`. */
  readonly savepointDir?: string
  /** So long a savepoint may take; 10 min. */
  readonly savepointWithinMs?: number
}

export type ReadySavepoint = FlinkSavepointOptions & Ready

export interface Submission {
  readonly id: string
  readonly job: FlinkJob
  readonly bounds: FlinkRequirements
  readonly location: string
}

export type Submitted =
  | { readonly kind: 'runs'; readonly job: FlinkJob }
  /** There is no such job: refused, or nothing was ever heard. It came and ended. It is there and does not run. */
  | { readonly kind: 'absent' | 'ended' | 'late'; readonly says: string }

/** Sends the jar and waits until the new job's tasks run. */
export async function submit(
  options: ReadySavepoint,
  rest: FlinkRest,
  submission: Submission,
  abort: AbortSignal
): Promise<Submitted> {
  const { id, job, bounds } = submission
  const { clock, sleepUntil, pollMs = 250, reachWithinMs = 120_000 } = options
  const { jar } = options.submit
  const answer = await persist(options, abort, () =>
    rest.post(`/jars/${encodeURIComponent(jar)}/run`, submissionBody(options, submission), abort)
  )
  // Sent twice, the second is refused because the first has come.
  const isThere = answer.status < 300 || /already been submitted|DuplicateJob/i.test(answer.says)
  if (!isThere && answer.status > 0 && answer.status < 500) {
    return { kind: 'absent', says: `${answer.status} ${answer.says}` }
  }
  const untilMs = clock() + reachWithinMs
  let last: Submitted = { kind: 'absent', says: answer.says || `the new job ${id} was not seen` }
  for (;;) {
    try {
      const found = await rest.job(id, abort)
      if (reachedOf(found, bounds).done || (clock() >= untilMs && found.state === 'RUNNING')) {
        return { kind: 'runs', job: found }
      }
      last = { kind: hasEnded(found.state) ? 'ended' : 'late', says: `the new job ${id} is ${found.state}` }
      if (last.kind === 'ended') return last
    } catch (error) {
      const says = readFault(error, job.name)
      // Never accepted and not known: it will not come.
      if (!isThere && says.startsWith('job-absent')) return last
    }
    if (clock() >= untilMs) return last
    await sleepUntil(clock() + pollMs, abort)
    interrupted(abort)
  }
}

function submissionBody({ submit: { entryClass, programArgs, config } }: ReadySavepoint, to: Submission) {
  const units = uppersOf(to.job.vertices, to.bounds)
  const [first, ...others] = Object.values(units)
  const overrides = Object.entries(to.bounds).map(([vertex, { upper }]) => `${vertex}:${upper}`)
  return {
    ...(entryClass !== undefined && { entryClass }),
    ...(programArgs !== undefined && {
      programArgsList: programArgs.map((arg) =>
        arg.replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => String(units[name] ?? whole))
      )
    }),
    ...(others.every((it) => it === first) && { parallelism: first }),
    savepointPath: to.location,
    jobId: to.id,
    flinkConfiguration: { ...config, 'pipeline.jobvertex-parallelism-overrides': overrides.join(',') }
  }
}

/**
 * Why the new job would not have the wanted parallelisms, if so. Flink 1.18 to 1.20 take overrides by vertex with a submission; Flink 2 does
 * not look at them (measured on 2.3.0), so that the jar's own arguments must say it, or all operators are to have the same.
 */
export function cannotSay(
  { submit: { programArgs = [] } }: ReadySavepoint,
  job: FlinkJob,
  now: FlinkRequirements,
  wanted: FlinkRequirements,
  version: string
): string | undefined {
  if (/^1\./.test(version)) return undefined
  const [before, after] = [uppersOf(job.vertices, now), uppersOf(job.vertices, wanted)]
  if (new Set(Object.values(after)).size === 1) return undefined
  const said = (name: string) => programArgs.some((arg) => arg.includes(`{${name}}`))
  const silent = Object.keys(after).filter((name) => after[name] !== before[name] && !said(name))
  if (silent.length === 0) return undefined
  return `no-argument: Flink ${version} takes no parallelism by operator; let an argument of the job say {${silent[0]}}`
}

/** Whether a job that does not come to run has been taken away. */
export async function canceled(
  options: ReadySavepoint,
  rest: FlinkRest,
  id: string,
  abort: AbortSignal
): Promise<boolean> {
  const { clock, sleepUntil, pollMs = 250 } = options
  await persist(options, abort, () => rest.cancel(id, abort))
  for (const untilMs = clock() + 30_000; clock() < untilMs; ) {
    try {
      if (hasEnded((await rest.job(id, abort)).state)) return true
    } catch (error) {
      if (readFault(error, id).startsWith('job-absent')) return true
    }
    await sleepUntil(clock() + pollMs, abort)
    interrupted(abort)
  }
  return false
}

/** Asked again while the answer leaves it open: the same question each time. */
export async function persist(
  options: Ready,
  abort: AbortSignal,
  ask: () => Promise<FlinkReply>
): Promise<FlinkReply> {
  const { attempts = 3, backoffMs = 500, clock, sleepUntil, rng } = options
  for (let attempt = 0; ; attempt++) {
    const answer = await tried(ask)
    const open = answer.status === 0 || answer.status >= 500 || [408, 409, 429].includes(answer.status)
    if (!open || attempt + 1 >= attempts) return answer
    const wait = backoff(attempt, { baseMs: backoffMs, mostMs: 10_000 }, rng, answer.retryAfterMs)
    await sleepUntil(clock() + wait, abort)
    interrupted(abort)
  }
}

/** Status 0: no answer that could be understood. */
export async function tried(ask: () => Promise<FlinkReply>): Promise<FlinkReply> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof PrescaleError) || error.code === 'INTERRUPTED') throw error
    return { status: 0, says: error.message, body: undefined }
  }
}
