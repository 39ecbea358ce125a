/** What `explain` says, as plain JSON. */
import type { Decision, Turn, Units } from '../roles.ts'
import type { LeverKind } from './lever.ts'

/** One change of one input, and the answer that the policy gives to it. */
export interface Counterfactual {
  /** The input, by its path in the observation, such as `forecast.quantiles.0.9`; `time` = the same seen later. */
  readonly input: string
  readonly kind: LeverKind
  readonly now: number | null
  /** The nearest value at which the answer differs; `null` = without this limit. */
  readonly at: number | null
  /** (at − now) / now; `null` where now is 0 or there is no number. */
  readonly relative: number | null
  readonly to: Units
  readonly rule: string
  readonly sentence: string
}

export interface Replay {
  /** The stored memory and observation give the stored decision again. */
  readonly same: boolean
  readonly sameMemory: boolean
  /** What it says now, when that differs. */
  readonly decision?: Decision
}

export interface Explanation {
  readonly target: string
  readonly atMs: number
  readonly policy: Turn['policy']
  readonly from: Units
  readonly decision: Decision
  /** The chain of constraints in words: rule, numbers, each change on the way, limits. */
  readonly chain: readonly string[]
  readonly replay: Replay
  /** Nearest first within data, estimates, time and settings. */
  readonly counterfactuals: readonly Counterfactual[]
  /** Inputs that were turned through their whole sane range without any effect. */
  readonly unmoved: readonly string[]
  readonly sentence: string
}
