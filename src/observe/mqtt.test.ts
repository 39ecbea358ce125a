import { connectAsync } from 'mqtt'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { certificates, hasOpenssl } from '../../test/fakes/certificates.ts'
import type { EdgeSignal, Reading } from '../roles.ts'
import { type BrokerOptions, type EmbeddedBroker, embeddedBroker } from './embedded-broker.ts'
import { type MqttSubscription, subscribeMqtt } from './mqtt.ts'
import { readSignal } from './signal-wire.ts'
import { signals } from './signals.ts'

const open: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function broker(options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  const started = await embeddedBroker(options)
  open.push(() => started.close().catch(() => {}))
  return started
}

/** A subscriber, and what it heard. */
function subscriber(access: MqttSubscription['access'], more: Partial<MqttSubscription> = {}) {
  const abort = new AbortController()
  const heard: string[] = []
  const states: string[] = []
  const running = subscribeMqtt(
    { access: { timeoutMs: 2_000, ...access }, topics: ['sensors/#'], qos: 1, ...more },
    {
      message: (topic, payload) => heard.push(`${topic} ${Buffer.from(payload)}`),
      state: (isListening, because = '') => states.push(isListening ? 'listening' : because)
    },
    abort.signal
  )
  const stop = async () => {
    abort.abort()
    await running
  }
  open.push(stop)
  return { heard, states, stop, running }
}

async function publish(
  url: string,
  messages: readonly (readonly [string, string | Buffer])[]
): Promise<void> {
  const client = await connectAsync(url)
  await Promise.all(messages.map(([topic, payload]) => client.publishAsync(topic, payload, { qos: 1 })))
  await client.endAsync()
}

const soon = { timeout: 8_000, interval: 20 }

describe('MQTT', () => {
  it('leaves no timer behind when it is ended before anybody answered', async () => {
    // A clock that stands still: only who set a timer and did not clear it is counted.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    open.push(() => vi.useRealTimers())
    const abort = new AbortController()
    const access = { url: 'mqtt://127.0.0.1:1' }
    const listener = { message: () => {}, state: () => abort.abort() }
    await subscribeMqtt({ access, topics: ['a'], qos: 1 }, listener, abort.signal)
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0), { timeout: 2_000, interval: 20 })
  })

  it('gives every message of its topics, and no other', async () => {
    const { url } = await broker()
    const it = subscriber({ url })
    await vi.waitFor(() => expect(it.states).toEqual(['listening']), soon)
    await publish(url, [
      ['sensors/a', '1'],
      ['other/a', '2'],
      ['sensors/b/c', '3']
    ])
    await vi.waitFor(() => expect(it.heard.toSorted()).toEqual(['sensors/a 1', 'sensors/b/c 3']), soon)
  })

  it('gives what came while it was away to a client with an id, and says that it was away', async () => {
    const { url } = await broker()
    const first = subscriber({ url, clientId: 'g1' })
    await vi.waitFor(() => expect(first.states).toEqual(['listening']), soon)
    await first.stop()
    await publish(url, [['sensors/a', 'meanwhile']])
    const second = subscriber({ url, clientId: 'g1' })
    await vi.waitFor(() => expect(second.heard).toEqual(['sensors/a meanwhile']), soon)
  })

  it('comes back by itself when its broker does', async () => {
    const { port, url, close } = await broker()
    const it = subscriber({ url })
    await vi.waitFor(() => expect(it.states).toEqual(['listening']), soon)
    await close()
    await vi.waitFor(() => expect(it.states.at(-1)).toContain('connection lost'), soon)
    await broker({ port })
    await vi.waitFor(() => expect(it.states.at(-1)).toBe('listening'), soon)
    await publish(url, [['sensors/a', 'again']])
    await vi.waitFor(() => expect(it.heard).toEqual(['sensors/a again']), soon)
  })

  it('says once why nobody answers', async () => {
    const { url, close } = await broker()
    await close()
    const it = subscriber({ url })
    await vi.waitFor(() => expect(it.states.length).toBe(1), soon)
    await new Promise((later) => setTimeout(later, 1_500))
    expect(it.states).toEqual([`MQTT at ${url}: connection refused`])
  })

  it('says that a name or a password is refused, without either', async () => {
    vi.stubEnv('PRESCALE_TEST_WORD', 'wrong-word')
    const { url } = await broker({ users: { live: 'secret' } })
    const it = subscriber({ url, username: 'live', password: 'env:PRESCALE_TEST_WORD' })
    await vi.waitFor(() => expect(it.states).toEqual([`MQTT at ${url}: refuses user name or password`]), soon)
    vi.stubEnv('PRESCALE_TEST_WORD', 'secret')
    const right = subscriber({ url, username: 'live', password: 'env:PRESCALE_TEST_WORD' })
    await vi.waitFor(() => expect(right.states).toEqual(['listening']), soon)
    vi.unstubAllEnvs()
  })

  it('says that a topic may not be subscribed', async () => {
    const { url } = await broker()
    const it = subscriber({ url }, { share: 'group' })
    await vi.waitFor(
      () =>
        expect(it.states[0]).toContain(
          '$share/group/sensors/#; a broker without shared subscriptions needs share left out'
        ),
      soon
    )
  })

  it.each([
    [{ url: 'http://host' }, {}, 'url must be mqtt, mqtts, ws or wss'],
    [{ url: 'mqtt://me:word@host' }, {}, 'url must be without credentials'],
    [{ url: 'nonsense' }, {}, 'url must be an address such as mqtt://host:1883'],
    [{ url: 'mqtt://h', password: 'plain' }, {}, 'password must be a reference'],
    [{ url: 'mqtt://h', tls: { ca: '/nowhere/ca.pem' } }, {}, 'tls.ca: /nowhere/ca.pem cannot be read'],
    [{ url: 'mqtt://127.0.0.1:1' }, { share: 'a/b' }, 'share must be a name']
  ])('says what is wrong with %j', async (access, more, says) => {
    const { running } = subscriber(access, more)
    await expect(running).rejects.toThrow(says)
    open.length = 0
  })
})

describe.skipIf(!hasOpenssl)('MQTT over TLS', () => {
  const { at, read, issue, remove } = certificates()
  afterAll(remove)
  issue('server', 'IP:127.0.0.1')
  issue('other', 'DNS:another.example')
  issue('client', 'DNS:client')
  const tls = {
    ca: read('ca.crt'),
    cert: read('server.crt'),
    key: read('server.key'),
    requestCert: true,
    rejectUnauthorized: true
  }
  const access = { ca: at('ca.crt'), cert: at('client.crt'), key: `file:${at('client.key')}` }

  it('is believed with its authority and a certificate of its own', async () => {
    const { url } = await broker({ tls })
    const it = subscriber({ url, tls: access })
    await vi.waitFor(() => expect(it.states).toEqual(['listening']), soon)
  })

  it.each([
    ['a broker whose authority is not known', tls, undefined, /cannot be verified|self-signed/],
    [
      'a certificate for another host',
      { ...tls, cert: read('other.crt'), key: read('other.key') },
      access,
      /for another host/
    ]
  ])('refuses %s', async (_, server, client, says) => {
    const { url } = await broker({ tls: server })
    const it = subscriber({ url, tls: client ?? { cert: access.cert, key: access.key } })
    await vi.waitFor(() => expect(it.states[0]).toMatch(says), soon)
  })

  it('is refused by a broker that wants a certificate, and gets none', async () => {
    const { url } = await broker({ tls })
    const it = subscriber({ url, tls: { ca: access.ca } })
    await vi.waitFor(() => expect(it.states.length).toBeGreaterThan(0), soon)
    expect(it.states).not.toContain('listening')
  })
})

const signal: EdgeSignal = {
  gateway: 'g1',
  seq: 1,
  sentMs: 1_000,
  predictedLoad: 800,
  burstAlarm: true,
  horizonMs: 60_000,
  confidence: 0.9
}
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

describe('a signal at the door', () => {
  it('is taken as it is', () => {
    expect(readSignal(bytes(signal))).toEqual(signal)
    const signed = { ...signal, keyId: '1', sig: 'x' }
    expect(readSignal(bytes(signed))).toEqual(signed)
  })

  it.each([
    ['too long', ' '.repeat(2_000)],
    ['not JSON', ''],
    ['not JSON', '[1]'],
    ['not JSON', '{"gateway":'],
    ['not JSON', Buffer.from([0xff, 0x00]).toString('latin1')],
    ['not a signal', '{}'],
    ['not a signal', { ...signal, gateway: '' }],
    ['not a signal', { ...signal, gateway: 'a b' }],
    ['not a signal', { ...signal, gateway: 7 }],
    ['not a signal', { ...signal, seq: 1.5 }],
    ['not a signal', { ...signal, seq: -1 }],
    ['not a signal', { ...signal, sentMs: null }],
    ['not a signal', { ...signal, predictedLoad: -1 }],
    ['not a signal', { ...signal, predictedLoad: 1e300 }],
    ['not a signal', { ...signal, predictedLoad: '800' }],
    ['not a signal', { ...signal, burstAlarm: 1 }],
    ['not a signal', { ...signal, horizonMs: 1e12 }],
    ['not a signal', { ...signal, confidence: 2 }],
    ['not a signal', { ...signal, trust: 1 }],
    ['not a signal', { ...signal, receivedMs: 1 }],
    ['not a signal', { ...signal, more: 'x' }],
    ['not a signal', '{"__proto__":{"gateway":"g1"}}'],
    ['not a signal', { ...signal, sig: 'x'.repeat(200) }]
  ])('is refused: %s', (because, value) => {
    expect(readSignal(bytes(value))).toBe(because)
  })
})

describe('signals as a source', () => {
  it('are read as they come, the malformed counted and told', async () => {
    const { url } = await broker()
    const abort = new AbortController()
    const source = signals({
      from: [{ type: 'mqtt', access: { url }, topics: ['prescale/signals/#'], qos: 1 }],
      clock: () => 5_000
    })
    const got: Reading[] = []
    const running = (async () => {
      for await (const reading of source.read(abort.signal)) got.push(reading)
    })()
    open.push(async () => {
      abort.abort()
      await running
    })
    await vi.waitFor(() => expect(got[0]).toMatchObject({ kind: 'event', what: 'source-back' }), soon)
    const client = await connectAsync(url)
    for (const payload of ['junk', bytes(signal), '{}', bytes({ ...signal, seq: 2 })]) {
      await client.publishAsync('prescale/signals/g1', payload, { qos: 1 })
    }
    await client.endAsync()
    await vi.waitFor(() => expect(got.filter(({ kind }) => kind === 'signal')).toHaveLength(2), soon)
    expect(got.flatMap((it) => (it.kind === 'signal' ? [it.signal] : []))).toEqual([
      { ...signal, receivedMs: 5_000 },
      { ...signal, seq: 2, receivedMs: 5_000 }
    ])
    const told = got.filter((it) => it.kind === 'event' && it.what === 'signal-malformed')
    expect(told).toHaveLength(1)
  })

  it('end with what can never work', async () => {
    const source = signals({
      from: [{ type: 'mqtt', access: { url: 'http://h' }, topics: ['a'], qos: 1 }],
      clock: Date.now
    })
    const reading = async () => {
      for await (const _ of source.read(new AbortController().signal));
    }
    await expect(reading()).rejects.toThrow('url must be mqtt')
  })
})
