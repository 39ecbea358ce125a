/**
 * Q-learning — learns what each action is worth by trying, as if from the next state on the best were always chosen.
 *
 *   Q(s,a) ← Q(s,a) + α · (r + γ · max_a′ Q(s′,a′) − Q(s,a))        target = r where the task ends at s′
 *   explores with probability ε, else argmax_a Q(s,a)               ε ← max(εMin, ε · decay) after each episode
 *
 * The end of an episode that is not the end of the task (`truncated`) counts the future as if it went on.
 * Watkins 1989; Sutton & Barto, *Reinforcement Learning* 2018, §6.5.
 */
import { type GivenOptions, type OptionTable, type Random, readOptions } from '../base/index.ts'
import type { Environment } from '../roles.ts'
import { bestAction, emptyTable, type QTable } from './tabular.ts'

export const qLearningOptions = {
  alpha: { kind: 'number', default: 0.1, min: 0, max: 1, says: 'learning rate α' },
  alphaVisits: {
    kind: 'number',
    default: 0,
    min: 0,
    says: 'visits of a pair after which its α has halved: α / (1 + visits / this); 0 keeps α'
  },
  gamma: { kind: 'number', default: 0.95, min: 0, max: 1, says: 'discount γ: what the next step counts' },
  epsilon: { kind: 'number', default: 1, min: 0, max: 1, says: 'share of random actions at the beginning' },
  epsilonMin: { kind: 'number', default: 0.05, min: 0, max: 1, says: 'share of random actions at least' },
  epsilonDecay: { kind: 'number', default: 0.99, min: 0, max: 1, says: 'factor on ε after each episode' },
  episodes: { kind: 'integer', default: 500, min: 1, says: 'episodes of training' }
} satisfies OptionTable

export interface Learned {
  readonly table: QTable
  /** Undiscounted, by episode that was played, exploration included. */
  readonly returns: Float64Array
  readonly updates: number
}

/**
 * Learns the table of an environment with so many states and actions. `enough` is asked before every episode but the first: true ends the
 * training with what is learned so far. Throws `BAD_OPTION` for an option that cannot be.
 */
export function qLearning(
  environment: Environment<number, number>,
  { states, actions }: { readonly states: number; readonly actions: number },
  rng: Random,
  given: GivenOptions = {},
  enough?: () => boolean
): Learned {
  const options = readOptions('q-learning', qLearningOptions, given)
  const { alpha, alphaVisits, gamma, epsilonMin, epsilonDecay, episodes } = options
  const slower = alphaVisits > 0 ? 1 / alphaVisits : 0
  const table = emptyTable(states, actions)
  const { values: q, visits } = table
  const returns = new Float64Array(episodes)
  let epsilon = Math.max(epsilonMin, options.epsilon)
  let updates = 0
  let episode = 0
  for (; episode < episodes && (episode === 0 || enough?.() !== true); episode++) {
    let state = environment.reset(episode)
    for (let going = true; going; updates++) {
      const action = rng.next() < epsilon ? rng.integer(actions) : bestAction(q, state, actions)
      const { observation: next, reward, terminated, truncated } = environment.step(action)
      const at = state * actions + action
      const future = terminated ? 0 : q[next * actions + bestAction(q, next, actions)]
      q[at] += (alpha / (1 + visits[at] * slower)) * (reward + gamma * future - q[at])
      visits[at]++
      returns[episode] += reward
      state = next
      going = !terminated && !truncated
    }
    epsilon = Math.max(epsilonMin, epsilon * epsilonDecay)
  }
  return { table, returns: returns.subarray(0, episode), updates }
}
