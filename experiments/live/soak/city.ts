/**
 * What the soak watches: three jobs on a small Flink that is not well, and streets that send to a gateway.
 *
 * Load and faults are functions of the time since the beginning. Every minute each job has one fault of six seconds, the jobs twenty seconds
 * apart, one kind after the other. What the small Flink writes down for tests is thrown away, as a real one throws away its history.
 */
import type { ServerResponse } from 'node:http'
import { connectAsync } from 'mqtt'
import { type FakeFlink, fakeFlink, fakeJob } from '../../../test/fakes/flink.ts'
import { answerFlink } from '../../../test/fakes/flink-routes.ts'
import type { FakeCall } from '../../../test/fakes/flink-state.ts'

export const JOBS = ['north', 'south', 'west'] as const
export const FAULTS = ['503', 'hang', 'html', 'cut', 'partial', 'restart', 'replaced'] as const
export type Fault = (typeof FAULTS)[number]

const chain = [
  { name: 'Source: source', capacity: 200 },
  { name: 'parse', capacity: 20 },
  { name: 'count', capacity: 10 }
]
const STREETS = 6
const PUMP_MS = 250
const FAULT_S = 6
/** As many as Flink keeps by default. */
const HISTORY = 16

/** Messages a second of a street: a wave of five minutes, and every two minutes one of them is loud for twenty seconds. */
export function rateOf(street: number, seconds: number): number {
  const usual = 4 * (1 + 0.7 * Math.sin((2 * Math.PI * seconds) / 300))
  const round = Math.floor(seconds / 120)
  const isLoud = seconds % 120 >= 80 && seconds % 120 < 100 && round % STREETS === street
  return isLoud ? 6 * usual : usual
}

export function loadAt(seconds: number): number {
  return Array.from({ length: STREETS }, (_, i) => rateOf(i, seconds)).reduce((sum, rate) => sum + rate, 0)
}

/** What is wrong with a job at a moment. */
export function faultAt(job: number, seconds: number): Fault | undefined {
  const own = seconds - 10 - 20 * job
  if (own < 0 || own % 60 >= FAULT_S) return undefined
  return FAULTS[(Math.floor(own / 60) + job) % FAULTS.length]
}

export interface City {
  readonly url: string
  /** Faults that have begun, by kind. */
  readonly faults: Readonly<Record<string, number>>
  /** Rescales that the small Flink has carried out. */
  rescales(): number
  close(): Promise<void>
}

/** `mqtt`: where the gateway hears the streets. */
export async function openCity(mqtt: string): Promise<City> {
  const flink = await fakeFlink({ vertices: chain, slots: 8 })
  flink.jobs.length = 0
  for (const name of JOBS) {
    flink.jobs.push(fakeJob(chain, 'Adaptive', name))
    flink.deploy(flink.jobs[flink.jobs.length - 1])
  }
  const broker = await connectAsync(mqtt)
  const beganMs = Date.now()
  const now = () => (Date.now() - beganMs) / 1_000
  const jobOf = ({ path }: FakeCall) => flink.jobs.findIndex(({ id }) => path.includes(id))
  flink.respond = (_, response, call) => {
    const job = jobOf(call)
    const fault = job < 0 ? undefined : faultAt(job, now())
    return fault !== undefined && spoil(fault, flink, call, response)
  }
  const faults: Record<string, number> = {}
  const last: (Fault | undefined)[] = []
  const owed = new Array<number>(STREETS).fill(0)
  let gone = 0
  let before = now()
  const pump = setInterval(() => {
    const seconds = now()
    flink.advance((seconds - before) * 1_000, loadAt(seconds))
    for (let i = 0; i < STREETS; i++) {
      owed[i] += rateOf(i, seconds) * (seconds - before)
      for (; owed[i] >= 1; owed[i]--) broker.publish(`sensors/${i}/raw`, '1', { qos: 0 })
    }
    before = seconds
    JOBS.forEach((_, job) => {
      const fault = faultAt(job, seconds)
      if (fault !== undefined && fault !== last[job]) {
        faults[fault] = (faults[fault] ?? 0) + 1
        if (fault === 'replaced') gone += flink.jobs[job].rescales
        befall(flink, job, fault)
      }
      last[job] = fault
    })
    flink.calls.length = 0
    for (const it of flink.jobs) {
      it.rescaled.length = Math.min(it.rescaled.length, HISTORY)
      it.exceptions.length = Math.min(it.exceptions.length, HISTORY)
    }
  }, PUMP_MS)
  return {
    url: flink.url,
    faults,
    rescales: () => flink.jobs.reduce((sum, { rescales }) => sum + rescales, gone),
    async close() {
      clearInterval(pump)
      await broker.endAsync(true)
      await flink.close()
    }
  }
}

/** What happens to the job itself; the rest happens to answers. */
function befall(flink: FakeFlink, at: number, fault: Fault): void {
  const job = flink.jobs[at]
  if (fault === 'restart') {
    job.exceptions.unshift({
      atMs: Date.now(),
      name: 'java.io.IOException',
      stack: 'java.io.IOException: a disk broke'
    })
    job.state = 'RESTARTING'
    setTimeout(() => flink.deploy(job), (FAULT_S - 2) * 1_000).unref()
  } else if (fault === 'replaced') {
    flink.jobs[at] = fakeJob(job.vertices, 'Adaptive', job.name)
    flink.deploy(flink.jobs[at])
  }
}

/** True: answered here, or never. */
function spoil(fault: Fault, flink: FakeFlink, call: FakeCall, response: ServerResponse): boolean {
  switch (fault) {
    case '503':
      response.writeHead(503, { 'content-type': 'application/json' }).end('{"errors":["starting up"]}')
      return true
    case 'hang':
      return true
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>')
      return true
    case 'cut':
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        .write('{"half":')
      setTimeout(() => response.destroy(), 5)
      return true
    case 'partial':
      return half(flink, call, response)
    default:
      return false
  }
}

/** Every second subtask has not reported. */
function half(flink: FakeFlink, call: FakeCall, response: ServerResponse): boolean {
  const { status, body } = answerFlink(flink, call)
  if (typeof body !== 'object' || body === null || !('subtasks' in body) || !Array.isArray(body.subtasks))
    return false
  const some = { ...body, subtasks: body.subtasks.filter((_, i) => i % 2 === 1) }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(some))
  return true
}
