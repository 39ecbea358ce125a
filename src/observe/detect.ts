/**
 * Columns — which one holds the times and which one the load, by their names and by what is in them.
 *
 * A given name always wins. Otherwise times are the first column whose name says so and whose texts are times, then
 * any column of texts that are times; the load is the column with the best-known name, or the only one with numbers.
 * Where more than one could be meant, none is guessed.
 */
import { PrescaleError, unknownName } from '../base/index.ts'
import {
  namedFormat,
  numberFormat,
  type TimeFormat,
  timeFormats,
  typedFormat,
  writtenAs
} from './time-format.ts'

export interface Column {
  readonly name: string
  readonly type: string
}

export interface Table {
  /** What to select from. */
  readonly from: string
  readonly columns: readonly Column[]
  /** Numbers may be written with a comma. */
  readonly decimalComma: boolean
}

/** The first rows of a table, by column, as text. */
export type Sample = Readonly<Record<string, readonly (string | null)[]>>

export interface TimeColumn {
  readonly column: string
  readonly format: TimeFormat | 'dd/mm or mm/dd'
}

const timeNames =
  /^(time_?stamp.*|date_?time|date|time|ts|ds|t|at|when|.*_(at|time|timestamp)|(time|offset|elapsed|epoch|unix)(_.*)?)$/i
const loadNames = [
  'value',
  'rate',
  'load',
  'y',
  'requests',
  'events',
  'records',
  'messages',
  'throughput',
  'workRate',
  'rps',
  'qps',
  'invocations',
  'count'
]
const number = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
/** Share of numbers that makes a column one of numbers with mistakes in it. */
const mostly = 0.9
const blank = /^(|nan|null|na|n\/a|none|nil|-|[+-]?inf(inity)?)$/i

export function findTime(
  where: string,
  columns: readonly Column[],
  sample: Sample,
  given?: string,
  format?: string
): TimeColumn {
  if (given !== undefined) {
    const column = requireColumn(where, columns, given, '--time')
    const found = format === undefined ? formatOf(column, sample[given]) : namedFormat(format)
    if (found !== undefined) return { column: given, format: found }
    const first = sample[given].find((text) => text !== null) ?? ''
    throw new PrescaleError(
      'BAD_INPUT',
      `${where} column '${given}' holds no time that is known ('${first}'); write 2026-01-31T00:00:00Z, or say --time-format: ${Object.keys(timeFormats).join(', ')}`
    )
  }
  const byName = columns.filter(({ name }) => timeNames.test(name))
  // Numbers are times only where the name says so: a rate can look like seconds since 1970.
  const byText = columns.filter(
    ({ name, type }) => !byName.some((c) => c.name === name) && isText(type, sample[name])
  )
  for (const column of [...byName, ...byText]) {
    const found = format === undefined ? formatOf(column, sample[column.name]) : namedFormat(format)
    if (found !== undefined) return { column: column.name, format: found }
  }
  throw new PrescaleError(
    'BAD_INPUT',
    `${where} has no column with times that could be read (columns: ${list(columns)}); say --time COLUMN, and --time-format if it is unusual`
  )
}

export function findLoad(
  where: string,
  columns: readonly Column[],
  sample: Sample,
  time: string,
  given?: string
): { readonly column: string; readonly others: readonly string[] } {
  if (given !== undefined) {
    return { column: requireColumn(where, columns, given, '--value').name, others: [] }
  }
  const withNumbers = (least: number) =>
    columns
      .map(({ name }) => name)
      .filter(
        (name) => name !== time && name.toLowerCase() !== 'missing' && numericShare(sample[name]) >= least
      )
  // One unreadable field must not hide its column: whoever reads it says in which row it is.
  const all = withNumbers(1)
  const names = all.length > 0 ? all : withNumbers(mostly)
  for (const known of loadNames) {
    const column = names.find((name) => name.toLowerCase() === known.toLowerCase())
    if (column !== undefined) return { column, others: names.filter((name) => name !== column) }
  }
  if (names.length === 1) return { column: names[0], others: [] }
  if (names.length > 1) {
    throw new PrescaleError(
      'BAD_INPUT',
      `${where} has several columns of numbers: say --value with one of ${names.join(', ')}`
    )
  }
  const rest = columns.filter(({ name }) => name !== time)
  const why = rest.length === 0 ? '' : ` (columns: ${list(columns)})`
  throw new PrescaleError(
    'BAD_INPUT',
    `${where} has no column with numbers beside its times${why}; rows that are events need --count`
  )
}

/** The column of this name, or NOT_FOUND with the nearest one. */
export function requireColumn(where: string, columns: readonly Column[], name: string, flag: string): Column {
  const found = columns.find((column) => column.name === name)
  if (found !== undefined) return found
  const known = columns.map((column) => column.name)
  throw new PrescaleError('NOT_FOUND', `${flag}: ${unknownName(`a column of ${where}`, name, known)}`)
}

function formatOf(
  { name, type }: Column,
  texts: readonly (string | null)[]
): TimeColumn['format'] | undefined {
  const typed = typedFormat(type)
  if (typed !== undefined) return typed
  const written = writtenAs(texts)
  if (written === undefined) return undefined
  if (written === 'number') return numberFormat(name, Number(texts.find((text) => text !== null)))
  return written === 'dd/mm or mm/dd' ? written : timeFormats[written]
}

function isText(type: string, texts: readonly (string | null)[]): boolean {
  if (typedFormat(type) !== undefined) return true
  const written = writtenAs(texts)
  return written !== undefined && written !== 'number'
}

/** Of the fields that hold something. A column that is empty in the first rows may hold numbers later, but nothing says so. */
function numericShare(texts: readonly (string | null)[]): number {
  const there = texts.filter((text): text is string => text !== null && !blank.test(text.trim()))
  const numbers = there.filter((text) => number.test(text.trim().replace(',', '.')))
  return there.length === 0 ? 0 : numbers.length / there.length
}

const list = (columns: readonly Column[]) => columns.map(({ name }) => name).join(', ')
