/** What `doctor` asks of a Flink: who it is, whether it lets itself be rescaled in place, whether there is room, and who else does it. */
import { formatDuration, nearestName, PrescaleError, parseDuration } from '../../base/index.ts'
import type { FlinkSource, TargetConfig } from '../../config/index.ts'
import { type FlinkJob, type FlinkRequirements, type FlinkRest, findJob, flinkRest } from '../../net/index.ts'
import type { GivenCommand } from '../../store/index.ts'
import { serverOf } from '../live/systems.ts'
import { fail, type Looked, ok, warn } from './checks.ts'
import { clockCheck, reached, timed } from './common.ts'
import { commandChecks } from './record.ts'

/** The least version with `resource-requirements` (FLIP-291). */
const rescales = [1, 18]
/** A checkpoint older than this makes every rescale repeat as much. */
const OLD_CHECKPOINT_MS = 10 * 60_000

export async function* checkFlink(
  source: FlinkSource,
  target: TargetConfig,
  given?: GivenCommand
): AsyncIterable<Looked> {
  const rest = flinkRest(serverOf(source))
  const { value: cluster, tookMs } = await timed(() => rest.overview())
  yield reached(`Flink ${cluster.version}`, tookMs)
  yield versionCheck(cluster.version)
  const jobs = await rest.jobs()
  const found = findJob(jobs, source.job)
  if (found === 'several') {
    return yield fail('job', `several jobs are called '${source.job}'`, 'say the id of the one that is meant')
  }
  if (found === undefined) {
    const names = jobs.map(({ name }) => name)
    const near = nearestName(source.job, names)
    const there = names.length === 0 ? 'no job runs there' : `there: ${names.slice(0, 8).join(', ')}`
    return yield fail(
      'job',
      `there is no job '${source.job}'; ${there}`,
      near === undefined ? 'say the id or the name of a job that runs' : `did you mean '${near}'?`
    )
  }
  yield found.state === 'RUNNING'
    ? ok('job', `'${found.name}' runs`)
    : warn(
        'job',
        `'${found.name}' is ${found.state}`,
        'while it does not run nothing is measured and nothing is changed'
      )
  const job = await rest.job(found.id)
  yield clockCheck(job.nowMs)
  const bounds = yield* inPlace(rest, job, target)
  yield* room(cluster, job, target)
  yield* commandChecks(given, job, bounds, target)
  yield await checkpoints(rest, job)
  yield* configured(rest)
}

function versionCheck(version: string): Looked {
  const [major, minor] = version.split('.').map(Number)
  const isNew = major > rescales[0] || (major === rescales[0] && minor >= rescales[1])
  return isNew
    ? ok('version', version)
    : warn(
        'version',
        `${version} cannot be rescaled in place`,
        'take Flink 1.18 or newer, or actuator method: savepoint'
      )
}

/** Returns what the job asks for, where it says so. */
async function* inPlace(
  rest: FlinkRest,
  job: FlinkJob,
  { actuator }: TargetConfig
): AsyncGenerator<Looked, FlinkRequirements | undefined> {
  if (actuator.type === 'flink' && actuator.method === 'savepoint') {
    yield ok('scheduler', 'not needed: it is rescaled by savepoint')
    return undefined
  }
  const mend = 'set jobmanager.scheduler: adaptive and submit the job again, or actuator method: savepoint'
  if (job.scheduler !== '' && job.scheduler !== 'Adaptive') {
    yield warn('scheduler', `the scheduler is ${job.scheduler}`, mend)
    return undefined
  }
  try {
    const wanted = await rest.requirements(job.id)
    yield ok('scheduler', 'adaptive')
    const stiff = Object.entries(wanted).filter(([, { lower }]) => lower > 1)
    if (stiff.length > 0) {
      yield warn(
        'lower bounds',
        `${stiff.length} operators ask for more than one slot at least`,
        'a job with lowerBound above 1 stops when a TaskManager is lost; the next rescale sets it to 1'
      )
    }
    return wanted
  } catch (error) {
    if (!(error instanceof PrescaleError) || error.code === 'INTERRUPTED') throw error
    yield warn('scheduler', `it is not adaptive: ${error.message}`, mend)
    return undefined
  }
}

function* room(
  cluster: { slots: number; freeSlots: number },
  job: FlinkJob,
  target: TargetConfig
): Iterable<Looked> {
  const { maxReplicas } = target
  const { slots, freeSlots } = cluster
  const used = Math.max(...job.vertices.map(({ parallelism }) => parallelism), 0)
  const reach = freeSlots + used
  const found = `${slots} slots, ${freeSlots} free`
  // With slot sharing a job needs as many slots as its widest operator.
  if (maxReplicas === undefined || reach >= maxReplicas) yield ok('slots', found)
  else {
    yield warn(
      'slots',
      `${found}: the job reaches ${reach} of maxReplicas ${maxReplicas}`,
      `start TaskManagers with ${maxReplicas - reach} more slots, or lower maxReplicas`
    )
  }
  const narrow = job.vertices.filter(({ maxParallelism }) => maxParallelism < (maxReplicas ?? 0))
  if (narrow.length === 0) return
  const least = Math.min(...narrow.map(({ maxParallelism }) => maxParallelism))
  yield warn(
    'max parallelism',
    `${narrow.map(({ name }) => `'${name}'`).join(', ')} can have ${least} at most, maxReplicas is ${maxReplicas}`,
    'set pipeline.max-parallelism before the first start (it cannot change with its state), or lower maxReplicas'
  )
}

async function checkpoints(rest: FlinkRest, job: FlinkJob): Promise<Looked> {
  const { completed, failed, latest } = await rest.checkpoints(job.id)
  if (latest === undefined) {
    return warn(
      'checkpoints',
      failed > 0 ? `none was completed, ${failed} failed` : 'none was completed',
      'set execution.checkpointing.interval: without one a rescale begins from nothing'
    )
  }
  const ageMs = job.nowMs - latest.completedMs
  const found = `${completed} completed, ${failed} failed, the last ${formatDuration(Math.max(0, ageMs))} ago`
  return ageMs > OLD_CHECKPOINT_MS
    ? warn('checkpoints', found, 'a rescale repeats all that came since: checkpoint more often')
    : ok('checkpoints', found)
}

/** What the configuration of the cluster says of who else changes the size, and of how long a change waits. */
async function* configured(rest: FlinkRest): AsyncIterable<Looked> {
  const { status, body } = await rest.get('/jobmanager/config')
  const entries = status === 200 && Array.isArray(body) ? body.filter(isEntry) : []
  // The operator's keys may stand there with its prefix.
  const of = (name: string) => entries.find(({ key }) => key.endsWith(name))?.value
  yield owner(of)
  const slow = Object.entries(waits).filter(([key, { above }]) => !(milliseconds(of(key)) <= above))
  if (entries.length === 0 || slow.length === 0) return
  yield warn(
    'pace',
    `a rescale waits: ${slow.map(([key, { usual }]) => `${key} is ${of(key) ?? `${usual}, its default`}`).join('; ')}`,
    `set them to ${Object.values(waits)[0].good} or so, where a job is to be rescaled within seconds`
  )
}

function owner(of: (name: string) => unknown): Looked {
  if (
    String(of('job.autoscaler.enabled')) === 'true' &&
    String(of('job.autoscaler.scaling.enabled')) !== 'false'
  ) {
    return warn(
      'owner',
      'job.autoscaler.enabled is true: the Flink operator sizes this job as well',
      'set job.autoscaler.enabled: false, or job.autoscaler.scaling.enabled: false to keep its metrics'
    )
  }
  if (String(of('scheduler-mode')).toLowerCase() === 'reactive') {
    return warn(
      'owner',
      'scheduler-mode is reactive: the job takes every slot there is',
      'remove scheduler-mode and keep jobmanager.scheduler: adaptive'
    )
  }
  return ok('owner', 'no other autoscaler in the configuration of the cluster')
}

/** What the adaptive scheduler waits for before and after a rescale: Flink's defaults make 27 s of 1 s (measured on 2.3.0). */
const waits: Readonly<
  Record<string, { readonly usual: string; readonly above: number; readonly good: string }>
> = {
  'jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling': {
    usual: '30 s',
    above: 10_000,
    good: '1 s'
  },
  'jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout': {
    usual: '60 s',
    above: 10_000,
    good: '1 s'
  }
}

/** A duration as Flink writes it, `NaN` where it cannot be read or is not there. */
function milliseconds(value: unknown): number {
  const text = String(value)
    .trim()
    .replace(/\s+/g, '')
    .replace(/min(utes?)?$/, 'm')
    .replace(/sec(onds?)?$/, 's')
  try {
    return parseDuration(/^\d+$/.test(text) ? Number(text) : text)
  } catch {
    return NaN
  }
}

function isEntry(value: unknown): value is { readonly key: string; readonly value: unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'key' in value &&
    typeof value.key === 'string' &&
    'value' in value
  )
}
