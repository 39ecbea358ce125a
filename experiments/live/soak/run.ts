/**
 * An hour of the live loop against a Flink that is not well: does anything grow?
 *
 * The loop is a process of its own that samples itself (`watched.ts`); the gateway is one, too. The slopes are those of the medians of minutes
 * behind the warm-up, the first quarter, in which every window fills up: history of the forecasts, retention of the record.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { MINUTE, type OptionTable, PrescaleError, readOptions, SECOND } from '../../../src/base/index.ts'
import type { Row } from '../../../src/cli/output.ts'
import { askLoop } from '../../../src/serve/index.ts'
import { freePort } from '../../../test/live/java.ts'
import type { Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { newFolder, startPrescale } from '../processes.ts'
import { type City, JOBS, openCity } from './city.ts'
import { claimsOf, type Minute, minutesOf } from './growth.ts'
import type { Said, Sample } from './watched.ts'

const options = {
  minutes: { kind: 'number', default: 60, min: 0.25, says: 'how long it runs' }
} satisfies OptionTable

export const experiment: Experiment = {
  name: 'live/soak',
  says: 'an hour of the live loop against a Flink with faults: heap, memory, descriptors, record and turns do not grow or fall behind',
  options,
  run
}

const SHORT = { minutes: 0.5 }
const KEY = 'a-key-for-one-experiment-only'
const TICK_MS = SECOND

/** What was sampled, with what the gateway's process held at that moment. */
export type Seen = Sample & { readonly gatewayRssMiB: number }

async function run({ long, progress, given }: ExperimentOptions): Promise<ExperimentResult> {
  const { minutes } = readOptions('live/soak', options, long ? given : { ...SHORT, ...given })
  const sampleMs = minutes < 5 ? 2 * SECOND : 10 * SECOND
  const retentionMs = Math.max(MINUTE, (minutes / 6) * MINUTE)
  const folder = newFolder()
  const opened: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
  try {
    const port = await freePort()
    const mqtt = `mqtt://127.0.0.1:${port}`
    const gateway = await startPrescale(
      ['gateway', '--broker', `127.0.0.1:${port}`],
      gatewayOf(mqtt, folder),
      { folder, ready: /gateway: /, env: { GATEWAY_KEY: KEY } }
    )
    opened.push(gateway.stop)
    const city = await openCity(mqtt)
    opened.push(city.close)
    const file = join(folder, 'run.yaml')
    writeFileSync(file, stringify(loopOf(city.url, mqtt, folder, retentionMs)))
    const seen = await watch(
      { file, socket: join(folder, 'loop.sock'), sampleMs, untilMs: Date.now() + minutes * MINUTE },
      gateway.pid,
      progress,
      opened
    )
    return resultOf(seen, city, { long, minutes, sampleMs, retentionMs })
  } finally {
    for (const close of opened.reverse()) await close()
  }
}

interface Watching {
  readonly file: string
  readonly socket: string
  readonly sampleMs: number
  readonly untilMs: number
}

/** Begins the loop and collects what it says of itself; asks meanwhile what people and Prometheus ask. */
async function watch(
  { file, socket, sampleMs, untilMs }: Watching,
  gatewayPid: number | undefined,
  progress: (line: string) => void,
  opened: (() => unknown)[]
): Promise<Seen[]> {
  const child = fork(fileURLToPath(new URL('watched.ts', import.meta.url)), [file, String(sampleMs)], {
    execArgv: ['--expose-gc'],
    serialization: 'advanced',
    env: { ...process.env, GATEWAY_KEY: KEY }
  })
  opened.push(() => ended(child))
  const seen: Seen[] = []
  let metricsUrl: string | undefined
  const trouble: string[] = []
  child.on('message', (said: Said) => {
    if ('metricsUrl' in said) metricsUrl = said.metricsUrl
    else if ('trouble' in said) trouble.push(said.trouble)
    else seen.push({ ...said.sample, gatewayRssMiB: rssOf(gatewayPid) })
  })
  while (Date.now() < untilMs) {
    await sleep(Math.min(sampleMs, untilMs - Date.now()))
    if (child.exitCode !== null) throw new PrescaleError('IO', `the loop ended: ${trouble.join('; ')}`)
    if (metricsUrl === undefined) continue
    await Promise.all([fetch(metricsUrl).then((answer) => answer.text()), askLoop(socket, { ask: 'status' })])
    const last = seen.at(-1)
    if (last)
      progress(
        `${Math.ceil((untilMs - Date.now()) / MINUTE)} min left, ${last.turns} turns, heap ${last.heapMiB.toFixed(1)} MiB`
      )
  }
  if (trouble.length > 0) throw new PrescaleError('IO', `the loop complained: ${trouble[0]}`)
  return seen
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exit = once(child, 'exit')
  const late = setTimeout(() => child.kill('SIGKILL'), 15 * SECOND)
  child.disconnect()
  await exit
  clearTimeout(late)
}

/** Resident memory of another process, where there is a /proc. */
function rssOf(pid: number | undefined): number {
  const file = `/proc/${pid}/status`
  if (!existsSync(file)) return NaN
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1] ?? NaN) / 1024
}

function loopOf(url: string, mqtt: string, folder: string, retentionMs: number): object {
  const policies = ['mpc', 'flink', 'hpa']
  const targetOf = (job: string, i: number) => ({
    mode: 'apply',
    source: { type: 'flink', url, job, timeout: '2s' },
    actuator: { type: 'flink', url, job, timeout: '2s', reachWithin: '5s' },
    policy: policies[i],
    interval: `${TICK_MS}ms`,
    // Windows that are full within the warm-up.
    forecast: { method: 'ewma', step: '5s', history: `${retentionMs}ms`, refit: `${retentionMs}ms` },
    maxReplicas: 8,
    leadTime: { p50: '1s', p90: '2s' },
    restart: { p50: '1s', p90: '2s' },
    slo: { latency: '5s' }
  })
  return {
    version: 1,
    targets: Object.fromEntries(JOBS.map((job, i) => [job, targetOf(job, i)])),
    signals: { from: { type: 'mqtt', url: mqtt } },
    gateways: [{ id: 'g1', keyId: 'g1', key: 'env:GATEWAY_KEY', ttl: '15s' }],
    store: { path: join(folder, 'live.sqlite'), retention: `${retentionMs}ms` },
    listen: { metrics: 0, socket: join(folder, 'loop.sock') }
  }
}

function gatewayOf(mqtt: string, folder: string): object {
  return {
    version: 1,
    gateway: {
      id: 'g1',
      subscribe: { type: 'mqtt', url: mqtt, topics: ['sensors/+/raw'], qos: 0 },
      options: { step: '1s', level: 1, heartbeat: '5s' },
      predictor: { method: 'cusum', options: { warmUp: '20s' } },
      publish: { type: 'mqtt', url: mqtt },
      outbox: { path: join(folder, 'outbox') },
      sign: { algorithm: 'hmac-sha256', key: 'env:GATEWAY_KEY', keyId: 'g1' }
    },
    listen: { metrics: false }
  }
}

interface Form {
  readonly long: boolean
  readonly minutes: number
  readonly sampleMs: number
  readonly retentionMs: number
}

function resultOf(seen: readonly Seen[], city: City, form: Form): ExperimentResult {
  const { minutes, sampleMs, retentionMs, long } = form
  const lines = minutesOf(seen)
  return {
    experiment: experiment.name,
    settings: {
      form: long ? 'long' : 'short',
      ...{ minutes, tickMs: TICK_MS, sampleMs, retentionMs, targets: JOBS.length },
      ...{ warmUpMinutes: minutes / 4, samples: seen.length, faults: city.faults, rescales: city.rescales() }
    },
    rows: lines.map(rowOf),
    claims: claimsOf(seen, lines, { minutes, targets: JOBS.length, tickMs: TICK_MS, faults: city.faults })
  }
}

const rowOf = (minute: Minute): Row =>
  Object.fromEntries(Object.entries(minute).map(([name, value]) => [name, Math.round(1_000 * value) / 1_000]))
