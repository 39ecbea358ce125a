import { PrescaleError } from './errors.ts'

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000
}

export const SECOND = unitMs.s
export const MINUTE = unitMs.m
export const HOUR = unitMs.h
export const DAY = unitMs.d

/** `30s`, `1m30s`, `1.5h` (Go style), `PT5M`, `P1DT2H` (ISO-8601) or a number of milliseconds, in milliseconds. */
export function parseDuration(text: string | number, name = 'duration'): number {
  if (typeof text === 'number' && Number.isFinite(text)) return text
  const trimmed = String(text).trim()
  const ms = trimmed.startsWith('P') ? isoMs(trimmed) : goMs(trimmed)
  if (ms === undefined) {
    throw new PrescaleError('BAD_OPTION', `${name} must be a duration such as 30s, 5m or PT5M, was '${text}'`)
  }
  return ms
}

/** The shortest Go-style form: `90000` → `1m30s`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return String(ms)
  if (ms < 0) return `-${formatDuration(-ms)}`
  let rest = ms
  let out = ''
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const count = unit === 'ms' ? Math.round(rest * 1000) / 1000 : Math.floor(rest / unitMs[unit])
    if (count > 0) out += `${count}${unit}`
    rest -= count * unitMs[unit]
  }
  return out || '0s'
}

function goMs(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return undefined
  let ms = 0
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g))
    ms += Number(count) * unitMs[unit]
  return ms
}

function isoMs(text: string): number | undefined {
  const match = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text)
  if (!match || text === 'P' || text.endsWith('T')) return undefined
  const [w, d, h, m, s] = match.slice(1).map((part) => Number(part ?? 0))
  return w * unitMs.w + d * unitMs.d + h * unitMs.h + m * unitMs.m + s * unitMs.s
}
