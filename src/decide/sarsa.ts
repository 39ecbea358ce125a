/**
 * SARSA — learns what each action is worth by trying, counting on what it will really do next, exploration included.
 *
 *   Q(s,a) ← Q(s,a) + α · (r + γ · Q(s′,a′) − Q(s,a))        a′ = the action it takes in s′; target = r where the task ends
 *   explores with probability ε, else argmax_a Q(s,a)        ε ← max(εMin, ε · decay) after each episode
 *
 * Where a random step can be dear it stays further away from the edge than Q-learning.
 * Rummery & Niranjan 1994; Sutton & Barto, *Reinforcement Learning* 2018, §6.4.
 */
import { type GivenOptions, type Random, readOptions } from '../base/index.ts'
import type { Environment } from '../roles.ts'
import { type Learned, qLearningOptions } from './q-learning.ts'
import { bestAction, emptyTable } from './tabular.ts'

export const sarsaOptions = qLearningOptions

/**
 * Learns the table of an environment with so many states and actions. `enough` is asked before every episode but the first: true ends the
 * training with what is learned so far. Throws `BAD_OPTION` for an option that cannot be.
 */
export function sarsa(
  environment: Environment<number, number>,
  { states, actions }: { readonly states: number; readonly actions: number },
  rng: Random,
  given: GivenOptions = {},
  enough?: () => boolean
): Learned {
  const options = readOptions('sarsa', sarsaOptions, given)
  const { alpha, alphaVisits, gamma, epsilonMin, epsilonDecay, episodes } = options
  const slower = alphaVisits > 0 ? 1 / alphaVisits : 0
  const table = emptyTable(states, actions)
  const { values: q, visits } = table
  const returns = new Float64Array(episodes)
  let epsilon = Math.max(epsilonMin, options.epsilon)
  let updates = 0
  const choose = (state: number) =>
    rng.next() < epsilon ? rng.integer(actions) : bestAction(q, state, actions)
  let episode = 0
  for (; episode < episodes && (episode === 0 || enough?.() !== true); episode++) {
    let state = environment.reset(episode)
    let action = choose(state)
    for (let going = true; going; updates++) {
      const { observation: next, reward, terminated, truncated } = environment.step(action)
      const then = choose(next)
      const at = state * actions + action
      const future = terminated ? 0 : q[next * actions + then]
      q[at] += (alpha / (1 + visits[at] * slower)) * (reward + gamma * future - q[at])
      visits[at]++
      returns[episode] += reward
      state = next
      action = then
      going = !terminated && !truncated
    }
    epsilon = Math.max(epsilonMin, epsilon * epsilonDecay)
  }
  return { table, returns: returns.subarray(0, episode), updates }
}
