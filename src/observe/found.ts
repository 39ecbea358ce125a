/** What readers of tables share: a table whose times are understood, and how its errors are told. */
import { PrescaleError, type Series } from '../base/index.ts'
import type { Sample, Table } from './detect.ts'
import { type DuckDB, firstLine, named } from './duckdb.ts'
import type { Finding } from './grid.ts'
import type { TimeFormat } from './time-format.ts'

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

/** A table whose times are understood. */
export interface Found {
  readonly db: DuckDB
  readonly file: string
  readonly table: Table
  readonly sample: Sample
  readonly time: { readonly column: string; readonly format: TimeFormat }
  readonly findings: readonly Finding[]
}

/** What was read of it. */
export interface Read {
  readonly series: Series
  readonly extra: Readonly<Record<string, Series>>
  readonly load: string
  readonly findings: readonly Finding[]
}

/** Refuses the first row without a time. */
export async function requireTimes(found: Found, times: Float64Array): Promise<void> {
  const row = times.findIndex((t) => !Number.isFinite(t))
  if (row === -1) return
  const text = await fieldAt(found, found.time.column, row)
  const what = text === '' ? 'no time' : `'${text}', which is not a time written as ${found.time.format.name}`
  throw new PrescaleError(
    'BAD_INPUT',
    `${found.file} row ${row + 1} has ${what} in column '${found.time.column}'`
  )
}

/** What stands in a row, for messages. */
export async function fieldAt({ db, table }: Found, column: string, row: number): Promise<string> {
  const [found] = await db.rows(
    `SELECT ${named(column)}::VARCHAR AS text FROM ${table.from} LIMIT 1 OFFSET ${row}`
  )
  return String(found.text ?? '').slice(0, 60)
}

/** DuckDB's errors while reading are about the file. */
export async function guarded<T>(file: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    throw new PrescaleError('BAD_INPUT', `${file} cannot be read: ${firstLine(cause)}`, { cause })
  }
}
export const timesSql = ({ time, table }: Found) =>
  `SELECT ${time.format.sql(named(time.column))} FROM ${table.from}`
