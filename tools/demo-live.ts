/**
 * The demo: a real Kafka, Flink, Mosquitto and InfluxDB on this machine, a job of four operators, a city's traffic with accidents, an edge gateway,
 * and the loop that sizes the job. A status line every few seconds; Ctrl-C stops everything that was started.
 *
 *   npm run demo:live -- [--minutes N] [--speed N] [--recommend]
 *
 * Needs Java 17 and Maven. Where Debian's packages cannot be had the gateway brings its own broker and nothing is copied to InfluxDB.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { gateway, type Place, prescale } from '../experiments/live/flink-kafka/controllers.ts'
import { openLag } from '../experiments/live/lag.ts'
import { newFolder, startPrescale } from '../experiments/live/processes.ts'
import { startStack } from '../experiments/live/stack.ts'
import { playTraffic, sentMsAt } from '../experiments/live/traffic.ts'
import { DAY, PrescaleError } from '../src/base/index.ts'
import { accidents } from '../src/sim/index.ts'
import { influxFolder, startInflux } from '../test/live/influxdb.ts'
import { freePort } from '../test/live/java.ts'
import { mosquittoFolder, startMosquitto } from '../test/live/mosquitto.ts'

const STATUS_MS = 4_000
const KEY = 'a-key-for-the-demo-only'
const JOB = 'streets'
const RAW = 'iot-smartcity-raw'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '0' },
    speed: { type: 'string', default: '5' },
    recommend: { type: 'boolean', default: false }
  }
})
const [minutes, speed] = [Number(values.minutes), Number(values.speed)]
if (!(minutes >= 0 && speed >= 1)) {
  say('--minutes must be 0 (until Ctrl-C) or more, --speed 1 or more')
  process.exit(2)
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) say('stopping everything that was started; a moment')
    stop.abort()
  })
}
const opened: (() => Promise<unknown>)[] = []
try {
  await play()
} catch (error) {
  if (!(error instanceof PrescaleError)) throw error
  say(error.message)
  process.exitCode = 1
} finally {
  for (const end of opened.reverse()) await end().catch((error) => say(String(error)))
  say('all stopped')
}

async function play(): Promise<void> {
  const stack = await startStack(3, say)
  opened.push(stack.stop)
  if (stop.signal.aborted) return
  const mqtt = await startBroker()
  const influx = await startDatabase()
  await stack.createTopics({ [RAW]: 12, counts: 4, 'iot-metadata': 1 })
  const parallelism = { source: 1, parse: 2, count: 3 }
  const costs = { parseUs: 5_000, countUs: 10_000 }
  say('submitting the job: source → parse (5 ms a record) → count in windows (10 ms) → sink, exactly once')
  const job = await stack.submit({ name: JOB, in: RAW, out: 'counts', group: JOB, ...costs, parallelism })
  const folder = newFolder()
  opened.push(async () => rmSync(folder, { recursive: true, force: true }))
  const { flink, kafka } = { flink: stack.flink.url, kafka: stack.kafka.server }
  const place: Place = { flink, kafka, job: JOB, topic: RAW, group: JOB, folder, speed, maxSlots: 12 }
  const options = { folder, env: { GATEWAY_KEY: KEY } }
  const broker = mqtt.own === undefined ? [] : ['--broker', mqtt.own]
  opened.push(
    (
      await startPrescale(['gateway', ...broker], gateway(place, mqtt.url), {
        ...options,
        ready: /gateway: /,
        heard
      })
    ).stop
  )
  const config = prescale(place, influx)
  const run = values.recommend ? ['run'] : ['run', '--apply']
  opened.push((await startPrescale(run, config, { ...options, ready: /run: /, heard })).stop)
  mkdirSync('demo-live', { recursive: true })
  writeFileSync(join('demo-live', 'prescale.yaml'), stringify(config))
  say(
    `Flink: ${stack.flink.url}   Kafka: ${stack.kafka.server}   MQTT: ${mqtt.url}   InfluxDB: ${influx ?? 'none'}`
  )
  say(
    `in another terminal: npm run -s prescale -- status -c demo-live/prescale.yaml   (and explain ${JOB}, pause, resume)`
  )
  const durationMs = minutes > 0 ? minutes * 60_000 * speed : DAY
  const load = accidents(
    { durationMs, quietMs: 150_000, perDay: 160, jamsPerDay: 48, holdMs: [120_000, 300_000] },
    1
  )
  const sent: { atMs: number; total: number }[] = []
  const lag = await openLag({ kafka: stack.kafka.server, topic: RAW, group: JOB, rest: stack.rest, job })
  opened.push(lag.close)
  const telling = setInterval(() => void tell(lag, sent), STATUS_MS)
  try {
    await playTraffic(
      { kafka: stack.kafka.server, topic: RAW, mqtt: mqtt.url, load, speed, seed: 1, sent },
      stop.signal
    )
  } finally {
    clearInterval(telling)
  }
}

async function startBroker(): Promise<{ readonly url: string; readonly own?: string }> {
  const unpacked = mosquittoFolder()
  if (unpacked === undefined) {
    const own = `127.0.0.1:${await freePort()}`
    return { url: `mqtt://${own}`, own }
  }
  say('starting Mosquitto')
  const mosquitto = await startMosquitto(unpacked)
  opened.push(mosquitto.stop)
  return { url: mosquitto.url }
}

async function startDatabase(): Promise<string | undefined> {
  const unpacked = influxFolder()
  if (unpacked === undefined) return undefined
  say('starting InfluxDB')
  const influx = await startInflux(unpacked)
  opened.push(influx.stop)
  return influx.url
}

/** What the gateway and the loop say, without their times and what is only for who looks closely. */
function heard(text: string): void {
  for (const line of text.split('\n')) {
    const said = line.replace(/^\S+Z /, '')
    if (/^(alarm|streets: (alarm|scale|command|slots|job))/.test(said)) say(`  ${said}`)
  }
}

type Lag = Awaited<ReturnType<typeof openLag>>

async function tell(lag: Lag, sent: readonly { atMs: number; total: number }[]): Promise<void> {
  const sample = await lag.look()
  const last = sent.at(-1)
  const before = sent.findLast(({ atMs }) => atMs <= (last?.atMs ?? 0) - STATUS_MS)
  if (sample === undefined || last === undefined || before === undefined) return
  const rate = (1_000 * (last.total - before.total)) / (last.atMs - before.atMs)
  const lateMs = sample.position >= last.total ? 0 : sample.atMs - sentMsAt({ sent }, sample.position)
  say(
    `${Math.round(rate)} records/s come · ${(Math.max(0, lateMs) / 1_000).toFixed(1)} s behind · ${sample.slots} slots`
  )
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
