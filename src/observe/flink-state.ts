/** What a Flink job is doing, in one of a few words, and the lines that are told when that changes. Pure. */
import type { FlinkException, FlinkJobLine } from '../net/index.ts'

/** Only of a running job is anything measured; of the others nothing is, which is not zero. */
export type JobPhase =
  | 'job-running'
  | 'job-starting'
  | 'job-restarting'
  | 'job-suspended'
  | 'job-finished'
  | 'job-failed'
  | 'job-canceled'
  | 'job-absent'
  | 'job-ambiguous'

const phases: Readonly<Record<string, JobPhase>> = {
  RUNNING: 'job-running',
  INITIALIZING: 'job-starting',
  CREATED: 'job-starting',
  RECONCILING: 'job-starting',
  RESTARTING: 'job-restarting',
  FAILING: 'job-restarting',
  SUSPENDED: 'job-suspended',
  FINISHED: 'job-finished',
  FAILED: 'job-failed',
  CANCELED: 'job-canceled',
  CANCELLING: 'job-canceled'
}

const says: Readonly<Record<JobPhase, string>> = {
  'job-running': 'runs',
  'job-starting': 'is being started',
  'job-restarting': 'restarts, or waits for slots',
  'job-suspended': 'is suspended until another JobManager takes it up',
  'job-finished': 'has finished: there is nothing to scale any more',
  'job-failed': 'has failed and is not started again by itself',
  'job-canceled': 'was canceled',
  'job-absent': 'is not known to this cluster: check its name, or start it',
  'job-ambiguous': 'is the name of several jobs that run: give the id of one'
}

export interface JobState {
  readonly phase: JobPhase
  readonly text: string
}

/** `wanted` is the id or name as it was configured. */
export function jobState(found: FlinkJobLine | 'several' | undefined, wanted: string): JobState {
  if (found === undefined) return line('job-absent', wanted)
  if (found === 'several') return line('job-ambiguous', wanted)
  return line(phases[found.state] ?? 'job-starting', found.id === wanted ? wanted : `${wanted} (${found.id})`)
}

const line = (phase: JobPhase, job: string): JobState => ({ phase, text: `${job} ${says[phase]}` })

export interface JobIdentity {
  readonly id: string
  /** Ids of its vertices and what leads where. */
  readonly shape: string
}

/** Whether this is another job than before under the same name, or the same one with another topology. */
export function identityChange(before: JobIdentity | undefined, now: JobIdentity): string | undefined {
  if (before === undefined || (before.id === now.id && before.shape === now.shape)) return undefined
  if (before.id === now.id) return 'topology-changed'
  return before.shape === now.shape ? 'job-replaced' : 'job-replaced-topology-changed'
}

/** Exceptions behind the last one that was told, oldest first; of the first answer only the newest few. */
export function newExceptions(
  found: readonly FlinkException[],
  lastMs: number | undefined,
  most = 5
): FlinkException[] {
  const fresh = found.filter(({ atMs }) => lastMs === undefined || atMs > lastMs)
  return fresh.toSorted((a, b) => a.atMs - b.atMs).slice(-most)
}
