/**
 * Data arguments, wherever a FILE stands: a CSV or Parquet path, `builtin:flights`, `builtin:daily-wave`, `builtin:accidents`, or
 * `prometheus:URL`. Everything becomes one Series of events per second.
 */
import { basename } from 'node:path'
import type { Command } from 'commander'
import {
  coarsen,
  DAY,
  endMs,
  formatDuration,
  MINUTE,
  PrescaleError,
  parseDuration,
  requireOption,
  type Series,
  scale,
  sliceSteps,
  unknownName
} from '../base/index.ts'
import type { EdgeData } from '../compare/edge-track.ts'
import type { PrometheusServer, RangeQuery } from '../observe/prometheus.ts'
import type { TableOptions } from '../observe/table.ts'
import { readMoment } from './moment.ts'
import { wholeNumber } from './numbers.ts'

/** The data flags as commander reads them. */
export interface DataOptions {
  readonly query?: string
  readonly from?: string
  readonly to?: string
  readonly step?: string
  readonly time?: string
  readonly timeFormat?: string
  readonly value?: string
  readonly perStep?: boolean
  readonly count?: boolean
  readonly scale?: string | number
  readonly floor?: boolean
  readonly tz?: string
  readonly trainUntil?: string | number
  readonly bearer?: string
  readonly header?: readonly string[]
  /** Of `builtin:daily-wave` and `builtin:accidents`. */
  readonly seed?: string | number
}

export interface Data {
  readonly series: Series
  /** What was assumed, repaired or left out on the way, one line each. */
  readonly notes: readonly string[]
  readonly name: string
  /** The further columns that were asked for, on the same time axis and neither scaled nor floored. */
  readonly extra: Readonly<Record<string, Series>>
  /** What only the edge sees of it: the streets of `builtin:accidents`. */
  readonly edge?: EdgeData
}

const builtins = ['flights', 'daily-wave', 'accidents']
/** Days of `builtin:accidents`. */
const ACCIDENT_DAYS = 5

/** Adds the flags that go with a FILE. */
export function addDataOptions(command: Command): Command {
  const isSeeded = command.options.some(({ long }) => long === '--seed')
  if (!isSeeded) command.option('--seed <N>', 'of builtin:daily-wave and builtin:accidents', '1')
  return command
    .option('--query <PROMQL>', 'what to ask Prometheus for; events/s')
    .option('--from <TIME>', 'first moment, such as 2026-01-31T00:00:00Z, or how long ago, such as 7d')
    .option('--to <TIME>', 'the moment after the last, same forms')
    .option('--step <DURATION>', 'step of the series: bins of events, or means over finer steps')
    .option('--time <COLUMN>', 'the column with the times (else detected)')
    .option(
      '--time-format <FORMAT>',
      'how times are written: s, ms, us, ns, offset-s, offset-ms, dd/mm, mm/dd'
    )
    .option('--value <COLUMN>', 'the column with the load (else detected)')
    .option('--per-step', 'values are events per step, not events/s')
    .option('--count', 'every row is one event: count them')
    .option('--scale <X>', 'multiply the load')
    .option('--floor', 'subtract 0.98 × the smallest value of the training part')
    .option('--bearer <REF>', 'token for Prometheus, as env:NAME or file:PATH')
    .option(
      '--header <NAME=VALUE>',
      'header for Prometheus, may be repeated; secrets as NAME=env:VARIABLE',
      (header: string, all: readonly string[] = []) => [...all, header]
    )
    .option('--tz <ZONE>', 'IANA zone of times written without one, such as Europe/Berlin (else UTC)')
}

/** Reads FILE as a Series of events/s. `columns` are read beside it, such as the recorded capacity. */
export async function readData(
  file: string,
  options: DataOptions = {},
  columns: readonly string[] = [],
  abort?: AbortSignal
): Promise<Data> {
  const data = await readSource(file, options, columns, abort)
  // Prometheus was asked for the range already.
  const shaped = shape(file.startsWith('prometheus:') ? data : cutAll(data, options), options)
  if (shaped.series.values.length === 0) {
    throw new PrescaleError('TOO_SHORT', `${file} has no step between --from and --to`)
  }
  return shaped
}

/** The first step behind the training part: a ratio of the steps (0.8 when nothing is said) or a moment. */
export function trainingSteps(s: Series, until: string | number = 0.8, zone?: string): number {
  const ratio = Number(until)
  if (Number.isFinite(ratio)) {
    requireOption(ratio > 0 && ratio < 1, '--train-until', until, 'between 0 and 1, or a time')
    return Math.floor(s.values.length * ratio)
  }
  const step = Math.floor((readMoment(String(until), '--train-until', zone, endMs(s)) - s.startMs) / s.stepMs)
  requireOption(
    step > 0 && step < s.values.length,
    '--train-until',
    until,
    `between ${new Date(s.startMs).toISOString()} and ${new Date(endMs(s)).toISOString()}`
  )
  return step
}

async function readSource(
  file: string,
  options: DataOptions,
  columns: readonly string[],
  abort?: AbortSignal
): Promise<Data> {
  if (file.startsWith('builtin:'))
    return await builtin(file.slice('builtin:'.length), options, columns, abort)
  if (file.startsWith('prometheus:')) return await prometheus(file, options, columns, abort)
  const { readTable } = await import('../observe/table.ts')
  const read = await readTable(file, { ...tableOptions(options), columns }, abort)
  return { ...read, name: basename(file).replace(/(\.csv|\.tsv|\.txt|\.parquet|\.pq)?(\.gz)?$/i, '') }
}

/** The flags that say how a file is read. */
export function tableOptions(options: DataOptions): TableOptions {
  const { time, timeFormat, value, count, perStep, tz } = options
  return { time, timeFormat, value, count, perStep, stepMs: stepOf(options), zone: tz }
}

async function builtin(
  name: string,
  options: DataOptions,
  columns: readonly string[],
  abort?: AbortSignal
): Promise<Data> {
  if (!builtins.includes(name)) {
    throw new PrescaleError('BAD_OPTION', unknownName('a built-in series', name, builtins))
  }
  if (columns.length > 0) {
    throw new PrescaleError('NOT_FOUND', `builtin:${name} has no column '${columns[0]}', only its load`)
  }
  const { flights, flightsFile } = await import('../observe/builtin.ts')
  const path = name === 'flights' ? flightsFile() : undefined
  if (path !== undefined) return { ...(await flights(path, abort)), name, extra: {} }
  const seed = wholeNumber('--seed', options.seed ?? 1, 0)
  if (name === 'accidents') {
    const { accidents } = await import('../sim/load/accidents.ts')
    const days = { durationMs: ACCIDENT_DAYS * DAY, startMs: Date.UTC(2024, 0, 1) }
    const { total, streets, accidents: happened } = accidents(days, seed)
    return { series: total, notes: [], name, extra: {}, edge: { streets, accidents: happened } }
  }
  const { dailyWave } = await import('../sim/load/daily-wave.ts')
  const absent =
    name === 'flights'
      ? ['the npm package vega-datasets is not installed: builtin:daily-wave instead of the flights']
      : []
  return {
    series: dailyWave({ seed }),
    notes: absent,
    name: 'daily-wave',
    extra: {}
  }
}

async function prometheus(
  file: string,
  options: DataOptions,
  columns: readonly string[],
  abort?: AbortSignal
): Promise<Data> {
  if (columns.length > 0) {
    throw new PrescaleError('NOT_FOUND', `${file} has no column '${columns[0]}', only the answer to --query`)
  }
  const { queryRange } = await import('../observe/prometheus.ts')
  const range = rangeOf(file, options)
  const { series, quality, notes } = await queryRange(serverOf(file, options), range, abort)
  if (quality === 'missing') {
    throw new PrescaleError(
      'BAD_INPUT',
      `${file} has nothing for ${range.query} in this range: check --query, --from and --to`
    )
  }
  const perSecond = options.perStep ? scale(series, 1_000 / series.stepMs) : series
  return { series: perSecond, notes, name: range.query, extra: {} }
}

/** The server of `prometheus:URL`, with --bearer and --header. */
export function serverOf(file: string, options: DataOptions): PrometheusServer {
  return {
    url: file.slice('prometheus:'.length),
    bearer: options.bearer,
    headers: headers(options.header)
  }
}

function rangeOf(file: string, options: DataOptions): RangeQuery {
  const { query, from = '14d', to = 'now', tz } = options
  if (query === undefined) {
    throw new PrescaleError(
      'BAD_OPTION',
      `${file} needs --query, such as 'sum(rate(http_requests_total[1m]))'`
    )
  }
  const nowMs = Date.now()
  return {
    query,
    fromMs: readMoment(from, '--from', tz, nowMs),
    toMs: readMoment(to, '--to', tz, nowMs),
    stepMs: stepOf(options) ?? MINUTE
  }
}

function headers(given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((header) => {
      const at = header.indexOf('=')
      requireOption(at > 0, '--header', header, 'NAME=VALUE')
      return [header.slice(0, at), header.slice(at + 1)]
    })
  )
}

/** Coarsened to --step, floor subtracted, scaled: in this order. */
function shape(data: Data, options: DataOptions): Data {
  const stepMs = stepOf(options)
  const factor = options.scale === undefined ? 1 : Number(options.scale)
  requireOption(factor > 0 && Number.isFinite(factor), '--scale', options.scale, 'a positive number')
  const raw = toStep(data.series, stepMs)
  const extra = mapValues(data.extra, (s) => toStep(s, stepMs))
  if (!options.floor) {
    const edge = data.edge && { ...data.edge, streets: data.edge.streets.map((s) => scale(s, factor)) }
    return { ...data, series: scale(raw, factor), extra, ...(edge && { edge }) }
  }
  const floor = 0.98 * smallest(raw.values.subarray(0, trainingSteps(raw, options.trainUntil, options.tz)))
  const notes = [...data.notes, `floor subtracted: ${floor} events/s = 0.98 × the training part's minimum`]
  // Which part of a street is floor nobody knows.
  const { edge, ...rest } = data
  const silent = edge ? ['--floor leaves the streets without a load of their own: no edge signals'] : []
  return { ...rest, series: scale(minus(raw, floor), factor), extra, notes: [...notes, ...silent] }
}

function stepOf(options: DataOptions): number | undefined {
  if (options.step === undefined) return undefined
  const stepMs = parseDuration(options.step, '--step')
  requireOption(stepMs >= 1, '--step', options.step, 'a duration of at least 1ms, such as 1m')
  return stepMs
}

/** Cut to --from and --to. `7d` on a file is seven days before its end: the file's now. */
function cutAll(data: Data, options: DataOptions): Data {
  const s = data.series
  const at = (text: string | undefined, name: string, otherwise: number) =>
    text === undefined ? otherwise : (readMoment(text, name, options.tz, endMs(s)) - s.startMs) / s.stepMs
  const from = Math.ceil(at(options.from, '--from', 0))
  const to = Math.max(from, Math.floor(at(options.to, '--to', s.values.length)))
  const cut = (series: Series) => sliceSteps(series, from, to)
  return { ...data, series: cut(s), extra: mapValues(data.extra, cut) }
}

const mapValues = (all: Readonly<Record<string, Series>>, map: (s: Series) => Series) =>
  Object.fromEntries(Object.entries(all).map(([name, s]) => [name, map(s)]))

function toStep(s: Series, stepMs: number | undefined): Series {
  if (stepMs === undefined || stepMs === s.stepMs) return s
  requireOption(
    stepMs > s.stepMs && stepMs % s.stepMs === 0,
    '--step',
    formatDuration(stepMs),
    `a multiple of the step of the data, ${formatDuration(s.stepMs)}`
  )
  return coarsen(s, stepMs / s.stepMs)
}

/** Loads below the floor happen behind the training part; a rate cannot be negative. */
function minus(s: Series, floor: number): Series {
  return { ...s, values: s.values.map((y) => (y < floor ? 0 : y - floor)) }
}

function smallest(values: Float64Array): number {
  let least = NaN
  for (const y of values) if (!(y >= least) && !Number.isNaN(y)) least = y
  return least
}
