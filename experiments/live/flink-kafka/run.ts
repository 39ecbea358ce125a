/**
 * Three controllers in turn size one real Flink job that reads one real Kafka, under the same traffic: a fixed size, the HPA's rule, and
 * Prescale with a gateway that warns it.
 */
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OptionTable } from '../../../src/base/index.ts'
import { readOptions } from '../../../src/base/index.ts'
import { type AccidentLoad, accidents } from '../../../src/sim/index.ts'
import { sqlite } from '../../../src/store/index.ts'
import { freePort } from '../../../test/live/java.ts'
import type { Claim, Experiment, ExperimentOptions, ExperimentResult } from '../../experiment.ts'
import { latenessOf, momentsOf, watchLag } from '../lag.ts'
import { outcomeOf } from '../outcome.ts'
import { newFolder, type Running, startPrescale } from '../processes.ts'
import { type Stack, startStack } from '../stack.ts'
import { playTraffic, warnedDays } from '../traffic.ts'
import { type AsTheyCome, asTheyCome } from './as-they-come.ts'
import { gateway, type Place, prescale, reactive } from './controllers.ts'
import { loadOf, pictureOf, type Track } from './picture.ts'
import { type Configs, type Rehearsed, rehearsed } from './rehearsed.ts'

const options = {
  speed: { kind: 'number', default: 5, min: 1, says: 'how many times as fast the trace is played' },
  minutes: { kind: 'number', default: 3.75, min: 1, says: 'real minutes of traffic for each controller' },
  repeats: { kind: 'integer', default: 3, min: 1, says: 'how often, each time with another day of traffic' },
  fixed: { kind: 'integer', default: 10, min: 1, says: 'slots of the fixed size: peak × 1.2' },
  controllers: { kind: 'text', default: 'fixed,reactive,prescale', says: 'who sizes the job, in turn' },
  keep: { kind: 'text', says: 'a folder in which records, logs and the picture stay' }
} satisfies OptionTable

export const experiment: Experiment = {
  name: 'live/flink-kafka',
  says: 'a fixed size, the HPA’s rule and Prescale with a gateway, in turn on a real Flink and Kafka',
  options,
  run
}

/** A record costs 5 ms to parse and 10 ms to count, so a subtask of each does 200 and 100 a second. */
const COSTS = { parseUs: 5_000, countUs: 10_000 }
const MAX_SLOTS = 12
const LATE_MS = 5_000
const SHORT = { minutes: 1.6, repeats: 1, speed: 5, controllers: 'prescale' }
const FIRST_SEED = 7_001
const SHORT_SEED = 7_000
const ANY_DAYS = 40
const KEY = 'a-key-for-one-experiment-only'

type Settings = ReturnType<typeof readOptions<typeof options>>

interface Row {
  readonly controller: string
  readonly repeat: number
  /** Of the day's traffic. */
  readonly seed: number
  readonly lateShare: number
  readonly worstLagS: number
  readonly meanSlots: number
  readonly rescales: number
  readonly records: number
  readonly lost: number
  readonly doubled: number
  /** From the decision on record to Flink's tasks running, s. */
  readonly actuationP50S: number | null
}

async function run({ long, progress, given }: ExperimentOptions): Promise<ExperimentResult> {
  const settings = readOptions('live/flink-kafka', options, long ? given : { ...SHORT, ...given })
  const days = daysOf(settings, long)
  const stack = await startStack(3, progress)
  const rows: Row[] = []
  const tracks: Track[] = []
  try {
    const names = settings.controllers.split(',')
    for (let repeat = 0; repeat < settings.repeats; repeat++) {
      for (const name of names) {
        progress(`${name}, ${repeat + 1} of ${settings.repeats}`)
        const { row, track } = await one(stack, name, repeat, settings, days[repeat], progress)
        rows.push(row)
        if (repeat === 0) tracks.push(track)
      }
    }
  } finally {
    await stack.stop()
  }
  const picture = pictureOf(tracks, LATE_MS / 1_000)
  if (settings.keep !== undefined) writeFileSync(join(settings.keep, 'lag-and-slots.svg'), picture)
  const predicted = predictedFor(rows, settings, days)
  const asComes = long ? anyDays(rows, settings) : []
  return {
    experiment: 'live/flink-kafka',
    settings: { form: long ? 'long' : 'short', ...settings, ...COSTS, lateMs: LATE_MS, maxSlots: MAX_SLOTS },
    rows: [
      ...rows.flatMap((row, i) => [
        { how: 'measured', ...row },
        { how: 'rehearsed', controller: row.controller, repeat: row.repeat, seed: row.seed, ...predicted[i] }
      ]),
      ...asComes
    ],
    claims: claimsOf(rows),
    pictures: { 'lag-and-slots.svg': picture }
  }
}

interface Day {
  readonly seed: number
  readonly load: AccidentLoad
}

/** The traffic of each repeat: the first days from seed 7001 on with an accident that its street shows before, in the short form one of our own. */
function daysOf({ minutes, speed, repeats }: Settings, long: boolean): Day[] {
  const durationMs = minutes * 60_000 * speed
  if (long) return warnedDays(repeats, FIRST_SEED, durationMs)
  return Array.from({ length: repeats }, () => ({ seed: SHORT_SEED, load: oneAccident(durationMs) }))
}

/** What a rehearsal says of each run, with the time that Flink took for a change in these runs. */
function predictedFor(rows: readonly Row[], settings: Settings, days: readonly Day[]): Rehearsed[] {
  const scene = sceneOf(rows, settings)
  return rows.map(({ controller, repeat }) => {
    const { load } = days[repeat]
    const initial = sizedAt(controller, settings)
    return rehearsed(configsOf(controller, settings), { ...scene, load, initial })
  })
}

/** And what it says of days that nobody chose. */
export function anyDays(rows: readonly Pick<Row, 'actuationP50S'>[], settings: Settings): AsTheyCome[] {
  const contenders = settings.controllers.split(',').map((controller) => ({
    ...{ controller, configs: configsOf(controller, settings), initial: sizedAt(controller, settings) }
  }))
  const durationMs = settings.minutes * 60_000 * settings.speed
  const days = { firstSeed: FIRST_SEED, days: ANY_DAYS, durationMs }
  return asTheyCome(contenders, sceneOf(rows, settings), days)
}

function sceneOf(rows: readonly Pick<Row, 'actuationP50S'>[], { speed }: Settings) {
  const took = rows.flatMap(({ actuationP50S }) => actuationP50S ?? []).toSorted((a, b) => a - b)
  const rescaleMs = 1_000 * (took[Math.floor(took.length / 2)] ?? 2)
  return { ...COSTS, speed, lateMs: LATE_MS, maxSlots: MAX_SLOTS, rescaleMs }
}

function configsOf(controller: string, { speed }: Settings): Configs {
  const place = { ...nowhere, speed }
  if (controller === 'fixed') return {}
  if (controller === 'reactive') return { loop: reactive(place) }
  return { loop: prescale(place), gateway: gateway(place, 'mqtt://127.0.0.1:1') }
}

/** For a rehearsal only what a config says of policies counts. */
const nowhere: Place = {
  ...{ flink: 'http://127.0.0.1:1', kafka: '127.0.0.1:1', job: 'job', topic: 'raw', group: 'job' },
  ...{ folder: '.', speed: 1, maxSlots: MAX_SLOTS }
}

function startOf(controller: string, { fixed }: Settings) {
  const start = controller === 'fixed' ? fixed : 3
  return { source: 1, parse: Math.ceil(start / 2), count: start }
}

/** What may be sized of it. */
function sizedAt(controller: string, settings: Settings) {
  const { parse, count } = startOf(controller, settings)
  return { parse, count }
}

/** For the short form: one accident, announced by its street. */
function oneAccident(durationMs: number): AccidentLoad {
  const accident = { street: 5, atMs: 0.6 * durationMs, leadMs: 75_000, peak: 3, holdMs: 0.2 * durationMs }
  return accidents({ durationMs, schedule: [{ ...accident, decayMs: 20_000 }] }, SHORT_SEED)
}

async function one(
  stack: Stack,
  controller: string,
  repeat: number,
  settings: Settings,
  { seed, load }: Day,
  progress: (line: string) => void
): Promise<{ row: Row; track: Track }> {
  const name = `${controller}-${repeat}`
  const topics = { in: `raw-${name}`, out: `out-${name}` }
  await stack
    .createTopics({
      [topics.in]: 12,
      [topics.out]: 4,
      ...(repeat === 0 && controller !== 'reactive' && { 'iot-metadata': 1 })
    })
    .catch(() => {})
  const parallelism = startOf(controller, settings)
  const job = await stack.submit({ name, ...topics, group: `${name}-group`, ...COSTS, parallelism })
  const folder = newFolder()
  const place: Place = {
    flink: stack.flink.url,
    kafka: stack.kafka.server,
    job: name,
    topic: topics.in,
    group: `${name}-group`,
    folder,
    speed: settings.speed,
    maxSlots: MAX_SLOTS
  }
  const running: Running[] = []
  const stop = new AbortController()
  let mqtt: string | undefined
  try {
    const env = { GATEWAY_KEY: KEY }
    if (controller === 'prescale') {
      const port = await freePort()
      mqtt = `mqtt://127.0.0.1:${port}`
      const args = ['gateway', '--broker', `127.0.0.1:${port}`]
      running.push(await startPrescale(args, gateway(place, mqtt), { folder, ready: /gateway/, env }))
    }
    if (controller !== 'fixed') {
      const config = controller === 'prescale' ? prescale(place) : reactive(place)
      running.push(await startPrescale(['run', '--apply'], config, { folder, ready: /run: /, env }))
    }
    const watching = watchLag(
      { kafka: stack.kafka.server, topic: topics.in, group: `${name}-group`, rest: stack.rest, job },
      stop.signal
    )
    const traffic = await playTraffic(
      { kafka: stack.kafka.server, topic: topics.in, mqtt, load, speed: settings.speed, seed: repeat },
      stop.signal
    )
    const outcome = await outcomeOf(stack.kafka.server, topics.out, traffic.byKey)
    stop.abort()
    const moments = momentsOf(await watching, traffic)
    const late = latenessOf(moments, LATE_MS)
    for (const process of running) await process.stop()
    if (settings.keep !== undefined) keep(folder, join(settings.keep, name), running)
    const acted = controller === 'fixed' ? { rescales: 0, actuationP50S: null } : actedIn(folder, name)
    const row = {
      controller,
      repeat,
      seed,
      ...late,
      ...acted,
      records: traffic.sent.at(-1)?.total ?? 0,
      lost: outcome.lost,
      doubled: outcome.doubled
    }
    progress(JSON.stringify(row))
    return { row, track: { controller, moments, load: loadOf(traffic) } }
  } catch (error) {
    for (const process of running) progress(process.said().slice(-3_000))
    throw error
  } finally {
    stop.abort()
    for (const process of running) await process.stop()
    await stack.cancel(job)
    rmSync(folder, { recursive: true, force: true })
  }
}

function keep(folder: string, to: string, running: readonly Running[]): void {
  cpSync(folder, to, { recursive: true })
  for (const { name, said } of running) writeFileSync(join(to, `${name}.log`), said())
}

/** What the record says of commands: how many were carried out, and how long that took. */
function actedIn(folder: string, target: string): { rescales: number; actuationP50S: number | null } {
  const store = sqlite({ file: join(folder, 'live.sqlite'), readOnly: true })
  try {
    const done = store.commands(target, 0).filter(({ receipt }) => receipt && receipt.refused === undefined)
    const took = done
      .map(({ atMs, receipt }) => ((receipt?.atMs ?? atMs) - atMs) / 1_000)
      .toSorted((a, b) => a - b)
    return { rescales: done.length, actuationP50S: took[Math.floor(took.length / 2)] ?? null }
  } finally {
    store.close()
  }
}

function claimsOf(rows: readonly Row[]): Claim[] {
  const mean = (controller: string, of: (row: Row) => number) => {
    const own = rows.filter((row) => row.controller === controller).map(of)
    return own.reduce((sum, value) => sum + value, 0) / own.length
  }
  const wrong = rows.reduce((sum, { lost, doubled }) => sum + lost + doubled, 0)
  const claims: Claim[] = [
    {
      id: 'exactly-once',
      text: 'records lost or doubled, over all runs',
      expected: 0,
      measured: wrong,
      holds: wrong === 0
    }
  ]
  if (!rows.some(({ controller }) => controller === 'reactive')) return claims
  const late = mean('prescale', ({ lateShare }) => lateShare) / mean('reactive', ({ lateShare }) => lateShare)
  const slots =
    mean('prescale', ({ meanSlots }) => meanSlots) / mean('reactive', ({ meanSlots }) => meanSlots)
  claims.push(
    {
      id: 'late',
      text: 'late time of Prescale, of the reactive controller’s',
      expected: '≤ 0.5',
      measured: round(late),
      holds: late <= 0.5
    },
    {
      id: 'slots',
      text: 'slot-hours of Prescale, of the reactive controller’s',
      expected: '≤ 1.1',
      measured: round(slots),
      holds: slots <= 1.1
    }
  )
  return claims
}

const round = (value: number) => Math.round(1_000 * value) / 1_000
