/**
 * What cost, waiting and work are worth to somebody: three weights that sum to 1, and four scenarios with a name.
 *
 * The scenarios are those of the report "Edge-Cloud State Awareness"; its "balanced" was 0.33 three times, which does not sum to 1.
 */
import { PrescaleError } from './errors.ts'

export interface RewardWeights {
  /** Cost. */
  readonly alpha: number
  /** Latency. */
  readonly beta: number
  /** Throughput. */
  readonly gamma: number
}

export const rewardScenarios = {
  healthcare_critical: { alpha: 0.1, beta: 0.8, gamma: 0.1 },
  industrial_high_throughput: { alpha: 0.2, beta: 0.3, gamma: 0.5 },
  smart_city_budget: { alpha: 0.9, beta: 0.05, gamma: 0.05 },
  balanced: { alpha: 1 / 3, beta: 1 / 3, gamma: 1 / 3 }
} satisfies Record<string, RewardWeights>

export type RewardScenario = keyof typeof rewardScenarios

const ROUNDING = 1e-9

/** The weights, when they are some. Throws `BAD_OPTION` for a negative one, or unless they sum to 1. */
export function checkedWeights(weights: RewardWeights): RewardWeights {
  const { alpha, beta, gamma } = weights
  const good = alpha >= 0 && beta >= 0 && gamma >= 0 && Math.abs(alpha + beta + gamma - 1) <= ROUNDING
  if (good) return weights
  throw new PrescaleError(
    'BAD_OPTION',
    `reward weights must be three numbers of at least 0 that sum to 1, were alpha ${alpha}, beta ${beta}, gamma ${gamma}`
  )
}
