/** Rehearsal jobs on worker threads, one line of progress for all of them. */
import { availableParallelism } from 'node:os'
import type { DoJobs, JobRun, RehearsalJob } from '../compare/rehearsal-job.ts'
import { inWorkers } from '../work/pool.ts'

export const threads = Math.max(1, Math.min(8, availableParallelism()))

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const module = new URL(`../compare/rehearsal-job.${extension}`, import.meta.url)

export function doJobsInWorkers(say: (line: string) => void, abort?: AbortSignal): DoJobs {
  return (jobs: readonly RehearsalJob[]) => {
    const shares = new Float64Array(jobs.length)
    return inWorkers<RehearsalJob, JobRun[]>(module, 'doJob', jobs, {
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
