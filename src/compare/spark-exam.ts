/**
 * Spark exam — what a policy is worth in the Spark environment, beside the simplest rules in the very same episodes.
 *
 *   reward      mean over the episodes of the sum of an episode's rewards
 *   constant    one action for ever: the best that a search by coordinates finds, each head in turn until none moves
 *   proportional  executors = ⌈L / (target · 50)⌉,  L = max(load, what the edge predicts where there is an alarm); the rest as the constant
 *
 * Knobs are chosen in other episodes than those they are scored in. With `mix` each scenario has its own best constant.
 */
import { PROACTIVE_SIZE, sparkActionSizes, sparkFeatures } from '../decide/index.ts'
import { compressions, executorRate, type RewardWeights, storageTiers } from '../sim/index.ts'
import type { SparkEnvironment } from './spark-environment.ts'

/** A state to an action; the environment tells whose weights count. */
export type SparkRule = (state: ArrayLike<number>, weights: RewardWeights) => readonly number[]

export interface SparkScore {
  readonly reward: number
  /** Share of the messages over the SLO. */
  readonly late: number
  readonly costPerHour: number
}

export interface TunedRule {
  readonly rule: SparkRule
  /** Such as `18 executors, 3 GB, redis`. */
  readonly setting: string
}

const LOAD = 0
const [PREDICTED, ALARM] = [PROACTIVE_SIZE - 2, PROACTIVE_SIZE - 1]
const TARGETS = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1]
/** The search begins here: nine executors with 4 GB on the fastest tier. */
const BEGIN: readonly number[] = [8, 3, 0, 0]

/** Plays the episodes of these seeds from their beginning to their end. */
export function sparkExam(
  environment: SparkEnvironment,
  seeds: readonly number[],
  rule: SparkRule
): SparkScore {
  let [reward, missed, messages, cost, steps] = [0, 0, 0, 0, 0]
  for (const seed of seeds) {
    let state = environment.reset(seed)
    for (let over = false; !over; steps++) {
      const step = environment.step(rule(state, environment.weights))
      const { load, missed: share, costPerHour } = environment.last()
      reward += step.reward
      messages += load
      missed += share * load
      cost += costPerHour
      state = step.observation
      over = step.truncated
    }
  }
  return {
    reward: reward / seeds.length,
    late: messages > 0 ? missed / messages : 0,
    costPerHour: cost / steps
  }
}

/** The best constant of these episodes, for each weights that they have one of its own. */
export function bestConstant(environment: SparkEnvironment, seeds: readonly number[]): TunedRule {
  const groups = byWeights(environment, seeds)
  const best = new Map([...groups].map(([weights, own]) => [weights, searched(environment, own)]))
  const settings = [...new Set([...best.values()].map(inWords))]
  return {
    rule: (_, weights) => best.get(keyOf(weights)) ?? BEGIN,
    setting: settings.length === 1 ? settings[0] : 'each scenario its own'
  }
}

/** The best target of these episodes; what is not executors comes from the best constant. */
export function bestProportional(
  environment: SparkEnvironment,
  seeds: readonly number[],
  constant: TunedRule
): TunedRule {
  const rules = TARGETS.map((target) => proportionalRule(target, constant.rule))
  const worth = rules.map((rule) => sparkExam(environment, seeds, rule).reward)
  const at = worth.indexOf(Math.max(...worth))
  return { rule: rules[at], setting: `target ${TARGETS[at]}` }
}

function proportionalRule(target: number, constant: SparkRule): SparkRule {
  const most = sparkActionSizes[0]
  return (state, weights) => {
    const alarmed = state[ALARM] === 1
    const load = (alarmed ? Math.max(state[LOAD], state[PREDICTED]) : state[LOAD]) * sparkFeatures[LOAD].high
    const executors = Math.min(most, Math.max(1, Math.ceil(load / (target * executorRate))))
    const [, ...rest] = constant(state, weights)
    return [executors - 1, ...rest]
  }
}

function byWeights(environment: SparkEnvironment, seeds: readonly number[]): Map<string, number[]> {
  return Map.groupBy(seeds, (seed) => {
    environment.reset(seed)
    return keyOf(environment.weights)
  })
}

const keyOf = ({ alpha, beta, gamma }: RewardWeights) => `${alpha} ${beta} ${gamma}`

/** Each head in turn to its best value, until none moves. */
function searched(environment: SparkEnvironment, seeds: readonly number[]): readonly number[] {
  const tried = new Map<string, number>()
  const worth = (action: readonly number[]) => {
    const key = action.join()
    const known = tried.get(key) ?? sparkExam(environment, seeds, () => action).reward
    tried.set(key, known)
    return known
  }
  let best = BEGIN
  for (let moved = true; moved; ) {
    moved = false
    for (const [head, size] of sparkActionSizes.entries()) {
      for (let value = 0; value < size; value++) {
        const action = best.with(head, value)
        if (worth(action) <= worth(best)) continue
        best = action
        moved = true
      }
    }
  }
  return best
}

function inWords([executors, memory, storage, compression]: readonly number[]): string {
  const packed = compression > 0 ? `, ${compressions[compression].name} compression` : ''
  return `${executors + 1} executors, ${memory + 1} GB, ${storageTiers[storage].name}${packed}`
}
