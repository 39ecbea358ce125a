/**
 * A small Prometheus: range queries over functions of time, with the real one's limit and error shapes.
 *
 *   GET|POST /api/v1/query_range, GET /api/v1/query, /api/v1/status/buildinfo   and any other answer a test wants to give (`respond`)
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeSeries {
  readonly labels?: Readonly<Record<string, string>>
  /** Value at a moment; undefined: no sample there. */
  readonly at: (ms: number, query: string) => number | undefined
}

export interface FakePrometheus {
  readonly url: string
  readonly asked: { readonly params: URLSearchParams; readonly headers: IncomingMessage['headers'] }[]
  series: readonly FakeSeries[]
  warnings: readonly string[]
  /** Answers instead of the API when it is set. */
  respond?: (request: IncomingMessage, response: ServerResponse) => void
  close(): Promise<void>
}

export async function fakePrometheus(series: readonly FakeSeries[] = []): Promise<FakePrometheus> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake')
    const form = request.method === 'POST' ? await bodyOf(request) : ''
    const params = form === '' ? url.searchParams : new URLSearchParams(form)
    fake.asked.push({ params, headers: request.headers })
    if (fake.respond !== undefined) return fake.respond(request, response)
    if (url.pathname.endsWith('/api/v1/query')) {
      return send(response, 200, { status: 'success', data: { resultType: 'scalar', result: [0, '1'] } })
    }
    if (url.pathname.endsWith('/api/v1/status/buildinfo')) {
      return send(response, 200, { status: 'success', data: { version: '3.5.0' } })
    }
    if (!url.pathname.endsWith('/api/v1/query_range')) return send(response, 404, { status: 'error' })
    rangeQuery(fake, params, response)
  })
  const fake: FakePrometheus = {
    url: '',
    asked: [],
    series,
    warnings: [],
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      })
  }
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

function rangeQuery(fake: FakePrometheus, params: URLSearchParams, response: ServerResponse): void {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(params.get(name)))
  if ((end - start) / step > 11_000) {
    const error =
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)'
    send(response, 400, { status: 'error', errorType: 'bad_data', error })
    return
  }
  const result = fake.series.flatMap(({ labels = {}, at }) => {
    const values: [number, string][] = []
    for (let i = 0; start + i * step <= end + 1e-9; i++) {
      const seconds = start + i * step
      const value = at(Math.round(seconds * 1_000), params.get('query') ?? '')
      if (value !== undefined) values.push([seconds, written(value)])
    }
    return values.length === 0 ? [] : [{ metric: labels, values }]
  })
  const { warnings } = fake
  send(response, 200, {
    status: 'success',
    data: { resultType: 'matrix', result },
    ...(warnings.length > 0 ? { warnings } : {})
  })
}

const written = (value: number) =>
  Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
