/**
 * Numbers as people say them: `12,300`, `83 %`, `4m30s`, `830 events/s`.
 *
 * Ratios are 0..1 inside and percent here, at the screen. What is not measured is said so, never as 0.
 */
import { formatDuration } from '../base/index.ts'
import type { Units } from '../roles.ts'

/** A few significant digits with thousands separators; whole numbers below a million in full. */
export function amount(n: number, digits = 3): string {
  if (!Number.isFinite(n)) return Number.isNaN(n) ? 'not measured' : n > 0 ? 'no limit' : 'minus no limit'
  if (Math.abs(n) >= 1e6) {
    return n.toLocaleString('en-US', {
      notation: 'compact',
      compactDisplay: 'long',
      maximumSignificantDigits: 4
    })
  }
  if (Number.isInteger(n)) return n.toLocaleString('en-US')
  if (Math.abs(n) < 1e-3) return 'about 0'
  return n.toLocaleString('en-US', { maximumSignificantDigits: Math.abs(n) >= 1000 ? 4 : digits })
}

/** 0.834 → `83 %`, 0.0042 → `0.42 %`. */
export function percent(ratio: number, digits = 2): string {
  // Twelve digits hide what binary fractions add, such as 0.07 · 100 = 7.000000000000001.
  const hundred = Number((ratio * 100).toPrecision(12))
  return `${amount(Math.abs(hundred) < 100 ? Number(hundred.toPrecision(digits)) : Math.round(hundred))} %`
}

/** `2001-03-05 06:12:00 UTC`; milliseconds only when there are any. */
export function moment(ms: number): string {
  const text = new Date(ms).toISOString().replace('T', ' ')
  return `${text.endsWith('.000Z') ? text.slice(0, -5) : text.slice(0, -1)} UTC`
}

export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return amount(ms)
  return formatDuration(Math.abs(ms) >= 1000 ? Math.round(ms / 100) * 100 : Math.round(ms))
}

/** `12 units` when there is one resource, else `map 2, sink 3`. */
export function unitsInWords(units: Units): string {
  const names = Object.keys(units)
  if (names.length === 1) return `${amount(units[names[0]])} ${units[names[0]] === 1 ? 'unit' : 'units'}`
  return names.length === 0 ? 'nothing' : names.map((name) => `${name} ${amount(units[name])}`).join(', ')
}

/** Only what differs: `9 → 12 units`, or `map 2 → 8, sink 1 → 2`. */
export function changeInWords(from: Units, to: Units): string {
  const names = Object.keys(to).filter((name) => from[name] !== to[name])
  const one = (name: string) => `${amount(from[name] ?? NaN)} → ${amount(to[name])}`
  if (Object.keys(to).length === 1 && names.length === 1) return `${one(names[0])} units`
  return names.map((name) => `${name} ${one(name)}`).join(', ')
}

/** Numbers that nobody reads: they are in the JSON form. */
const unsaid = ['logits']

/** The numbers a rule looked at, one `name value` each; long lists are cut, the JSON form has all of them. */
export function inputsInWords(inputs: Readonly<Record<string, unknown>>, most = 10): string {
  const said = Object.entries(inputs).flatMap(([name, value]) => {
    if (unsaid.includes(name)) return []
    const text = valueInWords(name, value)
    return text === undefined ? [] : [`${wordsOf(name)} ${text}`]
  })
  const more = said.length - most
  return more > 0 ? `${said.slice(0, most).join(', ')} and ${more} more` : said.join(', ')
}

/** `unitRate` → `unit rate`, `leadTimeMs` → `lead time`, `within-tolerance` → `within tolerance`. */
export function wordsOf(name: string): string {
  return name
    .replace(/Ms$/, '')
    .replace(/([a-z\d])([A-Z])/g, (_all, before, after) => `${before} ${after.toLowerCase()}`)
    .replaceAll(/[-_]/g, ' ')
}

/** No duration that matters here is so long: it is a moment. */
const TEN_YEARS_MS = 3.2e11
const ratioNames =
  /^(cpu|busy|idle|.*utili[sz]ation|.*tolerance.*|.*ratio|.*share|coverage|target|.*headroom)$/i
const rateNames = /(rate|load|arrivals?)$/i

function valueInWords(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (value === null) return 'not measured'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberInWords(name, value)
  const entries = Object.entries(value)
  if (entries.length === 0) return 'none'
  const few = entries.slice(0, 6).map(([key, one]) => {
    const text = valueInWords(Array.isArray(value) ? name : key, one) ?? 'none'
    return Array.isArray(value) ? text : `${wordsOf(key)} ${text}`
  })
  return `(${few.join(', ')}${entries.length > 6 ? `, ${entries.length - 6} more` : ''})`
}

function numberInWords(name: string, value: number): string {
  if (/Ms$/.test(name) && value > TEN_YEARS_MS) return moment(value)
  if (/Ms$/.test(name)) return duration(value)
  if (ratioNames.test(name) && Math.abs(value) <= 10) return percent(value)
  return rateNames.test(name) && Number.isFinite(value) ? `${amount(value)}/s` : amount(value)
}
