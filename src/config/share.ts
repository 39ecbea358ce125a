/** A JSON Schema in which what stands there several times is told once, under `$defs`. */
import { canonicalJson } from '../base/index.ts'
import { isSettings, type Settings } from './shorthand.ts'

/** Smaller parts are easier to read where they stand. */
const worthwhile = 400

export function shared(schema: Settings): Settings {
  const seen = new Map<string, Seen>()
  count(schema, 'root', seen)
  const repeated = [...seen].filter(([json, { times }]) => times > 1 && json.length > worthwhile)
  const names = new Map<string, string>()
  for (const [json, { name }] of repeated) {
    const taken = [...names.values()]
    let free = name
    for (let i = 2; taken.includes(free); i++) free = `${name}${i}`
    names.set(json, free)
  }
  const defs: Record<string, unknown> = {}
  for (const [json, name] of names) defs[name] = replaced(seen.get(json)?.part, names, json)
  return { ...(replaced(schema, names) as Settings), $defs: defs }
}

interface Seen {
  times: number
  readonly name: string
  /** With its settings in the order in which they were declared. */
  readonly part: Settings
}

function count(part: unknown, name: string, seen: Map<string, Seen>): void {
  if (Array.isArray(part)) {
    for (const item of part) count(item, name, seen)
    return
  }
  if (!isSettings(part)) return
  if (isSchema(part)) {
    const json = canonicalJson(part)
    const before = seen.get(json)
    if (before === undefined) seen.set(json, { times: 1, name, part })
    else before.times++
    // What is inside a part that was seen before is counted with it.
    if (before !== undefined) return
  }
  for (const [key, value] of Object.entries(part)) count(value, keywords.has(key) ? name : key, seen)
}

const keywords = new Set(['properties', 'items', 'anyOf', 'oneOf', 'additionalProperties', 'default'])
const isSchema = (part: Settings) => 'type' in part || 'anyOf' in part || 'oneOf' in part

function replaced(part: unknown, names: ReadonlyMap<string, string>, self?: string): unknown {
  if (Array.isArray(part)) return part.map((item) => replaced(item, names))
  if (!isSettings(part)) return part
  const json = isSchema(part) ? canonicalJson(part) : undefined
  const name = json === undefined || json === self ? undefined : names.get(json)
  if (name !== undefined) return { $ref: `#/$defs/${name}` }
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, replaced(value, names)]))
}
