/** What the small Flink is made of: its jobs, its slots, how records flow and tasks are deployed. */
import type { IncomingMessage, ServerResponse } from 'node:http'

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
  rescaled: { readonly rescaleUuid?: string; readonly [field: string]: unknown }[]
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
  /** The next job that is submitted stays in this state. */
  nextState?: string
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
export function flow(job: FakeJob, ms: number, rate: number): void {
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
