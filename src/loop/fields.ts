/**
 * The words of JSON, each checked with its path: `null` is *not measured* where something is measured, and *not said*
 * where something is set.
 */
import { PrescaleError } from '../base/index.ts'

export type Fields = Readonly<Record<string, unknown>>

export function fields(json: unknown, path: string): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) wrong(path, 'an object', json)
  return json as Fields
}

export function list<T>(json: unknown, path: string, read: (value: unknown, path: string) => T): T[] {
  if (!Array.isArray(json)) wrong(path, 'an array', json)
  const out: T[] = []
  for (let i = 0; i < json.length; i++) out.push(read(json[i], `${path}[${i}]`))
  return out
}

/** An object whose keys are names of the world outside. */
export function named<T>(
  json: unknown,
  path: string,
  read: (value: unknown, path: string) => T
): Record<string, T> {
  const given = fields(json, path)
  const out: Record<string, T> = {}
  for (const name in given) {
    if (name === '__proto__') wrong(path, 'free of the name __proto__', name)
    out[name] = read(given[name], `${path}.${name}`)
  }
  return out
}

export function optional<T>(
  given: Fields,
  key: string,
  path: string,
  read: (value: unknown, path: string) => T
): T | undefined {
  const value = given[key]
  return value === undefined || value === null ? undefined : read(value, `${path}.${key}`)
}

export function numbers(json: unknown, path: string): Float64Array {
  if (!Array.isArray(json)) wrong(path, 'an array of numbers and nulls', json)
  const values = new Float64Array(json.length)
  for (let i = 0; i < values.length; i++) {
    const value: unknown = json[i]
    if (typeof value === 'number') values[i] = value
    else values[i] = measuredValue(value, `${path}[${i}]`)
  }
  return values
}

export function measuredValue(value: unknown, path: string): number {
  if (typeof value === 'number') return value
  return value === null ? NaN : wrong(path, 'a number or null', value)
}

/** Whole units, or `null` where nobody counted them. */
export function unitsValue(value: unknown, path: string): number {
  const units = measuredValue(value, path)
  return Number.isNaN(units) || (Number.isSafeInteger(units) && units >= 0)
    ? units
    : wrong(path, 'a whole number of units, at least 0, or null', units)
}

export function numberValue(value: unknown, path: string): number {
  return typeof value === 'number' ? value : wrong(path, 'a number', value)
}

export function textValue(value: unknown, path: string): string {
  return typeof value === 'string' ? value : wrong(path, 'a text', value)
}

export function number(given: Fields, key: string, path: string): number {
  const value = given[key]
  return typeof value === 'number' && Number.isFinite(value)
    ? value
    : wrong(`${path}.${key}`, 'a number', value)
}

/** Measured: absent and `null` are both *not measured*. */
export function measured(given: Fields, key: string, path: string): number {
  const value = given[key]
  if (typeof value === 'number') return value
  return value === null || value === undefined ? NaN : wrong(`${path}.${key}`, 'a number or null', value)
}

export function optionalMeasured(given: Fields, key: string, path: string): number | undefined {
  return given[key] === undefined ? undefined : measured(given, key, path)
}

export function optionalNumber(given: Fields, key: string, path: string): number | undefined {
  const value = given[key]
  if (typeof value === 'number' || value === undefined) return value
  return value === null ? undefined : wrong(`${path}.${key}`, 'a number or null', value)
}

export function text(given: Fields, key: string, path: string): string {
  const value = given[key]
  return typeof value === 'string' ? value : wrong(`${path}.${key}`, 'a text', value)
}

export function optionalText(given: Fields, key: string, path: string): string | undefined {
  const value = given[key]
  return value === undefined || value === null ? undefined : text(given, key, path)
}

export function truth(given: Fields, key: string, path: string): boolean | undefined {
  const value = given[key]
  if (typeof value === 'boolean' || value === undefined) return value
  return value === null ? undefined : wrong(`${path}.${key}`, 'true or false', value)
}

export function wrong(path: string, right: string, value: unknown): never {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  const shown = value === undefined ? 'missing' : `was ${text?.slice(0, 60)}`
  throw new PrescaleError('BAD_INPUT', `${path} must be ${right}, ${shown}`)
}
