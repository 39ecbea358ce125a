/**
 * A small Flink: one cluster with slots and jobs, over real HTTP, with the routes, answers and refusals of Flink 2.3.0's REST API as they
 * were recorded from a real one. Records flow when a test says so (`advance`); a rescale takes `rescaleMs` of real time.
 *
 *   calls      all that was asked, so that a test can prove what was not
 *   respond    answers instead, when a test sets it
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerFlink } from './flink-routes.ts'

export interface FakeVertex {
  readonly id: string
  readonly name: string
  /** Records/s that one subtask can do. */
  readonly capacity: number
  readonly maxParallelism: number
  parallelism: number
  running: number
  lower: number
  upper: number
  /** Since the tasks were deployed, one a subtask. */
  counters: FakeCounters[]
  /** Of the Kafka source: next offset − 1 by partition. */
  offsets?: number[]
  committed?: number[]
  pendingRecords?: number
}

export interface FakeCounters {
  in: number
  out: number
  busyMs: number
  idleMs: number
  backpressuredMs: number
}

export interface FakeJob {
  readonly id: string
  readonly name: string
  state: string
  startMs: number
  deployedMs: number
  scheduler: 'Adaptive' | 'Default'
  vertices: FakeVertex[]
  /** Recorded rescales and restarts. */
  restarts: number
  rescales: number
  /** As `/rescales/history` has them, newest first. */
  rescaled: object[]
  checkpoints: { completed: number; failed: number; restored: number }
  exceptions: { atMs: number; name: string; stack: string }[]
  /** What it was started from. */
  savepoint?: string
}

export interface FakeCall {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
  readonly atMs: number
}

export interface FakeFlink {
  readonly url: string
  readonly calls: FakeCall[]
  /** All calls that were not GET. */
  writes(): FakeCall[]
  readonly jobs: FakeJob[]
  slots: number
  rescaleMs: number
  savepointMs: number
  /** Savepoints fail with this. */
  savepointFails?: string
  /** The next submissions fail with this, one after the other. */
  submitFails: string[]
  readonly savepoints: Map<
    string,
    { readonly job: FakeJob; readonly doneAtMs: number; failure?: string; location: string }
  >
  /** Records flow for a while: `rate` of them each second arrive. */
  advance(ms: number, rate: number): void
  /** Puts the job's tasks on the slots there are, now. */
  deploy(job: FakeJob): void
  respond?: (request: IncomingMessage, response: ServerResponse, call: FakeCall) => boolean | undefined
  close(): Promise<void>
}

export interface FakeFlinkOptions {
  readonly slots?: number
  readonly rescaleMs?: number
  readonly vertices?: readonly (Pick<FakeVertex, 'name' | 'capacity'> & Partial<FakeVertex>)[]
  readonly scheduler?: FakeJob['scheduler']
}

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

let count = 0

export function fakeJob(
  vertices: NonNullable<FakeFlinkOptions['vertices']>,
  scheduler: FakeJob['scheduler'] = 'Adaptive',
  name = 'loadjob',
  id = hex(`job ${count++}`)
): FakeJob {
  return {
    id,
    name,
    state: 'RUNNING',
    startMs: Date.now(),
    deployedMs: 0,
    scheduler,
    vertices: vertices.map((vertex) => ({
      ...{ id: hex(vertex.name), maxParallelism: 128, parallelism: 1, running: 0, lower: 1 },
      ...vertex,
      upper: vertex.upper ?? vertex.parallelism ?? 1,
      counters: []
    })),
    restarts: 0,
    rescales: 0,
    rescaled: [],
    checkpoints: { completed: 0, failed: 0, restored: 0 },
    exceptions: []
  }
}

/** 32 hexadecimal digits that belong to a text. */
export function hex(text: string): string {
  let h = 7
  const digit = (i: number) => {
    for (const char of `${text}${i}`) h = (Math.imul(h, 31) + char.charCodeAt(0)) >>> 0
    return (h >>> 8).toString(16).slice(-1)
  }
  return Array.from({ length: 32 }, (_, i) => digit(i)).join('')
}

/** Default slot sharing: as many slots as the largest parallelism. A job whose lower bounds do not fit waits. */
export function deploy(fake: FakeFlink, job: FakeJob): void {
  if (Math.max(...job.vertices.map(({ lower }) => lower)) > fake.slots) {
    job.state = 'RESTARTING'
    for (const vertex of job.vertices) vertex.running = 0
    return
  }
  job.state = 'RUNNING'
  job.deployedMs = Math.max(Date.now(), job.deployedMs + 1)
  job.restarts++
  for (const vertex of job.vertices) {
    vertex.parallelism = Math.min(vertex.upper, fake.slots)
    vertex.running = vertex.parallelism
    vertex.counters = Array.from({ length: vertex.parallelism }, () => ({
      ...{ in: 0, out: 0, busyMs: 0, idleMs: 0, backpressuredMs: 0 }
    }))
  }
}

/** What the narrowest vertex lets through; before it the others wait for it, behind it they are idle. */
function flow(job: FakeJob, ms: number, rate: number): void {
  if (job.state !== 'RUNNING') return
  const abilities = job.vertices.map(({ parallelism, capacity }) => parallelism * capacity)
  const through = Math.min(rate, ...abilities)
  const narrowest = abilities.indexOf(Math.min(...abilities))
  job.vertices.forEach((vertex, v) => {
    const busy = through / abilities[v]
    const blocked = through < rate && v < narrowest ? 1 - busy : 0
    for (const counters of vertex.counters) {
      const records = (through * ms) / 1_000 / vertex.parallelism
      counters.in += records
      counters.out += records
      counters.busyMs += busy * ms
      counters.backpressuredMs += blocked * ms
      counters.idleMs += (1 - busy - blocked) * ms
    }
  })
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
