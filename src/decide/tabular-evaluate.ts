/**
 * Monte Carlo evaluation — what each action is really worth when the table is followed afterwards.
 *
 *   Q^π(s, a) ≈ mean of r₀ + γ r₁ + … + γ^{n−1} r_{n−1} + γ^n Q(s_n, π(s_n))        π = argmax of the learned table, which stays as it is
 *   error     = standard deviation of those returns / √count
 *
 * A learned table orders actions better than it prices them: the largest of several noisy values is too large, and what γ carries on is
 * carried on with it. Explanations are told in prices, so they are told from here. Sutton & Barto 2018, §5.5 and §7.1.
 */
import { type Random, requireOption } from '../base/index.ts'
import type { Environment } from '../roles.ts'
import { bestAction, type QTable } from './tabular.ts'

export interface Measured {
  /** Mean return of each pair, `NaN` where it was never tried. */
  readonly values: Float64Array
  /** Standard error of each, `NaN` below two tries. */
  readonly errors: Float64Array
  readonly counts: Uint32Array
}

export interface EvaluateOptions {
  readonly gamma: number
  /** Actions tried, 100,000, and steps followed behind each, 30. */
  readonly samples?: number
  readonly steps?: number
}

/** Tries random actions on the way of the table's own policy and follows it behind each. */
export function evaluateTable(
  environment: Environment<number, number>,
  { states, actions, values: q, visits }: QTable,
  rng: Random,
  { gamma, samples = 100_000, steps = 30 }: EvaluateOptions
): Measured {
  requireOption(gamma >= 0 && gamma <= 1, 'gamma', gamma, 'a number from 0 to 1')
  requireOption(Number.isInteger(steps) && steps >= 1, 'steps', steps, 'a whole number of steps, at least 1')
  const values = new Float64Array(states * actions).fill(NaN)
  const squares = new Float64Array(states * actions)
  const counts = new Uint32Array(states * actions)
  const idle = Math.floor(actions / 2)
  const policy = Int32Array.from({ length: states }, (_, s) => {
    for (let a = 0; a < actions; a++) if (visits[s * actions + a] > 0) return bestAction(q, s, actions)
    return idle
  })
  let episode = 0
  let state = environment.reset(episode)
  const restart = () => {
    state = environment.reset(++episode)
  }
  for (let sample = 0; sample < samples; sample++) {
    // Not always equally far from the last try: the policy's own states, not those that follow a random action.
    for (let wait = rng.integer(steps); wait > 0; wait--) {
      const step = environment.step(policy[state])
      state = step.observation
      if (step.terminated || step.truncated) restart()
    }
    let action = rng.integer(actions)
    const at = state * actions + action
    let [sum, weight] = [0, 1]
    let ended: 'no' | 'task' | 'clock' = 'no'
    for (let n = 0; n < steps && ended === 'no'; n++) {
      const step = environment.step(action)
      sum += weight * step.reward
      weight *= gamma
      state = step.observation
      action = policy[state]
      ended = step.terminated ? 'task' : step.truncated ? 'clock' : 'no'
    }
    if (ended !== 'task') sum += weight * q[state * actions + action]
    if (ended !== 'no') restart()
    counts[at]++
    const before = counts[at] === 1 ? 0 : values[at]
    values[at] = before + (sum - before) / counts[at]
    squares[at] += (sum - before) * (sum - values[at])
  }
  const errors = squares.map((square, i) =>
    counts[i] < 2 ? NaN : Math.sqrt(square / (counts[i] - 1) / counts[i])
  )
  return { values, errors, counts }
}
