/** Jobs on worker threads, one line of progress for all of them. */
import { availableParallelism } from 'node:os'
import { PrescaleError } from '../base/index.ts'
import type { AsRun, doAsRun } from '../compare/as-run.ts'
import type { DoJobs, JobRun, RehearsalJob } from '../compare/rehearsal-job.ts'
import { inWorkers, inWorkersSettled } from '../work/pool.ts'
import { interrupted } from './interrupt.ts'

export const threads = Math.max(1, Math.min(8, availableParallelism()))

/** A module of this folder, TypeScript in the repository, JavaScript in the package. */
export function moduleOf(path: string): URL {
  return new URL(`${path}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
}

/** A replay of what was recorded, on another thread: it may take a while, and must be able to be stopped. */
export async function asRunInWorker(input: Parameters<typeof doAsRun>[0]): Promise<AsRun> {
  const options = { threads: 1, abort: interrupted }
  const module = moduleOf('../compare/as-run')
  const [replayed] = await inWorkers<typeof input, AsRun>(module, 'doAsRun', [input], options)
  return replayed
}

/** What somebody waits for: told how far all of it is, 0..1. */
type Tell = (share: number) => void

export function doJobsInWorkers(say: (line: string) => void, abort: AbortSignal = interrupted): DoJobs {
  return (jobs: readonly RehearsalJob[]) =>
    inWorkers<RehearsalJob, JobRun[]>(moduleOf('./forecast-jobs'), 'doJob', jobs, {
      threads,
      abort,
      progress: shared(jobs.length, (share, job) => say(`${jobs[job].what}: ${Math.round(100 * share)} %`))
    })
}

/** One of `forecast-jobs.ts`. It is ended after `atMostMs`, with `FAILED`. */
export async function inWorker<Input, Output>(
  name: string,
  input: Input,
  tell: Tell,
  atMostMs?: number
): Promise<Output> {
  const late = atMostMs === undefined ? undefined : AbortSignal.timeout(atMostMs)
  const abort = late === undefined ? interrupted : AbortSignal.any([interrupted, late])
  const options = { threads: 1, abort, progress: shared(1, tell) }
  try {
    const [output] = await inWorkers<Input, Output>(moduleOf('./forecast-jobs'), name, [input], options)
    return output
  } catch (cause) {
    if (!late?.aborted || interrupted.aborted) throw cause
    throw new PrescaleError('FAILED', `it did not end within ${atMostMs} ms`, { cause })
  }
}

/** Several of them; one that fails is its reason and does not stop the others. */
export function inWorkersEach<Input, Output>(
  name: string,
  inputs: readonly Input[],
  tell: Tell
): Promise<PromiseSettledResult<Output>[]> {
  const options = { threads, abort: interrupted, progress: shared(inputs.length, tell) }
  return inWorkersSettled<Input, Output>(moduleOf('./forecast-jobs'), name, inputs, options)
}

/** Progress of each as progress of all. */
export function shared(count: number, tell: (share: number, input: number) => void) {
  const shares = new Float64Array(count)
  return (input: number, done: number, of: number) => {
    shares[input] = done / of
    tell(shares.reduce((sum, share) => sum + share, 0) / count, input)
  }
}
