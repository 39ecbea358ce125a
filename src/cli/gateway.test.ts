import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { expectRefused, type Folder, folder } from '../../test/fakes/prescale.ts'
import { isSignedBy, verifyingKey } from '../gateway/index.ts'
import { type EmbeddedBroker, embeddedBroker } from '../observe/embedded-broker.ts'
import type { EdgeSignal } from '../roles.ts'
import { openOutbox } from '../store/outbox.ts'
import { storyteller } from './gateway.ts'

const secret = 'a secret of some length'
let place: Folder
let broker: EmbeddedBroker
let client: MqttClient
const heard: { topic: string; text: string }[] = []

beforeEach(async () => {
  place = folder()
  broker = await embeddedBroker()
  client = await connectAsync(broker.url)
  heard.length = 0
  client.on('message', (topic, payload) => heard.push({ topic, text: payload.toString() }))
  await client.subscribeAsync(['prescale/signals/#', 'iot-smartcity-raw/#'], { qos: 1 })
  place.file('key', secret)
})
afterEach(async () => {
  await client.endAsync(true)
  await broker.close().catch(() => {})
  place.remove()
})

const config = (url: string, more = '') => `
version: 1
listen: { metrics: 0 }
gateway:
  id: g1
  subscribe: { type: mqtt, url: ${broker.url}, topics: sensors/+/raw }
  options: { step: 500ms, heartbeat: 1s }
  publish: { type: mqtt, url: ${url} }
  forward: { type: mqtt, url: ${url} }
  sign: { key: file:key, keyId: g1 }
${more}`

async function messages(n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    await client.publishAsync(`sensors/${i % 3}/raw`, `reading ${i}`, { qos: 1 })
    await new Promise((later) => setTimeout(later, 8))
  }
}
const soon = { timeout: 15_000, interval: 50 }
const signals = (): EdgeSignal[] =>
  heard.filter(({ topic }) => topic === 'prescale/signals/g1').map(({ text }) => JSON.parse(text))
const raw = () => heard.filter(({ topic }) => topic.startsWith('iot-smartcity-raw/'))

describe('prescale gateway', () => {
  it('warns, forwards, shows its metrics, and ends with nothing left when asked to', async () => {
    place.file('prescale.yaml', config(broker.url))
    const { process: child, ended } = place.start(['gateway'])
    let said = ''
    child.stderr?.on('data', (text) => {
      said += text
    })
    await vi.waitFor(() => expect(said).toContain('messages come in'), soon)
    await messages(300)
    await vi.waitFor(() => expect(raw()).toHaveLength(300), soon)
    await vi.waitFor(() => expect(signals().length).toBeGreaterThan(1), soon)
    for (const signal of signals()) {
      expect(isSignedBy(signal, verifyingKey('hmac-sha256', 'g1', secret))).toBe(true)
    }
    const [, url] = /(http:\S+)\/metrics/.exec(said) ?? []
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('prescale_gateway_messages_total 300')
    expect(metrics).toContain('prescale_gateway_forwarded_total 300')
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    child.kill('SIGTERM')
    const { code, stderr } = await ended
    expect(code, stderr).toBe(130)
    expect(stderr).not.toContain(secret)
    expect(place.list().filter((name) => name.endsWith('lock') || name.endsWith('.log'))).toEqual([])
  })

  it('keeps raw data while the uplink is cut, kills and ends included, and its numbers go on', async () => {
    // Nobody listens there.
    place.file('prescale.yaml', config('mqtt://127.0.0.1:1'))
    const cut = place.start(['gateway', '--listen', 'false'])
    let said = ''
    cut.process.stderr?.on('data', (text) => {
      said += text
    })
    await vi.waitFor(() => expect(said).toContain('messages come in'), soon)
    await messages(100)
    await vi.waitFor(() => expect(said).toContain('cut off, works on alone'), soon)
    cut.process.kill('SIGTERM')
    await cut.ended
    const box = openOutbox({ folder: join(place.path, '.prescale/outbox'), maxBytes: 1e6, nowMs: 0 })
    expect(box.state()).toMatchObject({ waiting: 100, dropped: 0, lost: 0 })
    box.close()
    const { next } = JSON.parse(readFileSync(join(place.path, '.prescale/outbox/seq'), 'utf8'))

    place.file('prescale.yaml', config(broker.url))
    const back = place.start(['gateway', '--listen', 'false'])
    await vi.waitFor(() => expect(raw()).toHaveLength(100), soon)
    expect(
      raw()
        .map(({ text }) => text)
        .toSorted()
    ).toEqual(Array.from({ length: 100 }, (_, i) => `reading ${i}`).toSorted())
    await messages(150)
    await vi.waitFor(() => expect(signals().length).toBeGreaterThan(0), soon)
    expect(signals()[0].seq).toBeGreaterThanOrEqual(next)
    back.process.kill('SIGKILL')
    await back.ended
    // The lock of one that was killed is not obeyed.
    const again = openOutbox({ folder: join(place.path, '.prescale/outbox'), maxBytes: 1e6, nowMs: 0 })
    again.close()
  })

  it('gives its first signal and ends, with a broker of its own', async () => {
    await broker.close()
    place.file('prescale.yaml', config(broker.url))
    const args = [
      'gateway',
      '--once',
      '--broker',
      `127.0.0.1:${broker.port}`,
      '--listen',
      'false',
      '-o',
      'json'
    ]
    const { ended, process: child } = place.start(args)
    let said = ''
    child.stderr?.on('data', (text) => {
      said += text
    })
    await vi.waitFor(() => expect(said).toContain('messages come in'), soon)
    await vi.waitFor(() => expect(client.connected).toBe(true), soon)
    // Its broker ends with it: whatever is on its way then waits for ever.
    void messages(1_000).catch(() => {})
    const { code, stdout } = await ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ gateway: 'g1', burstAlarm: false, keyId: 'g1' })
  })

  const nobody = 'mqtt://127.0.0.1:1'
  it.each([
    ['its sensors', (text: string) => text.replace(`url: ${broker.url}, topics`, `url: ${nobody}, topics`)],
    ['the cloud', (text: string) => text.replace(/publish: .*/, `publish: { type: mqtt, url: ${nobody} }`)]
  ])('with --once ends in one line where the broker of %s refuses', async (_, change) => {
    place.file('prescale.yaml', change(config(broker.url)))
    const { ended, process: child } = place.start(['gateway', '--once', '--quiet', '--listen', 'false'])
    let over = false
    child.on('exit', () => {
      over = true
    })
    // Sensors go on: without a signal nobody knows of the cloud's broker.
    while (!over) await messages(10)
    const { code, stdout, stderr } = await ended
    expect(stderr).toMatch(/^prescale: MQTT at mqtt:\/\/127\.0\.0\.1:1.*; there is no signal\n$/)
    expect([code, stdout]).toEqual([3, ''])
  })

  it.each([
    ['no gateway in it', 'version: 1\n', /has no section 'gateway': say its id, subscribe and publish/],
    ['a key that is not there', undefined, /gateway.sign.key: nowhere cannot be read/]
  ])('says in one line that there is %s', async (_, text, says) => {
    place.file('prescale.yaml', text ?? config(broker.url).replace('file:key', 'file:nowhere'))
    expectRefused(await place.prescale(['gateway', '--listen', 'false']), says)
  })
})

it('tells an alarm when it begins and when it ends, however often it is repeated', () => {
  const lines: string[] = []
  const story = storyteller({ note: (what, text) => lines.push(`${what}: ${text}`), error: () => {} })
  const usual = { gateway: 'g1', sentMs: 0, horizonMs: 1, confidence: 1 }
  for (const [seq, burstAlarm] of [false, true, true, true, false, false, true].entries()) {
    const predictedLoad = burstAlarm ? 800 : 200
    story({ what: 'sent', signal: { ...usual, seq, burstAlarm, predictedLoad }, tookMs: 1 })
  }
  const [begins, ends] = ['alarm: 800/s are coming', 'alarm: is over: 200/s']
  expect(lines).toEqual([begins, ends, begins])
})
