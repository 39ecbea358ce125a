/**
 * Reading `prescale.yaml` — text in, config out, or every problem with its line and column.
 *
 *   YAML → shorthands written out, unknown names found → schema → settings that need each other
 *
 * A problem says where, what, and what would be right: `prescale.yaml:7:15: targets.cars.interval must be a duration with
 * its unit, such as 30s, was 30`.
 */
import {
  type Alias,
  type Document,
  isMap,
  LineCounter,
  parseDocument,
  visit,
  type YAMLParseError
} from 'yaml'
import { PrescaleError, unknownName } from '../base/index.ts'
import { complete, type Said } from './across.ts'
import { type Path, type Place, pathText, placeAt, placeOf, placeOfKey, writtenPath } from './place.ts'
import { config as schema } from './schema.ts'
import { isSettings, type Settings } from './shorthand.ts'
import type { Config } from './types.ts'
import { writeOut } from './write-out.ts'

export interface Problem extends Place {
  /** `targets.cars.interval`; empty for the file as a whole. */
  readonly path: string
  readonly says: string
}

export interface Checked {
  /** Absent while there are problems. */
  readonly config?: Config
  /** In the order of the file. */
  readonly problems: readonly Problem[]
  /** What stands under the names that belong to others, as plain values. */
  readonly sections: Settings
  /** For problems that somebody else finds later: a path in the config and what is wrong there. */
  readonly placed: (said: Said) => Problem
}

/** `sections` are names at the top that belong to others, such as `rehearse`, and are passed over. */
export function checkConfig(text: string, sections: readonly string[] = []): Checked {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    stringKeys: true,
    prettyErrors: false
  })
  const at = (offset: number): Place => placeAt(lines, offset)
  const nowhere = (says: string, place: Place = { line: 1, column: 1 }): Checked => {
    const problem = { ...place, path: '', says }
    return { problems: [problem], sections: {}, placed: (said) => ({ ...place, path: '', says: said.says }) }
  }
  const [broken] = document.errors
  // One is enough: where the text ends in the middle of something, everything behind it looks wrong.
  if (broken !== undefined) return nowhere(sayBroken(broken), at(broken.pos[0]))
  let raw: unknown
  try {
    raw = document.toJS({ maxAliasCount: 100 })
  } catch {
    const lost = unresolved(document)
    return lost === undefined
      ? nowhere('has aliases inside aliases, far too many of them')
      : nowhere(
          `'*${lost.source}' must be an alias of something that stands before it`,
          at(lost.range?.[0] ?? 0)
        )
  }
  if (raw === null || raw === undefined) return nowhere("is empty: it must begin with 'version: 1'")
  if (!isMap(document.contents) || !isSettings(raw)) {
    return nowhere("must be settings by name, such as 'version: 1' and 'targets:'")
  }
  const belongs = (theirs: boolean) =>
    Object.fromEntries(Object.entries(raw).filter(([name]) => sections.includes(name) === theirs))
  const mine = belongs(false)
  const nameOf = (path: Path) => nameIn(raw, path)
  const placed = ({ path, says, key, known }: Said): Problem => {
    const place = (key ? placeOfKey : placeOf)(document, lines, path)
    const written = writtenPath(document, path)
    if (known === undefined) return { ...place, path: pathText(written, nameOf), says }
    const around = pathText(written.slice(0, -1), nameOf)
    const all = around === '' ? [...known, ...sections] : known
    const what = around === '' ? 'a setting' : `a setting of ${around}`
    return { ...place, path: '', says: unknownName(what, String(path.at(-1)), all) }
  }
  const { config, said } = checkSettings(mine)
  const once = new Map(said.map(placed).map((problem) => [JSON.stringify(problem), problem]))
  const problems = [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column)
  const found = { problems, placed, sections: belongs(true) }
  return problems.length > 0 ? found : { ...found, config }
}

function sayBroken({ code, message }: YAMLParseError): string {
  if (code === 'MULTIPLE_DOCS') return 'must be one document, without ---'
  if (code === 'NON_STRING_KEY') return 'must be a name: settings stand behind words'
  const [says] = message.split('\n')
  // What a PromQL query without quotes looks like to YAML.
  return code === 'UNEXPECTED_TOKEN' ? `${says}; a text with [ ] { } , or : in it stands in quotes` : says
}

function unresolved(document: Document.Parsed): Alias | undefined {
  let lost: Alias | undefined
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) lost ??= alias
    }
  })
  return lost
}

function checkSettings(mine: Settings): { readonly config?: Config; readonly said: readonly Said[] } {
  const found: Said[] = []
  const written = writeOut(schema, mine, [], found) as Settings
  // A file with nothing but sections of commands is a good file, and asks for nothing.
  const whole = Object.keys(mine).length === 0 ? { version: 1 } : written
  const { data, error } = schema.safeParse(whole)
  if (data === undefined) {
    const wrong = error.issues.map(({ path, message }) => ({ path, says: message }))
    return { said: [...found, ...wrong] }
  }
  const { config, problems } = complete(data)
  return { config, said: [...found, ...problems] }
}

/** A target has a name, in the list or before its settings. */
function nameIn(raw: Settings, path: Path): string | undefined {
  const [list, i] = path
  if (path.length !== 2 || (list !== 'targets' && list !== 'gateways') || typeof i !== 'number')
    return undefined
  const given = raw[list]
  if (isSettings(given)) return Object.keys(given)[i]
  const item = Array.isArray(given) ? given[i] : undefined
  if (!isSettings(item)) return undefined
  const name = item.name ?? item.id
  return typeof name === 'string' ? name : undefined
}

/** `prescale.yaml:7:15: targets.cars.interval must be …`, in one line. */
export function sayProblem(where: string, { line, column, path, says }: Problem): string {
  return `${where}:${line}:${column}: ${path === '' ? '' : `${path} `}${says}`
}

/** The config, or `BAD_INPUT` with the first problem and how many there are. `where` names the text, such as its file. */
export function readConfig(text: string, where: string, sections: readonly string[] = []): Config {
  const { config, problems } = checkConfig(text, sections)
  if (config !== undefined) return config
  throw refused(where, problems)
}

export function refused(where: string, problems: readonly Problem[]): PrescaleError {
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more: prescale validate ${where})` : ''
  return new PrescaleError('BAD_INPUT', `${sayProblem(where, problems[0])}${more}`)
}
