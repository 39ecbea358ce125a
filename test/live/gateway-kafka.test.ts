/** A gateway and a real Kafka: signals on their own topic, raw data with ids, a broker that hangs, and how fast it counts. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, Consumer, Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { kafkaRaw, kafkaSignals } from '../../src/act/kafka-signals.ts'
import { edgeGateway } from '../../src/gateway/index.ts'
import { consumeKafka, type KafkaRecord } from '../../src/observe/kafka.ts'
import { signals } from '../../src/observe/signals.ts'
import type { EdgeSignal, Reading } from '../../src/roles.ts'
import { openOutbox } from '../../src/store/outbox.ts'
import { mavenLibs } from './java.ts'
import { type LiveKafka, startKafka } from './kafka.ts'

const lib = mavenLibs('kafka')
const say = (text: string) => process.stderr.write(`  ${text}\n`)
const soon = { timeout: 60_000, interval: 50 }
const wait = (ms: number) => new Promise((later) => setTimeout(later, ms))
const never = new AbortController().signal
const signal = (seq: number, more: Partial<EdgeSignal> = {}): EdgeSignal => ({
  gateway: 'g1',
  seq,
  sentMs: Date.now(),
  predictedLoad: 800,
  burstAlarm: false,
  horizonMs: 60_000,
  confidence: 0.5,
  ...more
})

describe.skipIf(lib === undefined)('a gateway on a real Kafka', { timeout: 180_000 }, () => {
  let kafka: LiveKafka
  const access = () => ({ bootstrapServers: [kafka.server], timeoutMs: 5_000 })
  const open: (() => unknown)[] = []

  beforeAll(async () => {
    kafka = await startKafka(lib as string)
  })
  afterAll(async () => {
    for (const close of open.splice(0).reverse()) await close()
    await kafka?.stop()
  })

  /** Everything that a source of signals gives, from now on. */
  async function listening(): Promise<Reading[]> {
    const abort = new AbortController()
    const got: Reading[] = []
    const source = signals({
      from: [{ type: 'kafka', access: access(), topics: ['iot-metadata'] }],
      clock: Date.now
    })
    const running = (async () => {
      for await (const reading of source.read(abort.signal)) got.push(reading)
    })()
    open.push(async () => {
      abort.abort()
      await running
    })
    await vi.waitFor(
      () => expect(got.some((it) => it.kind === 'event' && it.what === 'source-back')).toBe(true),
      soon
    )
    return got
  }
  const seqs = (got: readonly Reading[]) => got.flatMap((it) => (it.kind === 'signal' ? [it.signal.seq] : []))

  it('makes its topics, one partition for signals, and is heard by every loop', async () => {
    const sink = await kafkaSignals({ access: access(), topic: 'iot-metadata' })
    open.push(sink.close)
    await sink.publish(signal(1), never)
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.server] })
    open.push(() => admin.close())
    const { topics } = await admin.metadata({ topics: ['iot-metadata'] })
    expect(topics.get('iot-metadata')?.partitionsCount).toBe(1)
    const [one, two] = await Promise.all([listening(), listening()])
    await wait(1_000)
    for (let seq = 2; seq <= 6; seq++) await sink.publish(signal(seq), never)
    await vi.waitFor(() => {
      expect(seqs(one)).toEqual([2, 3, 4, 5, 6])
      expect(seqs(two)).toEqual([2, 3, 4, 5, 6])
    }, soon)
  })

  it('forwards raw data with its ids, times and streets, and goes on behind what was committed', async () => {
    const raw = await kafkaRaw({ access: access(), topic: 'iot-smartcity-raw' }, 'g1')
    open.push(() => raw.close())
    const records = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({
        id: from + i,
        topic: `street/${(from + i) % 5}`,
        payload: Buffer.from(`reading ${from + i}`),
        atMs: 1_700_000_000_000 + from + i
      }))
    await raw.send(records(0, 500), never)
    const consumer = new Consumer({ clientId: 'ids', groupId: 'ids', bootstrapBrokers: [kafka.server] })
    open.push(() => consumer.close(true))
    const stream = await consumer.consume({
      topics: ['iot-smartcity-raw'],
      mode: 'earliest',
      autocommit: false
    })
    const ids = new Set<string>()
    for await (const { headers, key, timestamp, value } of stream) {
      const id = [...headers].find(([name]) => name.toString() === 'prescale-id')?.[1].toString() ?? ''
      const n = Number(id.split(':')[1])
      expect([id.split(':')[0], key.toString(), Number(timestamp), value.toString()]).toEqual([
        'g1',
        `street/${n % 5}`,
        1_700_000_000_000 + n,
        `reading ${n}`
      ])
      ids.add(id)
      if (ids.size === 500) break
    }

    const seen: string[] = []
    const readUntil = async (enough: number) => {
      const abort = new AbortController()
      const batch = (got: readonly KafkaRecord[]) => {
        for (const { value } of got) seen.push(Buffer.from(value).toString())
        // Time for a commit.
        if (new Set(seen).size >= enough) setTimeout(() => abort.abort(), 2_500)
      }
      const from = 'earliest'
      const subscription = {
        access: access(),
        topics: ['iot-smartcity-raw'],
        group: 'gateway',
        from
      } as const
      await consumeKafka(
        subscription,
        { batch, state: (_, because) => because && say(because) },
        abort.signal
      )
    }
    await readUntil(500)
    // Nobody reads these, until somebody does.
    await raw.send(records(500, 800), never)
    await readUntil(800)
    // At least once: what was not committed in time is read again, and nothing is left out.
    say(`${seen.length - new Set(seen).size} of 800 were read twice`)
    expect([...new Set(seen)].toSorted()).toEqual(
      records(0, 800)
        .map(({ payload }) => payload.toString())
        .toSorted()
    )
  })

  it('loses nothing when its broker hangs and comes back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'prescale-live-'))
    open.push(() => rmSync(folder, { recursive: true, force: true }))
    const at = { ...access(), timeoutMs: 2_000 }
    const box = openOutbox({ folder, maxBytes: 1e7, nowMs: Date.now() })
    open.push(() => box.close())
    const raw = await kafkaRaw({ access: at, topic: 'raw' }, 'g1')
    open.push(() => raw.close())
    let failures = 0
    const forward = async () => {
      const batch = box.take(500)
      if (batch.length === 0) return
      try {
        await raw.send(batch, never)
        box.ack(batch[batch.length - 1].id)
      } catch {
        failures++
        await wait(200)
      }
    }
    let n = 0
    const append = (count: number) => {
      for (let i = 0; i < count; i++) box.append('street/a', Buffer.from(`${n++}`), Date.now())
    }
    append(1_000)
    await forward()
    await forward()
    kafka.jvm.child.kill('SIGSTOP')
    append(1_000)
    for (let i = 0; i < 3; i++) await forward()
    expect(failures).toBeGreaterThan(0)
    kafka.jvm.child.kill('SIGCONT')
    await vi.waitFor(async () => {
      await forward()
      expect(box.state().waiting).toBe(0)
    }, soon)
    const consumer = new Consumer({ clientId: 'all', groupId: 'all', bootstrapBrokers: [kafka.server] })
    const stream = await consumer.consume({ topics: ['raw'], mode: 'earliest', autocommit: false })
    const got = new Set<string>()
    for await (const { value } of stream) {
      got.add(value.toString())
      if (got.size === 2_000) break
    }
    await consumer.close(true)
    expect(got.size).toBe(2_000)
  })

  it('counts more than 100,000 messages a second on one core', async () => {
    const [N, batch] = [200_000, 5_000]
    const value = Buffer.alloc(100, 'x')
    const keys = Array.from({ length: 16 }, (_, i) => Buffer.from(`street/${i}`))
    const admin = new Admin({ clientId: 'load', bootstrapBrokers: [kafka.server] })
    await admin.createTopics({ topics: ['sensors'], partitions: 4, replicas: 1 })
    await admin.close()
    const producer = new Producer({ clientId: 'load', bootstrapBrokers: [kafka.server] })
    for (let b = 0; b < N / batch; b++) {
      const messages = Array.from({ length: batch }, (_, i) => ({
        topic: 'sensors',
        key: keys[(b + i) % 16],
        value
      }))
      await producer.send({ messages, acks: 1 })
    }
    await producer.close(true)

    const abort = new AbortController()
    const gateway = edgeGateway({ gateway: 'g1', options: { step: '1s' } })
    const memory = gateway.initial(Date.now())
    let [counted, beganMs, cpu] = [0, 0, process.cpuUsage()]
    await consumeKafka(
      { access: access(), topics: ['sensors'], group: 'fast', from: 'earliest', batch },
      {
        batch(records) {
          if (counted === 0) [beganMs, cpu] = [performance.now(), process.cpuUsage()]
          const nowMs = Date.now()
          for (const { key, topic } of records) {
            gateway.count(
              gateway.street(key === undefined ? topic : Buffer.from(key).toString()),
              1,
              nowMs,
              memory
            )
          }
          counted += records.length
          if (counted >= N) abort.abort()
        },
        state: (_, because) => because && say(because)
      },
      abort.signal
    )
    const { user, system } = process.cpuUsage(cpu)
    const perCore = counted / ((user + system) / 1e6)
    const perWall = (1_000 * counted) / (performance.now() - beganMs)
    say(`from Kafka: ${Math.round(perCore)} messages/s of one core, ${Math.round(perWall)}/s by the wall`)
    expect(counted).toBeGreaterThanOrEqual(N)
    expect(perCore).toBeGreaterThan(100_000)
  })
})
