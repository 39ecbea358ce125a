/**
 * A finite MDP to live in: draws what value iteration sums over. What the learner sees may be less than the state: `seen[s]`.
 *
 * An episode begins in a state drawn evenly from `starts` and is cut after `steps` (`truncated`). Chance is that of the seed alone.
 */
import { random, requireOption } from '../base/index.ts'
import type { Environment } from '../roles.ts'
import type { CompiledMdp } from './value-iteration.ts'

export function mdpEnvironment(
  { actions, from, next, gain, chance, probability }: CompiledMdp,
  {
    starts,
    steps,
    seen
  }: { readonly starts: ArrayLike<number>; readonly steps: number; readonly seen?: ArrayLike<number> }
): Environment<number, number> {
  requireOption(starts.length > 0, 'starts', starts.length, 'at least one state to begin in')
  let rng = random(0, 'mdp')
  let state = starts[0]
  let left = 0
  const observed = () => (seen === undefined ? state : seen[state])
  return {
    reset(seed) {
      rng = random(seed, 'mdp')
      state = starts[rng.integer(starts.length)]
      left = steps
      return observed()
    },
    step(action) {
      const pair = state * actions + action
      const last = from[pair + 1] - 1
      let at = from[pair]
      for (let u = rng.next(); at < last && u >= chance[at]; at++) u -= chance[at]
      state = next[at]
      left--
      const terminated = probability[at] === 0 && chance[at] > 0
      return { observation: observed(), reward: gain[at], terminated, truncated: !terminated && left <= 0 }
    }
  }
}
