/**
 * Parquet — a table with typed columns, with DuckDB's reader.
 *
 *   read_parquet(file)
 */
import { PrescaleError } from '../base/index.ts'
import type { Table } from './detect.ts'
import { type DuckDB, firstLine, quoted } from './duckdb.ts'

/** The columns of the file with their types, and how to select from it. */
export async function parquet(db: DuckDB, file: string): Promise<Table> {
  const from = `read_parquet(${quoted(file)})`
  try {
    const columns = await db.rows(`DESCRIBE SELECT * FROM ${from}`)
    return {
      from,
      columns: columns.map((column) => ({
        name: String(column.column_name),
        type: String(column.column_type)
      })),
      decimalComma: false
    }
  } catch (cause) {
    throw new PrescaleError('BAD_INPUT', `${file} cannot be read as Parquet: ${firstLine(cause)}`, { cause })
  }
}
