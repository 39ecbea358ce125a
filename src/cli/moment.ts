/** Moments as people write them on a command line. */
import { parseDuration, requireOption } from '../base/index.ts'
import { fromWallClock } from '../observe/zone.ts'

/** A time, milliseconds since the epoch as JSON has them, `now`, or how long ago: `7d`. Written without a zone it is read as the data are: in `--tz`, else UTC. */
export function readMoment(text: string, name: string, zone: string | undefined, nowMs: number): number {
  const trimmed = text.trim()
  if (trimmed === 'now') return nowMs
  if (/^\d{12,}$/.test(trimmed)) return Number(trimmed)
  if (/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(trimmed)) return nowMs - parseDuration(trimmed, name)
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/.test(trimmed) && /\d:\d/.test(trimmed)
  const ms = Date.parse(hasZone ? trimmed : `${trimmed.replace(' ', 'T')}${trimmed.length > 10 ? 'Z' : ''}`)
  requireOption(
    !Number.isNaN(ms),
    name,
    text,
    'a time such as 2026-01-31T00:00:00Z, or how long ago, such as 7d'
  )
  return hasZone || zone === undefined ? ms : fromWallClock(Float64Array.of(ms), zone).timesMs[0]
}
