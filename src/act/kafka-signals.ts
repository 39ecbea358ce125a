/**
 * Kafka — signals of a gateway on a topic of their own, and its raw data on another.
 *
 *   signal   iot-metadata        key GATEWAY, value the signal, acks 1
 *   raw      iot-smartcity-raw   key its topic, value its bytes, timestamp its own; header prescale-id = GATEWAY:ID, acks all
 *
 * Two topics and two connections, so that a backlog of data never stands before a warning. Topics that are not there are created where that is
 * permitted. Sent again after a failure, a record has the same id: at least once, and whoever wants it once can tell.
 */
import type { Producer } from '@platformatic/kafka'
import { PrescaleError } from '../base/index.ts'
import { type KafkaAccess, kafkaClient, kafkaError, kafkaOptions } from '../net/index.ts'
import { type OpenSink, type RawSink, wireBytes, within } from './signal-sinks.ts'

export interface KafkaTarget {
  readonly access: KafkaAccess
  readonly topic: string
  /** Of a topic that has to be created: signals 1, so that their order stays; raw data 12. */
  readonly partitions?: number
}

/** Errors when opened: BAD_OPTION, NOT_FOUND; when published: UNREACHABLE, BAD_ANSWER, INTERRUPTED. */
export async function kafkaSignals(target: KafkaTarget): Promise<OpenSink> {
  const link = await open({ partitions: 1, ...target })
  return {
    async publish(signal, abort) {
      const message = { topic: target.topic, key: Buffer.from(signal.gateway), value: wireBytes(signal) }
      await link.send([message], 1, abort)
    },
    close: link.close
  }
}

/** As `kafkaSignals`; `gateway` is whose ids these are. */
export async function kafkaRaw(target: KafkaTarget, gateway: string): Promise<RawSink> {
  const link = await open({ partitions: 12, ...target })
  return {
    async send(records, abort) {
      const messages = records.map(({ id, topic, payload, atMs }) => ({
        topic: target.topic,
        key: Buffer.from(topic),
        value: Buffer.from(payload.buffer, payload.byteOffset, payload.length),
        timestamp: BigInt(Math.round(atMs)),
        headers: new Map([[ID, Buffer.from(`${gateway}:${id}`)]])
      }))
      await link.send(messages, -1, abort)
    },
    close: link.close
  }
}

const ID = Buffer.from('prescale-id')

type Messages = Parameters<Producer['send']>[0]['messages']

interface Link {
  send(messages: Messages, acks: number, abort: AbortSignal): Promise<void>
  close(): Promise<void>
}

async function open({
  access,
  topic,
  partitions
}: KafkaTarget & { readonly partitions: number }): Promise<Link> {
  if (!/^[\w.-]{1,249}$/.test(topic)) {
    throw new PrescaleError('BAD_OPTION', `topic must be 1 to 249 letters, digits and . _ -, was '${topic}'`)
  }
  const { Admin, Producer } = await kafkaClient()
  const options = kafkaOptions(access)
  const { timeout } = options
  const producer = new Producer(options)
  let isThere = false

  async function create(): Promise<void> {
    const admin = new Admin(options)
    try {
      const { topics } = await admin.metadata({ topics: [], autocreateTopics: false })
      if (!topics.has(topic)) {
        await admin.createTopics({ topics: [topic], partitions, replicas: -1 })
      }
      isThere = true
    } catch (error) {
      // Not permitted, or made by somebody else meanwhile: sending shows whether it is there.
      if (isRefused(error)) isThere = true
      else throw error
    } finally {
      await admin.close().catch(() => {})
    }
  }

  return {
    async send(messages, acks, abort) {
      try {
        if (!isThere) await within(`Kafka topic ${topic}`, create(), timeout, abort)
        await within(`Kafka topic ${topic}`, producer.send({ messages, acks }), timeout, abort)
      } catch (error) {
        throw kafkaError(error, access.bootstrapServers)
      }
    },
    close: () => producer.close(true).catch(() => {})
  }
}

function isRefused(error: unknown): boolean {
  const text = error instanceof Error ? `${error.message} ${String(error.cause ?? '')} ${inner(error)}` : ''
  return /authoriz|already exists|TOPIC_ALREADY_EXISTS/i.test(text)
}

function inner(error: Error): string {
  return error instanceof AggregateError ? error.errors.map(String).join(' ') : ''
}
