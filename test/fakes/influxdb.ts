/**
 * A small InfluxDB: takes lines and answers queries as a test says, with the statuses and errors of the real one.
 *
 *   POST /write · /api/v2/write · /query, GET /ping
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeInflux {
  readonly url: string
  /** Lines taken, in order. */
  readonly lines: string[]
  readonly asked: {
    readonly path: string
    readonly params: URLSearchParams
    readonly body: string
    readonly authorization: string | undefined
  }[]
  /** Databases that are there; `null`: all. */
  databases: Set<string> | null
  /** What a query gives: rows of its only series. */
  rows: readonly (readonly [number, number | string | null])[]
  /** Answers to a query instead of `rows`. */
  result?: unknown
  /** Status of the next writes, one after the other; 204 when there is none. */
  statuses: number[]
  close(): Promise<void>
}

export async function fakeInflux(): Promise<FakeInflux> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake')
    let body = ''
    for await (const chunk of request) body += chunk
    const { authorization } = request.headers
    fake.asked.push({ path: url.pathname, params: url.searchParams, body, authorization })
    const json = (status: number, answer?: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(answer && JSON.stringify(answer))
    if (url.pathname === '/ping') return response.writeHead(204, { 'X-Influxdb-Version': '1.8.10' }).end()
    if (url.pathname === '/query') {
      const q = new URLSearchParams(body).get('q') ?? ''
      const created = /^CREATE DATABASE "(.+)"$/.exec(q)?.[1]
      if (created !== undefined) fake.databases?.add(created)
      if (q.startsWith('CREATE')) return json(200, { results: [{ statement_id: 0 }] })
      const series = [{ name: 'load', columns: ['time', 'mean'], values: fake.rows }]
      return json(
        200,
        fake.result ?? { results: [{ statement_id: 0, ...(fake.rows.length > 0 && { series }) }] }
      )
    }
    const status = fake.statuses.shift() ?? 204
    if (status === 400) return json(400, { error: "unable to parse 'bad line': invalid field format" })
    if (status !== 204) return json(status, { error: `the fake says ${status}` })
    const db = url.searchParams.get('db') ?? url.searchParams.get('bucket') ?? ''
    if (fake.databases?.has(db) === false) return json(404, { error: `database not found: "${db}"` })
    fake.lines.push(...body.split('\n'))
    return json(204)
  })
  const fake: FakeInflux = {
    ...{ url: '', lines: [], asked: [], databases: null, rows: [], statuses: [] },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      })
  }
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}
