/** Rehearsal jobs on worker threads, one line of progress for all of them. */
import { availableParallelism } from 'node:os'
import type { AsRun, doAsRun } from '../compare/as-run.ts'
import type { DoJobs, JobRun, RehearsalJob } from '../compare/rehearsal-job.ts'
import { inWorkers } from '../work/pool.ts'
import { interrupted } from './interrupt.ts'

export const threads = Math.max(1, Math.min(8, availableParallelism()))

/** TypeScript in the repository, JavaScript in the package. */
function moduleOf(name: string): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`../compare/${name}.${extension}`, import.meta.url)
}

/** A replay of what was recorded, on another thread: it may take a while, and must be able to be stopped. */
export async function asRunInWorker(input: Parameters<typeof doAsRun>[0]): Promise<AsRun> {
  const options = { threads: 1, abort: interrupted }
  const [replayed] = await inWorkers<typeof input, AsRun>(moduleOf('as-run'), 'doAsRun', [input], options)
  return replayed
}

export function doJobsInWorkers(say: (line: string) => void, abort: AbortSignal = interrupted): DoJobs {
  return (jobs: readonly RehearsalJob[]) => {
    const shares = new Float64Array(jobs.length)
    return inWorkers<RehearsalJob, JobRun[]>(moduleOf('rehearsal-job'), 'doJob', jobs, {
      threads,
      abort,
      progress(job, done, of) {
        shares[job] = done / of
        const all = shares.reduce((sum, share) => sum + share, 0) / jobs.length
        say(`${jobs[job].what}: ${Math.round(100 * all)} %`)
      }
    })
  }
}
