/**
 * Alarms, one after the other: one street becomes loud until the gateway warns, is quiet again until its alarm has ended and the job is small again.
 *
 *   fired      the signal's own time: when the gateway counted the message that was one too many
 *   decided    the Turn that asked for more
 *   accepted   Flink has answered the PUT, seen by a proxy before it
 */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Producer, stringSerializers } from '@platformatic/kafka'
import { connectAsync } from 'mqtt'
import { random } from '../../../src/base/index.ts'
import { signals } from '../../../src/observe/signals.ts'
import type { EdgeSignal } from '../../../src/roles.ts'
import { sqlite } from '../../../src/store/index.ts'
import { freePort } from '../../../test/live/java.ts'
import { newFolder, startPrescale } from '../processes.ts'
import type { Stack } from '../stack.ts'

export interface Alarm {
  readonly firedMs: number
  readonly decidedMs: number
  readonly acceptedMs: number
}

const STREETS = 8
const USUAL = 10
const LOUD = 60
/** Records/s of one instance: more than comes with one street loud, and less than is announced, four times the usual. */
const UNIT_RATE = 200
const TICK_MS = 20
const KEY = 'a-key-for-one-experiment-only'

export async function alarms(
  stack: Stack,
  count: number,
  progress: (line: string) => void
): Promise<Alarm[]> {
  const name = 'warned'
  await stack.createTopics({ warned: 2, 'warned-out': 1 })
  const parallelism = { source: 1, parse: 1, count: 1 }
  const costs = { parseUs: 0, countUs: 1e6 / UNIT_RATE }
  const id = await stack.submit({ name, in: name, out: 'warned-out', group: name, ...costs, parallelism })
  const folder = newFolder()
  const proxy = await watchPuts(stack.flink.url)
  const port = await freePort()
  const mqtt = `mqtt://127.0.0.1:${port}`
  const opened: (() => Promise<unknown>)[] = [proxy.close]
  const stop = new AbortController()
  try {
    const env = { GATEWAY_KEY: KEY }
    const at = { stack, name, folder, flink: proxy.url, mqtt }
    const args = ['gateway', '--broker', `127.0.0.1:${port}`]
    opened.push((await startPrescale(args, gatewayOf(at), { folder, ready: /gateway: /, env })).stop)
    opened.push((await startPrescale(['run', '--apply'], loopOf(at), { folder, ready: /run: /, env })).stop)
    const heard: EdgeSignal[] = []
    const listening = listen(stack.kafka.server, heard, stop.signal)
    opened.push(async () => {
      stop.abort()
      await listening
    })
    const city = await openCity(mqtt, stack.kafka.server, name)
    opened.push(city.close)
    // The gateway learns what is usual, and the loop takes nothing back in its first minute.
    await wait(65_000)
    const rng = random(1, 'pauses')
    const fired: { firedMs: number; untilMs: number }[] = []
    for (let n = 0; n < count; n++) {
      const from = heard.length
      city.loud(n % STREETS)
      const signal = await found(() => heard.slice(from).find(({ burstAlarm }) => burstAlarm), 15_000)
      city.loud(undefined)
      if (signal === undefined) continue
      await found(() => (heard.at(-1)?.burstAlarm === false ? true : undefined), 30_000)
      await found(async () => ((await isSmall(stack, id)) ? true : undefined), 30_000)
      fired.push({ firedMs: signal.sentMs, untilMs: Date.now() })
      // Long enough for the receipt, and at no fixed time of the loop's own clock, two seconds.
      await wait(1_000 + rng.next() * 2_000)
      if ((n + 1) % 20 === 0) progress(`${n + 1} of ${count} alarms`)
    }
    return pathsOf(fired, join(folder, 'live.sqlite'), name, proxy.accepted)
  } finally {
    for (const close of opened.reverse()) await close()
    await stack.cancel(id)
  }
}

/** What each alarm led to; one that led to nothing is left out. */
function pathsOf(
  fired: readonly { readonly firedMs: number; readonly untilMs: number }[],
  file: string,
  target: string,
  accepted: readonly number[]
): Alarm[] {
  const store = sqlite({ file, readOnly: true })
  try {
    const turns = [...store.turns({ target })].filter(({ decision: { to, kind }, observation }) => {
      const now = observation.capacity.wanted ?? observation.capacity.ready
      return kind === 'scale' && Object.keys(to).some((id) => to[id] > now[id])
    })
    return fired.flatMap(({ firedMs, untilMs }) => {
      const decidedMs = turns.find(({ atMs }) => atMs >= firedMs && atMs < untilMs)?.atMs
      const acceptedMs = accepted.find((atMs) => decidedMs !== undefined && atMs >= decidedMs)
      if (decidedMs === undefined || acceptedMs === undefined || acceptedMs > untilMs) return []
      return [{ firedMs, decidedMs, acceptedMs }]
    })
  } finally {
    store.close()
  }
}

interface At {
  readonly stack: Stack
  readonly name: string
  readonly folder: string
  readonly flink: string
  readonly mqtt: string
}

function loopOf({ stack, name, folder, flink }: At): object {
  const job = { type: 'flink', url: flink, job: name }
  const kafka = { type: 'kafka', bootstrapServers: stack.kafka.server }
  const target = {
    mode: 'apply',
    sources: [job, { ...kafka, topics: [name], group: name }],
    // It remembers nothing: the end of an alarm is its own reason to be small again.
    policy: { name: 'proportional', options: { interval: '2s' } },
    unitRate: UNIT_RATE,
    forecast: 'none',
    guards: { shield: false },
    actuator: { ...job, reachWithin: '20s' },
    minReplicas: 1,
    maxReplicas: 4
  }
  return {
    version: 1,
    store: { path: `${folder}/live.sqlite` },
    listen: { metrics: false, socket: `${folder}/loop.sock` },
    targets: { [name]: target },
    signals: { from: { ...kafka, topic: 'iot-metadata' } },
    gateways: [
      { id: 'g1', keyId: 'g1', key: 'env:GATEWAY_KEY', trust: { hits: 100_000, misses: 1 }, ttl: '5s' }
    ]
  }
}

function gatewayOf({ stack, folder, mqtt }: At): object {
  return {
    version: 1,
    gateway: {
      id: 'g1',
      subscribe: { type: 'mqtt', url: mqtt, topics: ['sensors/+/raw'], qos: 0 },
      options: { step: '1s', level: 1, heartbeat: '2s' },
      predictor: { method: 'cusum', options: { horizon: '1s', warmUp: '20s', level: '30s', full: 1.2 } },
      fusion: { usual: '30s', patience: '10s', warmUp: '20s', arrived: 3 },
      publish: { type: 'kafka', bootstrapServers: stack.kafka.server, topic: 'iot-metadata' },
      outbox: { path: `${folder}/outbox` },
      sign: { algorithm: 'hmac-sha256', key: 'env:GATEWAY_KEY', keyId: 'g1' }
    },
    listen: { metrics: false }
  }
}

/** Streets that send at their usual rate, one of them louder when told to; and the load of the job. */
async function openCity(mqtt: string, kafka: string, topic: string) {
  const broker = await connectAsync(mqtt)
  const producer = new Producer({
    clientId: 'city',
    bootstrapBrokers: [kafka],
    serializers: stringSerializers
  })
  let loud: number | undefined
  let lastMs = Date.now()
  const owed = new Array<number>(STREETS).fill(0)
  const timer = setInterval(() => {
    const nowMs = Date.now()
    const seconds = (nowMs - lastMs) / 1_000
    lastMs = nowMs
    const messages: { topic: string; key: string; value: string }[] = []
    for (let i = 0; i < STREETS; i++) {
      owed[i] += (i === loud ? LOUD : USUAL) * seconds
      for (; owed[i] >= 1; owed[i]--) {
        broker.publish(`sensors/${i}/raw`, '1', { qos: 0 })
        messages.push({ topic, key: `street-${i}`, value: `street-${i},${nowMs}` })
      }
    }
    if (messages.length > 0) void producer.send({ messages }).catch(() => {})
  }, TICK_MS)
  return {
    loud: (street: number | undefined) => {
      loud = street
    },
    async close() {
      clearInterval(timer)
      await broker.endAsync(true)
      await producer.close(true)
    }
  }
}

async function listen(kafka: string, heard: EdgeSignal[], abort: AbortSignal): Promise<void> {
  const access = { bootstrapServers: [kafka], timeoutMs: 10_000 }
  const source = signals({
    from: [{ type: 'kafka', access, topics: ['iot-metadata'] }],
    clock: Date.now
  })
  for await (const reading of source.read(abort)) if (reading.kind === 'signal') heard.push(reading.signal)
}

/** Flink behind a proxy that notes when a PUT was answered with 200. */
async function watchPuts(flink: string) {
  const accepted: number[] = []
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming
    const asked = request(`${flink}${url}`, { method, headers }, (answer) => {
      if (method === 'PUT' && answer.statusCode === 200) accepted.push(Date.now())
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    asked.on('error', () => outgoing.destroy())
    incoming.pipe(asked)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted: accepted as readonly number[],
    async close() {
      server.closeAllConnections()
      server.close()
    }
  }
}

/** One task of each, and no more is asked for. */
async function isSmall({ rest }: Stack, id: string): Promise<boolean> {
  const never = new AbortController().signal
  const [job, bounds] = await Promise.all([rest.job(id, never), rest.requirements(id, never)]).catch(() => [])
  if (bounds === undefined || Object.values(bounds).some(({ upper }) => upper > 1)) return false
  return (
    job?.state === 'RUNNING' &&
    job.vertices.every(({ running, parallelism }) => running === 1 && parallelism === 1)
  )
}

const wait = (ms: number) => new Promise((later) => setTimeout(later, ms))

async function found<T>(
  look: () => T | undefined | Promise<T | undefined>,
  withinMs: number
): Promise<T | undefined> {
  for (const untilMs = Date.now() + withinMs; Date.now() < untilMs; ) {
    const it = await look()
    if (it !== undefined) return it
    await wait(50)
  }
  return undefined
}
