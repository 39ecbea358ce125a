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
import type { RewardWeights } from '../base/index.ts'

export { checkedWeights, type RewardScenario, type RewardWeights, rewardScenarios } from '../base/index.ts'

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

export function sparkReward({ alpha, beta, gamma }: RewardWeights, step: Rewarded): number {
  const { costPerHour, latencyMs, throughput, temperature, storage } = step
  const cold = temperature > HOT && storage > WARM_TIER ? 0.5 : 0
  return (-alpha * costPerHour) / 10 - (beta * felt(latencyMs)) / 1_000 + (gamma * throughput) / 1_000 - cold
}

function felt(latencyMs: number): number {
  return latencyMs <= LINEAR_MS ? latencyMs : LINEAR_MS * (1 + Math.log(latencyMs / LINEAR_MS))
}
