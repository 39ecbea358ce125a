/**
 * CSV — a table of text, with DuckDB's reader: separator, quotes and header are found by it, the types by us.
 *
 *   sniff_csv(file) → read_csv(file, columns = { … : VARCHAR })
 */
import { PrescaleError } from '../base/index.ts'
import type { Table } from './detect.ts'
import { type DuckDB, firstLine, quoted } from './duckdb.ts'

/** The columns of the file, all text, and how to select from it. */
export async function csv(db: DuckDB, file: string): Promise<Table> {
  try {
    const [found] = await db.rows(
      `SELECT Delimiter AS delim, Quote AS quote, Escape AS escape, SkipRows AS skip, HasHeader AS header,
       [c.name FOR c IN Columns] AS names FROM sniff_csv(${quoted(file)})`
    )
    const names = (found.names as readonly string[]).map(String)
    if (names.length === 1 && /[,;\t|]/.test(names[0])) {
      throw new Error(`its rows do not have as many fields as '${names[0]}'`)
    }
    // A quote may come behind the rows that were looked at.
    const orQuote = (sign: unknown) => quoted(sign === '(empty)' ? '"' : String(sign))
    const from = `read_csv(${quoted(file)}, auto_detect = false, delim = ${quoted(String(found.delim))},
      quote = ${orQuote(found.quote)}, escape = ${orQuote(found.escape)}, skip = ${found.skip}, header = ${found.header},
      columns = {${names.map((name) => `${quoted(name)}: 'VARCHAR'`).join(', ')}})`
    return {
      from,
      columns: names.map((name) => ({ name, type: 'VARCHAR' })),
      decimalComma: found.delim !== ','
    }
  } catch (cause) {
    throw new PrescaleError('BAD_INPUT', `${file} cannot be read as CSV: ${firstLine(cause)}`, { cause })
  }
}
