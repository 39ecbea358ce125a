/** Where an InfluxDB is and who asks: version 1.x, or 2.x through its own write route and its v1-compatible query route. */
import { PrescaleError, requireOption } from '../base/index.ts'
import { requestJson } from './http.ts'
import { secret } from './secret.ts'
import { endpoint, headersOf, type Server } from './server.ts'

export interface InfluxServer extends Server {
  /** 1 when absent. */
  readonly version?: 1 | 2
  /** Of version 1; of version 2 the bucket, and the name that a DBRP mapping gives it for queries. */
  readonly database: string
  readonly retentionPolicy?: string
  /** Of version 2. */
  readonly org?: string
  /** Of version 2, by reference. */
  readonly token?: string
}

const names = { url: 'influxdb url', bearer: 'influxdb bearer' }
const example = 'http://host:8086'

export interface InfluxAnswer {
  readonly status: number
  readonly body: unknown
  /** What the server complains of, in one line; empty: nothing. */
  readonly says: string
  readonly retryAfterMs?: number
}

function ask(
  server: InfluxServer,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  sent: { readonly text?: string; readonly form?: URLSearchParams },
  abort?: AbortSignal
): Promise<InfluxAnswer> {
  const url = endpoint(server.url, path, names, example)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, value)
  const token = server.token === undefined ? undefined : secret(server.token, 'influxdb token')
  const headers = {
    ...headersOf(server, names),
    ...(token !== undefined && { Authorization: `Token ${token}` })
  }
  const { timeoutMs = 10_000, tls } = server
  const request = { headers, timeoutMs, tls, method: 'POST' as const, ...sent, ...(abort && { abort }) }
  return requestJson(url, request).then(({ status, body, retryAfterMs }) => ({
    ...{ status, body, says: saysOf(body) },
    ...(retryAfterMs !== undefined && { retryAfterMs })
  }))
}

/** InfluxQL; times of the answer in milliseconds. */
export function influxQuery(server: InfluxServer, query: string, abort?: AbortSignal): Promise<InfluxAnswer> {
  const { database: db, retentionPolicy: rp } = server
  return ask(server, '/query', { db, rp, epoch: 'ms' }, { form: new URLSearchParams({ q: query }) }, abort)
}

/** Lines of the line protocol, times in milliseconds. 204 where they were taken. */
export function influxWrite(server: InfluxServer, lines: string, abort?: AbortSignal): Promise<InfluxAnswer> {
  const { database, retentionPolicy: rp, org } = server
  if (server.version !== 2) {
    return ask(server, '/write', { db: database, rp, precision: 'ms' }, { text: lines }, abort)
  }
  requireOption(org !== undefined, 'influxdb org', undefined, 'set for version 2')
  return ask(server, '/api/v2/write', { org, bucket: database, precision: 'ms' }, { text: lines }, abort)
}

/** Asks the server for nothing but an answer: its clock, and its version. Errors: UNREACHABLE, BAD_ANSWER. */
export async function influxPing(
  server: InfluxServer,
  abort?: AbortSignal
): Promise<{ readonly nowMs: number; readonly version?: string }> {
  const url = endpoint(server.url, '/ping', names, example)
  const headers = headersOf(server, names)
  const { timeoutMs = 10_000, tls } = server
  const { status, dateMs: nowMs, version } = await requestJson(url, { headers, timeoutMs, tls, abort })
  if (status === 204 || status === 200) return { nowMs, ...(version !== undefined && { version }) }
  const why = status === 401 || status === 403 ? '; it wants other credentials' : ', not as InfluxDB does'
  throw new PrescaleError('BAD_ANSWER', `${url.origin}${url.pathname} answers ${status}${why}`)
}

/** `{ error }` of version 1, `{ code, message }` of version 2, `{ results: [{ error }] }` of a query. */
function saysOf(body: unknown): string {
  if (typeof body !== 'object' || body === null) return ''
  const { error, message, results } = body as { error?: unknown; message?: unknown; results?: unknown }
  const inner = Array.isArray(results) ? results.map(saysOf).find(Boolean) : undefined
  const text = [error, message, inner].find((it) => typeof it === 'string' && it !== '')
  return String(text ?? '')
    .split('\n')[0]
    .slice(0, 300)
}
