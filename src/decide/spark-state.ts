/**
 * The state of the Spark world as a network sees it: 11 numbers, or 13 with what the edge says, in the order of the source.
 *
 *   [Current_Load, Volume, CPU, Mem, Latency, Cost, Alpha, Beta, Gamma, Shuffle, Temp,  Edge_Predicted_Workload, Edge_Burst_Signal]
 *
 * Each is value / high, held in 0..1; `Edge_Burst_Signal` is exactly 0 or 1. What was not measured, is too old or cannot be stays `NaN`:
 * whoever decides must hold. The environment that trains and the allocator that decides read the same Observation through this file, so a network never
 * meets a state that was put together in another way.
 */
import type { Metric, Observation } from '../roles.ts'
import { metricDoubt } from './doubt.ts'

/** A change of order, unit or range is another version: a model knows which it was trained on. */
export const sparkStateVersion = 'spark-env/1'

export interface StateFeature {
  readonly name: string
  readonly unit: string
  /** The value that is 1 in the state; the lowest is 0. */
  readonly high: number
}

export const sparkFeatures: readonly StateFeature[] = [
  { name: 'Current_Load', unit: 'messages/s in the last step', high: 1_000 },
  { name: 'Volume', unit: 'MB that arrive in 15 s', high: 1_000 },
  { name: 'CPU', unit: 'ratio, 30 s late', high: 1 },
  { name: 'Mem', unit: 'ratio of the executors’ memory in use', high: 1 },
  { name: 'Latency', unit: 'ms', high: 10_000 },
  { name: 'Cost', unit: 'dollars an hour', high: 20 },
  { name: 'Alpha', unit: 'weight of cost', high: 1 },
  { name: 'Beta', unit: 'weight of latency', high: 1 },
  { name: 'Gamma', unit: 'weight of throughput', high: 1 },
  { name: 'Shuffle', unit: 'MB shuffled in 15 s', high: 1_000 },
  { name: 'Temp', unit: 'how hot the data is, ratio', high: 1 },
  { name: 'Edge_Predicted_Workload', unit: 'messages/s', high: 1_000 },
  { name: 'Edge_Burst_Signal', unit: '0 or 1', high: 1 }
]

/** Sizes of the state without and with what the edge says. */
export const REACTIVE_SIZE = 11
export const PROACTIVE_SIZE = 13

/** Executors 1–20, memory 1–8 GB, storage tier, compression: choices of each head, by index. */
export const sparkActionSizes: readonly number[] = [20, 8, 4, 3]

/** The heads of an action, in their order. */
export const sparkHeads = ['executors', 'memory', 'storage', 'compression'] as const

/** What the indices of storage and compression are called; what each is and costs stands on the page of the world. */
export const storageNames: readonly string[] = ['redis', 'nvme', 's3', 'glacier']
export const compressionNames: readonly string[] = ['none', 'light', 'heavy']

/** What an action asks for: indices of the heads to amounts. */
export function sparkUnits([executors, memory, storage, compression]: ArrayLike<number> & Iterable<number>): {
  readonly executors: number
  readonly memory: number
  readonly storage: number
  readonly compression: number
} {
  return { executors: executors + 1, memory: memory + 1, storage, compression }
}

/** What the edge says at this moment. */
export interface EdgeView {
  readonly predictedLoad: number
  readonly burstAlarm: boolean
}

/**
 * Writes the state into `out`, of 11 numbers without `edge` and of 13 with it. `load`: messages/s of the last step.
 */
export function sparkState(
  seen: Pick<Observation, 'metrics'>,
  load: number,
  weights: { readonly alpha: number; readonly beta: number; readonly gamma: number },
  edge: EdgeView | undefined,
  out: Float32Array
): Float32Array {
  const volume = value(seen, 'volume')
  out[0] = share(load, 0)
  out[1] = share(volume, 1)
  out[2] = share(value(seen, 'cpu'), 2)
  out[3] = share(value(seen, 'memoryUsed'), 3)
  out[4] = share(value(seen, 'latency'), 4)
  out[5] = share(value(seen, 'cost'), 5)
  out[6] = weights.alpha
  out[7] = weights.beta
  out[8] = weights.gamma
  out[9] = share(volume * value(seen, 'shuffle'), 9)
  out[10] = share(value(seen, 'temperature'), 10)
  if (edge !== undefined) {
    out[11] = share(edge.predictedLoad, 11)
    out[12] = edge.burstAlarm ? 1 : 0
  }
  return out
}

function value({ metrics }: Pick<Observation, 'metrics'>, name: string): number {
  const metric: Metric | undefined = metrics?.[name]
  return metric === undefined || metricDoubt(metric) !== undefined ? NaN : metric.value
}

/** `NaN` stays `NaN`. */
function share(amount: number, feature: number): number {
  return Math.min(1, Math.max(0, amount / sparkFeatures[feature].high))
}
