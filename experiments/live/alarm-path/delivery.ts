/** Signals through Kafka, timed from being handed to the sink to being read by the loop's own source, beside an idle and a full data topic. */
import { Producer } from '@platformatic/kafka'
import { kafkaSignals } from '../../../src/act/kafka-signals.ts'
import { signals } from '../../../src/observe/signals.ts'
import type { Stack } from '../stack.ts'

const RAW = 'iot-smartcity-raw'
const TOPIC = 'iot-metadata'
const GAP_MS = 10

export interface Delivered {
  /** Milliseconds of each signal. */
  readonly without: readonly number[]
  readonly beside: readonly number[]
}

/** A job reads the data topic all the time, far more slowly than it is filled. */
export async function delivery(
  stack: Stack,
  { signals: count, backlog }: { readonly signals: number; readonly backlog: number },
  progress: (line: string) => void
): Promise<Delivered> {
  await stack.createTopics({ [RAW]: 4, [TOPIC]: 1, counts: 1 })
  const costs = { parseUs: 5_000, countUs: 5_000 }
  const parallelism = { source: 1, parse: 1, count: 1 }
  const job = { name: 'slow', in: RAW, out: 'counts', group: 'slow', ...costs, parallelism }
  const id = await stack.submit(job)
  try {
    // Neither the first code nor the first batches are what is asked for.
    await timed(stack.kafka.server, 500)
    progress(`${count} signals beside an empty data topic`)
    const without = await timed(stack.kafka.server, count)
    progress(`${backlog} records onto the data topic`)
    await fill(stack.kafka.server, backlog)
    progress(`${count} signals beside them`)
    const beside = await timed(stack.kafka.server, count)
    return { without, beside }
  } finally {
    await stack.cancel(id)
  }
}

async function timed(server: string, count: number): Promise<number[]> {
  const access = { bootstrapServers: [server], timeoutMs: 10_000 }
  const stop = new AbortController()
  const sent = new Map<number, number>()
  const took: number[] = []
  const source = signals({ from: [{ type: 'kafka', access, topics: [TOPIC] }], clock: Date.now })
  let ready = () => {}
  const heard = new Promise<void>((resolve) => {
    ready = resolve
  })
  const reading = (async () => {
    for await (const reading of source.read(stop.signal)) {
      if (reading.kind === 'event' && reading.what === 'source-back') ready()
      if (reading.kind !== 'signal') continue
      const atMs = sent.get(reading.signal.seq)
      if (atMs !== undefined) took.push(performance.now() - atMs)
    }
  })()
  const sink = await kafkaSignals({ access, topic: TOPIC })
  try {
    await heard
    const usual = { gateway: 'g1', predictedLoad: 100, burstAlarm: false, horizonMs: 60_000, confidence: 0 }
    const first = Date.now()
    for (let n = 0; n < count; n++) {
      sent.set(first + n, performance.now())
      await sink.publish({ ...usual, seq: first + n, sentMs: Date.now() }, stop.signal)
      await new Promise((later) => setTimeout(later, GAP_MS))
    }
    for (const untilMs = Date.now() + 10_000; took.length < count && Date.now() < untilMs; ) {
      await new Promise((later) => setTimeout(later, 50))
    }
    return took
  } finally {
    stop.abort()
    await reading
    await sink.close()
  }
}

async function fill(server: string, count: number): Promise<void> {
  const producer = new Producer({ clientId: 'fill', bootstrapBrokers: [server] })
  const BATCH = 5_000
  const value = Buffer.from(`street-1,${Date.now()}`)
  const keys = Array.from({ length: 16 }, (_, i) => Buffer.from(`street-${i}`))
  try {
    for (let n = 0; n < count; n += BATCH) {
      const messages = Array.from({ length: Math.min(BATCH, count - n) }, (_, i) => ({
        ...{ topic: RAW, key: keys[i % keys.length], value }
      }))
      await producer.send({ messages, acks: 1 })
    }
  } finally {
    await producer.close()
  }
}
