/**
 * A small Flink: one cluster with slots and jobs, over real HTTP, with the routes, answers and refusals of Flink 2.3.0's REST API as they
 * were recorded from a real one. Records flow when a test says so (`advance`); a rescale takes `rescaleMs` of real time.
 *
 *   calls      all that was asked, so that a test can prove what was not
 *   respond    answers instead, when a test sets it
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerFlink } from './flink-routes.ts'
import { deploy, type FakeFlink, type FakeFlinkOptions, fakeJob, flow } from './flink-state.ts'

export { type FakeFlink, fakeJob, hex } from './flink-state.ts'

/** source → parse → count, as the job of the recorded samples; capacities as there by design. */
const chain = [
  { name: 'Source: source', capacity: 25_000 },
  { name: 'parse', capacity: 2_000 },
  { name: 'count', capacity: 1_000 }
]

export async function fakeFlink(options: FakeFlinkOptions = {}): Promise<FakeFlink> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake')
    const text = await bodyOf(request)
    const call = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: parsed(text),
      atMs: Date.now()
    }
    fake.calls.push(call)
    if (fake.respond?.(request, response, call)) return
    const { status, body } = answerFlink(fake, call)
    response
      .writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
      .end(JSON.stringify(body))
  })
  const job = fakeJob(options.vertices ?? chain, options.scheduler)
  const fake: FakeFlink = {
    url: '',
    calls: [],
    writes: () => fake.calls.filter(({ method }) => method !== 'GET'),
    jobs: [job],
    slots: options.slots ?? 8,
    rescaleMs: options.rescaleMs ?? 30,
    savepointMs: 30,
    submitFails: [],
    savepoints: new Map(),
    advance: (ms, rate) => {
      for (const it of fake.jobs) flow(it, ms, rate)
    },
    deploy: (it) => deploy(fake, it),
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      })
  }
  deploy(fake, job)
  job.restarts = 0
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

function parsed(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
