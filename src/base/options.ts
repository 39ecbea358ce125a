import { parseDuration } from './durations.ts'
import { PrescaleError, requireOption } from './errors.ts'
import { unknownName } from './names.ts'

/** What an option may hold. Durations are given as `30s`, `PT30S` or milliseconds and are read to milliseconds. */
export interface OptionSpec {
  readonly kind: 'number' | 'integer' | 'duration' | 'boolean' | 'text'
  /** Absent: the option has no default and the method does without it. */
  readonly default?: number | boolean | string
  readonly min?: number
  readonly max?: number
  readonly oneOf?: readonly string[]
  /** One line for the generated help: what it means, with its unit. */
  readonly says: string
}

export type OptionTable = Readonly<Record<string, OptionSpec>>
export type OptionValue = number | boolean | string
/** Options as somebody wrote them: on a command line, in YAML, in code. */
export type GivenOptions = Readonly<Record<string, unknown>>
export type ReadOptions<T extends OptionTable> = {
  readonly [K in keyof T]: T[K]['kind'] extends 'boolean'
    ? boolean
    : T[K]['kind'] extends 'text'
      ? string
      : number
}

/**
 * Given options against their table: unknown names refused with the nearest known one, values read and checked,
 * defaults filled in. Options without default and not given are absent.
 */
export function readOptions<T extends OptionTable>(
  owner: string,
  table: T,
  given: GivenOptions = {}
): ReadOptions<T> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name)) {
      throw new PrescaleError('BAD_OPTION', unknownName(`an option of ${owner}`, name, Object.keys(table)))
    }
  }
  const out: Record<string, OptionValue> = {}
  for (const [name, spec] of Object.entries(table)) {
    const value = given[name] ?? spec.default
    if (value !== undefined) out[name] = readOne(`${owner}.${name}`, spec, value)
  }
  return out as ReadOptions<T>
}

function readOne(name: string, spec: OptionSpec, value: unknown): OptionValue {
  switch (spec.kind) {
    case 'text': {
      const text = String(value)
      requireOption(spec.oneOf?.includes(text) ?? true, name, text, `one of ${spec.oneOf?.join(', ')}`)
      return text
    }
    case 'boolean':
      requireOption(['true', 'false'].includes(String(value)), name, value, 'true or false')
      return String(value) === 'true'
    case 'duration':
      return inRange(name, spec, parseDuration(value as string | number, name), 'a duration such as 30s')
    default: {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
      const what = spec.kind === 'integer' ? 'a whole number' : 'a number'
      requireOption(typeof number === 'number' && !Number.isNaN(number), name, value, what)
      requireOption(spec.kind === 'number' || Number.isInteger(number), name, value, what)
      return inRange(name, spec, number, what)
    }
  }
}

function inRange(name: string, spec: OptionSpec, value: number, what: string): number {
  const bounds = [
    spec.min === undefined ? '' : `at least ${spec.min}`,
    spec.max === undefined ? '' : `at most ${spec.max}`
  ].filter(Boolean)
  requireOption(
    value >= (spec.min ?? -Infinity) && value <= (spec.max ?? Infinity),
    name,
    value,
    [what, ...bounds].join(', ')
  )
  return value
}
