/** What an importer makes of somebody else's config: a target in our words, and what it could not carry over. */
import { parseAllDocuments } from 'yaml'
import { PrescaleError } from '../../base/index.ts'

export interface Imported {
  readonly name: string
  /** Settings of the target as they stand in `prescale.yaml`. */
  readonly target: Readonly<Record<string, unknown>>
  /** A policy as `rehearse --policies` takes it, to see the same rule on a recorded load. */
  readonly rehearse: string
  /** Its size can be changed by nobody here: it is recommended for only. */
  readonly recommendOnly?: boolean
  /** What was not carried over, and what to do about it. One line each. */
  readonly notes: readonly string[]
}

/** `parts` in the outside's words; anything may be missing. */
export type Parts = Readonly<Record<string, unknown>>

export function isParts(value: unknown): value is Parts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const partsOf = (value: unknown): Parts => (isParts(value) ? value : {})
export const listOf = (value: unknown): readonly Parts[] =>
  Array.isArray(value) ? value.filter(isParts) : []
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined

/** A whole number or a number as text, else `undefined`. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** The one object of a kind in a manifest of one or several documents. Errors: BAD_INPUT. */
export function manifestOf(text: string, where: string, kind: string): Parts {
  const documents = parseAllDocuments(text, { prettyErrors: false })
  if (!Array.isArray(documents))
    throw new PrescaleError('BAD_INPUT', `${where} is empty: it must be a ${kind}`)
  const found: string[] = []
  const wanted: Parts[] = []
  for (const document of documents) {
    const [error] = document.errors
    if (error !== undefined) {
      throw new PrescaleError(
        'BAD_INPUT',
        `${where} cannot be read as YAML: ${error.message.split('\n')[0]}`,
        { cause: error }
      )
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    for (const object of isParts(value) && value.kind === 'List' ? listOf(value.items) : [value]) {
      if (!isParts(object)) continue
      if (object.kind === kind) wanted.push(object)
      else found.push(String(object.kind ?? 'an object without a kind'))
    }
  }
  if (wanted.length === 1) return wanted[0]
  const names = wanted.map((it) => partsOf(it.metadata).name).join(', ')
  throw new PrescaleError(
    'BAD_INPUT',
    wanted.length > 1
      ? `${where} has ${wanted.length} of kind ${kind}: ${names}; give one at a time`
      : `${where} has no ${kind}${found.length > 0 ? `, but ${found.join(', ')}` : ''}`
  )
}

/** A name that a target may have. */
export function targetName(given: unknown, otherwise: string): string {
  const name = String(given ?? '')
    .replaceAll(/[^\w.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63)
  return name === '' ? otherwise : name
}

/** `behavior` word for word; only its known fields. */
export function behaviorOf(given: unknown, notes: string[]): Parts | undefined {
  if (!isParts(given)) return undefined
  const known = ['stabilizationWindowSeconds', 'selectPolicy', 'tolerance', 'policies']
  const out: Record<string, unknown> = {}
  for (const way of ['scaleUp', 'scaleDown']) {
    const rules = partsOf(given[way])
    const kept = Object.entries(rules).filter(([name]) => known.includes(name))
    if (kept.length === 0) continue
    out[way] = Object.fromEntries(
      kept.map(([name, value]) => [name, name === 'tolerance' ? quantityOf(value) : value])
    )
    for (const name of Object.keys(rules)) {
      if (!known.includes(name)) notes.push(`behavior.${way}.${name} is not known here`)
    }
  }
  return Object.keys(out).length > 0 ? out : undefined
}

const suffixes: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40
}

/** A Kubernetes quantity: `500m`, `1k`, `1Mi`, `0.5`. */
export function quantityOf(value: unknown): number | undefined {
  const [, count, suffix] =
    /^([-+]?[\d.]+(?:[eE][-+]?\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(textOf(value) ?? '') ?? []
  const number = Number(count) * (suffix === undefined ? 1 : suffixes[suffix])
  return Number.isFinite(number) ? number : undefined
}

/** Without what is not known. */
export function given(parts: Readonly<Record<string, unknown>>): Parts {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
}
