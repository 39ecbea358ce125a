/**
 * Prometheus — a range query as a Series. Needs the HTTP API v1, which Thanos, Mimir and VictoriaMetrics have too.
 *
 *   GET  /api/v1/query_range?query&start&end&step  →  { status, data: { resultType: 'matrix',
 *        result: [{ metric, values: [[seconds, 'number'], …] }] }, warnings?: [], infos?: [] }
 *   GET  /api/v1/query?query=1  →  { status }   to see whether it is there
 *   GET  /api/v1/status/buildinfo  →  { data: { version } }
 *
 * The value of a step [t, t + step) is the answer at its end, which is where `rate(x[step])` looks back over the step.
 * A step without an answer is `NaN`, never zero. At most 11,000 points are asked for at once, Prometheus' own limit.
 * https://prometheus.io/docs/prometheus/latest/querying/api/
 */
import { PrescaleError, requireOption, series } from '../base/index.ts'
import { requestJson } from '../net/http.ts'
import { endpoint, headersOf, type Server } from '../net/server.ts'
import { judge, type RangeAnswer, type RangeQuery, rateOf } from './range-source.ts'

export type { RangeAnswer, RangeQuery } from './range-source.ts'

/** `http://host:9090`; a request may take 30 s unless said otherwise. */
export type PrometheusServer = Server

/** Prometheus refuses more in one answer. */
export const MOST_POINTS = 11_000

/**
 * Asks for the whole steps within [fromMs, toMs), which begin at multiples of the step. Errors: UNREACHABLE, BAD_ANSWER
 * (HTML, redirect to another host, an error of the server), BAD_INPUT (the query: refused, several series, a negative
 * or infinite rate), INTERRUPTED.
 */
export async function queryRange(
  server: PrometheusServer,
  range: RangeQuery,
  abort?: AbortSignal
): Promise<RangeAnswer> {
  const { stepMs } = range
  requireOption(stepMs >= 1 && Number.isInteger(stepMs), '--step', stepMs, 'a whole number of milliseconds')
  const startMs = Math.ceil(range.fromMs / stepMs) * stepMs
  const steps = Math.floor(range.toMs / stepMs) - startMs / stepMs
  requireOption(steps >= 1, '--to', new Date(range.toMs).toISOString(), 'at least one step after --from')
  const ask = asker(server, range.query, stepMs, abort)
  const values = new Float64Array(steps).fill(NaN)
  const warnings = new Set<string>()
  let labels: Labels | undefined
  for (let at = 0; at < steps; at += MOST_POINTS) {
    const count = Math.min(MOST_POINTS, steps - at)
    const firstMs = startMs + (at + 1) * stepMs
    const answer = await ask(firstMs, firstMs + (count - 1) * stepMs)
    for (const warning of answer.warnings) warnings.add(warning)
    if (answer.result.length === 0) continue
    const others = answer.result.map(({ metric }) => metric)
    // A label that changes from one piece of the range to the next is two series as well.
    if (labels !== undefined) others.unshift(labels)
    requireOne(range.query, others)
    labels = answer.result[0].metric
    for (const [seconds, text] of answer.result[0].values) {
      const step = Math.round((seconds * 1_000 - startMs) / stepMs) - 1
      if (step >= 0 && step < steps)
        values[step] = text === 'NaN' ? NaN : rateOf(range, seconds * 1_000, Number(text), text)
    }
  }
  return {
    series: series(stepMs, values, { startMs }),
    ...judge('Prometheus', values, startMs, stepMs, [...warnings])
  }
}

/** Asks the server for nothing but an answer: its clock, and its version where it tells one. Errors as of `queryRange`. */
export async function ping(
  server: PrometheusServer,
  abort?: AbortSignal
): Promise<{ readonly nowMs: number; readonly version?: string }> {
  const url = routeOf(server, 'query')
  url.search = 'query=1'
  const request = {
    headers: headersOf(server, names),
    tls: server.tls,
    abort,
    timeoutMs: server.timeoutMs ?? 30_000
  }
  const { status, body, dateMs: nowMs } = await requestJson(url, request)
  if (status === 401 || status === 403) throw new PrescaleError('BAD_ANSWER', otherCredentials(url, status))
  if (status !== 200 || (body as Partial<Body> | null)?.status !== 'success') {
    throw new PrescaleError(
      'BAD_ANSWER',
      `${url.origin}${url.pathname} answers ${status}, not as Prometheus does`
    )
  }
  const told = await requestJson(routeOf(server, 'status/buildinfo'), request).catch((error: unknown) => {
    // Not everybody who speaks Prometheus has it, and some proxies answer with a page.
    if (error instanceof PrescaleError && error.code === 'BAD_ANSWER') return undefined
    throw error
  })
  const { version } = ((told?.body ?? {}) as { data?: { version?: unknown } }).data ?? {}
  return { nowMs, ...(typeof version === 'string' && version !== '' && { version }) }
}

type Labels = Readonly<Record<string, string>>

interface Matrix {
  readonly result: readonly {
    readonly metric: Labels
    readonly values: readonly (readonly [number, string])[]
  }[]
  readonly warnings: readonly string[]
}

type Ask = (startMs: number, endMs: number) => Promise<Matrix>

function asker(server: PrometheusServer, query: string, stepMs: number, abort?: AbortSignal): Ask {
  requireOption(query.trim() !== '', '--query', query, 'PromQL such as sum(rate(http_requests_total[1m]))')
  const url = routeOf(server, 'query_range')
  const headers = headersOf(server, names)
  return async (startMs, endMs) => {
    const form = new URLSearchParams({
      query,
      start: String(startMs / 1_000),
      end: String(endMs / 1_000),
      step: String(stepMs / 1_000)
    })
    const isLong = query.length > 1_500
    const at = new URL(url)
    if (!isLong) at.search = form.toString()
    const { status, body } = await requestJson(at, {
      headers,
      tls: server.tls,
      abort,
      timeoutMs: server.timeoutMs ?? 30_000,
      form: isLong ? form : undefined
    })
    return matrix(url, status, body)
  }
}

const names = { url: 'prometheus:URL', bearer: '--bearer' }

function routeOf({ url }: PrometheusServer, route: 'query' | 'query_range' | 'status/buildinfo'): URL {
  return endpoint(url, `/api/v1/${route}`, names, 'prometheus:http://host:9090')
}

/** The body of an answer, checked for the shape above. */
function matrix(url: URL, status: number, body: unknown): Matrix {
  const { status: said, data, error, errorType, warnings } = (body ?? {}) as Partial<Body>
  if (said === 'error') {
    // bad_data and execution are about the query; the others about the server.
    const isOurs = errorType === 'bad_data' || errorType === 'execution'
    throw new PrescaleError(isOurs ? 'BAD_INPUT' : 'BAD_ANSWER', `${url.origin} refuses the query: ${error}`)
  }
  if (status === 401 || status === 403) throw new PrescaleError('BAD_ANSWER', otherCredentials(url, status))
  if (status !== 200 || said !== 'success' || data?.resultType !== 'matrix' || !Array.isArray(data.result)) {
    throw new PrescaleError(
      'BAD_ANSWER',
      `${url.origin}${url.pathname} answers ${status} with JSON that is not a range of Prometheus`
    )
  }
  return { result: data.result, warnings: Array.isArray(warnings) ? warnings : [] }
}

const otherCredentials = ({ origin, pathname }: URL, status: number) =>
  `${origin}${pathname} answers ${status}: it wants other credentials (bearer, username or headers)`

interface Body {
  readonly status: string
  readonly data: { readonly resultType: string; readonly result: Matrix['result'] }
  readonly error: string
  readonly errorType: string
  readonly warnings: readonly string[]
}

/** Which of several series is meant, nobody can know; adding them up silently could be wrong. */
function requireOne(query: string, found: readonly Labels[]): void {
  const distinct = new Map(found.map((labels) => [JSON.stringify(Object.entries(labels).sort()), labels]))
  if (distinct.size <= 1) return
  const all = [...distinct.values()]
  const names = [...new Set(all.flatMap((labels) => Object.keys(labels)))]
  const differing = names.filter((name) => new Set(all.map((labels) => labels[name])).size > 1)
  const shown = all
    .slice(0, 3)
    .map((labels) => `{${differing.map((name) => `${name}="${labels[name] ?? ''}"`).join(', ')}}`)
  throw new PrescaleError(
    'BAD_INPUT',
    `the query answers with ${all.length} series, ${shown.join(' ')}${all.length > 3 ? ' …' : ''}: one is needed, such as sum(${query})`
  )
}
