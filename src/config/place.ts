/** Where something stands in a YAML text: a path of names and positions to line and column. */

import type { Document } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair, type YAMLMap } from 'yaml'
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
  for (const step of path) {
    const inside = isAlias(node) ? node.resolve(document) : node
    const next = isMap(inside)
      ? pairAt(inside, step)
      : isSeq(inside)
        ? { value: inside.items[Number(step)] }
        : undefined
    if (next === undefined) break
    node = next.value
    const at =
      isScalar(node) && node.value !== null
        ? startOf(node)
        : 'key' in next
          ? startOf(next.key)
          : startOf(node)
    offset = at ?? offset
  }
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

/** The position of the name, not of what stands behind it. */
export function placeOfKey(document: Document.Parsed, lines: LineCounter, path: Path): Place {
  const parent = nodeAt(document, path.slice(0, -1))
  const pair = isMap(parent) ? pairAt(parent, path[path.length - 1]) : undefined
  const offset = startOf(pair?.key)
  if (offset === undefined) return placeOf(document, lines, path)
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

function nodeAt(document: Document.Parsed, path: Path): unknown {
  let node: unknown = document.contents
  for (const step of path) {
    const inside = isAlias(node) ? node.resolve(document) : node
    node = isMap(inside)
      ? pairAt(inside, step)?.value
      : isSeq(inside)
        ? inside.items[Number(step)]
        : undefined
  }
  return node
}

/** By name, by its singular, or by position where settings by name stand for a list. */
function pairAt(map: YAMLMap, step: PropertyKey): Pair | undefined {
  if (typeof step === 'number') return map.items[step]
  const named = (name: string) =>
    map.items.find(({ key }) => String(isScalar(key) ? key.value : key) === name)
  return named(String(step)) ?? named(singulars[String(step)] ?? '')
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
