/**
 * Packing — values to JSON and back without loss.
 *
 *   NaN → { "$n": "NaN" }    Float64Array → { "$f64": [1, null, …] }    stored apart → { "$ref": hash }
 *
 * JSON has no `NaN`, and a Turn read back must be decided again to the same bytes: *not measured* must not come back as
 * null, nor −0 as 0. Keys of ours that begin with `$` are written with `$$`. Properties that are undefined are left out,
 * as JSON does.
 */
import type { Json } from '../roles.ts'

/** A value as JSON text. */
export function pack(value: unknown): string {
  return JSON.stringify(packed(value))
}

/** The value of a text made by `pack`; `resolve` gives what is stored apart. */
export function unpack(text: string, resolve?: (hash: string) => unknown): unknown {
  const value: unknown = JSON.parse(text)
  return text.includes('"$') ? unpacked(value, resolve) : value
}

/** Stands for a value that is stored apart. */
export function reference(hash: string): object {
  const made = { $ref: hash }
  references.add(made)
  return made
}
const references = new WeakSet<object>()

/** The same value as plain JSON; values that are plain already are handed back as they are. */
function packed(value: unknown): unknown {
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : special(value)
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
      throw new TypeError(`a ${typeof value} cannot be stored`)
    }
    return value
  }
  if (value instanceof Float64Array) return { $f64: Array.from(value, number) }
  if (Array.isArray(value)) return packedArray(value)
  return references.has(value) ? value : packedObject(value as Record<string, unknown>)
}

function packedArray(value: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let i = 0; i < value.length; i++) {
    const item = packed(value[i])
    if (item === value[i]) continue
    copy ??= value.slice()
    copy[i] = item
  }
  return copy ?? value
}

function packedObject(value: Record<string, unknown>): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined
  for (const key in value) {
    const item = packed(value[key])
    if (key.startsWith('$')) {
      // Rebuilt as a whole, so that the order of the keys stays.
      return Object.fromEntries(
        Object.entries(value).map(([k, v]) => [k.startsWith('$') ? `$${k}` : k, packed(v)])
      )
    }
    if (item === value[key]) continue
    copy ??= { ...value }
    copy[key] = item
  }
  return copy ?? value
}

const special = (n: number) => ({ $n: Object.is(n, -0) ? '-0' : String(n) })

/** Inside `$f64` null is NaN, and what JSON cannot write is text. */
function number(n: number): number | string | null {
  if (Number.isNaN(n)) return null
  return Number.isFinite(n) && !Object.is(n, -0) ? n : Object.is(n, -0) ? '-0' : String(n)
}

function unpacked(value: unknown, resolve?: (hash: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => unpacked(item, resolve))
  const object = value as Record<string, unknown>
  if (Object.hasOwn(object, '$n')) return Number(object.$n)
  if (typeof object.$ref === 'string') return resolve?.(object.$ref)
  if (Array.isArray(object.$f64)) {
    return Float64Array.from(object.$f64 as Json[], (n) => (n === null ? NaN : Number(n)))
  }
  return Object.fromEntries(
    Object.entries(object).map(([key, item]) => [
      key.startsWith('$$') ? key.slice(1) : key,
      unpacked(item, resolve)
    ])
  )
}
