/**
 * Tables — CSV and Parquet files to Series: finds the columns, reads times and numbers, puts them on one step.
 *
 * Rates are events per second; a negative, infinite or unreadable one is refused with its row (rows are counted from 1
 * behind the header). An empty field, `NaN`, `null`, `NA`, and every row whose column `missing` is 1 or true are *not
 * measured*. With `count` every row is one event, and a step without an event between the first and the last is a
 * measured zero.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { PrescaleError, scale } from '../base/index.ts'
import { countEvents } from './count.ts'
import { csv } from './csv.ts'
import { findLoad, findTime, requireColumn, type Table } from './detect.ts'
import { type DuckDB, firstLine, named, withDuckDB } from './duckdb.ts'
import { type Found, fieldAt, guarded, type Read, requireTimes, type TableOptions } from './found.ts'
import { type Finding, grid, tell } from './grid.ts'
import { mixedZones } from './mixed-zones.ts'
import { parquet } from './parquet.ts'
import { type TimeFormat, timeFormats } from './time-format.ts'
import { fromWallClock, requireZone, type ZonedTimes } from './zone.ts'

export type { TableOptions } from './found.ts'

export interface TableRead extends Read {
  /** The columns that were read: the one with the times and how it is written, and the load. */
  readonly time: { readonly column: string; readonly format: string; readonly zoned: boolean }
  /** The findings as lines. */
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
    const seen = await lookAt(db, file, table, options)
    const reader = options.count ? countEvents : readRows
    const { found, read } = await reader(seen, options).then(
      (read) => ({ found: seen, read }),
      async (error: unknown) => {
        // Looked for only where a time could not be read: it takes a reading of the whole column.
        const isTime = error instanceof PrescaleError && error.code === 'BAD_INPUT'
        const found = isTime ? await mixedZones(seen, options.zone) : undefined
        if (found === undefined) throw error
        return { found, read: await reader(found, options) }
      }
    )
    const { column, format } = found.time
    const findings = [...found.findings, ...read.findings]
    return {
      ...read,
      time: { column, format: format.name, zoned: format.zoned },
      findings,
      notes: findings.map(({ says }) => says)
    }
  }, abort)
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
    const isParquet = magic.toString('latin1') === 'PAR1'
    if (!isParquet && /\.(parquet|pq)$/i.test(file)) {
      throw new PrescaleError('BAD_INPUT', `${file} is no Parquet file: it does not begin with PAR1`)
    }
    return isParquet
  } catch (cause) {
    if (cause instanceof PrescaleError) throw cause
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
  const findings = format.offset
    ? [tell('start', 'times are offsets from an unknown start: hours and weekdays mean nothing')]
    : []
  return { db, file, table, sample, time: { column: time.column, format }, findings }
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

async function readRows(found: Found, options: TableOptions): Promise<Read> {
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
  const empty = columns[0].reduce((count, y, i) => (Number.isNaN(y) && gone[i] !== 1 ? count + 1 : count), 0)
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
    load: load.column,
    findings: [
      ...(load.others.length > 0
        ? [tell('columns', `load is column '${load.column}' (others: ${load.others.join(', ')})`)]
        : []),
      ...(removed > 0
        ? [tell('missing', `${removed} rows are marked in column '${missing?.name}': kept as not measured`)]
        : []),
      ...(empty > 0
        ? [
            tell(
              'missing',
              `${empty} ${empty === 1 ? 'row has' : 'rows have'} no value in column '${load.column}': kept as not measured`
            )
          ]
        : []),
      ...zoneFindings(zoned, options.zone),
      ...gridded.findings
    ]
  }
}

function inZone(times: Float64Array, format: TimeFormat, zone?: string): ZonedTimes {
  return format.zoned || zone === undefined
    ? { timesMs: times, skipped: 0, repeated: 0 }
    : fromWallClock(times, zone)
}

function zoneFindings({ skipped, repeated }: ZonedTimes, zone?: string): Finding[] {
  return [
    ...(skipped > 0
      ? [tell('zone', `${skipped} rows lie in an hour that ${zone} skipped: moved behind it`)]
      : []),
    ...(repeated > 0
      ? [
          tell(
            'zone',
            `${repeated} rows lie in an hour that comes twice in ${zone}: told apart by their order`
          )
        ]
      : [])
  ]
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
