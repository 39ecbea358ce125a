/** JSON from outside read field by field: what is not as it should be is BAD_ANSWER, with the path of the field. */
import { PrescaleError } from '../base/index.ts'

export interface Shape {
  readonly where: string
  text(name: string): string
  /** A finite number. */
  number(name: string): number
  /** `NaN` where it is not there or no finite number. */
  maybe(name: string): number
  object(name: string): Shape
  /** Undefined where it is not there, or null. */
  optional(name: string): Shape | undefined
  list(name: string): Shape[]
  /** Names and shapes of all fields. */
  entries(): [string, Shape][]
  raw(name: string): unknown
}

/** `where` names the answer in messages, such as `http://host:8081/jobs/x`. Errors: BAD_ANSWER. */
export function shapeOf(value: unknown, where: string, path = ''): Shape {
  const wrong = (name: string, right: string): never => {
    throw new PrescaleError(
      'BAD_ANSWER',
      `${where} answers JSON of another kind: ${[path, name].filter(Boolean).join('.') || 'it'} is not ${right}`
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('', 'an object')
  const fields = new Map(Object.entries(value))
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  return {
    where,
    raw: (name) => fields.get(name),
    text(name) {
      const text = fields.get(name)
      return typeof text === 'string' ? text : wrong(name, 'a text')
    },
    number(name) {
      const number = fields.get(name)
      return typeof number === 'number' && Number.isFinite(number) ? number : wrong(name, 'a number')
    },
    maybe(name) {
      const number = fields.get(name)
      return typeof number === 'number' && Number.isFinite(number) ? number : NaN
    },
    object: (name) => shapeOf(fields.get(name), where, at(name)),
    optional(name) {
      const inner = fields.get(name)
      return inner === undefined || inner === null ? undefined : shapeOf(inner, where, at(name))
    },
    list(name) {
      const list = fields.get(name)
      if (!Array.isArray(list)) return wrong(name, 'a list')
      return list.map((item, i) => shapeOf(item, where, `${at(name)}[${i}]`))
    },
    entries: () => [...fields].map(([name, inner]) => [name, shapeOf(inner, where, at(name))])
  }
}

/**
 * A count or a time that was measured: finite, at least 0, not larger than can be counted. `NaN` for what was not measured; undefined
 * for what no counter can be. Numbers may be written as text, as Flink does.
 */
export function countOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === 'NaN') return NaN
  if (typeof value === 'string' && value.trim() === '') return undefined
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const number = Number(value)
  if (Number.isNaN(number)) return typeof value === 'number' ? NaN : undefined
  return number >= 0 && number <= Number.MAX_SAFE_INTEGER ? number : undefined
}
