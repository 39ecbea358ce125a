/** Pieces of HTML that cannot break out of their place: names of traces, columns and policies come from users. */
export function esc(text: string): string {
  return text.replace(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Grouped digits, a few of them. */
export function num(x: number, digits = 3): string {
  if (!Number.isFinite(x)) return '–'
  if (Number.isInteger(x)) return x.toLocaleString('en-US')
  if (Math.abs(x) < 1e-3) return x < 0 ? '> −0.001' : '< 0.001'
  return x.toLocaleString('en-US', { maximumSignificantDigits: Math.abs(x) >= 1000 ? 6 : digits })
}

/** `−74 %`, `+4 %`. */
export function signedPercent(ratio: number): string {
  if (!Number.isFinite(ratio)) return '–'
  const percent = Math.abs(ratio) < 0.0995 ? Number((ratio * 100).toPrecision(2)) : Math.round(ratio * 100)
  return `${percent < 0 ? '−' : percent > 0 ? '+' : ''}${num(Math.abs(percent))} %`
}

/** `−78 … −41 %`. */
export function percentRange([low, high]: readonly [number, number]): string {
  return `${signedPercent(low).replace(' %', '')} … ${signedPercent(high)}`
}

/** `{ target: 0.6 }` as `target 0.6`. */
export function knobInWords(knob: unknown): string {
  if (knob === null || typeof knob !== 'object') return ''
  return Object.entries(knob)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? num(value) : value}`)
    .join(', ')
}

/** A sentence as it stands in a list: large letter, full stop. */
export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
