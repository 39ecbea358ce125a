/** What `doctor` looks at in a load: each check says what was found and, where something is wrong, how to mend it. */
import { DAY, formatDuration, type Series } from '../../base/index.ts'
import type { Finding } from '../../observe/grid.ts'
import type { TableRead } from '../../observe/table.ts'

export interface Check {
  readonly subject: string
  readonly check: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly found: string
  readonly mend?: string
}

export type Looked = Omit<Check, 'subject'>

const mends: Readonly<Record<Finding['about'], string | undefined>> = {
  order: 'sort the file, or leave it: it was sorted when read',
  duplicates: 'keep one row for each time; several series in one file must be split',
  gaps: 'nothing to do if these are outages of the recording; policies hold where the load is unknown',
  step: undefined,
  zone: undefined,
  columns: 'say --value COLUMN if another one is meant',
  missing: undefined,
  count: undefined,
  start: 'use times with a date, if hours and weekdays matter'
}
/** Said, but nothing to worry about. */
const harmless = new Set<Finding['about']>(['columns', 'missing', 'count', 'step'])

const fine = [
  ok('order', 'sorted by time'),
  ok('duplicates', 'none'),
  ok('gaps', 'none'),
  ok('values', 'none negative')
]

/** A table that could be read. */
export function checkTable(
  read: TableRead,
  options: { readonly tz?: string; readonly counts: boolean }
): Looked[] {
  const { time, load, findings } = read
  return [
    ok('columns', `time '${time.column}' (${time.format}), load '${load}'`),
    zone(read, options.tz),
    ...findings.map(({ about, says }): Looked => {
      const status = harmless.has(about) ? 'ok' : 'warn'
      return { check: about, status, found: says, mend: mends[about] }
    }),
    ...fine.filter(({ check }) => !findings.some(({ about }) => about === check)),
    ...checkSeries(read.series),
    ...(options.counts ? [] : perStep(read.series))
  ]
}

/** A load, wherever it comes from. */
export function checkSeries(s: Series): Looked[] {
  const measured = s.values.filter((y) => !Number.isNaN(y))
  if (measured.length === 0)
    return [fail('measured', 'nothing was measured', 'check columns, range and query')]
  const sorted = measured.toSorted()
  const median = sorted[Math.floor(sorted.length / 2)]
  const share = measured.length / s.values.length
  return [
    ok('step', `${formatDuration(s.stepMs)}, ${s.values.length} steps`),
    length(s),
    share > 0.95
      ? ok('measured', `${percent(share)} of the steps`)
      : warn(
          'measured',
          `${percent(share)} of the steps`,
          'find out why; a forecast from little is little worth'
        ),
    range(sorted, median),
    zeros(s, median)
  ]
}

function zone({ time }: TableRead, tz?: string): Looked {
  if (time.format.startsWith('offset')) return ok('zone', 'offsets have none')
  if (time.zoned) return ok('zone', 'times carry their own')
  if (tz !== undefined) return ok('zone', `read as local to ${tz}`)
  return warn(
    'zone',
    'times have no zone: read as UTC',
    'say --tz ZONE if they are local, such as --tz Europe/Berlin'
  )
}

function length(s: Series): Looked {
  const spanMs = s.values.length * s.stepMs
  const from = new Date(s.startMs).toISOString().slice(0, 16)
  const found = `${formatDuration(spanMs)} from ${from}Z`
  return spanMs < 2 * DAY
    ? warn('length', found, 'a daily rhythm needs two days to be seen, a weekly one two weeks')
    : ok('length', found)
}

function range(sorted: Float64Array, median: number): Looked {
  const [least, most] = [sorted[0], sorted[sorted.length - 1]]
  const found = `${number(least)} to ${number(most)}, median ${number(median)} events/s`
  // Rates that were refused as negative do not come this far.
  if (most === 0) return warn('range', found, 'every value is zero: is this the right column?')
  if (least === most) return warn('range', found, 'every value is the same: is this the right column?')
  if (least > 0.7 * median) {
    return warn(
      'range',
      found,
      'the load stands on a high floor, so every size looks good: --floor subtracts it'
    )
  }
  return ok('range', found)
}

/** Some zeros between large values, where chance would not make them, are often a gap that was written as zero. */
function zeros({ values, stepMs }: Series, median: number): Looked {
  const few = 6
  let suspect = 0
  for (let i = 1; i < values.length; i++) {
    if (values[i] !== 0 || !(values[i - 1] > 0.2 * median)) continue
    let end = i
    while (values[end] === 0) end++
    if (end - i <= few && values[end] > 0.2 * median) suspect += end - i
    i = end
  }
  const eventsPerStep = (median * stepMs) / 1_000
  if (suspect === 0 || eventsPerStep < 20) return ok('zeros', 'none that look like gaps')
  return warn(
    'zeros',
    `${suspect} zeros stand between large values`,
    'if these are gaps, leave the field empty or mark the row in a column `missing`'
  )
}

function perStep({ values, stepMs }: Series): Looked[] {
  const isWhole = stepMs > 1_000 && values.every((y) => Number.isNaN(y) || Number.isInteger(y))
  return isWhole
    ? [
        warn(
          'unit',
          'all values are whole numbers, as counts are',
          'say --per-step if they are events per step, not per second'
        )
      ]
    : []
}

export function ok(check: string, found: string): Looked {
  return { check, status: 'ok', found }
}
export function warn(check: string, found: string, mend: string): Looked {
  return { check, status: 'warn', found, mend }
}
export function fail(check: string, found: string, mend: string): Looked {
  return { check, status: 'fail', found, mend }
}
const percent = (share: number) => `${Math.floor(1_000 * share) / 10} %`
const number = (y: number) => y.toLocaleString('en-US', { maximumSignificantDigits: 4 })
