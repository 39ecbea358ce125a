import { connectAsync } from 'mqtt'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { embeddedBroker } from '../observe/embedded-broker.ts'
import type { EdgeSignal } from '../roles.ts'
import { mqttRaw, mqttSignals } from './mqtt-signals.ts'
import { within } from './signal-sinks.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
const never = new AbortController().signal
const soon = { timeout: 8_000, interval: 20 }

async function broker(port = 0) {
  const started = await embeddedBroker({ port })
  open.push(() => started.close().catch(() => {}))
  return started
}
async function heardAt(url: string, topic: string) {
  const heard: string[] = []
  const client = await connectAsync(url)
  open.push(() => client.endAsync(true))
  client.on('message', (at, payload) => heard.push(`${at} ${payload}`))
  await client.subscribeAsync(topic, { qos: 1 })
  return heard
}
const signal: EdgeSignal = {
  gateway: 'g1',
  seq: 3,
  sentMs: 1_000,
  predictedLoad: 12.5,
  burstAlarm: true,
  horizonMs: 60_000,
  confidence: 0.75
}
const wire =
  '{"burstAlarm":true,"confidence":0.75,"gateway":"g1","horizonMs":60000,"predictedLoad":12.5,"sentMs":1000,"seq":3}'

describe('signals over MQTT', () => {
  it('go to a topic of their gateway, without what only a receiver knows, and stay there', async () => {
    const { url } = await broker()
    const sink = await mqttSignals({ access: { url }, topic: 'prescale/signals' })
    open.push(sink.close)
    await sink.publish({ ...signal, receivedMs: 9, trust: 0.5 }, never)
    const later = await heardAt(url, 'prescale/signals/#')
    await vi.waitFor(() => expect(later).toEqual([`prescale/signals/g1 ${wire}`]), soon)
  })

  it('fail while the broker is away and are not sent when it is back', async () => {
    const first = await broker()
    const sink = await mqttSignals({ access: { url: first.url, timeoutMs: 1_000 }, topic: 's' })
    open.push(sink.close)
    await sink.publish(signal, never)
    await first.close()
    await expect(sink.publish({ ...signal, seq: 4 }, never)).rejects.toMatchObject({ code: 'UNREACHABLE' })
    await broker(first.port)
    const heard = await heardAt(first.url, 's/#')
    await vi.waitFor(() => sink.publish({ ...signal, seq: 5 }, never), soon)
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(0), soon)
    expect(heard.map((text) => /"seq":(\d+)/.exec(text)?.[1])).toEqual(['5'])
  })

  it('fail at once where nobody ever answered, in one line', async () => {
    const sink = await mqttSignals({ access: { url: 'mqtt://127.0.0.1:1', timeoutMs: 2_000 }, topic: 's' })
    open.push(sink.close)
    await expect(sink.publish(signal, never)).rejects.toThrow(
      'MQTT at mqtt://127.0.0.1:1: connection refused'
    )
  })

  it.each(['', 'a/+', '#'])('cannot go to %j', async (topic) => {
    await expect(mqttSignals({ access: { url: 'mqtt://h' }, topic })).rejects.toThrow(
      'topic must be one to publish to, without + and #'
    )
  })
})

describe('raw data over MQTT', () => {
  it('goes below its topic, to a broker without MQTT 5 as well', async () => {
    const { url } = await broker()
    const heard = await heardAt(url, 'raw/#')
    const raw = await mqttRaw({ access: { url, timeoutMs: 2_000 }, topic: 'raw' }, 'g1')
    open.push(() => raw.close())
    const records = [1, 2, 3].map((id) => ({ id, topic: `a/${id}`, payload: Buffer.from(`${id}`), atMs: id }))
    await raw.send(records, never)
    await vi.waitFor(() => expect(heard.toSorted()).toEqual(['raw/a/1 1', 'raw/a/2 2', 'raw/a/3 3']), soon)
  })

  it('is refused as a whole when the broker is away, so that it is sent again', async () => {
    const { url, close } = await broker()
    const raw = await mqttRaw({ access: { url, timeoutMs: 1_000 }, topic: 'raw' }, 'g1')
    open.push(() => raw.close())
    const records = [{ id: 1, topic: 'a', payload: Buffer.from('1'), atMs: 1 }]
    await raw.send(records, never)
    await close()
    await expect(raw.send(records, never)).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })
})

describe('waiting for a client', () => {
  it('ends with its answer, in time, or when interrupted, whatever it still does', async () => {
    const forever = new Promise<string>(() => {})
    expect(await within('it', Promise.resolve('yes'), 1_000, never)).toBe('yes')
    await expect(within('it', Promise.reject(new Error('no')), 1_000, never)).rejects.toThrow('no')
    await expect(within('it', forever, 20, never)).rejects.toThrow('it: no answer within 20 ms')
    await expect(within('it', forever, 1_000, AbortSignal.abort())).rejects.toMatchObject({
      code: 'INTERRUPTED'
    })
    const abort = new AbortController()
    const waiting = within('it', forever, 10_000, abort.signal)
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })
})
