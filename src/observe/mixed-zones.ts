/**
 * Mixed zones — a column in which some ISO times say their zone and others do not, as where logs of two services were put together.
 *
 *   with a zone z, without w        moment = z, and wall clock w in the zone that was given
 *
 * Without a zone given they are UTC where the order of the rows leaves nothing else: w before ≤ z ≤ w behind, for every z, holds for no
 * other offset. Offsets are quarters of an hour; rows may be out of order by a minute.
 */
import { MINUTE, PrescaleError } from '../base/index.ts'
import { named } from './duckdb.ts'
import { type Found, fieldAt, guarded } from './found.ts'
import { type Finding, tell } from './grid.ts'
import { momentSql, type TimeFormat, timeFormats } from './time-format.ts'
import { fromWallClock } from './zone.ts'

const { iso, 'iso-zoned': zoned } = timeFormats

/** The table with times of both kinds understood; undefined where the column is of one kind. Errors: BAD_INPUT, where the zone cannot be told. */
export async function mixedZones(found: Found, zone: string | undefined): Promise<Found | undefined> {
  const { db, file, table, time } = found
  if (time.format !== iso && time.format !== zoned) return undefined
  const x = named(time.column)
  const [without, having] = await guarded(
    file,
    db.numbers(`SELECT ${iso.sql(x)}, ${zoned.sql(x)} FROM ${table.from}`)
  )
  const [plain, own] = [without, having].map((times) => times.findIndex(Number.isFinite))
  if (plain === -1 || own === -1) return undefined
  if (zone === undefined && !canOnlyBeUtc(without, having)) {
    const [a, b] = await Promise.all([plain, own].map((row) => fieldAt(found, time.column, row)))
    throw new PrescaleError(
      'BAD_INPUT',
      `${file} has times without a zone in column '${time.column}' (row ${plain + 1}: '${a}') and times with one (row ${own + 1}: '${b}'): ` +
        'say with --tz where those without are from, such as --tz UTC'
    )
  }
  return {
    ...found,
    time: { column: time.column, format: bothIn(zone) },
    findings: [...found.findings, ...told(without, zone)]
  }
}

/** Whether no zone but UTC leaves the rows in order: `without` and `having` are NaN where the other has a time. */
function canOnlyBeUtc(without: Float64Array, having: Float64Array): boolean {
  // What the wall clock may be ahead of UTC, at least and at most.
  let [least, most] = [-Infinity, Infinity]
  let last = NaN
  for (let i = 0; i < without.length; i++) {
    if (Number.isFinite(without[i])) last = without[i]
    else if (last - having[i] > least) least = last - having[i]
  }
  let next = NaN
  for (let i = without.length - 1; i >= 0; i--) {
    if (Number.isFinite(without[i])) next = without[i]
    else if (next - having[i] < most) most = next - having[i]
  }
  const [from, to] = [least - MINUTE, most + MINUTE]
  return from <= 0 && to >= 0 && from > -15 * MINUTE && to < 15 * MINUTE
}

/** Downstream they all are moments: their zone is known. */
const bothIn = (zone: string | undefined): TimeFormat => ({
  name: 'iso or iso-zoned',
  zoned: true,
  sql: (x) => `coalesce(${zoned.sql(x)}, ${momentSql(iso.sql(x), zone)})`
})

function told(without: Float64Array, zone: string | undefined): Finding[] {
  const wall = without.filter(Number.isFinite)
  const rows = (count: number) => `${count} ${count === 1 ? 'row' : 'rows'}`
  if (zone === undefined) {
    return [tell('zone', `${rows(wall.length)} say no zone: taken for UTC, which their order says`)]
  }
  const { repeated } = fromWallClock(wall, zone)
  return repeated === 0
    ? []
    : [
        tell(
          'zone',
          `${rows(repeated)} without a zone lie in an hour that comes twice in ${zone}: taken for its second pass`
        )
      ]
}
