/**
 * Time zones — times on a wall clock to moments, with the hour that does not exist and the one that comes twice.
 *
 *   moment = wall clock − offset(zone, moment)
 *
 * In spring an hour of the wall clock is skipped: a time in it is moved forward by the skipped hour (as Temporal's
 * `compatible` does). In autumn an hour comes twice: rows in order of time take the first pass and, where they would
 * go backwards, the second. Both are counted, so that they can be told.
 */
import { DAY, PrescaleError } from '../base/index.ts'

export interface ZonedTimes {
  readonly timesMs: Float64Array
  /** Rows in a skipped hour, and rows in a repeated hour. */
  readonly skipped: number
  readonly repeated: number
}

/** From `fromMs` on the wall clock shows moment + offsetMs. */
interface Period {
  readonly fromMs: number
  readonly toMs: number
  readonly offsetMs: number
}

/** Refuses what is not an IANA zone name. */
export function requireZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch (cause) {
    throw new PrescaleError('BAD_OPTION', `--tz must be an IANA zone such as Europe/Berlin, was '${zone}'`, {
      cause
    })
  }
}

/** Wall-clock times, written as if they were UTC, to moments. */
export function fromWallClock(wallMs: Float64Array, zone: string): ZonedTimes {
  requireZone(zone)
  const known = wallMs.filter((ms) => Number.isFinite(ms))
  if (known.length === 0) return { timesMs: wallMs, skipped: 0, repeated: 0 }
  const least = known.reduce((a, b) => Math.min(a, b))
  const most = known.reduce((a, b) => Math.max(a, b))
  const periods = periodsOf(zone, least - 2 * DAY, most + 2 * DAY)
  const timesMs = new Float64Array(wallMs.length)
  let skipped = 0
  let repeated = 0
  let previous = Number.NEGATIVE_INFINITY
  for (let i = 0; i < wallMs.length; i++) {
    const moments = periods
      .map(({ fromMs, toMs, offsetMs }) => ({ ms: wallMs[i] - offsetMs, fromMs, toMs }))
      .filter(({ ms, fromMs, toMs }) => ms >= fromMs && ms < toMs)
    if (moments.length === 0) skipped++
    if (moments.length > 1) repeated++
    const [first, second] = moments
    timesMs[i] = first?.ms ?? wallMs[i] - offsetBefore(periods, wallMs[i])
    if (second !== undefined && first.ms <= previous) timesMs[i] = second.ms
    previous = timesMs[i]
  }
  return { timesMs, skipped, repeated }
}

/** The stretches of time whose wall clock comes twice: both passes, as moments. */
export function repeatedHours(
  zone: string,
  fromMs: number,
  toMs: number
): { readonly fromMs: number; readonly toMs: number }[] {
  const periods = periodsOf(zone, fromMs - 2 * DAY, toMs + 2 * DAY)
  return periods.slice(1).flatMap((period, i) => {
    const lostMs = periods[i].offsetMs - period.offsetMs
    return lostMs > 0 ? [{ fromMs: period.fromMs - lostMs, toMs: period.fromMs + lostMs }] : []
  })
}

/** A skipped wall-clock time read with the offset that was in force before the skip lands behind it. */
function offsetBefore(periods: readonly Period[], wallMs: number): number {
  return (periods.findLast(({ fromMs, offsetMs }) => wallMs - offsetMs >= fromMs) ?? periods[0]).offsetMs
}

/** Stretches of one offset. No zone changes its offset twice within a week. */
function periodsOf(zone: string, fromMs: number, toMs: number): Period[] {
  const offset = offsetReader(zone)
  const periods: Period[] = []
  let start = Number.NEGATIVE_INFINITY
  let current = offset(fromMs)
  for (let at = fromMs; at < toMs; at += 7 * DAY) {
    const next = offset(at + 7 * DAY)
    if (next === current) continue
    let [low, high] = [at, at + 7 * DAY]
    while (high - low > 1_000) {
      const middle = Math.floor((low + high) / 2_000) * 1_000
      if (offset(middle) === current) low = middle
      else high = middle
    }
    periods.push({ fromMs: start, toMs: high, offsetMs: current })
    start = high
    current = next
  }
  return [...periods, { fromMs: start, toMs: Number.POSITIVE_INFINITY, offsetMs: current }]
}

function offsetReader(zone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  return (ms) => {
    const text = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT'
    const match = /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(text)
    if (!match) return 0
    const [, sign, h, m, s = '0'] = match
    return (sign === '-' ? -1 : 1) * ((Number(h) * 60 + Number(m)) * 60 + Number(s)) * 1_000
  }
}
