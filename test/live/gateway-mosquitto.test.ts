/** A gateway and a real Mosquitto: what the embedded broker does not have. */
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { mqttRaw } from '../../src/act/mqtt-signals.ts'
import { subscribeMqtt } from '../../src/observe/mqtt.ts'
import { type LiveMosquitto, mosquittoFolder, startMosquitto } from './mosquitto.ts'

const unpacked = mosquittoFolder()
const soon = { timeout: 20_000, interval: 20 }

describe.skipIf(unpacked === undefined)('a gateway on a real Mosquitto', () => {
  let broker: LiveMosquitto
  const open: (() => unknown)[] = []
  beforeAll(async () => {
    broker = await startMosquitto(unpacked as string)
  })
  afterAll(async () => {
    for (const close of open.splice(0).reverse()) await close()
    await broker?.stop()
  })

  async function member(share: string, clientId: string): Promise<string[]> {
    const abort = new AbortController()
    const heard: string[] = []
    let listening = false
    const running = subscribeMqtt(
      { access: { url: broker.url, clientId }, topics: ['sensors/#'], qos: 1, share },
      {
        message: (_, payload) => heard.push(Buffer.from(payload).toString()),
        state: (isListening) => {
          listening = isListening
        }
      },
      abort.signal
    )
    open.push(async () => {
      abort.abort()
      await running
    })
    await vi.waitFor(() => expect(listening).toBe(true), soon)
    return heard
  }

  it('shares the messages of a topic with others of its group: each goes to one', async () => {
    const [a, b] = [await member('g', 'a'), await member('g', 'b')]
    const client = await connectAsync(broker.url)
    for (let i = 0; i < 400; i++) await client.publishAsync(`sensors/${i % 7}`, `${i}`, { qos: 1 })
    await client.endAsync()
    await vi.waitFor(() => expect(a.length + b.length).toBe(400), soon)
    expect(new Set([...a, ...b]).size).toBe(400)
    expect(a.length).toBeGreaterThan(100)
    expect(b.length).toBeGreaterThan(100)
  })

  it('sends raw data with its ids and times, as MQTT 5 can', async () => {
    const client = await connectAsync(broker.url, { protocolVersion: 5 })
    open.push(() => client.endAsync(true))
    const heard: unknown[] = []
    client.on('message', (topic, payload, { properties }) =>
      heard.push([topic, payload.toString(), { ...properties?.userProperties }])
    )
    await client.subscribeAsync('raw/#', { qos: 1 })
    const raw = await mqttRaw({ access: { url: broker.url }, topic: 'raw' }, 'g1')
    open.push(() => raw.close())
    const records = [{ id: 41, topic: 'street/a', payload: Buffer.from('x'), atMs: 1_234 }]
    await raw.send(records, new AbortController().signal)
    await vi.waitFor(
      () => expect(heard).toEqual([['raw/street/a', 'x', { 'prescale-id': 'g1:41', 'prescale-at': '1234' }]]),
      soon
    )
  })

  it('hears again, and all of it, after the broker hung', async () => {
    const heard = await member('late', 'late')
    broker.child.kill('SIGSTOP')
    await new Promise((later) => setTimeout(later, 1_000))
    broker.child.kill('SIGCONT')
    const client = await connectAsync(broker.url)
    for (let i = 0; i < 50; i++) await client.publishAsync('sensors/a', `${i}`, { qos: 1 })
    await client.endAsync()
    await vi.waitFor(() => expect(new Set(heard).size).toBe(50), soon)
  })
})

if (unpacked === undefined)
  it.skip('a real Mosquitto cannot be had here: apt-get download mosquitto fails', () => {})
