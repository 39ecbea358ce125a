/**
 * Flink REST — what a session or application cluster says of its jobs, and the commands it takes. Flink ≥ 1.18.
 *
 *   GET   /overview · /jobs/overview · /jobs/:job · /jobs/:job/vertices/:vertex · /jobs/:job/checkpoints · /jobs/:job/exceptions
 *   GET   /jobs/:job/rescales/history · /jobs/:job/rescales/details/:rescale
 *   GET   /jobs/:job/metrics?get=a,b · /jobs/:job/vertices/:vertex/subtasks/metrics[?get=a,b&agg=max,sum]
 *   GET   /jobs/:job/resource-requirements  →  { [vertex]: { parallelism: { lowerBound, upperBound } } }
 *   PUT   /jobs/:job/resource-requirements  ←  the same, complete
 *   PATCH /jobs/:job?mode=cancel
 *   POST  /jobs/:job/stop · GET /jobs/:job/savepoints/:trigger · POST /jars/:jar/run       (where there is no adaptive scheduler)
 *
 * Every answer is checked field by field. What is read either is what it should be or throws: UNREACHABLE (no answer, 5xx), BAD_ANSWER
 * (HTML, other JSON, refused), NOT_FOUND (404: no such job), INTERRUPTED. Commands give back the status, since a refusal is an answer.
 * https://nightlies.apache.org/flink/flink-docs-stable/docs/ops/rest_api/
 */
import { PrescaleError } from '../base/index.ts'
import {
  checkpointsOf,
  downOf,
  exceptionsOf,
  type FlinkCheckpoints,
  type FlinkCluster,
  type FlinkException,
  type FlinkJob,
  type FlinkJobLine,
  type FlinkRequirements,
  type FlinkRescale,
  type FlinkSubtask,
  type FlinkVertex,
  jobOf,
  jobsOf,
  overviewOf,
  requirementsOf,
  rescalesOf,
  saysOf,
  subtasksOf,
  sumsOf,
  valuesOf
} from './flink-answers.ts'
import { type JsonAnswer, type JsonRequest, requestJson } from './http.ts'
import { endpoint, headersOf, type Server } from './server.ts'
import { shapeOf } from './shape.ts'

/** What came back for a command. */
export interface FlinkReply {
  readonly status: number
  /** Why not, in one line; empty where it was accepted. */
  readonly says: string
  readonly body: unknown
  readonly retryAfterMs?: number
}

export interface FlinkRest {
  readonly origin: string
  overview(abort?: AbortSignal): Promise<FlinkCluster>
  jobs(abort?: AbortSignal): Promise<readonly FlinkJobLine[]>
  job(job: string, abort?: AbortSignal): Promise<FlinkJob>
  subtasks(job: string, vertex: string, abort?: AbortSignal): Promise<readonly FlinkSubtask[]>
  checkpoints(job: string, abort?: AbortSignal): Promise<FlinkCheckpoints>
  exceptions(job: string, abort?: AbortSignal): Promise<readonly FlinkException[]>
  /** Changes of parallelism, newest first; Flink ≥ 2.3 with `web.adaptive-scheduler.rescale-history.size`. */
  rescales(job: string, abort?: AbortSignal): Promise<readonly FlinkRescale[]>
  /** For how long one of them stopped the job, ms; `NaN`: not told. */
  rescaleDown(job: string, rescale: string, abort?: AbortSignal): Promise<number>
  /** Values of the job's own metrics that are there. */
  jobMetrics(job: string, ids: readonly string[], abort?: AbortSignal): Promise<ReadonlyMap<string, number>>
  /** Ids of the metrics that any subtask of a vertex has. */
  metricIds(job: string, vertex: string, abort?: AbortSignal): Promise<readonly string[]>
  /** Sums and maxima over subtasks. One id that is not there empties the whole answer: ask only for those listed. */
  metrics(
    job: string,
    vertex: string,
    ids: readonly string[],
    abort?: AbortSignal
  ): Promise<ReadonlyMap<string, { readonly sum: number; readonly max: number }>>
  requirements(job: string, abort?: AbortSignal): Promise<FlinkRequirements>
  putRequirements(job: string, wanted: FlinkRequirements, abort?: AbortSignal): Promise<FlinkReply>
  cancel(job: string, abort?: AbortSignal): Promise<FlinkReply>
  /** Any other command. */
  post(path: string, body: unknown, abort?: AbortSignal): Promise<FlinkReply>
  get(path: string, abort?: AbortSignal): Promise<FlinkReply>
}

const names = { url: 'flink url', bearer: 'flink bearer' }

/** Netty, which answers for Flink, refuses a first line of more than 4,096 characters. */
const LONGEST_QUERY = 3_000

/** Errors: BAD_OPTION for an address that is none. */
export function flinkRest(server: Server): FlinkRest {
  const { timeoutMs = 10_000, tls } = server
  const base = endpoint(server.url, '', names, 'http://host:8081')
  const headers = headersOf(server, names)
  const origin = base.origin

  const ask = (path: string, request: Partial<JsonRequest>, query = ''): Promise<JsonAnswer> => {
    const url = new URL(base)
    url.pathname = `${base.pathname.replace(/\/$/, '')}${path}`
    url.search = query
    return requestJson(url, { headers, timeoutMs, tls, ...request })
  }

  async function read(path: string, abort?: AbortSignal, query = ''): Promise<unknown> {
    const { status, body } = await ask(path, { abort }, query)
    if (status === 200) return body
    const says = saysOf(body)
    const line = `${origin}${path} answers ${status}${says === '' ? '' : `: ${says}`}`
    if (status === 404) throw new PrescaleError('NOT_FOUND', line)
    if (status === 401 || status === 403) {
      throw new PrescaleError('BAD_ANSWER', `${line}; it wants other credentials (flink bearer or headers)`)
    }
    throw new PrescaleError(status >= 500 || status === 429 ? 'UNREACHABLE' : 'BAD_ANSWER', line)
  }

  async function command(
    path: string,
    request: Partial<JsonRequest>,
    abort?: AbortSignal,
    query = ''
  ): Promise<FlinkReply> {
    const { status, body, retryAfterMs } = await ask(path, { ...request, abort }, query)
    const accepted = status >= 200 && status < 300
    const says = accepted ? '' : saysOf(body)
    return { status, says, body, ...(retryAfterMs !== undefined && { retryAfterMs }) }
  }

  const shaped = async (path: string, abort?: AbortSignal) =>
    shapeOf(await read(path, abort), `${origin}${path}`)
  const idPath = (job: string) => `/jobs/${encodeURIComponent(job)}`
  const vertexPath = (job: string, vertex: string) => `${idPath(job)}/vertices/${encodeURIComponent(vertex)}`

  return {
    origin,
    overview: async (abort) => overviewOf(await shaped('/overview', abort)),
    jobs: async (abort) => jobsOf(await shaped('/jobs/overview', abort)),
    job: async (job, abort) => jobOf(await shaped(idPath(job), abort)),
    subtasks: async (job, vertex, abort) => subtasksOf(await shaped(vertexPath(job, vertex), abort)),
    checkpoints: async (job, abort) => checkpointsOf(await shaped(`${idPath(job)}/checkpoints`, abort)),
    exceptions: async (job, abort) => exceptionsOf(await shaped(`${idPath(job)}/exceptions`, abort)),
    async rescales(job, abort) {
      const path = `${idPath(job)}/rescales/history`
      return rescalesOf(await read(path, abort), origin + path)
    },
    rescaleDown: async (job, rescale, abort) =>
      downOf(await shaped(`${idPath(job)}/rescales/details/${encodeURIComponent(rescale)}`, abort)),
    async jobMetrics(job, ids, abort) {
      const path = `${idPath(job)}/metrics`
      return valuesOf(await read(path, abort, `get=${listed(ids)}`), origin + path)
    },
    async metricIds(job, vertex, abort) {
      const path = `${vertexPath(job, vertex)}/subtasks/metrics`
      return [...valuesOf(await read(path, abort), origin + path).keys()]
    },
    async metrics(job, vertex, ids, abort) {
      const path = `${vertexPath(job, vertex)}/subtasks/metrics`
      const found = new Map<string, { sum: number; max: number }>()
      for (const some of pieces(ids)) {
        const answer = await read(path, abort, `get=${listed(some)}&agg=sum,max`)
        for (const [id, value] of sumsOf(answer, origin + path)) found.set(id, value)
      }
      return found
    },
    requirements: async (job, abort) =>
      requirementsOf(await shaped(`${idPath(job)}/resource-requirements`, abort)),
    putRequirements(job, wanted, abort) {
      const json = Object.fromEntries(
        Object.entries(wanted).map(([vertex, { lower, upper }]) => [
          vertex,
          { parallelism: { lowerBound: lower, upperBound: upper } }
        ])
      )
      return command(`${idPath(job)}/resource-requirements`, { method: 'PUT', json }, abort)
    },
    cancel: (job, abort) => command(idPath(job), { method: 'PATCH' }, abort, 'mode=cancel'),
    post: (path, json, abort) => command(path, { method: 'POST', json }, abort),
    get: (path, abort) => command(path, {}, abort)
  }
}

const listed = (ids: readonly string[]) => ids.map(encodeURIComponent).join(',')

function pieces(ids: readonly string[]): string[][] {
  const out: string[][] = []
  let length = Infinity
  for (const id of ids) {
    const more = encodeURIComponent(id).length + 1
    if (length + more > LONGEST_QUERY) {
      out.push([])
      length = 0
    }
    out[out.length - 1].push(id)
    length += more
  }
  return out
}

/**
 * Names of vertices for people, by id: the vertex's own name where no other has it, else its id. Operators and resources are called so.
 * Ids stay the same over submissions only where the job gives its operators a `uid`.
 */
export function vertexNames(vertices: readonly FlinkVertex[]): ReadonlyMap<string, string> {
  const often = new Map<string, number>()
  for (const { name } of vertices) often.set(name, (often.get(name) ?? 0) + 1)
  return new Map(vertices.map(({ id, name }) => [id, often.get(name) === 1 ? name : id]))
}

/** The job that is meant by an id or a name: of that name the one that has not ended, else the newest. Undefined: none. */
/**
 * Committers of sinks, each with the writer it belongs to: what writers hand over is only understood by as many committers, so the two are
 * never sized apart. Flink 2.3.0 takes other parallelisms and then fails with `NullPointerException: Unknown checkpoint for
 * CommittableWithLineage`, restart after restart.
 */
export function committersOf({
  vertices,
  edges
}: Pick<FlinkJob, 'vertices' | 'edges'>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { id, name } of vertices) {
    const [first] = name.split(' -> ')
    const inputs = edges.filter(({ to }) => to === id)
    if (/\bCommitter$/.test(first) && inputs.length === 1) found.set(id, inputs[0].from)
  }
  return found
}

export function findJob(jobs: readonly FlinkJobLine[], wanted: string): FlinkJobLine | 'several' | undefined {
  const byId = jobs.find(({ id }) => id === wanted)
  if (byId !== undefined) return byId
  const named = jobs.filter(({ name }) => name === wanted)
  const alive = named.filter(({ state }) => !hasEnded(state))
  if (alive.length > 1) return 'several'
  return alive[0] ?? named.toSorted((a, b) => b.startMs - a.startMs)[0]
}

/** `SUSPENDED` has not: another JobManager takes it up. */
export const hasEnded = (state: string) => ['FINISHED', 'FAILED', 'CANCELED'].includes(state)
