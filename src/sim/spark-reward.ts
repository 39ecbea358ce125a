/**
 * The reward of the Spark world: what cost, waiting and work are worth, weighted.
 *
 *   r = −α·cost/10 − β·felt/1000 + γ·throughput/1000 − ½ [hot data on a cold tier]
 *   felt = latency up to L = 10 s, beyond it L·(1 + ln(latency/L))
 *
 * cost: dollars an hour; latency: ms; throughput: messages/s; hot: temperature above 0.7, cold: S3 or Glacier. Terms, scales and the four
 * scenarios are those of the origin's code; its "balanced" was 0.33 three times, which does not sum to 1. It had no queue, so no
 * latency that grows without end: counted in full one jam would be all that an agent learns from, and cut off at L nothing
 * would tell it the way out of one. In a logarithm every step out of a jam is worth something.
 */
import { PrescaleError } from '../base/index.ts'

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

/** What of a step is rewarded. */
export interface Rewarded {
  readonly costPerHour: number
  readonly latencyMs: number
  readonly throughput: number
  readonly temperature: number
  readonly storage: number
}

/** The highest latency of a state. */
const LINEAR_MS = 10_000
const HOT = 0.7
const WARM_TIER = 1
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

export function sparkReward({ alpha, beta, gamma }: RewardWeights, step: Rewarded): number {
  const { costPerHour, latencyMs, throughput, temperature, storage } = step
  const cold = temperature > HOT && storage > WARM_TIER ? 0.5 : 0
  return (-alpha * costPerHour) / 10 - (beta * felt(latencyMs)) / 1_000 + (gamma * throughput) / 1_000 - cold
}

function felt(latencyMs: number): number {
  return latencyMs <= LINEAR_MS ? latencyMs : LINEAR_MS * (1 + Math.log(latencyMs / LINEAR_MS))
}
