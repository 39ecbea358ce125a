/**
 * Spark, origin-compatible — the world of the report "Edge-Cloud State Awareness" as its code has it, to check that it was read rightly.
 *
 *   rf = executors · memory           latency = max(10, 100·load/rf + tier·packed/100 + compression·shuffle/100)
 *   cost = 0.1·executors + 0.05·rf + packed/1024 · price          throughput = 1000·rf/latency
 *   next load = load · U(2, 4) held at 900, alarm 1, with chance 0.2;  else load · U(0.8, 1.2) within 10..900, alarm 0
 *
 * Nothing waits, nothing starts late, and the alarm knows the future; the load drifts to its cap, where it spends two steps of five. No
 * result of ours is shown with it: `spark.ts` is the world to learn in. What differs from the origin: own seeded luck (its `reset(seed)`
 * had no effect), and the load does not depend on what is done.
 */
import { uniformAt } from '../base/index.ts'
import type { Units } from '../roles.ts'
import type { RewardWeights } from './spark-reward.ts'
import { compressions, storageTiers } from './spark-tables.ts'

export interface OriginState {
  readonly seed: number
  readonly step: number
  readonly load: number
  readonly nextLoad: number
  /** 1: the next load is a burst. */
  readonly alarm: number
  readonly volumeMb: number
  readonly shuffleMb: number
  readonly temperature: number
  /** Of the last step. */
  readonly cpu: number
  readonly memoryUsed: number
  readonly latencyMs: number
  readonly cost: number
  readonly throughput: number
  readonly storage: number
}

const CAP = 900
const FLOOR = 10
/** What the report calls steady. */
const FIRST_LOAD = 200
const BURST_CHANCE = 0.2
/** Latency over this is a violation there. */
export const originSloMs = 1_000

export function originInitial(seed: number): OriginState {
  return {
    seed,
    step: 0,
    load: FIRST_LOAD,
    ...following(FIRST_LOAD, seed, 0),
    ...data(seed, 0),
    cpu: 0,
    memoryUsed: 0,
    latencyMs: 0,
    cost: 0,
    throughput: 0,
    storage: 0
  }
}

/** The action applies at once to the load that was announced. */
export function originTransition(
  state: OriginState,
  { executors, memory, storage, compression }: Units
): OriginState {
  const { seed, nextLoad: load, volumeMb, shuffleMb } = state
  const step = state.step + 1
  const tier = storageTiers[storage]
  const packing = compressions[compression]
  const rf = executors * memory
  const packedMb = shuffleMb * packing.size
  const slow = (tier.latencyMs * packedMb) / 100 + (packing.latencyMs * shuffleMb) / 100
  const latencyMs = Math.max(10, (100 * load) / rf + slow)
  return {
    seed,
    step,
    load,
    ...following(load, seed, step),
    ...data(seed, step),
    cpu: Math.min(100, (100 * load) / rf),
    memoryUsed: Math.min(100, (100 * volumeMb) / rf),
    latencyMs,
    cost: 0.1 * executors + 0.05 * rf + (packedMb / 1_024) * tier.priceGb,
    throughput: (1_000 * rf) / latencyMs,
    storage
  }
}

/** Its reward has no bound on latency, and its temperature is that of the step to come. */
export function originReward({ alpha, beta, gamma }: RewardWeights, state: OriginState): number {
  const cold = state.temperature > 0.7 && state.storage > 1 ? 0.5 : 0
  return (
    (-alpha * state.cost) / 10 - (beta * state.latencyMs) / 1_000 + (gamma * state.throughput) / 1_000 - cold
  )
}

/** The rules that it compares with, by its own names for them; memory in GB, indices for the rest. */
export const originBaselines = {
  fixed: () => ({ executors: 15, memory: 4, storage: 1, compression: 1 }),
  /** Two more above 80 % CPU, one fewer below 30 %, from 10 on. */
  dexter: ({ cpu }: OriginState, executors: number) => {
    const to = cpu > 80 ? executors + 2 : cpu < 30 ? executors - 1 : executors
    return { executors: Math.min(20, Math.max(1, to)), memory: 4, storage: 1, compression: 1 }
  },
  /** Sized by the announced load: an index, so one more than a fiftieth of it. */
  seer: ({ nextLoad }: OriginState) => ({
    executors: Math.min(20, Math.floor(nextLoad / 50) + 1),
    memory: 4,
    storage: 0,
    compression: 0
  })
} satisfies Record<string, (state: OriginState, executors: number) => Units & { executors: number }>

function following(load: number, seed: number, step: number): Pick<OriginState, 'nextLoad' | 'alarm'> {
  const factor = uniformAt(seed, 'factor', step)
  if (uniformAt(seed, 'burst', step) < BURST_CHANCE) {
    return { nextLoad: Math.min(CAP, load * (2 + 2 * factor)), alarm: 1 }
  }
  return { nextLoad: Math.min(CAP, Math.max(FLOOR, load * (0.8 + 0.4 * factor))), alarm: 0 }
}

function data(seed: number, step: number): Pick<OriginState, 'volumeMb' | 'shuffleMb' | 'temperature'> {
  const volumeMb = 10 + 490 * uniformAt(seed, 'volume', step)
  return {
    volumeMb,
    shuffleMb: volumeMb * (0.1 + 0.4 * uniformAt(seed, 'shuffle', step)),
    temperature: uniformAt(seed, 'temperature', step)
  }
}
