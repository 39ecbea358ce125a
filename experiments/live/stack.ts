/** A real Kafka, a real Flink with a job of four operators, and an end of all of it: what the live experiments have in common. */
import { Admin } from '@platformatic/kafka'
import { PrescaleError } from '../../src/base/index.ts'
import { type FlinkRest, type FlinkVertex, flinkRest } from '../../src/net/index.ts'
import { type LiveFlink, startFlink } from '../../test/live/flink.ts'
import { jobJar, mavenLibs } from '../../test/live/java.ts'
import { type LiveKafka, startKafka } from '../../test/live/kafka.ts'

export interface Stack {
  readonly kafka: LiveKafka
  readonly flink: LiveFlink
  readonly rest: FlinkRest
  createTopics(topics: Readonly<Record<string, number>>): Promise<void>
  /** Submits the job and waits until it runs; its id. */
  submit(job: JobSpec): Promise<string>
  cancel(id: string): Promise<void>
  stop(): Promise<void>
}

export interface JobSpec {
  readonly name: string
  readonly in: string
  readonly out: string
  readonly group: string
  /** What a record costs in each operator, in microseconds of sleep. */
  readonly parseUs: number
  readonly countUs: number
  readonly parallelism: { readonly source: number; readonly parse: number; readonly count: number }
}

/**
 * Records that cost milliseconds: with buffers of their usual size those on the way to an operator would be half a minute of work, which a
 * checkpoint, and with it every rescale, has to wait for. Flink sizes buffers by time when it is told to.
 */
const SLOW_RECORDS = {
  'taskmanager.network.memory.buffer-debloat.enabled': 'true',
  'taskmanager.network.memory.buffer-debloat.period': '200 ms',
  'taskmanager.network.memory.buffer-debloat.target': '300 ms',
  'taskmanager.network.memory.buffer-debloat.samples': 5,
  'taskmanager.network.memory.floating-buffers-per-gate': 2,
  'taskmanager.network.memory.buffers-per-channel': 1,
  'taskmanager.memory.min-segment-size': '256b'
}

/** Errors: NOT_FOUND with what is missing, where Java, Maven or Maven Central are not there. */
export async function startStack(taskManagers: number, progress: (line: string) => void): Promise<Stack> {
  const libs = { kafka: mavenLibs('kafka'), flink: mavenLibs('flink') }
  if (libs.kafka === undefined || libs.flink === undefined) {
    throw new PrescaleError(
      'NOT_FOUND',
      'this experiment starts a real Kafka and Flink: it needs Java 17, Maven and Maven Central'
    )
  }
  const opened: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const end of opened.splice(0).reverse()) await end()
  }
  try {
    progress('starting Kafka')
    const kafka = await startKafka(libs.kafka)
    opened.push(kafka.stop)
    progress('starting Flink')
    const flink = await startFlink(libs.flink, { taskManagers, config: SLOW_RECORDS })
    opened.push(flink.stop)
    const jar = await flink.upload(jobJar(libs.flink))
    const rest = flinkRest({ url: flink.url })
    return {
      kafka,
      flink,
      rest,
      async createTopics(topics) {
        const admin = new Admin({ clientId: 'experiment', bootstrapBrokers: [kafka.server] })
        try {
          for (const [topic, partitions] of Object.entries(topics)) {
            await admin.createTopics({ topics: [topic], partitions, replicas: 1 })
          }
        } finally {
          await admin.close()
        }
      },
      async submit(job) {
        const id = await flink.run(jar, argsOf(job, kafka.server))
        await untilRunning(rest, id)
        const wanted = await requirements(rest, id, job)
        await fetch(`${flink.url}/jobs/${id}/resource-requirements`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(wanted)
        })
        await untilRunning(rest, id, wanted)
        return id
      },
      async cancel(id) {
        await fetch(`${flink.url}/jobs/${id}?mode=cancel`, { method: 'PATCH' })
      },
      stop
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const never = new AbortController().signal

function argsOf(job: JobSpec, brokers: string): string[] {
  const { name, group, parseUs, countUs } = job
  return [
    ...['--brokers', brokers, '--name', name, '--in', job.in, '--out', job.out, '--group', group],
    ...['--parse-us', String(parseUs), '--count-us', String(countUs), '--exactly-once', 'true']
  ]
}

type Bounds = Readonly<Record<string, { readonly parallelism: { readonly upperBound: number } }>>

async function requirements(rest: FlinkRest, id: string, { parallelism }: JobSpec): Promise<Bounds> {
  const { vertices } = await rest.job(id, never)
  const wanted: Readonly<Record<string, number>> = { ...parallelism, sink: parallelism.count }
  return Object.fromEntries(
    vertices.map((vertex) => {
      const name = Object.keys(wanted).find((it) => vertex.name.includes(it)) ?? 'source'
      return [vertex.id, { parallelism: { lowerBound: 1, upperBound: wanted[name] } }]
    })
  )
}

/** All tasks run; with `wanted`, as many as that. */
async function untilRunning(rest: FlinkRest, id: string, wanted: Bounds = {}): Promise<void> {
  for (const untilMs = Date.now() + 60_000; Date.now() < untilMs; ) {
    const job = await rest.job(id, never).catch(() => undefined)
    const runs = job?.state === 'RUNNING' && job.vertices.length > 0
    const isThere = ({ id: vertex, running, parallelism }: FlinkVertex) =>
      running === parallelism && parallelism === (wanted[vertex]?.parallelism.upperBound ?? parallelism)
    if (runs && job.vertices.every(isThere)) return
    await new Promise((later) => setTimeout(later, 200))
  }
  throw new Error(`job ${id} did not run within a minute`)
}
