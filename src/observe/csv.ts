/**
 * CSV — a table of text, with DuckDB's reader: separator, quotes and header are found by it, the types by us.
 *
 *   read_csv(file, all_varchar = true)
 */
import { PrescaleError } from '../base/index.ts'
import type { Table } from './detect.ts'
import { type DuckDB, firstLine, quoted } from './duckdb.ts'

/** The columns of the file, all text, and how to select from it. */
export async function csv(db: DuckDB, file: string): Promise<Table> {
  try {
    const [sniffed] = await db.rows(`SELECT Delimiter, HasHeader FROM sniff_csv(${quoted(file)})`)
    const from = `read_csv(${quoted(file)}, all_varchar = true, delim = ${quoted(String(sniffed.Delimiter))}, header = ${sniffed.HasHeader})`
    const columns = await db.rows(`DESCRIBE SELECT * FROM ${from}`)
    return {
      from,
      columns: columns.map((column) => ({ name: String(column.column_name), type: 'VARCHAR' })),
      decimalComma: sniffed.Delimiter !== ','
    }
  } catch (cause) {
    throw new PrescaleError('BAD_INPUT', `${file} cannot be read as CSV: ${firstLine(cause)}`, { cause })
  }
}
