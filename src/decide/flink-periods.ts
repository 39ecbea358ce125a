/**
 * Excluded periods — times in which the Flink autoscaler only watches.
 *
 *   9:30:30-10:50:20                   every day, both ends included
 *   * * 9-11,14-16 * * ?               Quartz cron: second minute hour day month weekday [year], Sunday is 1
 *   9:30:30-10:50:20 && * * * ? * 2,5  both at once
 *
 * Several are separated by `;`. Fields of a cron expression know `*`, `?`, lists, ranges (also over the end, such as
 * 22-2), steps and English names; `L`, `W` and `#` are refused. Flink: flink-autoscaler CalendarUtils.
 */
import { HOUR, MINUTE, PrescaleError, SECOND } from '../base/index.ts'

export interface Period {
  /** First and last millisecond of the day. */
  readonly daily?: readonly [fromMs: number, toMs: number]
  /** Allowed values of second, minute, hour, day, month, weekday and year; absent: any. */
  readonly cron?: readonly (ReadonlySet<number> | undefined)[]
  readonly timeZone: string
}

const fields = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ') },
  { name: 'weekday', min: 1, max: 7, names: 'SUN MON TUE WED THU FRI SAT'.split(' ') },
  { name: 'year', min: 1970, max: 2099 }
] as const

/** Throws `BAD_OPTION` naming the part that cannot be read. */
export function parsePeriods(text: string, timeZone: string): Period[] {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch (cause) {
    throw new PrescaleError('BAD_OPTION', `flink.timeZone must be an IANA time zone, was '${timeZone}'`, {
      cause
    })
  }
  return text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parsePeriod(part, timeZone))
}

export function inPeriods(periods: readonly Period[], nowMs: number): boolean {
  return periods.some((period) => {
    const at = clock(nowMs, period.timeZone)
    const ofDay = at[2] * HOUR + at[1] * MINUTE + at[0] * SECOND + (nowMs % SECOND)
    if (period.daily && !(ofDay >= period.daily[0] && ofDay <= period.daily[1])) return false
    return period.cron === undefined || period.cron.every((allowed, i) => allowed?.has(at[i]) ?? true)
  })
}

function parsePeriod(text: string, timeZone: string): Period {
  const parts = text.split('&&').map((part) => part.trim())
  const read = parts.map((part) => {
    const daily = readDaily(part)
    return daily === undefined ? { cron: readCron(part, text) } : { daily }
  })
  const period: Period = { timeZone, ...read[0], ...read[1] }
  if (parts.length > 2 || (parts.length === 2 && !(period.daily && period.cron))) {
    throw wrong(text, 'at most one range of a day and one cron expression may be joined with &&')
  }
  return period
}

function readDaily(part: string): [number, number] | undefined {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2}))?-(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(part)
  if (match === null) return undefined
  const [h1, m1, s1, h2, m2, s2] = match.slice(1).map((digits) => Number(digits ?? 0))
  const from = h1 * HOUR + m1 * MINUTE + s1 * SECOND
  const to = h2 * HOUR + m2 * MINUTE + s2 * SECOND
  if (Math.max(h1, h2) > 23 || Math.max(m1, m2, s1, s2) > 59 || from >= to) {
    throw wrong(part, 'a range of a day runs from an earlier to a later time')
  }
  return [from, to]
}

function readCron(part: string, whole: string): (Set<number> | undefined)[] {
  const given = part.split(/\s+/)
  if (given.length !== 6 && given.length !== 7) {
    throw wrong(whole, 'a range such as 9:30-10:50 or a Quartz cron expression of 6 or 7 fields was expected')
  }
  if ((given[3] === '?') === (given[5] === '?')) throw wrong(whole, 'either the day or the weekday must be ?')
  return given.map((field, i) => readField(field.toUpperCase(), fields[i], whole))
}

type Field = (typeof fields)[number]

function readField(text: string, field: Field, whole: string): Set<number> | undefined {
  if (text === '*' || text === '?') return undefined
  const allowed = new Set<number>()
  for (const item of text.split(',')) {
    const [range, step] = item.split('/')
    const [first, last] =
      range === '*' ? [field.min, field.max] : range.split('-').map((x) => numberOf(x, field))
    const by = step === undefined ? 1 : Number(step)
    const end = last ?? (step === undefined ? first : field.max)
    const right =
      Number.isInteger(by) && by >= 1 && [first, end].every((x) => x >= field.min && x <= field.max)
    if (!right) throw wrong(whole, `'${item}' is no ${field.name}, ${field.min} to ${field.max}`)
    const size = field.max - field.min + 1
    const count = end >= first ? end - first : end + size - first
    for (let k = 0; k <= count; k += by) allowed.add(field.min + ((first - field.min + k) % size))
  }
  return allowed
}

function numberOf(text: string, field: Field): number {
  const named = 'names' in field ? field.names.indexOf(text) : -1
  if (named >= 0) return field.min + named
  return /^\d+$/.test(text) ? Number(text) : NaN
}

/** Second, minute, hour, day, month, weekday (Sunday is 1) and year at a place. */
function clock(nowMs: number, timeZone: string): number[] {
  let local = new Date(nowMs)
  if (timeZone !== 'UTC') {
    const parts = new Intl.DateTimeFormat('en', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric'
    }).formatToParts(local)
    const of = (type: string) => Number(parts.find((part) => part.type === type)?.value)
    local = new Date(Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')))
  }
  return [
    local.getUTCSeconds(),
    local.getUTCMinutes(),
    local.getUTCHours(),
    local.getUTCDate(),
    local.getUTCMonth() + 1,
    local.getUTCDay() + 1,
    local.getUTCFullYear()
  ]
}

function wrong(text: string, right: string): PrescaleError {
  return new PrescaleError('BAD_OPTION', `flink.excludedPeriods: '${text}' cannot be read: ${right}`)
}
