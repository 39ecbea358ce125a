/**
 * Calendar — what the clock on the wall and the date say about a moment, as numbers near −1..1.
 *
 *   sin 2πk d, cos 2πk d    k = 1..dayWaves,   d = local time of day / 24 h
 *   sin 2πk w, cos 2πk w    k = 1..weekWaves,  w = (days since Monday + d) / 7;  k = 7 would be the day's first again
 *   1 or 0                  holiday, the day before one, the day after one; only where holidays are given
 *
 * Local is what clocks in `tz` show, daylight saving included: 9 o'clock stays 9 o'clock. Harmonic regression: FPP3 §7.4.
 */
import { DAY, type GivenOptions, type OptionTable, PrescaleError, readOptions } from '../base/index.ts'

export const calendarOptions = {
  dayWaves: {
    kind: 'integer',
    default: 4,
    min: 0,
    max: 50,
    says: 'sine and cosine waves in a day; 0 = the time of day is not looked at'
  },
  weekWaves: {
    kind: 'integer',
    default: 3,
    min: 0,
    max: 6,
    says: 'sine and cosine waves in a week; 0 = the day of the week is not looked at'
  },
  holidays: {
    kind: 'text',
    default: '',
    says: 'dates of holidays joined by +, such as 2001-05-28+2001-07-04'
  },
  tz: { kind: 'text', default: 'UTC', says: 'IANA zone whose clock and dates count, such as Europe/Berlin' }
} as const satisfies OptionTable

export interface Calendar {
  /** One name a feature, such as `day sin 1`. */
  readonly names: readonly string[]
  /** Number of features: `names.length`; 0 when nothing is looked at. */
  readonly width: number
  /** Writes the features of this moment (milliseconds since the epoch) into `out` from `at` on. */
  write(timeMs: number, out: Float64Array | Float32Array, at: number): void
}

/** Features of a moment. Throws `BAD_OPTION` for an unknown zone or a date that is none. Cheap: no Intl call but two a day. */
export function calendar(given: GivenOptions = {}): Calendar {
  const { dayWaves, weekWaves, holidays, tz } = readOptions('calendar', calendarOptions, given)
  const days = holidayNumbers(holidays)
  const names = [
    ...waveNames('day', dayWaves),
    ...waveNames('week', weekWaves),
    ...(days.size > 0 ? ['holiday', 'day before a holiday', 'day after a holiday'] : [])
  ]
  const offset = zoneOffset(tz)
  return {
    names,
    width: names.length,
    write(timeMs, out, at) {
      const local = timeMs + offset(timeMs)
      const day = Math.floor(local / DAY)
      const ofDay = local / DAY - day
      let next = waves(ofDay, dayWaves, out, at)
      // Day 0 of the epoch was a Thursday.
      next = waves((((((day + 3) % 7) + 7) % 7) + ofDay) / 7, weekWaves, out, next)
      if (days.size === 0) return
      out[next] = days.has(day) ? 1 : 0
      out[next + 1] = days.has(day + 1) ? 1 : 0
      out[next + 2] = days.has(day - 1) ? 1 : 0
    }
  }
}

const waveNames = (of: string, waves: number): string[] =>
  Array.from({ length: waves }, (_, k) => [`${of} sin ${k + 1}`, `${of} cos ${k + 1}`]).flat()

function waves(share: number, count: number, out: Float64Array | Float32Array, at: number): number {
  for (let k = 1; k <= count; k++) {
    const angle = 2 * Math.PI * k * share
    out[at++] = Math.sin(angle)
    out[at++] = Math.cos(angle)
  }
  return at
}

/** Dates as days since the epoch. */
function holidayNumbers(text: string): ReadonlySet<number> {
  const dates = text.split('+').filter((date) => date.trim() !== '')
  return new Set(
    dates.map((date) => {
      const day = /^\d{4}-\d\d-\d\d$/.test(date.trim()) ? Date.parse(date.trim()) / DAY : NaN
      // Date.parse takes the 30th of February for the 2nd of March.
      if (!Number.isNaN(day) && new Date(day * DAY).toISOString().startsWith(date.trim())) return day
      throw new PrescaleError(
        'BAD_OPTION',
        `calendar.holidays: '${date}' is no date; right would be dates joined by +, such as 2001-05-28+2001-07-04`
      )
    })
  )
}

/**
 * Milliseconds that clocks in a zone are ahead of UTC, by moment. A UTC day whose two ends agree is taken to have one
 * offset; else the moment of the change is found by halving. Each day is asked once.
 */
function zoneOffset(tz: string): (timeMs: number) => number {
  const clock = clockOf(tz)
  if (tz === 'UTC') return () => 0
  const ask = (timeMs: number) => localMs(clock, timeMs) - timeMs
  const known = new Map<
    number,
    { readonly before: number; readonly changesMs: number; readonly after: number }
  >()
  return (timeMs) => {
    const day = Math.floor(timeMs / DAY)
    let found = known.get(day)
    if (found === undefined) {
      const [start, end] = [day * DAY, (day + 1) * DAY]
      const [before, after] = [ask(start), ask(end)]
      found = { before, after, changesMs: before === after ? end : changeBetween(start, end, before, ask) }
      known.set(day, found)
    }
    return timeMs < found.changesMs ? found.before : found.after
  }
}

/** The first whole second in (start, end] whose offset is another than the one at the start. */
function changeBetween(start: number, end: number, before: number, ask: (timeMs: number) => number): number {
  let [low, high] = [start / 1_000, end / 1_000]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (ask(middle * 1_000) === before) low = middle
    else high = middle
  }
  return high * 1_000
}

function clockOf(tz: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: tz,
      calendar: 'gregory',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric'
    })
  } catch (cause) {
    throw new PrescaleError(
      'BAD_OPTION',
      `calendar.tz must be an IANA time zone such as Europe/Berlin, was '${tz}'`,
      { cause }
    )
  }
}

/** What the clock shows at this whole second, as if it were UTC. */
function localMs(clock: Intl.DateTimeFormat, timeMs: number): number {
  const shown: Record<string, string> = {}
  for (const { type, value } of clock.formatToParts(timeMs)) shown[type] = value
  const year = shown.era === 'BC' ? 1 - Number(shown.year) : Number(shown.year)
  const date = new Date(0)
  date.setUTCFullYear(year, Number(shown.month) - 1, Number(shown.day))
  return date.setUTCHours(Number(shown.hour), Number(shown.minute), Number(shown.second))
}
