/**
 * Writes what the schema of `prescale.yaml` says of itself: `docs/prescale.schema.json` for editors and the tables of `docs/config.md`.
 *
 *   node tools/config-docs.ts          a test compares, so nobody forgets
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { commandSections } from '../src/cli/config/sections.ts'
import { configJsonSchema } from '../src/config/index.ts'

type Json = { readonly [name: string]: unknown }

const page = fileURLToPath(new URL('../docs/config.md', import.meta.url))
const file = fileURLToPath(new URL('../docs/prescale.schema.json', import.meta.url))
const schema = configJsonSchema(commandSections) as Json

export const schemaText = () => `${JSON.stringify(schema, null, 2)}\n`

/** The page with its tables made anew: each stands between `<!-- table: path -->` and `<!-- end -->`. */
export function pageText(before = readFileSync(page, 'utf8')): string {
  return before.replaceAll(
    /(<!-- table: ([\w.[\]|-]*) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, open, path, close) => `${open}${table(path)}${close}`
  )
}

/** Every path that has to have a table: settings that have settings. */
export function tablePaths(): string[] {
  return [...pageTextPaths(readFileSync(page, 'utf8'))]
}

function* pageTextPaths(text: string): Iterable<string> {
  for (const [, path] of text.matchAll(/<!-- table: ([\w.[\]|-]*) -->/g)) yield path
}

function table(path: string): string {
  const rows = rowsOf(at(path), '', path.split('|')[0])
  return `| Setting | What | Default |\n|---|---|---|\n${rows.map(({ name, says, given }) => `| \`${name}\` | ${says} | ${given} |`).join('\n')}\n`
}

interface Row {
  readonly name: string
  readonly says: string
  readonly given: string
}

/** Groups with a table of their own are named only. */
function rowsOf(part: Json, before: string, within: string): Row[] {
  const settings = settingsOf(part)
  const required = (settings.required ?? []) as readonly string[]
  return Object.entries((settings.properties ?? {}) as Record<string, Json>).flatMap(([name, given]) => {
    const path = within === '' ? name : `${within}.${name}`
    if (isAlias(name, settings) || isForCommands(given)) return []
    const inner = resolved(given)
    const isGroup = settingsOf(inner).properties !== undefined
    const says = [typeOf(inner) || (isGroup ? 'settings' : ''), inner.description, given.description].filter(
      (it, i, all) => it && all.indexOf(it) === i
    )
    const isNeeded = required.includes(name) || pluralNeeded(name, settings)
    const row = {
      name: `${before}${name}`,
      says: says.join('; ').replaceAll('|', '\\|'),
      given: defaultOf(inner, given, isNeeded)
    }
    const own = settingsOf(inner)
    const isTold = tablePaths().some(
      (told) => told === path || told.startsWith(`${path}.`) || told.startsWith(`${path}|`)
    )
    return own.properties === undefined || listed(inner) || isTold || name === 'local'
      ? [row]
      : [row, ...rowsOf(inner, `${before}${name}.`, path)]
  })
}

/** Settings under the name of a command are its flags. */
const isForCommands = ({ type }: Json) => Array.isArray(type)
const singulars = ['source', 'topic', 'query']
const isAlias = (name: string, { properties }: Json) =>
  singulars.includes(name) && (`${name}s` in (properties as Json) || 'queries' in (properties as Json))
const pluralNeeded = (name: string, { oneOf }: Json) =>
  Array.isArray(oneOf) && oneOf.some((it: Json) => Array.isArray(it.required) && it.required[0] === name)
const listed = (part: Json) => formsOf(part).some(({ type }) => type === 'array')

function defaultOf(inner: Json, given: Json, isNeeded: boolean): string {
  const value = given.default ?? inner.default
  if (value === undefined) return isNeeded ? 'needed' : '–'
  if (typeof value !== 'object') return `\`${value}\``
  const [only, ...others] = Object.entries(value as Json)
  if (only === undefined) return '–'
  return others.length === 0 ? `\`${only[0]}: ${only[1]}\`` : `\`${JSON.stringify(value)}\``
}

function typeOf(part: Json): string {
  const forms = formsOf(part).map((form) => {
    if (form.const !== undefined) return `\`${form.const}\``
    if (Array.isArray(form.enum)) return form.enum.map((it) => `\`${it}\``).join(', ')
    if (String(form.pattern ?? '').includes('(ms|s|m|h|d|w)')) return 'duration'
    if (String(form.pattern ?? '').startsWith('^(env|file)')) return '`env:NAME` or `file:PATH`'
    if (form.oneOf !== undefined || form.properties !== undefined) return undefined
    if (form.type === 'array') return 'list'
    if (form.type === 'object') return 'by name'
    const { minimum, maximum } = form as { minimum?: number; maximum?: number }
    const [least, most] = [minimum, maximum].map((bound) =>
      Math.abs(bound ?? Infinity) < 1e15 ? bound : undefined
    )
    const kind =
      { integer: 'whole number', string: 'text', boolean: 'true or false' }[String(form.type)] ?? 'number'
    if (least === undefined) return kind
    return most === undefined ? `${kind} from ${least}` : `${kind}, ${least} to ${most}`
  })
  return [...new Set(forms.filter((form) => form !== undefined))].join(' or ')
}

function formsOf(part: Json): Json[] {
  const inner = resolved(part)
  return Array.isArray(inner.anyOf) ? inner.anyOf.flatMap((form: Json) => formsOf(form)) : [inner]
}

/** The form that has settings, of all that may be written. */
function settingsOf(part: Json): Json {
  return formsOf(part).find(({ properties }) => properties !== undefined) ?? {}
}

function resolved(part: Json): Json {
  const ref = typeof part.$ref === 'string' ? part.$ref.split('/').at(-1) : undefined
  if (ref === undefined) return part
  const { $ref: _, ...own } = part
  return { ...resolved((schema.$defs as Record<string, Json>)[ref]), ...own }
}

/** `targets.sources|kafka`: by name; the items of lists and maps without a word; `|` is the type of a union. */
function at(path: string): Json {
  let part = schema
  for (const step of path.split('.').filter(Boolean)) {
    const [name, type] = step.split('|')
    part = (settingsOf(part).properties as Record<string, Json>)[name]
    part = itemOf(part)
    if (type === undefined) continue
    const option = optionsOf(part).find(
      ({ properties }) => ((properties as Record<string, Json>).type.const as string) === type
    )
    if (option === undefined) throw new Error(`${path} has no ${type}`)
    part = option
  }
  return part
}

function itemOf(part: Json): Json {
  const forms = formsOf(part)
  const list = forms.find(({ type }) => type === 'array')
  if (list !== undefined) return resolved(list.items as Json)
  const map = forms.find((form) => form.properties === undefined && isJson(form.additionalProperties))
  return map === undefined ? resolved(part) : resolved(map.additionalProperties as Json)
}

const optionsOf = (part: Json): Json[] =>
  formsOf(part).flatMap((form) =>
    Array.isArray(form.oneOf) ? form.oneOf.map((it: Json) => resolved(it)) : []
  )
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(file, schemaText())
  writeFileSync(page, pageText())
}
