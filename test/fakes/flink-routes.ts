/** The routes of the small Flink: answers and refusals as recorded from Flink 2.3.0. */
import {
  deploy,
  type FakeCall,
  type FakeFlink,
  type FakeJob,
  type FakeVertex,
  fakeJob,
  hex
} from './flink-state.ts'

interface Answer {
  readonly status: number
  readonly body: unknown
}

const ok = (body: unknown): Answer => ({ status: 200, body })

/** A refusal looks like this on the wire: the message inside a stack. */
function refuse(status: number, message: string): Answer {
  const stack =
    '\n\tat org.apache.flink.runtime.rest.handler.AbstractHandler.respondAsLeader(AbstractHandler.java:260)'
  return {
    status,
    body: { errors: [`org.apache.flink.runtime.rest.handler.RestHandlerException: ${message}${stack}`] }
  }
}

export function answerFlink(fake: FakeFlink, call: FakeCall): Answer {
  const [, first, id, third, fourth, fifth, sixth] = call.path.split('/')
  if (first === 'overview') return overview(fake)
  if (first === 'jobs' && id === 'overview') return ok({ jobs: fake.jobs.map(line) })
  if (first === 'jars' && third === 'run') return submit(fake, call)
  if (first !== 'jobs') return { status: 404, body: { errors: [`Not found: ${call.path}`] } }
  if (!/^[0-9a-f]{32}$/.test(id)) return refuse(400, 'Cannot resolve path parameter (jobid) from value.')
  const job = fake.jobs.find((it) => it.id === id)
  if (third === 'resource-requirements') return requirements(fake, job, call)
  if (job === undefined) return refuse(404, `Could not find Flink job (${id})`)
  const vertex = job.vertices.find((it) => it.id === fourth)
  switch (third) {
    case undefined:
      if (call.method !== 'PATCH') return ok(details(job))
      job.state = 'CANCELED'
      return { status: 202, body: {} }
    case 'vertices':
      if (vertex === undefined) return refuse(404, `JobVertex ${fourth} not found`)
      if (fifth === undefined) return ok(subtasks(job, vertex))
      return fifth === 'subtasks' && sixth === 'metrics'
        ? ok(metrics(vertex, call))
        : refuse(404, 'no such route')
    case 'metrics':
      return ok(jobMetrics(job, call))
    case 'checkpoints':
      return ok(checkpoints(job))
    case 'exceptions':
      return ok({
        exceptionHistory: {
          entries: job.exceptions.map(({ atMs, name, stack }) => ({
            ...{
              exceptionName: name,
              stacktrace: stack,
              timestamp: atMs,
              taskName: 'count (1/2) - execution #0'
            }
          })),
          truncated: false
        }
      })
    case 'rescales':
      return rescales(job, fourth, fifth)
    case 'stop':
      return stop(fake, job, call)
    case 'savepoints':
      return savepoint(fake, fourth)
    default:
      return { status: 404, body: { errors: [`Not found: ${call.path}`] } }
  }
}

function overview(fake: FakeFlink): Answer {
  const used = fake.jobs
    .filter(({ state }) => state === 'RUNNING')
    .reduce((sum, job) => sum + Math.max(...job.vertices.map(({ parallelism }) => parallelism)), 0)
  return ok({
    ...{ taskmanagers: 2, 'slots-total': fake.slots, 'slots-available': fake.slots - used },
    ...{ 'jobs-running': fake.jobs.length, 'flink-version': '2.3.0', 'flink-commit': 'c0f8d1a' }
  })
}

function line(job: FakeJob) {
  return { jid: job.id, name: job.name, 'start-time': job.startMs, 'end-time': -1, state: job.state }
}

function details(job: FakeJob) {
  return {
    ...line(job),
    schedulerType: job.scheduler,
    now: Date.now(),
    vertices: job.vertices.map(({ id, name, maxParallelism, parallelism, running }) => ({
      ...{ id, name, maxParallelism, parallelism, status: job.state },
      tasks: { RUNNING: running, SCHEDULED: parallelism - running }
    })),
    plan: {
      nodes: job.vertices.map(({ id, parallelism }, i) => ({
        ...{ id, parallelism },
        ...(i > 0 && {
          inputs: [{ id: job.vertices[i - 1].id, num: 0, ship_strategy: i > 1 ? 'HASH' : 'FORWARD' }]
        })
      }))
    }
  }
}

function subtasks(job: FakeJob, vertex: FakeVertex) {
  return {
    ...{ id: vertex.id, name: vertex.name, parallelism: vertex.parallelism, now: Date.now() },
    subtasks: vertex.counters.map((counters, subtask) => ({
      ...{ subtask, status: job.state, attempt: 0, 'start-time': job.deployedMs },
      metrics: {
        ...{ 'read-records': Math.round(counters.in), 'read-records-complete': true },
        ...{ 'write-records': Math.round(counters.out), 'write-records-complete': true },
        'accumulated-busy-time': Math.round(counters.busyMs),
        'accumulated-idle-time': Math.round(counters.idleMs),
        'accumulated-backpressured-time': Math.round(counters.backpressuredMs)
      }
    }))
  }
}

/** One id that is not there empties the whole answer, as in the real one. */
function metrics(vertex: FakeVertex, call: FakeCall) {
  const prefix = vertex.name.replace(': ', '__')
  const known = new Map<string, number>([['numRecordsIn', 1]])
  if (vertex.pendingRecords !== undefined) known.set(`${prefix}.pendingRecords`, vertex.pendingRecords)
  for (const [name, values] of [
    ['currentOffset', vertex.offsets],
    ['committedOffset', vertex.committed]
  ] as const) {
    values?.forEach((offset, p) => {
      known.set(`${prefix}.KafkaSourceReader.topic.in.partition.${p}.${name}`, offset)
    })
  }
  const asked = call.query.get('get')?.split(',')
  if (asked === undefined) return [...known.keys()].map((id) => ({ id }))
  if (asked.some((id) => !known.has(id))) return []
  return asked.map((id) => ({ id, sum: known.get(id), max: known.get(id) }))
}

function jobMetrics(job: FakeJob, call: FakeCall) {
  const known: Record<string, number> = {
    numRestarts: job.restarts,
    numRescales: job.rescales,
    numberOfFailedCheckpoints: job.checkpoints.failed
  }
  const asked = call.query.get('get')?.split(',') ?? []
  return asked.filter((id) => id in known).map((id) => ({ id, value: String(known[id]) }))
}

function checkpoints({ checkpoints: { completed, failed, restored }, deployedMs }: FakeJob) {
  const latest = {
    ...{ className: 'completed', id: completed, status: 'COMPLETED', trigger_timestamp: deployedMs },
    ...{ latest_ack_timestamp: deployedMs + 41, end_to_end_duration: 41, state_size: 9_963 }
  }
  return {
    counts: { restored, total: completed + failed, in_progress: 0, completed, failed },
    latest: { completed: completed > 0 ? latest : null, savepoint: null, failed: null, restored: null }
  }
}

function requirements(fake: FakeFlink, job: FakeJob | undefined, call: FakeCall): Answer {
  if (job === undefined) {
    const cause = `<Exception on server side:\njava.util.concurrent.CompletionException: org.apache.flink.runtime.messages.FlinkJobNotFoundException: Could not find Flink job (${call.path.split('/')[2]})\n\tat org.apache.flink`
    return { status: 500, body: { errors: ['Internal server error.', cause] } }
  }
  if (job.scheduler !== 'Adaptive') {
    const cause = `<Exception on server side:\njava.lang.UnsupportedOperationException: The DefaultScheduler does not support changing the parallelism without a job restart. This feature is currently only expected to work with the AdaptiveScheduler.\n\tat org.apache.flink`
    return { status: 500, body: { errors: ['Internal server error.', cause] } }
  }
  if (call.method === 'GET') {
    return ok(
      Object.fromEntries(
        job.vertices.map(({ id, lower, upper }) => [
          id,
          { parallelism: { lowerBound: lower, upperBound: upper } }
        ])
      )
    )
  }
  return put(fake, job, call.body)
}

function put(fake: FakeFlink, job: FakeJob, body: unknown): Answer {
  const format = {
    status: 400,
    body: { errors: ['Request did not match expected format JobResourceRequirementsBody.'] }
  }
  if (typeof body !== 'object' || body === null) return format
  const wanted = Object.entries(
    body as Record<string, { parallelism?: { lowerBound?: unknown; upperBound?: unknown } }>
  )
  if (wanted.length === 0) return refuse(400, 'Request body does not specify resource requirements.')
  const bounds = new Map<string, readonly [number, number]>()
  for (const [id, { parallelism: { lowerBound: lower, upperBound: upper } = {} }] of wanted) {
    if (typeof lower !== 'number' || typeof upper !== 'number') return format
    const vertex = job.vertices.find((it) => it.id === id)
    const of = `Job vertex [${id}]`
    if (vertex === undefined) return refuse(400, `${of} was not found in the JobGraph.`)
    const pair = `the requested lower bound [${lower}] and upper bound [${upper}]`
    if (lower < 1 || upper < 1)
      return refuse(400, `Both, ${pair} for job vertex [${id}] must be greater than zero.`)
    if (lower > upper) {
      return refuse(
        400,
        `The requested lower bound [${lower}] for job vertex [${id}] is higher than the upper bound [${upper}].`
      )
    }
    if (upper > vertex.maxParallelism) {
      return refuse(
        400,
        `The newly requested parallelism ${upper} for the job vertex ${id} exceeds its maximum parallelism ${vertex.maxParallelism}.`
      )
    }
    bounds.set(id, [lower, upper])
  }
  const missing = job.vertices.find(({ id }) => !bounds.has(id))
  if (missing !== undefined) {
    return refuse(400, `The request is incomplete, missing job vertex [${missing.id}] resource requirements.`)
  }
  for (const vertex of job.vertices) {
    const [lower, upper] = bounds.get(vertex.id) ?? [1, 1]
    vertex.lower = lower
    vertex.upper = upper
  }
  rescale(fake, job)
  return ok({})
}

/** `history`, or `details/:rescale`, which alone has the states. */
function rescales({ rescaled }: FakeJob, what: string | undefined, id: string | undefined): Answer {
  if (what === 'history') return ok(rescaled.map((one) => ({ ...one, schedulerStates: [] })))
  const found = rescaled.find(({ rescaleUuid }) => rescaleUuid === id)
  return found === undefined ? { status: 404, body: { errors: ['no such rescale'] } } : ok(found)
}

/** Beyond the slots there are, the job keeps what it has and the requirement stays; a job that waits goes on at once when it may. */
function rescale(fake: FakeFlink, job: FakeJob): void {
  const startTimestampInMillis = Date.now()
  const fits = Math.max(...job.vertices.map(({ lower }) => lower)) <= fake.slots
  const changes = job.vertices.some(({ parallelism, upper }) => parallelism !== Math.min(upper, fake.slots))
  if (!fits || (!changes && job.state === 'RUNNING')) return
  setTimeout(() => {
    if (job.state !== 'RUNNING' && job.state !== 'RESTARTING') return
    job.state = 'RESTARTING'
    const downMs = Date.now()
    for (const vertex of job.vertices) vertex.running = 0
    setTimeout(() => {
      if (job.state !== 'RESTARTING') return
      job.rescales++
      deploy(fake, job)
      const endTimestampInMillis = Date.now()
      job.rescaled.unshift({
        rescaleUuid: `rescale-${job.rescales}`,
        ...{ startTimestampInMillis, endTimestampInMillis },
        ...{ terminalState: 'COMPLETED', triggerCause: 'UPDATE_REQUIREMENT' },
        schedulerStates: [
          { state: 'Restarting', enterTimestampInMillis: downMs },
          { state: 'Executing', enterTimestampInMillis: endTimestampInMillis }
        ]
      })
    }, fake.rescaleMs / 2).unref()
  }, fake.rescaleMs / 2).unref()
}

function stop(fake: FakeFlink, job: FakeJob, call: FakeCall): Answer {
  const { triggerId } = (call.body ?? {}) as { triggerId?: string }
  const id = triggerId ?? hex(`trigger ${fake.savepoints.size}`)
  if (!fake.savepoints.has(id)) {
    const location = `file:/savepoints/savepoint-${id.slice(0, 6)}`
    const failure = fake.savepointFails
    fake.savepoints.set(id, {
      job,
      doneAtMs: Date.now() + fake.savepointMs,
      location,
      ...(failure && { failure })
    })
    setTimeout(() => {
      if (failure === undefined) job.state = 'FINISHED'
    }, fake.savepointMs).unref()
  }
  return { status: 202, body: { 'request-id': id } }
}

function savepoint(fake: FakeFlink, id: string): Answer {
  const found = fake.savepoints.get(id)
  if (found === undefined) return refuse(404, `There is no savepoint operation with triggerId=${id}`)
  if (Date.now() < found.doneAtMs) return ok({ status: { id: 'IN_PROGRESS' }, operation: null })
  const operation =
    found.failure === undefined
      ? { location: found.location }
      : {
          'failure-cause': {
            class: 'org.apache.flink.runtime.checkpoint.CheckpointException',
            'stack-trace': found.failure
          }
        }
  return ok({ status: { id: 'COMPLETED' }, operation })
}

function submit(fake: FakeFlink, call: FakeCall): Answer {
  const fails = fake.submitFails.shift()
  if (fails !== undefined) return refuse(400, fails)
  const given = (call.body ?? {}) as {
    jobId?: string
    savepointPath?: string
    parallelism?: number
    programArgsList?: string[]
  }
  const from =
    [...fake.savepoints.values()].find(({ location }) => location === given.savepointPath)?.job ??
    fake.jobs[0]
  if (given.jobId !== undefined && fake.jobs.some(({ id }) => id === given.jobId)) {
    return refuse(400, 'Job has already been submitted.')
  }
  // Flink 2 takes no overrides by vertex: the job's own arguments `name=n` say it here, or one parallelism for all.
  const args = new Map((given.programArgsList ?? []).map((arg) => arg.split('=') as [string, string]))
  const vertices = from.vertices.map((vertex) => {
    const parallelism = Number(args.get(vertex.name) ?? given.parallelism ?? 1)
    return { ...vertex, parallelism, upper: parallelism, lower: 1 }
  })
  const job = fakeJob(vertices, from.scheduler, from.name, given.jobId)
  if (given.savepointPath !== undefined) job.savepoint = given.savepointPath
  fake.jobs.push(job)
  deploy(fake, job)
  if (fake.nextState !== undefined) job.state = fake.nextState
  fake.nextState = undefined
  return ok({ jobid: job.id })
}
