/**
 * One input that a counterfactual may turn: what it is now, how far it may sanely go, and the same observation with
 * another value in its place. Everything else stays as it was seen.
 */
import type { Observation } from '../roles.ts'
import { amount } from './words.ts'

/** `data` is what was measured or predicted, `estimate` what is believed about the target, `setting` what people chose. */
export type LeverKind = 'data' | 'estimate' | 'setting' | 'time'

export interface Lever {
  readonly name: string
  readonly kind: LeverKind
  readonly now: number
  /** The sane range: beyond it nothing is tried and nothing claimed. */
  readonly lowest: number
  readonly highest: number
  /** Absent: any number. Else only whole multiples of it above `now` make sense. */
  readonly grain?: number
  /** It is there or it is not: 1 or 0. */
  readonly isSwitch?: boolean
  readonly set: (value: number) => Observation
  /** What is turned, in words that stand before `were ≥ 830 events/s`. */
  readonly what: string
  readonly say: (value: number) => string
}

/** A factor of ten either way: what a load can do in an incident, and more than an estimate is ever wrong by. */
export const SANE_FACTOR = 10
/** No lever where there is nothing measured to turn. */
export function lever(
  parts: Pick<Lever, 'name' | 'kind' | 'now' | 'set' | 'what' | 'say'> & Partial<Lever>
): readonly Lever[] {
  if (!Number.isFinite(parts.now)) return []
  return [{ lowest: parts.now / SANE_FACTOR, highest: parts.now * SANE_FACTOR, ...parts }]
}

export function rate(seen: Observation): (value: number) => string {
  const unit = seen.load?.unit ?? 'events/s'
  return (value) => `${amount(value, 4)} ${unit}`
}
