/**
 * Head and seal of what a policy learned: one plain JSON object that says what it is, checked before it is used.
 *
 *   { format: 'prescale-model', formatVersion: 1, kind: 'policy', model: 'ppo' | 'q-learning' | 'sarsa',  …,  checksum }
 *
 * `checksum` is the hash of everything else as canonical JSON, so that a file that was cut short or edited is refused.
 */
import { hashOf, PrescaleError } from '../base/index.ts'

export const MODEL_FORMAT = 'prescale-model'

export interface ModelHead {
  readonly format: typeof MODEL_FORMAT
  readonly formatVersion: 1
  readonly kind: 'policy'
  readonly model: string
}

/** The content of a model with its head and its checksum. */
export function sealed<Method extends string, Content extends object>(model: Method, content: Content) {
  const whole = { format: MODEL_FORMAT, formatVersion: 1, kind: 'policy', model, ...content } as const
  return { ...whole, checksum: hashOf(whole) }
}

/** A sealed object of that kind, untouched since it was written; else `BAD_MODEL`. */
export function requireSealed<T>(
  value: unknown,
  where: string,
  head: Readonly<Record<string, string>>
): asserts value is T {
  const wrong = (what: string) => new PrescaleError('BAD_MODEL', `${where} ${what}`)
  if (typeof value !== 'object' || value === null) throw wrong('must be a JSON object')
  const fields = new Map(Object.entries(value))
  for (const [name, right] of Object.entries(head)) {
    if (fields.get(name) !== right) {
      throw wrong(`must have "${name}": "${right}", has ${JSON.stringify(fields.get(name)) ?? 'nothing'}`)
    }
  }
  if (fields.get('formatVersion') !== 1) {
    throw wrong(
      `has format version ${fields.get('formatVersion')}, this prescale reads version 1: train it again`
    )
  }
  const checksum = fields.get('checksum')
  fields.delete('checksum')
  if (checksum !== hashOf(Object.fromEntries(fields))) {
    throw wrong('is cut short or was changed after it was written: its checksum is not that of its content')
  }
}
