/**
 * GAE — generalised advantage estimation: how much better an action was than what the critic expected.
 *
 *   δ[t] = r[t] + γ·V(s[t+1])·(1 − terminated[t]) − V(s[t])
 *   A[t] = δ[t] + γ·λ·(1 − ended[t])·A[t+1]              ended = terminated or truncated
 *
 * `terminated`: the task is over and nothing follows. `truncated`: somebody stopped looking; the future still counts, so V of the
 * state that was reached stays in, and only the sum over the next episode is cut. Schulman et al. 2016, "High-dimensional
 * continuous control using generalized advantage estimation"; Pardo et al. 2018, "Time limits in reinforcement learning".
 */
export interface Trajectory {
  readonly rewards: ArrayLike<number>
  /** V(s[t]), and V of the state that step t led to: of the last state of an episode, not the first of the next. */
  readonly values: ArrayLike<number>
  readonly nextValues: ArrayLike<number>
  /** 1 or 0. */
  readonly terminated: ArrayLike<number>
  readonly truncated: ArrayLike<number>
}

/** Writes A into `out`, as long as the trajectory. Returns to learn from are A + V. */
export function gae(
  { rewards, values, nextValues, terminated, truncated }: Trajectory,
  { gamma, lambda }: { readonly gamma: number; readonly lambda: number },
  out: Float64Array
): Float64Array {
  let advantage = 0
  for (let t = rewards.length - 1; t >= 0; t--) {
    const follows = terminated[t] ? 0 : nextValues[t]
    const ended = terminated[t] || truncated[t]
    advantage = rewards[t] + gamma * follows - values[t] + (ended ? 0 : gamma * lambda * advantage)
    out[t] = advantage
  }
  return out
}
