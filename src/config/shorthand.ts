/**
 * Shorthands — what may be written shorter than it is meant: `policy: hpa` for `policy: { name: hpa }`.
 *
 * Each stands in the schema beside what it is short for. They are written out before the schema checks anything, so that there is one
 * shape to check, one to read and one to print.
 */
import type { z } from 'zod'

export interface Shorthand {
  /** The meant form of what was written, or `undefined` where it is no shorthand. */
  readonly expand: (written: unknown) => unknown
  /** JSON Schema of the short form; absent: it is told elsewhere. */
  readonly json?: Settings
  /** All forms as JSON Schema, given that of the meant one; absent: `json` and the meant one. */
  readonly forms?: (meant: Settings) => readonly Settings[]
}

// By definition and not by schema: a schema that is described is another one with the same definition.
const shorthands = new WeakMap<object, Shorthand>()

/** The schema with a short form. */
export function short<T extends z.ZodType>(schema: T, shorthand: Shorthand): T {
  shorthands.set(schema._zod.def, shorthand)
  return schema
}

export const shorthandOf = (schema: z.core.$ZodType): Shorthand | undefined => shorthands.get(schema._zod.def)

/** Singular names, under which one thing may stand without its list. */
export const singulars: Readonly<Record<string, string>> = {
  sources: 'source',
  topics: 'topic',
  queries: 'query'
}

/** One thing for a list of one. */
export const orOne: Shorthand = {
  expand: (written) => (isSettings(written) ? [written] : undefined),
  forms: (list) => [list.items as Settings, list]
}

export type Settings = Readonly<Record<string, unknown>>

export function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `a, b` or `a` for a list of texts. */
export const orText: Shorthand = {
  expand: (written) =>
    typeof written === 'string' ? written.split(',').map((item) => item.trim()) : undefined,
  json: { type: 'string' }
}
