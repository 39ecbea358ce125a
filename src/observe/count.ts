/**
 * Counting — rows that are events to a rate.
 *
 *   rate[i] = rows with floor(t / step) = i, divided by the step in seconds
 *
 * A step without an event between the first and the last is a measured zero.
 */
import { formatDuration, MINUTE, PrescaleError, type Series, series } from '../base/index.ts'
import { named } from './duckdb.ts'
import { type Found, guarded, type Read, requireTimes, type TableOptions, timesSql } from './found.ts'
import { tell } from './grid.ts'
import { momentSql } from './time-format.ts'
import { repeatedHours } from './zone.ts'

export async function countEvents(found: Found, options: TableOptions): Promise<Read> {
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
  const findings = [
    tell(
      'count',
      `${events} events counted per ${formatDuration(stepMs)}; the first and the last step may be partial, steps without events are 0`
    )
  ]
  if (repeated > 0) {
    findings.push(
      tell(
        'zone',
        `${repeated} steps lie in an hour that comes twice in ${zone}: their events cannot be told apart, kept as not measured`
      )
    )
  }
  return { series: counted, extra: {}, load: 'rows', findings }
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
