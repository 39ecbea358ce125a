/**
 * DuckDB — reads CSV and Parquet, in memory, with a limit on both memory and threads.
 *
 * Opened for one read and closed after it: nothing is written, no database file is made. Not measured (`NULL`)
 * becomes `NaN`.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { PrescaleError } from '../base/index.ts'

export interface DuckDB {
  /** Columns of numbers: every column of the answer is cast to DOUBLE by the caller. */
  numbers(sql: string): Promise<Float64Array[]>
  /** Few rows as plain objects; numbers may arrive as text. */
  rows(sql: string): Promise<Readonly<Record<string, unknown>>[]>
}

const settings = { memory_limit: '1GB', threads: '2' }

/** Opens DuckDB, lends it to `use` and closes it whatever happens. An abort interrupts the running query. */
export async function withDuckDB<T>(use: (db: DuckDB) => Promise<T>, abort?: AbortSignal): Promise<T> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', settings)
  const connection = await instance.connect()
  const interrupt = () => connection.interrupt()
  abort?.addEventListener('abort', interrupt)
  try {
    if (abort?.aborted) throw new Error('aborted')
    return await use({
      numbers: (sql) => numbers(connection, sql),
      rows: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson()
    })
  } catch (cause) {
    if (abort?.aborted) throw new PrescaleError('INTERRUPTED', 'reading was interrupted', { cause })
    throw cause
  } finally {
    abort?.removeEventListener('abort', interrupt)
    connection.closeSync()
    instance.closeSync()
  }
}

/** A text as an SQL literal. */
export const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

/** A name as an SQL identifier. */
export const named = (name: string) => `"${name.replaceAll('"', '""')}"`

/** DuckDB explains itself over many lines: the first says what, or only on which line. */
export function firstLine(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  const [first, ...rest] = message.replace(/^[A-Z][A-Za-z ]*Error: /, '').split('\n')
  const line = /^CSV Error on Line: (\d+)/.exec(first)?.[1]
  if (line === undefined) return first
  // The offending text may be several lines long; the reason is the last line before the advice.
  const advice = rest.findIndex((text) => text.startsWith('Possible'))
  const why = rest.slice(0, Math.max(advice, 1)).findLast((text) => text.trim() !== '') ?? ''
  return `line ${line}: ${why.replace(/\.\s.*|\.$/, '')}`
}

async function numbers(connection: DuckDBConnection, sql: string): Promise<Float64Array[]> {
  const { DuckDBDoubleVector } = await import('@duckdb/node-api')
  const result = await connection.run(sql)
  const chunks = await result.fetchAllChunks()
  const count = chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0)
  return Array.from({ length: result.columnCount }, (_, column) => {
    const out = new Float64Array(count)
    let at = 0
    for (const chunk of chunks) {
      const vector = chunk.getColumnVector(column)
      if (!(vector instanceof DuckDBDoubleVector)) throw new Error(`column ${column} is not DOUBLE: ${sql}`)
      for (let i = 0; i < chunk.rowCount; i++) out[at++] = vector.getItem(i) ?? NaN
    }
    return out
  })
}
