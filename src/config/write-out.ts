/**
 * Writing out — a config as somebody wrote it, with every shorthand replaced by what it is short for.
 *
 * On the way names that no setting has are found, so that each is reported by itself and with the nearest known one. What is
 * empty (`forecast:` and nothing behind it) counts as not said.
 */
import { z } from 'zod'
import type { Said } from './across.ts'
import type { Path } from './place.ts'
import { isSettings, type Settings, shorthandOf, singulars } from './shorthand.ts'

export function writeOut(schema: z.core.$ZodType, written: unknown, path: Path, found: Said[]): unknown {
  if (written === undefined || written === null) return undefined
  const expanded = shorthandOf(schema)?.expand(written) ?? written
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    return writeOut(schema.def.innerType, expanded, path, found)
  }
  if (schema instanceof z.ZodObject && isSettings(expanded)) return ofObject(schema, expanded, path, found)
  if (schema instanceof z.ZodArray && Array.isArray(expanded)) {
    return expanded.map((item, i) => writeOut(schema.element, item, [...path, i], found) ?? null)
  }
  if (schema instanceof z.ZodRecord && isSettings(expanded)) {
    const entries = Object.entries(expanded).map(
      ([name, value]) => [name, writeOut(schema.valueType, value, [...path, name], found) ?? null] as const
    )
    return Object.fromEntries(entries)
  }
  if (schema instanceof z.ZodDiscriminatedUnion && isSettings(expanded)) {
    const option = optionOf(schema, expanded.type)
    return option === undefined ? expanded : writeOut(option, expanded, path, found)
  }
  return expanded
}

function ofObject(schema: z.ZodObject, written: Settings, path: Path, found: Said[]): Settings {
  const { shape } = schema
  const out: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(written)) {
    const setting = Object.hasOwn(shape, name) ? name : pluralOf(name, shape)
    if (setting === undefined) {
      found.push({ path: [...path, name], key: true, known: Object.keys(shape), says: 'is no setting' })
    } else if (setting !== name && Object.hasOwn(written, setting)) {
      found.push({ path: [...path, name], key: true, says: `stands beside ${setting}: say one of them` })
    } else {
      const read = writeOut(shape[setting], value, [...path, setting], found)
      if (read !== undefined) out[setting] = read
    }
  }
  return out
}

function pluralOf(name: string, shape: Settings): string | undefined {
  return Object.keys(singulars).find((plural) => singulars[plural] === name && Object.hasOwn(shape, plural))
}

/** The option of a union that has this type. */
function optionOf({ options }: z.ZodDiscriminatedUnion, type: unknown): z.core.$ZodType | undefined {
  return options.find(
    (option) =>
      option instanceof z.ZodObject &&
      option.shape.type instanceof z.ZodLiteral &&
      option.shape.type.value === type
  )
}
