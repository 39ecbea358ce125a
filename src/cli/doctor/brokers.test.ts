import { createServer, type Server } from 'node:net'
import { Aedes } from 'aedes'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PrescaleError } from '../../base/index.ts'
import { type KafkaSource, type MqttSource, readConfig } from '../../config/index.ts'
import type { OffsetReader, Offsets } from '../../observe/kafka-lag.ts'
import type { Looked } from './checks.ts'
import { failed } from './common.ts'
import { checkKafkaSource, checkTopic } from './kafka.ts'
import { checkMqtt } from './systems.ts'

async function all(lines: AsyncIterable<Looked>): Promise<Looked[]> {
  const out: Looked[] = []
  for await (const line of lines) out.push(line)
  return out
}
const source = (flow: string) =>
  readConfig(`version: 1\ntargets:\n  a: { source: ${flow} }\n`, 'x').targets[0].sources[0]

describe('Kafka', () => {
  const kafka = source('{ type: kafka, bootstrapServers: "a:1", topic: iot, group: g }') as KafkaSource
  let closed = 0
  const reader = (ends: readonly number[], committed: readonly number[]): (() => Promise<OffsetReader>) => {
    const of = (offsets: readonly number[]): Offsets => new Map([['iot', offsets]])
    return async () => ({
      ends: async () => of(ends),
      committed: async () => of(committed),
      close: async () => {
        closed++
      }
    })
  }

  it.each([
    ['all is well', [10, 10], [8, 10], 2, { partitions: 'ok', group: 'ok' }],
    ['more units than partitions', [10, 10], [8, 10], 8, { partitions: 'warn', group: 'ok' }],
    ['nothing was committed', [10, 10], [NaN, NaN], 2, { partitions: 'ok', group: 'warn' }],
    ['nothing was ever written', [0, 0], [NaN, NaN], 2, { partitions: 'ok', group: 'ok' }],
    [
      'a partition without a leader',
      [10, NaN],
      [8, NaN],
      2,
      { partitions: 'ok', leaders: 'warn', group: 'ok' }
    ]
  ])('%s', async (_when, ends, committed, maxReplicas, expected) => {
    closed = 0
    const lines = await all(checkKafkaSource(kafka, { maxReplicas }, reader(ends, committed)))
    expect(Object.fromEntries(lines.map(({ check, status }) => [check, status]))).toEqual({
      reach: 'ok',
      ...expected
    })
    for (const { status, mend } of lines) if (status !== 'ok') expect(mend).toBeTruthy()
    expect(closed).toBe(1)
  })

  it('a topic that is there, and its reader closed also when it fails', async () => {
    closed = 0
    const [, topic] = await all(checkTopic(kafka, 'iot', reader([1, 2, 3], [])))
    expect(topic).toEqual({ check: 'topic', status: 'ok', found: 'iot with 3 partitions' })
    const broken: OffsetReader = {
      ...(await reader([], [])()),
      ends: async () => {
        throw new PrescaleError('NOT_FOUND', 'no topic x')
      }
    }
    await expect(all(checkTopic(kafka, 'x', async () => broken))).rejects.toThrow('no topic x')
    expect(closed).toBe(2)
  })
})

describe('MQTT', { timeout: 20_000 }, () => {
  let broker: Aedes
  let server: Server
  let url: string
  beforeEach(async () => {
    broker = await Aedes.createBroker()
    broker.authenticate = (_client, name, word, done) => {
      const isRight = name === undefined || (name === 'me' && String(word) === 'right')
      done(isRight ? null : Object.assign(new Error('no'), { returnCode: 4 as const }), isRight)
    }
    server = createServer(broker.handle)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    url = `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  })
  afterEach(async () => {
    await new Promise<void>((done) => broker.close(() => server.close(() => done())))
  })
  const mqtt = (more = '') =>
    source(`{ type: mqtt, url: '${url}', topic: x, timeout: 2s${more} }`) as MqttSource

  it('that lets us in is reached', async () => {
    expect(await all(checkMqtt(mqtt()))).toMatchObject([{ check: 'reach', status: 'ok' }])
    expect(broker.connectedClients).toBeLessThanOrEqual(1)
  })

  it('with a password in the clear is a warning, with a wrong one a failure that does not show it', async () => {
    process.env.PRESCALE_TEST_WORD = 'right'
    const lines = await all(checkMqtt(mqtt(', username: me, password: env:PRESCALE_TEST_WORD')))
    expect(lines).toMatchObject([{ status: 'ok' }, { check: 'tls', status: 'warn' }])
    process.env.PRESCALE_TEST_WORD = 'hunter2'
    const wrong = all(checkMqtt(mqtt(', username: me, password: env:PRESCALE_TEST_WORD')))
    const error = await wrong.catch((it: unknown) => it)
    delete process.env.PRESCALE_TEST_WORD
    expect(failed(error)).toMatchObject({
      check: 'answer',
      status: 'fail',
      found: expect.stringContaining('refuses user name or password')
    })
    expect(String(error)).not.toContain('hunter2')
  })

  it('that is not there is not reached, in its time', async () => {
    const gone = mqtt()
    await new Promise<void>((done) => broker.close(() => server.close(() => done())))
    const error = await all(checkMqtt(gone)).catch((it: unknown) => it)
    expect(failed(error)).toMatchObject({
      check: 'reach',
      status: 'fail',
      mend: expect.stringContaining('is it started')
    })
    server = createServer()
    await new Promise<void>((done) => server.listen(0, done))
    broker = await Aedes.createBroker()
  })
})
