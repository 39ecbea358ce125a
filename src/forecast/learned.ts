/** What was learned elsewhere, read field by field: whatever is not as it was saved is a `BAD_MODEL` in one line. */
import { PrescaleError } from '../base/index.ts'
import type { Json } from '../roles.ts'

export interface Learned {
  number(field: string): number
  /** `NaN` where it is null or absent. */
  maybe(field: string): number
  text(field: string): string
  truth(field: string): boolean
  numbers(field: string): Float64Array
  has(field: string): boolean
  /** The fields of an object inside; `undefined` where it is null or absent. */
  inner(field: string): Learned | undefined
}

export function readLearned(method: string, learned: Json): Learned {
  const refuse = (field: string, right: string): never => {
    throw new PrescaleError('BAD_MODEL', `${method}: ${field} of what was learned must be ${right}`)
  }
  const isObject = (json: Json | undefined): json is { readonly [key: string]: Json } =>
    typeof json === 'object' && json !== null && !Array.isArray(json)
  const fields = isObject(learned)
    ? learned
    : refuse('the whole', 'an object as `parameters` of a saved model')
  return {
    number(field) {
      const value = fields[field]
      return typeof value === 'number' && Number.isFinite(value) ? value : refuse(field, 'a number')
    },
    maybe(field) {
      const value = fields[field] ?? NaN
      return typeof value === 'number' ? value : refuse(field, 'a number or null')
    },
    text(field) {
      const value = fields[field]
      return typeof value === 'string' ? value : refuse(field, 'a text')
    },
    truth(field) {
      const value = fields[field]
      return typeof value === 'boolean' ? value : refuse(field, 'true or false')
    },
    numbers(field) {
      const value = fields[field]
      const fine = Array.isArray(value) && value.every((v) => typeof v === 'number' && Number.isFinite(v))
      return fine ? Float64Array.from(value as readonly number[]) : refuse(field, 'a list of numbers')
    },
    has: (field) => Object.hasOwn(fields, field),
    inner(field) {
      const value = fields[field]
      if (value === null || value === undefined) return undefined
      return readLearned(`${method}.${field}`, value)
    }
  }
}
