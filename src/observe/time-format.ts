/**
 * Time formats — how the moments of a table are written, recognised from a few of them, as SQL to milliseconds.
 *
 * Recognised: ISO 8601 / RFC 3339 with and without zone, RFC 2822 (`Tue, 15 Nov 1994 12:45:26 GMT`), the common log
 * format (`01/Jul/1995:00:00:01 -0400`), `31.12.2026`, `31/12/2026` and `12/31/2026` where the numbers tell which is
 * the day, seconds to nanoseconds since the epoch, and offsets from an unknown start (`offset_s`).
 */
import { PrescaleError, unknownName } from '../base/index.ts'
import { quoted } from './duckdb.ts'

export interface TimeFormat {
  readonly name: string
  /** Written with its own zone or counted from the epoch: `--tz` does not apply. */
  readonly zoned: boolean
  /** Counted from a start that nobody wrote down: hour and day mean nothing. */
  readonly offset?: boolean
  /** SQL for milliseconds since the epoch as DOUBLE, NULL where it is not such a time. `x` is an SQL expression. */
  readonly sql: (x: string) => string
}

const clock = '(?:[T ]\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d+)?)?)'
const zone = '(?:Z|UTC|[+-]\\d{2}(?::?\\d{2})?)'
const yearFirst = '\\d{4}[-/]\\d{1,2}[-/]\\d{1,2}'
const patterns = {
  iso: new RegExp(`^${yearFirst}${clock}?$`),
  'iso-zoned': new RegExp(`^${yearFirst}${clock} ?${zone}$`),
  'dd.mm': new RegExp(`^\\d{1,2}\\.\\d{1,2}\\.\\d{4}${clock}?$`),
  'dd/mm or mm/dd': new RegExp(`^\\d{1,2}[/-]\\d{1,2}[/-]\\d{4}(?:${clock}(?: ?[AaPp][Mm])?)?$`),
  'rfc-2822': /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:[+-]\d{4}|GMT|UTC)$/,
  clf: /^\[?\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}\]?$/,
  number: /^-?\d+(?:\.\d+)?(?:[eE]\+?\d+)?$/
}
type Written = keyof typeof patterns

const micros = (timestamp: string) => `(epoch_us(${timestamp}) / 1000.0)::DOUBLE`
const text = (x: string) => `trim(${x}::VARCHAR)`
const matches = (x: string, pattern: RegExp) => `regexp_matches(${text(x)}, '${pattern.source}')`
const scaled = (factor: string) => (x: string) => `(try_cast(${x} AS DOUBLE) ${factor})::DOUBLE`

const strptime = (formats: readonly string[]) => (x: string) =>
  micros(`try_strptime(${text(x)}, [${formats.map((f) => `'${f}'`).join(', ')}])`)

function dayAndMonth(days: readonly string[]): (x: string) => string {
  const clocks = ['', ' %H:%M', ' %H:%M:%S', ' %H:%M:%S.%g', ' %I:%M %p', ' %I:%M:%S %p']
  return strptime(days.flatMap((day) => [...clocks, 'T%H:%M:%S'].map((c) => day + c)))
}

/** Every format that can be asked for by name. */
export const timeFormats: Readonly<Record<string, TimeFormat>> = {
  iso: {
    name: 'iso',
    zoned: false,
    // A cast to TIMESTAMP ignores an offset in the text, so the text has to be looked at as well.
    sql: (x) =>
      `CASE WHEN ${matches(x, patterns.iso)} THEN ${micros(`try_cast(replace(${text(x)}, ',', '.') AS TIMESTAMP)`)} END`
  },
  'iso-zoned': {
    name: 'iso-zoned',
    zoned: true,
    sql: (x) =>
      `CASE WHEN ${matches(x, patterns['iso-zoned'])} THEN ${micros(`try_cast(replace(${text(x)}, ',', '.') AS TIMESTAMPTZ)`)} END`
  },
  'dd/mm': { name: 'dd/mm', zoned: false, sql: dayAndMonth(['%d/%m/%Y', '%d-%m-%Y']) },
  'mm/dd': { name: 'mm/dd', zoned: false, sql: dayAndMonth(['%m/%d/%Y', '%m-%d-%Y']) },
  'dd.mm': { name: 'dd.mm', zoned: false, sql: dayAndMonth(['%d.%m.%Y']) },
  'rfc-2822': {
    name: 'rfc-2822',
    zoned: true,
    sql: (x) =>
      strptime(['%a, %d %b %Y %H:%M:%S %z', '%d %b %Y %H:%M:%S %z'])(
        `regexp_replace(${text(x)}, '(GMT|UTC)$', '+0000')`
      )
  },
  clf: { name: 'clf', zoned: true, sql: (x) => strptime(['%d/%b/%Y:%H:%M:%S %z'])(`trim(${x}, '[]')`) },
  s: { name: 's', zoned: true, sql: scaled('* 1000') },
  ms: { name: 'ms', zoned: true, sql: scaled('') },
  us: { name: 'us', zoned: true, sql: scaled('/ 1000') },
  ns: { name: 'ns', zoned: true, sql: scaled('/ 1000000') },
  'offset-s': { name: 'offset-s', zoned: true, offset: true, sql: scaled('* 1000') },
  'offset-ms': { name: 'offset-ms', zoned: true, offset: true, sql: scaled('') },
  'offset-min': { name: 'offset-min', zoned: true, offset: true, sql: scaled('* 60000') },
  'offset-h': { name: 'offset-h', zoned: true, offset: true, sql: scaled('* 3600000') }
}

/** SQL: milliseconds on a wall clock to milliseconds since the epoch. In an hour that comes twice it is the second pass. */
export function momentSql(wallMs: string, zone: string | undefined): string {
  if (zone === undefined) return `(${wallMs})`
  return `(epoch_us(timezone(${quoted(zone)}, make_timestamp((1000 * ${wallMs})::BIGINT))) / 1000.0)`
}

/** Columns that a database has typed as moments already. */
export function typedFormat(type: string): TimeFormat | undefined {
  if (/^TIMESTAMP WITH TIME ZONE|^TIMESTAMPTZ/.test(type)) {
    return { name: 'timestamp', zoned: true, sql: (x) => micros(x) }
  }
  if (!/^(TIMESTAMP|DATE)/.test(type)) return undefined
  return { name: 'timestamp', zoned: false, sql: (x) => micros(`(${x})::TIMESTAMP`) }
}

/** A format by its name, as given with `--time-format`. */
export function namedFormat(name: string): TimeFormat {
  if (!Object.hasOwn(timeFormats, name)) {
    throw new PrescaleError('BAD_OPTION', unknownName('a time format', name, Object.keys(timeFormats)))
  }
  return timeFormats[name]
}

/** How the given texts are written, from the first one that is there; undefined when it is no time. */
export function writtenAs(texts: readonly (string | null)[]): Written | undefined {
  const first = texts.find((t): t is string => t !== null && t.trim() !== '')?.trim()
  if (first === undefined) return undefined
  return (Object.keys(patterns) as Written[]).find((name) => patterns[name].test(first))
}

/**
 * What plain numbers in a column of this name count: `offset_s` and its like by name, else seconds to nanoseconds by
 * size, where 1973 … 2286 is what makes sense. Undefined when neither says.
 */
export function numberFormat(column: string, first: number): TimeFormat | undefined {
  const name = column.toLowerCase()
  const unit = /(?:^|_)(ms|millis|milliseconds|s|sec|secs|seconds|min|mins|minutes|h|hours)$/.exec(name)?.[1]
  const isOffset = /offset|elapsed|relative|since/.test(name)
  const sizes = [
    [1e17, 'ns'],
    [1e14, 'us'],
    [1e11, 'ms'],
    [1e8, 's']
  ] as const
  const size = sizes.find(([least]) => Math.abs(first) >= least)?.[1]
  if (size !== undefined && !isOffset) return timeFormats[size]
  if (unit === undefined) return isOffset ? timeFormats['offset-s'] : undefined
  return timeFormats[
    unit.startsWith('ms') || unit.startsWith('milli')
      ? 'offset-ms'
      : unit.startsWith('min')
        ? 'offset-min'
        : unit.startsWith('h')
          ? 'offset-h'
          : 'offset-s'
  ]
}
