/**
 * Kafka — records of topics, in batches; what was handled is committed, at least once.
 *
 *   join group → fetch → listener.batch(records) → once a second: listener.stored() → commit
 *
 * Without a group nothing is committed and reading begins at the end of the topics: every reader sees everything from now on. A connection that
 * breaks is made anew, after 1 s, 2 s, … 30 s.
 */
import type { MessagesStream } from '@platformatic/kafka'
import { PrescaleError } from '../base/index.ts'
import { type KafkaAccess, type KafkaClient, kafkaClient, kafkaError, kafkaOptions } from '../net/index.ts'

export interface KafkaSubscription {
  readonly access: KafkaAccess
  readonly topics: readonly string[]
  readonly group?: string
  /** Where a group begins that never committed; `latest`. */
  readonly from?: 'earliest' | 'latest'
  /** Most records in a batch; 1,000. */
  readonly batch?: number
}

export interface KafkaRecord {
  readonly topic: string
  readonly key: Uint8Array | undefined
  readonly value: Uint8Array
  readonly timestampMs: number
}

export interface BatchListener {
  batch(records: readonly KafkaRecord[]): Promise<void> | void
  /** Asked before a commit: whether everything that came is stored or sent. False: not yet, nothing is committed. */
  stored?(): boolean
  /** Whether everything that is sent arrives, and if not why not. Told when it changes. */
  state(isListening: boolean, because?: string): void
}

const COMMIT_MS = 1_000

/** Listens until aborted. Errors: BAD_OPTION, NOT_FOUND (the client, a secret, a file); what may pass is told to `state` instead. */
export async function consumeKafka(
  subscription: KafkaSubscription,
  listener: BatchListener,
  abort: AbortSignal
): Promise<void> {
  const client = await kafkaClient()
  kafkaOptions(subscription.access)
  let waitMs = 1_000
  let said = ''
  while (!abort.aborted) {
    try {
      await session(client, subscription, listener, abort, () => {
        waitMs = 1_000
        said = ''
      })
    } catch (error) {
      // What the listener itself throws is no fault of Kafka's.
      if (error instanceof PrescaleError) throw error
      const { message } = kafkaError(error, subscription.access.bootstrapServers)
      if (message !== said) listener.state(false, message)
      said = message
      await pause(waitMs, abort)
      waitMs = Math.min(30_000, 2 * waitMs)
    }
  }
}

async function session(
  { Consumer }: KafkaClient,
  { access, topics, group, from = 'latest', batch = 1_000 }: KafkaSubscription,
  listener: BatchListener,
  abort: AbortSignal,
  joined: () => void
): Promise<void> {
  const consumer = new Consumer({
    ...kafkaOptions(access),
    groupId: group ?? `prescale-${process.pid}-${crypto.randomUUID()}`,
    autocommit: false,
    maxWaitTime: 100,
    sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
    heartbeatInterval: 1_000
  })
  const close = () => consumer.close(true).catch(() => {})
  abort.addEventListener('abort', close, { once: true })
  try {
    const stream = await consumer.consume({
      topics: [...topics],
      mode: group === undefined ? 'latest' : 'committed',
      fallbackMode: from,
      highWaterMark: 2 * batch
    })
    // From here on the end waits for the last commit.
    abort.removeEventListener('abort', close)
    joined()
    listener.state(true)
    await readAll(stream, batch, listener, abort, group !== undefined)
  } finally {
    abort.removeEventListener('abort', close)
    await close()
  }
}

type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>
type Offsets = Map<string, { topic: string; partition: number; offset: bigint; leaderEpoch: number }>

async function readAll(
  stream: Stream,
  size: number,
  listener: BatchListener,
  abort: AbortSignal,
  isCommitted: boolean
): Promise<void> {
  const done: Offsets = new Map()
  let committedMs = performance.now()
  const commit = async () => {
    if (!isCommitted || done.size === 0) return
    if (listener.stored?.() === false) return
    const offsets = [...done.values()]
    committedMs = performance.now()
    await stream.consumer.commit({ offsets })
    for (const [key, { offset }] of [...done]) {
      if (offsets.some((it) => keyOf(it) === key && it.offset === offset)) done.delete(key)
    }
  }
  let failed: unknown
  stream.on('error', (error) => {
    failed = error
  })
  try {
    while (!abort.aborted && failed === undefined && !stream.destroyed) {
      const records = take(stream, size, done)
      if (records.length > 0) await listener.batch(records)
      if (performance.now() - committedMs >= COMMIT_MS) await commit()
      if (records.length === 0) await readable(stream, COMMIT_MS, abort)
    }
  } finally {
    await commit().catch(() => {})
  }
  if (failed !== undefined && !abort.aborted) throw failed
}

const keyOf = ({ topic, partition }: { topic: string; partition: number }) => `${topic} ${partition}`

/** What is there already, without waiting. */
function take(stream: Stream, size: number, done: Offsets): KafkaRecord[] {
  const records: KafkaRecord[] = []
  for (let i = 0; i < size; i++) {
    const message = stream.read()
    if (message === null) break
    const { topic, partition, offset, leaderEpoch, key, value, timestamp } = message
    records.push({ topic, key, value: value ?? EMPTY, timestampMs: Number(timestamp) })
    done.set(keyOf({ topic, partition }), { topic, partition, offset: offset + 1n, leaderEpoch })
  }
  return records
}

const EMPTY = new Uint8Array(0)

function readable(stream: Stream, waitMs: number, abort: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      for (const event of ['readable', 'close', 'end', 'error'] as const) stream.removeListener(event, done)
      abort.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, waitMs)
    stream.once('readable', done)
    stream.once('close', done)
    stream.once('end', done)
    stream.once('error', done)
    abort.addEventListener('abort', done, { once: true })
  })
}

function pause(ms: number, abort: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      abort.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    abort.addEventListener('abort', done, { once: true })
  })
}
