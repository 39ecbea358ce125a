/**
 * The gateway: messages counted in a second on one core, in-process and from MQTT; signatures; and what a flood of nonsense costs.
 *
 * In-process is what counting costs, alarms looked for at every message included: 16 streets, of a city on its evening. The peer counts
 * the same messages into a plain Map a second. From MQTT is all of it: an embedded broker (aedes) in a process of its own, publishers in
 * another, QoS 1 (each message acknowledged both ways) or 0, and in ours the client, the count and the outbox. From Kafka see test/live.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { edgeGateway, isSignedBy, signingKey, signSignal, station } from '../src/gateway/index.ts'
import { subscribeMqtt } from '../src/observe/mqtt.ts'
import { readSignal } from '../src/observe/signal-wire.ts'
import type { EdgeSignal } from '../src/roles.ts'
import { openOutbox } from '../src/store/outbox.ts'
import { type Bench, perSecond } from './bench.ts'

const streets = Array.from({ length: 16 }, (_, i) => `sensors/street-${i}/raw`)
const signal: EdgeSignal = {
  gateway: 'g1',
  seq: 7,
  sentMs: 1_795_000_000_000,
  predictedLoad: 801.5,
  burstAlarm: true,
  horizonMs: 60_000,
  confidence: 0.9
}
const key = signingKey('hmac-sha256', '1', 'a secret of some length')
const signed = signSignal(signal, key)

/** A second of traffic by its own clock at each call, 200,000 messages. */
function counting(): () => number {
  const gateway = edgeGateway({ gateway: 'g1', options: { step: '1s' } })
  let nowMs = 0
  const memory = gateway.initial(nowMs)
  return () => {
    const n = 200_000
    for (let i = 0; i < n; i++) gateway.count(streets[i & 15], 1, nowMs + i / 200, memory)
    nowMs += 1_000
    gateway.tick(nowMs, memory)
    return n
  }
}

function plainCounting(): () => number {
  let counted = new Map<string, number>()
  return () => {
    const n = 200_000
    for (let i = 0; i < n; i++) {
      const street = streets[i & 15]
      counted.set(street, (counted.get(street) ?? 0) + 1)
    }
    counted = new Map()
    return n
  }
}

/** Publishes without end until told to stop: this module as a child, with the address as its argument. */
async function publisher(url: string, qos: 0 | 1): Promise<void> {
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(url)
  const payload = Buffer.alloc(120, 'x')
  for (let i = 0; ; i++) {
    const waits = Array.from({ length: 64 }, (_, j) =>
      client.publishAsync(streets[(i + j) & 15], payload, { qos })
    )
    await Promise.all(waits)
  }
}

async function broker(): Promise<void> {
  const { embeddedBroker } = await import('../src/observe/embedded-broker.ts')
  const { url } = await embeddedBroker()
  process.send?.(url)
}

const child = (...args: string[]): ChildProcess =>
  fork(new URL(import.meta.url), ['--child-of-bench', ...args])

/** Messages a second of our own processor time, or of the wall: the publishers and the broker share the machine with us. */
async function fromMqtt(qos: 0 | 1, per: 'core' | 'wall'): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-bench-'))
  const box = openOutbox({ folder, maxBytes: 64 * 1024 * 1024, nowMs: Date.now() })
  const gateway = edgeGateway({ gateway: 'g1', options: { step: '1s' } })
  const memory = gateway.initial(Date.now())
  const started = child('broker')
  const [url] = await once(started, 'message')
  const abort = new AbortController()
  let [counted, listening] = [0, () => {}]
  const heard = new Promise<void>((resolve) => {
    listening = resolve
  })
  const running = subscribeMqtt(
    { access: { url }, topics: ['sensors/+/raw'], qos },
    {
      message(topic, payload) {
        const nowMs = Date.now()
        box.append(topic, payload, nowMs)
        gateway.count(gateway.street(topic), 1, nowMs, memory)
        counted++
      },
      state: (isListening) => isListening && listening()
    },
    abort.signal
  )
  await heard
  const publishers = [child('publisher', url, String(qos))]
  const sent = setInterval(() => {
    const batch = box.take(10_000)
    if (batch.length > 0) box.ack(batch[batch.length - 1].id)
  }, 10)
  try {
    await new Promise((later) => setTimeout(later, 1_500))
    const [from, began, cpu] = [counted, performance.now(), process.cpuUsage()]
    await new Promise((later) => setTimeout(later, 3_000))
    const { user, system } = process.cpuUsage(cpu)
    const seconds = per === 'core' ? (user + system) / 1e6 : (performance.now() - began) / 1_000
    return (counted - from) / seconds
  } finally {
    clearInterval(sent)
    abort.abort()
    await running
    for (const each of [...publishers, started]) each.kill()
    box.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Text, cut off, and as near to a signal as it gets. */
const nonsense = [
  'x'.repeat(200),
  JSON.stringify(signed).slice(0, -9),
  JSON.stringify({ ...signed, seq: -1 })
]
const junk = Array.from({ length: 63 }, (_, i) => Buffer.from(nonsense[i % 3]))

/** As `perSecond`, by the processor's time: of a flood matters what it takes from others. */
function perCpuSecond(work: () => number): number {
  const began = process.cpuUsage()
  let done = 0
  perSecond(() => {
    done += work()
    return 1
  }, 1_000)
  const { user, system } = process.cpuUsage(began)
  return done / ((user + system) / 1e6)
}

function malformed(): number {
  let refused = 0
  for (let i = 0; i < 10_000; i++) if (typeof readSignal(junk[i % 63]) === 'string') refused++
  return refused
}

/** From a message's arrival to its forwarding, p99: 20,000 messages/s in pieces of 5 ms, into an outbox on disk, to who takes them at once. */
async function addedDelay(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-bench-'))
  const box = openOutbox({ folder, maxBytes: 64 * 1024 * 1024, nowMs: Date.now() })
  const abort = new AbortController()
  const delays: number[] = []
  const payload = Buffer.alloc(120, 'x')
  const clock = () => performance.timeOrigin + performance.now()
  const works = station({
    gateway: edgeGateway({ gateway: 'g1', options: { step: '1s' } }),
    clock,
    sleepUntil: (atMs) => new Promise((later) => setTimeout(later, Math.max(0, atMs - clock()))),
    sources: [
      async (listener, ended) => {
        listener.state(true)
        const began = clock()
        for (let sent = 0; !ended.aborted; ) {
          for (const due = ((clock() - began) / 1_000) * 20_000; sent < due; sent++) {
            listener.message(streets[sent & 15], streets[sent & 15], payload)
          }
          await new Promise((later) => setTimeout(later, 5))
        }
      }
    ],
    sinks: [async () => {}],
    outbox: box,
    forward: async (records) => {
      const nowMs = clock()
      for (const { atMs } of records) delays.push(nowMs - atMs)
    }
  })
  setTimeout(() => abort.abort(), 3_000)
  await works.run(abort.signal)
  box.close()
  rmSync(folder, { recursive: true, force: true })
  return delays.sort((a, b) => a - b)[Math.floor(delays.length * 0.99)]
}

let [count, plain]: ((() => number) | undefined)[] = []

const benches: readonly Bench[] = [
  {
    name: 'gateway counts in-process',
    unit: 'messages/s',
    higherIsBetter: true,
    ours() {
      count ??= counting()
      return perSecond(count, 1_000)
    },
    peer: {
      name: 'a plain Map of counts',
      version: process.version,
      run() {
        plain ??= plainCounting()
        return perSecond(plain, 1_000)
      }
    }
  },
  {
    name: 'gateway from MQTT, QoS 1, on one core',
    unit: 'messages/s CPU',
    higherIsBetter: true,
    ours: () => fromMqtt(1, 'core')
  },
  {
    name: 'gateway from MQTT, QoS 1, broker and publisher beside it',
    unit: 'messages/s',
    higherIsBetter: true,
    ours: () => fromMqtt(1, 'wall')
  },
  {
    name: 'gateway from MQTT, QoS 0, on one core',
    unit: 'messages/s CPU',
    higherIsBetter: true,
    ours: () => fromMqtt(0, 'core')
  },
  {
    name: 'gateway adds delay at 20,000 messages/s',
    unit: 'ms p99',
    higherIsBetter: false,
    ours: addedDelay
  },
  {
    name: 'malformed signals refused',
    unit: 'signals/s CPU',
    higherIsBetter: true,
    ours: () => perCpuSecond(malformed)
  },
  {
    name: 'signals proved, HMAC-SHA256',
    unit: 'signals/s CPU',
    higherIsBetter: true,
    ours: () =>
      perCpuSecond(() => {
        for (let i = 0; i < 1_000; i++) isSignedBy(signed, key)
        return 1_000
      })
  }
]
export default benches

const [marker, what, url, qos] = process.argv.slice(2)
if (marker === '--child-of-bench') await (what === 'broker' ? broker() : publisher(url, qos === '1' ? 1 : 0))
