/**
 * Value iteration — the best that can be done in a world whose every chance is known.
 *
 *   V(s) ← max_a Σ_s′ p(s′|s,a) · (r + γ · V(s′))        until ‖V_k+1 − V_k‖∞ ≤ tolerance · (1 − γ)/γ
 *   then ‖V − V*‖∞ ≤ γ/(1 − γ) · ‖V_k+1 − V_k‖∞ ≤ tolerance
 *
 * A bound for every learner in the same world. `policyValues` is the same with the action given: what a policy is really worth.
 * Bellman 1957; Puterman, *Markov Decision Processes* 1994, theorem 6.3.1.
 */
import { PrescaleError, requireOption } from '../base/index.ts'

/** One way a step may end. `next` counts nothing behind a `terminal` one. */
export type Outcome = (probability: number, next: number, reward: number, terminal?: boolean) => void

export interface FiniteMdp {
  readonly states: number
  readonly actions: number
  /** Calls `emit` for each way the action may end; the probabilities sum to 1. */
  readonly outcomes: (state: number, action: number, emit: Outcome) => void
}

/** The same as arrays: the outcomes of pair i = s·A + a are at from[i] … from[i + 1]. */
export interface CompiledMdp {
  readonly states: number
  readonly actions: number
  readonly from: Int32Array
  readonly next: Int32Array
  /** 0 behind a terminal outcome. */
  readonly probability: Float64Array
  /** Expected reward of the pair. */
  readonly reward: Float64Array
  /** Of each outcome: its reward, and its probability whether terminal or not. */
  readonly gain: Float64Array
  readonly chance: Float64Array
}

export interface Solved {
  readonly values: Float64Array
  /** Q(s, a) at s·A + a. */
  readonly q: Float64Array
  /** The best action of each state; of equals the first. */
  readonly policy: Int32Array
  readonly sweeps: number
  /** No value is further than this from the true one. */
  readonly bound: number
}

export interface SolveOptions {
  readonly gamma: number
  /** How far values may be off, 1e-6. */
  readonly tolerance?: number
  readonly maxSweeps?: number
}

/** All outcomes written down once. Throws `BAD_INPUT` where probabilities do not sum to 1 or a state is none. */
export function compileMdp({ states, actions, outcomes }: FiniteMdp): CompiledMdp {
  const from = new Int32Array(states * actions + 1)
  const next: number[] = []
  const probability: number[] = []
  const gain: number[] = []
  const chance: number[] = []
  const reward = new Float64Array(states * actions)
  for (let i = 0; i < states * actions; i++) {
    let sum = 0
    const [s, a] = [Math.floor(i / actions), i % actions]
    outcomes(s, a, (p, to, r, terminal = false) => {
      if (!(p >= 0) || !Number.isInteger(to) || to < 0 || to >= states || !Number.isFinite(r)) {
        throw new PrescaleError(
          'BAD_INPUT',
          `state ${s}, action ${a}: an outcome must have p ≥ 0, a state below ${states} and a finite reward, was p ${p}, state ${to}, reward ${r}`
        )
      }
      sum += p
      reward[i] += p * r
      next.push(to)
      probability.push(terminal ? 0 : p)
      gain.push(r)
      chance.push(p)
    })
    if (Math.abs(sum - 1) > 1e-9) {
      throw new PrescaleError(
        'BAD_INPUT',
        `state ${s}, action ${a}: probabilities must sum to 1, were ${sum}`
      )
    }
    from[i + 1] = next.length
  }
  return {
    states,
    actions,
    from,
    next: Int32Array.from(next),
    probability: Float64Array.from(probability),
    reward,
    gain: Float64Array.from(gain),
    chance: Float64Array.from(chance)
  }
}

/** The optimum. γ must be below 1, or every path must end (then `bound` is the last change only). Throws `FAILED` after `maxSweeps`. */
export function valueIteration(mdp: CompiledMdp, options: SolveOptions): Solved {
  const { states, actions } = mdp
  const values = new Float64Array(states)
  const q = new Float64Array(states * actions)
  const { sweeps, bound } = repeat(options, () => {
    let change = 0
    for (let s = 0; s < states; s++) {
      let best = -Infinity
      for (let a = 0; a < actions; a++) best = Math.max(best, lookAhead(mdp, values, s, a, options.gamma))
      change = Math.max(change, Math.abs(best - values[s]))
      values[s] = best
    }
    return change
  })
  const policy = new Int32Array(states)
  for (let s = 0; s < states; s++) {
    for (let a = 0; a < actions; a++) {
      q[s * actions + a] = lookAhead(mdp, values, s, a, options.gamma)
      if (q[s * actions + a] > q[s * actions + policy[s]] + EQUAL) policy[s] = a
    }
  }
  return { values, q, policy, sweeps, bound }
}

/** What a policy is worth in each state, to the same tolerance. */
export function policyValues(
  mdp: CompiledMdp,
  policy: (state: number) => number,
  options: SolveOptions
): Float64Array {
  const values = new Float64Array(mdp.states)
  const chosen = Int32Array.from(values, (_, s) => policy(s))
  repeat(options, () => {
    let change = 0
    for (let s = 0; s < mdp.states; s++) {
      const value = lookAhead(mdp, values, s, chosen[s], options.gamma)
      change = Math.max(change, Math.abs(value - values[s]))
      values[s] = value
    }
    return change
  })
  return values
}

/** Values that differ by rounding only are equal. */
const EQUAL = 1e-12

function lookAhead(mdp: CompiledMdp, values: Float64Array, s: number, a: number, gamma: number): number {
  const { from, next, probability } = mdp
  const i = s * mdp.actions + a
  let future = 0
  for (let j = from[i]; j < from[i + 1]; j++) future += probability[j] * values[next[j]]
  return mdp.reward[i] + gamma * future
}

/** Sweeps in place (Gauss–Seidel): still a γ-contraction, so the same bound holds. */
function repeat(
  { gamma, tolerance = 1e-6, maxSweeps = 100_000 }: SolveOptions,
  sweep: () => number
): { sweeps: number; bound: number } {
  requireOption(gamma >= 0 && gamma <= 1, 'gamma', gamma, 'a number from 0 to 1')
  requireOption(tolerance > 0, 'tolerance', tolerance, 'a positive number')
  const factor = gamma === 1 ? 1 : gamma / (1 - gamma)
  for (let sweeps = 1; sweeps <= maxSweeps; sweeps++) {
    const bound = factor * sweep()
    if (bound <= tolerance) return { sweeps, bound }
  }
  throw new PrescaleError('FAILED', `no values within ${tolerance} after ${maxSweeps} sweeps`)
}
