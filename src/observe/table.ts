/**
 * Tables — CSV and Parquet files to Series: finds the columns, reads times and numbers, puts them on one step.
 *
 * Rates are events per second; a negative, infinite or unreadable one is refused with its row (rows are counted from 1
 * behind the header). An empty field, `NaN`, `null`, `NA`, and every row whose column `missing` is 1 or true are *not
 * measured*. With `count` every row is one event, and a step without an event between the first and the last is a
 * measured zero.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { formatDuration, MINUTE, PrescaleError, type Series, scale, series } from '../base/index.ts'
import { csv, firstLine } from './csv.ts'
import { type Column, findLoad, findTime, requireColumn, type Sample } from './detect.ts'
import { type DuckDB, named, quoted, withDuckDB } from './duckdb.ts'
import { grid } from './grid.ts'
import { parquet } from './parquet.ts'
import { type TimeFormat, timeFormats } from './time-format.ts'
import { fromWallClock, repeatedHours, requireZone, type ZonedTimes } from './zone.ts'

export interface Table {
  /** What to select from. */
  readonly from: string
  readonly columns: readonly Column[]
  /** Numbers may be written with a comma. */
  readonly decimalComma: boolean
}

export interface TableOptions {
  readonly time?: string
  readonly timeFormat?: string
  readonly value?: string
  /** Further columns to read on the same time axis; they may be negative. */
  readonly columns?: readonly string[]
  /** Every row is one event. */
  readonly count?: boolean
  /** Values are events per step, not per second. */
  readonly perStep?: boolean
  /** Bins for events (1 min when absent) and for rows without a regular step. */
  readonly stepMs?: number
  /** IANA zone of times written without one; UTC when absent. */
  readonly zone?: string
}

export interface TableRead {
  readonly series: Series
  readonly extra: Readonly<Record<string, Series>>
  readonly notes: readonly string[]
}

/** Reads a file. Errors: NOT_FOUND (file, column), BAD_INPUT (with the row), TOO_SHORT. */
export async function readTable(
  file: string,
  options: TableOptions = {},
  abort?: AbortSignal
): Promise<TableRead> {
  const isParquet = requireFile(file)
  if (options.zone !== undefined) requireZone(options.zone)
  return await withDuckDB(async (db) => {
    const table = await (isParquet ? parquet : csv)(db, file)
    const found = await lookAt(db, file, table, options)
    const notes = [...found.notes]
    const read = options.count ? await countEvents(found, options) : await readRows(found, options)
    return { ...read, notes: [...notes, ...read.notes] }
  }, abort)
}

/** A table whose times are understood. */
interface Found {
  readonly db: DuckDB
  readonly file: string
  readonly table: Table
  readonly sample: Sample
  readonly time: { readonly column: string; readonly format: TimeFormat }
  readonly notes: readonly string[]
}

/** True for Parquet, by its first bytes. */
function requireFile(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) throw new PrescaleError('NOT_FOUND', `${file} does not exist`)
  if (!stat.isFile()) throw new PrescaleError('NOT_FOUND', `${file} is not a file`)
  if (stat.size === 0) throw new PrescaleError('TOO_SHORT', `${file} is empty`)
  try {
    const handle = openSync(file, 'r')
    const magic = Buffer.alloc(4)
    readSync(handle, magic)
    closeSync(handle)
    return magic.toString('latin1') === 'PAR1'
  } catch (cause) {
    throw new PrescaleError('NOT_FOUND', `${file} cannot be opened: ${firstLine(cause)}`, { cause })
  }
}

async function lookAt(db: DuckDB, file: string, table: Table, options: TableOptions): Promise<Found> {
  const names = table.columns.map(({ name }) => name)
  const select = names.map((name) => `${named(name)}::VARCHAR AS ${named(name)}`).join(', ')
  const rows = await guarded(file, db.rows(`SELECT ${select} FROM ${table.from} LIMIT 200`))
  if (rows.length === 0) throw new PrescaleError('TOO_SHORT', `${file} has no rows`)
  const sample = Object.fromEntries(
    names.map((name) => [name, rows.map((row) => (row[name] === null ? null : String(row[name])))])
  )
  const time = findTime(file, table.columns, sample, options.time, options.timeFormat)
  const format =
    time.format === 'dd/mm or mm/dd' ? await dayOrMonth(db, file, table, time.column) : time.format
  const notes = format.offset
    ? ['times are offsets from an unknown start: hours and weekdays mean nothing']
    : []
  return { db, file, table, sample, time: { column: time.column, format }, notes }
}

/** 13 … 31 can only be a day. */
async function dayOrMonth(db: DuckDB, file: string, table: Table, column: string): Promise<TimeFormat> {
  const part = (group: number) =>
    `max(try_cast(regexp_extract(${named(column)}, '^\\s*(\\d+)[/-](\\d+)', ${group}) AS INTEGER))::DOUBLE`
  const [[first], [second]] = await guarded(
    file,
    db.numbers(`SELECT ${part(1)}, ${part(2)} FROM ${table.from}`)
  )
  if (first > 12 && second <= 12) return timeFormats['dd/mm']
  if (second > 12 && first <= 12) return timeFormats['mm/dd']
  throw new PrescaleError(
    'BAD_INPUT',
    `${file} column '${column}' could be day/month or month/day; say --time-format dd/mm or mm/dd, or write 2026-01-31`
  )
}

async function readRows(found: Found, options: TableOptions): Promise<TableRead> {
  const { db, file, table, sample, time } = found
  const load = findLoad(file, table.columns, sample, time.column, options.value)
  const extra = options.columns ?? []
  for (const name of extra) requireColumn(file, table.columns, name, '--as-run')
  const missing = table.columns.find(({ name }) => name.toLowerCase() === 'missing' && name !== load.column)
  const comma = table.decimalComma && writtenWithComma(sample[load.column])
  const wanted = [load.column, ...extra.filter((name) => name !== load.column)]
  const [times, gone, ...columns] = await guarded(
    file,
    db.numbers(
      `SELECT ${time.format.sql(named(time.column))}, ${missing === undefined ? '0' : isTrue(named(missing.name))}::DOUBLE,
       ${wanted.map((name) => numberSql(named(name), comma)).join(', ')} FROM ${table.from}`
    )
  )
  await requireTimes(found, times)
  await requireNumbers(found, wanted, columns)
  const removed = blankOut(columns, gone)
  const zoned = inZone(times, time.format, options.zone)
  const gridded = grid(
    {
      where: file,
      timesMs: zoned.timesMs,
      columns: Object.fromEntries(wanted.map((name, i) => [name, columns[i]]))
    },
    { stepMs: options.stepMs, sums: options.perStep ? [load.column] : [] }
  )
  const raw = gridded.series[load.column]
  if (raw.values.every(Number.isNaN)) {
    throw new PrescaleError(
      'BAD_INPUT',
      `${file} column '${load.column}' was never measured: every value is NaN or empty`
    )
  }
  return {
    series: options.perStep ? scale(raw, 1_000 / raw.stepMs) : raw,
    extra: Object.fromEntries(extra.map((name) => [name, gridded.series[name]])),
    notes: [
      ...(load.others.length > 0
        ? [`load is column '${load.column}' (others: ${load.others.join(', ')})`]
        : []),
      ...(removed > 0
        ? [`${removed} rows are marked in column '${missing?.name}': kept as not measured`]
        : []),
      ...zoneNotes(zoned, options.zone),
      ...gridded.notes
    ]
  }
}

/** Events per second, a zero where nothing happened between the first event and the last. */
async function countEvents(found: Found, options: TableOptions): Promise<TableRead> {
  const { db, file, table, time } = found
  if (options.value !== undefined || (options.columns ?? []).length > 0) {
    throw new PrescaleError('BAD_OPTION', '--count counts rows; it does not go with --value or --as-run')
  }
  const stepMs = options.stepMs ?? MINUTE
  const zone = time.format.zoned ? undefined : options.zone
  const at = momentSql(time.format.sql(named(time.column)), zone)
  const [bins, counts] = await guarded(
    file,
    db.numbers(
      `SELECT floor(${at} / ${stepMs})::DOUBLE AS bin, count(*)::DOUBLE
       FROM ${table.from} GROUP BY bin ORDER BY bin NULLS FIRST`
    )
  )
  if (Number.isNaN(bins[0])) await requireTimes(found, (await db.numbers(timesSql(found)))[0])
  const first = bins[0]
  const length = bins[bins.length - 1] - first + 1
  if (length > 100_000_000) {
    throw new PrescaleError(
      'BAD_INPUT',
      `${file} spans ${length} steps of ${formatDuration(stepMs)}: say a longer --step`
    )
  }
  const values = new Float64Array(length)
  for (let i = 0; i < bins.length; i++) values[bins[i] - first] = (counts[i] * 1_000) / stepMs
  const counted = series(stepMs, values, { startMs: first * stepMs })
  const repeated = zone === undefined ? 0 : blankRepeated(counted, zone)
  const events = counts.reduce((sum, n) => sum + n, 0)
  const notes = [
    `${events} events counted per ${formatDuration(stepMs)}; the first and the last step may be partial, steps without events are 0`
  ]
  if (repeated > 0) {
    notes.push(
      `${repeated} steps lie in an hour that comes twice in ${zone}: their events cannot be told apart, kept as not measured`
    )
  }
  return { series: counted, extra: {}, notes }
}

/** Milliseconds on a wall clock to milliseconds since the epoch. */
function momentSql(wallMs: string, zone: string | undefined): string {
  if (zone === undefined) return `(${wallMs})`
  return `(epoch_us(timezone(${quoted(zone)}, make_timestamp((1000 * ${wallMs})::BIGINT))) / 1000.0)`
}

function blankRepeated({ values, startMs, stepMs }: Series, zone: string): number {
  let blanked = 0
  for (const hours of repeatedHours(zone, startMs, startMs + values.length * stepMs)) {
    const from = Math.max(0, Math.floor((hours.fromMs - startMs) / stepMs))
    const to = Math.min(values.length, Math.ceil((hours.toMs - startMs) / stepMs))
    values.fill(NaN, from, to)
    blanked += Math.max(0, to - from)
  }
  return blanked
}

function inZone(times: Float64Array, format: TimeFormat, zone?: string): ZonedTimes {
  return format.zoned || zone === undefined
    ? { timesMs: times, skipped: 0, repeated: 0 }
    : fromWallClock(times, zone)
}

function zoneNotes({ skipped, repeated }: ZonedTimes, zone?: string): string[] {
  return [
    ...(skipped > 0 ? [`${skipped} rows lie in an hour that ${zone} skipped: moved behind it`] : []),
    ...(repeated > 0
      ? [`${repeated} rows lie in an hour that comes twice in ${zone}: told apart by their order`]
      : [])
  ]
}

const timesSql = ({ time, table }: Found) =>
  `SELECT ${time.format.sql(named(time.column))} FROM ${table.from}`

async function requireTimes(found: Found, times: Float64Array): Promise<void> {
  const row = times.findIndex((t) => !Number.isFinite(t))
  if (row === -1) return
  const text = await fieldAt(found, found.time.column, row)
  const what = text === '' ? 'no time' : `'${text}', which is not a time written as ${found.time.format.name}`
  throw new PrescaleError(
    'BAD_INPUT',
    `${found.file} row ${row + 1} has ${what} in column '${found.time.column}'`
  )
}

/** The load is finite and at least 0; further columns are finite. */
async function requireNumbers(
  found: Found,
  names: readonly string[],
  columns: readonly Float64Array[]
): Promise<void> {
  for (const [i, values] of columns.entries()) {
    const row = values.findIndex((y) => y === Infinity || y === -Infinity || (i === 0 && y < 0))
    if (row === -1) continue
    const text = await fieldAt(found, names[i], row)
    const right = i === 0 ? 'a rate is a finite number, at least 0' : 'a number is wanted'
    throw new PrescaleError(
      'BAD_INPUT',
      `${found.file} row ${row + 1} has '${text}' in column '${names[i]}': ${right}`
    )
  }
}

async function fieldAt({ db, table }: Found, column: string, row: number): Promise<string> {
  const [found] = await db.rows(
    `SELECT ${named(column)}::VARCHAR AS text FROM ${table.from} LIMIT 1 OFFSET ${row}`
  )
  return String(found.text ?? '').slice(0, 60)
}

function blankOut(columns: readonly Float64Array[], gone: Float64Array): number {
  let removed = 0
  for (let i = 0; i < gone.length; i++) {
    if (gone[i] !== 1) continue
    removed++
    for (const values of columns) values[i] = NaN
  }
  return removed
}

/** NULL (then `NaN`) where nothing was measured; infinity where a text is no number, so that the row is found. */
function numberSql(x: string, comma: boolean): string {
  const text = `trim(${x}::VARCHAR)`
  return `CASE WHEN ${x} IS NULL OR lower(${text}) IN ('', 'nan', 'null', 'na', 'n/a', 'none', 'nil', '-') THEN NULL
    ELSE coalesce(try_cast(${comma ? `replace(${text}, ',', '.')` : text} AS DOUBLE), 'inf'::DOUBLE) END`
}

const isTrue = (x: string) => `(lower(trim(${x}::VARCHAR)) IN ('1', 'true', 't', 'yes', '1.0'))`

function writtenWithComma(texts: readonly (string | null)[] = []): boolean {
  const there = texts.filter((text): text is string => text !== null && text.trim() !== '')
  return there.some((text) => text.includes(',')) && there.every((text) => /^\s*-?\d+(,\d+)?\s*$/.test(text))
}

/** DuckDB's errors while reading are about the file. */
async function guarded<T>(file: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    throw new PrescaleError('BAD_INPUT', `${file} cannot be read: ${firstLine(cause)}`, { cause })
  }
}
