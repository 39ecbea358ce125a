import { createHash } from 'node:crypto'

/** JSON with sorted keys, `NaN` as `null` (not measured) and typed arrays as plain ones: same value, same bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, v) => {
    if (typeof v === 'number' && !Number.isFinite(v)) return Number.isNaN(v) ? null : String(v)
    if (ArrayBuffer.isView(v)) return Array.from(v as Float64Array)
    if (v && typeof v === 'object' && !Array.isArray(v)) {
      return Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
    }
    return v
  })
}

/** SHA-256 of the canonical JSON, first 16 hex digits: the id of a series, forecast or model in a Turn. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16)
}
