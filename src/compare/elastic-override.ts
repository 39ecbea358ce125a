/**
 * What does it really cost to override the agent? Rollouts of the finite world from states of the agent's own way: once with the
 * other action, once without, with common chance, the agent deciding again afterwards.
 */
import { random } from '../base/index.ts'
import { bestAction, type CompiledMdp, type QTable } from '../decide/index.ts'

export interface Overridden {
  /** State of the MDP. */
  readonly state: number
  /** Mean discounted loss by each action instead of the agent's, 0 for its own. */
  readonly loses: readonly number[]
}

export function overridden(
  mdp: CompiledMdp,
  seen: ArrayLike<number>,
  starts: readonly number[],
  { values, visits }: QTable,
  {
    gamma,
    states,
    every,
    seed,
    rollouts = 30,
    steps = 60
  }: {
    readonly gamma: number
    /** So many states, one each `every` steps of its way. */
    readonly states: number
    readonly every: number
    readonly seed: number
    readonly rollouts?: number
    readonly steps?: number
  }
): readonly Overridden[] {
  const { actions } = mdp
  const policy = (state: number) => {
    const row = seen[state] * actions
    let tried = 0
    for (let a = 0; a < actions; a++) tried += visits[row + a]
    return tried === 0 ? Math.floor(actions / 2) : bestAction(values, seen[state], actions)
  }
  const rng = random(seed, 'way')
  let at = starts[rng.integer(starts.length)]
  return Array.from({ length: states }, (_, i) => {
    for (let n = 0; n < every; n++) at = drawn(mdp, at * actions + policy(at), rng.next()).state
    const returns = Array.from({ length: actions }, (_, a) => {
      let sum = 0
      for (let k = 0; k < rollouts; k++) sum += rollout(a, i * rollouts + k) / rollouts
      return sum
    })
    const own = returns[policy(at)]
    return { state: at, loses: returns.map((value) => own - value) }
  })

  function rollout(first: number, luck: number): number {
    const chance = random(seed, 'rollout', luck)
    let [state, action, sum, weight] = [at, first, 0, 1]
    for (let n = 0; n < steps; n++) {
      const step = drawn(mdp, state * actions + action, chance.next())
      sum += weight * step.reward
      weight *= gamma
      state = step.state
      action = policy(state)
    }
    return sum
  }
}

/** The outcome of a pair for one number in [0, 1): the same number is the same luck with the load, whatever the action. */
function drawn({ from, next, gain, chance }: CompiledMdp, pair: number, luck: number) {
  let at = from[pair]
  const last = from[pair + 1] - 1
  for (let u = luck; at < last && u >= chance[at]; at++) u -= chance[at]
  return { state: next[at], reward: gain[at] }
}
