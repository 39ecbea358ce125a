/** Where something stands in a YAML text: a path of names and positions to line and column. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type YAMLMap
} from 'yaml'
import { singulars } from './shorthand.ts'

export type Path = readonly PropertyKey[]
export interface Place {
  readonly line: number
  readonly column: number
}

/** Both count from 1. What is not there is where it would belong: at the settings around it. */
export function placeOf(document: Document.Parsed, lines: LineCounter, path: Path): Place {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [i, step] of path.entries()) {
    const next = stepInto(document, node, step, i)
    if (next === undefined) break
    const { value, key } = next
    const isText = isScalar(value) && value.value !== null
    offset = startOf(isText || key === undefined ? value : key) ?? offset
    node = value
  }
  return placeAt(lines, offset)
}

/** The position of the name, not of what stands behind it. */
export function placeOfKey(document: Document.Parsed, lines: LineCounter, path: Path): Place {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const [i, step] of path.entries()) {
    const next = stepInto(document, node, step, i)
    offset = startOf(next?.key)
    node = next?.value
  }
  return offset === undefined ? placeOf(document, lines, path) : placeAt(lines, offset)
}

export function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

interface Next {
  readonly value: unknown
  /** Absent in a list, and where one thing stands for a list of one. */
  readonly key?: unknown
}

function stepInto(
  document: Document.Parsed,
  node: unknown,
  step: PropertyKey,
  depth: number
): Next | undefined {
  const inside = isAlias(node) ? node.resolve(document) : node
  if (isSeq(inside)) return { value: inside.items[Number(step)] }
  if (!isMap(inside)) return undefined
  if (typeof step !== 'number') return pairOf(inside, String(step))
  // Targets by name are a list by position; elsewhere one thing is the only one of its list.
  return depth === 1 ? inside.items[step] : { value: node }
}

/** By name, or by its singular. */
function pairOf(map: YAMLMap, name: string): Pair | undefined {
  const find = (wanted: string) => map.items.find(({ key }) => textOfKey(key) === wanted)
  return find(name) ?? find(singulars[name] ?? '')
}

const textOfKey = (key: unknown) => String(isScalar(key) ? key.value : key)

/**
 * The path as it is written in the text: `sources[0].url` where a list has it, `source.url` where one thing stands for a list of one, `policy`
 * where one word stands for `policy.name`.
 */
export function writtenPath(document: Document.Parsed, path: Path): Path {
  const written: PropertyKey[] = []
  let node: unknown = document.contents
  for (const [i, step] of path.entries()) {
    const inside = isAlias(node) ? node.resolve(document) : node
    // What is not there has the names that it would have.
    if (inside === undefined || (isScalar(inside) && inside.value === null))
      return [...written, ...path.slice(i)]
    const next = stepInto(document, inside, step, i)
    if (isOneOf(inside, step)) written.push(step)
    else if (isMap(inside) && typeof step === 'number') {
      if (i === 1) written.push(step)
    } else if (!isScalar(inside)) written.push(next?.key === undefined ? step : textOfKey(next.key))
    node = isScalar(inside) ? inside : next?.value
  }
  return written
}

/** An item of a list, also of `a, b` in one text. */
function isOneOf(node: unknown, step: PropertyKey): boolean {
  return isSeq(node) || (typeof step === 'number' && isScalar(node) && String(node.value).includes(','))
}

function startOf(node: unknown): number | undefined {
  const { range } = (node ?? {}) as Partial<Node>
  return range?.[0]
}

/** `targets.cars.sources[0].url`; `nameOf` gives a name for a position, where it has one. */
export function pathText(path: Path, nameOf: (path: Path) => string | undefined): string {
  let text = ''
  for (const [i, step] of path.entries()) {
    const name = typeof step === 'number' ? nameOf(path.slice(0, i + 1)) : String(step)
    text += name === undefined ? `[${String(step)}]` : text === '' ? name : `.${name}`
  }
  return text
}
