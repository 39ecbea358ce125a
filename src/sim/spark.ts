/**
 * Spark — executors that work off a queue of messages, take time to start, and are tuned by memory, storage and compression.
 *
 *   K = executors · 50 msg/s · min(1, memory / 4 GB) · tier · compression
 *   backlog ← max(0, backlog + arrivals − K·step)          latency = 150 ms + tier + compression + backlog / K
 *
 * More executors, and more memory for each, are there 30–60 s after they were asked for and paid for from the request on; fewer and
 * less at once. Storage and compression change at once. What waits is carried. The tables stand in `spark-tables.ts`, the reward
 * in `spark-reward.ts`, everything with its prices in docs/worlds/spark.md. The origin's world had no queue and no lag: that one is
 * `spark-origin.ts`.
 *
 * Order in a step as in `service.ts`: what is wanted is applied, arrivals come evenly, the clock moves, what has started serves from the
 * next step on. CPU and throughput are seen 30 s late and with noise. `NaN` arrivals are an unknown load: nothing comes, nothing is
 * measured, the step is paid for.
 */
import { uniformAt } from '../base/index.ts'
import type { Metric, Observation, ScalingWorld, StartingUnits, StepOutcome, Units } from '../roles.ts'
import { arrived, type Fleet, resized } from './fleet.ts'
import { type SparkOptions, sparkConfig, sparkLead } from './spark-config.ts'
import { checkedWeights, sparkReward } from './spark-reward.ts'
import {
  compressions,
  executorPrice,
  fullMemoryGb,
  memoryPriceGb,
  messageLatencyMs,
  sparkUnitHour,
  storageTiers
} from './spark-tables.ts'

/** The names of what can be wanted, in the order of an action. */
export const sparkResources = ['executors', 'memory', 'storage', 'compression'] as const

export interface SparkState {
  readonly seed: number
  readonly step: number
  readonly nowMs: number
  readonly executors: Fleet
  /** GB of each executor. */
  readonly memory: Fleet
  readonly wantedExecutors: number
  readonly wantedMemory: number
  readonly storage: number
  readonly compression: number
  readonly backlog: number
  /** Of the last step: messages, `NaN` where the load was unknown. */
  readonly arrivals: number
  readonly served: number
  readonly missed: number
  /** What the last message of the step will have taken. */
  readonly latencyMs: number
  readonly meanLatencyMs: number
  readonly costPerHour: number
  /** Executors while the step lasted. */
  readonly ready: number
  readonly starting: number
  /** Of the last step: MB that arrived, share of it that is shuffled, how hot the data is. */
  readonly volumeMb: number
  readonly shuffle: number
  readonly temperature: number
  /** Share of the executors' memory in use. */
  readonly memoryUsed: number
  /** What was served and could have been, in the last gauge windows: pairs, a ring. */
  readonly past: readonly number[]
}

/** CPU and throughput are means over this long. */
const GAUGE_WINDOW_MS = 15_000
/** Shuffled share and temperature keep for ten minutes, so that acting on them is not acting on luck. */
const MOOD_MS = 600_000
/** Aggregations keep this long of the stream in memory. */
const HELD_MS = 600_000
const HOUR_S = 3_600

export function spark(given: SparkOptions = {}): ScalingWorld<SparkState> {
  const config = sparkConfig(given)
  const { stepMs, startMs, unitRate, minExecutors, maxExecutors, maxMemory } = config
  const seconds = stepMs / 1_000
  const lead = sparkLead(config.leadTime)
  const weights = checkedWeights(config.weights)
  const windowSteps = Math.max(1, Math.round(GAUGE_WINDOW_MS / stepMs))
  const windowMs = windowSteps * stepMs
  const stepsInGauge = GAUGE_WINDOW_MS / stepMs
  const delayWindows = Math.ceil(config.cpuDelayMs / windowMs)
  const windows = delayWindows + 2
  const moodSteps = Math.max(1, Math.round(MOOD_MS / stepMs))
  const bounds = { executors: { min: minExecutors, max: maxExecutors } }
  const slo = { latencyMs: config.sloMs }
  const messageMb = config.messageKb / 1_000
  const priceFactor = config.unitHour / sparkUnitHour

  function initial(seed: number): SparkState {
    const { executors, memory, storage, compression } = config.initial
    return {
      seed,
      step: 0,
      nowMs: startMs,
      executors: { ready: executors, starting: 0, batches: [] },
      memory: { ready: memory, starting: 0, batches: [] },
      wantedExecutors: executors,
      wantedMemory: memory,
      storage,
      compression,
      backlog: 0,
      arrivals: 0,
      served: 0,
      missed: 0,
      latencyMs: NaN,
      meanLatencyMs: NaN,
      costPerHour: NaN,
      ready: executors,
      starting: 0,
      volumeMb: NaN,
      shuffle: NaN,
      temperature: NaN,
      memoryUsed: NaN,
      past: new Array<number>(2 * windows).fill(NaN)
    }
  }

  function transition(state: SparkState, action: Units, arrivals: number): SparkState {
    const known = !Number.isNaN(arrivals)
    const coming = known ? arrivals : 0
    const { nowMs, seed, step } = state
    const wantedExecutors = within(action.executors, minExecutors, maxExecutors, state.wantedExecutors)
    const wantedMemory = within(action.memory, 1, maxMemory, state.wantedMemory)
    const storage = within(action.storage, 0, storageTiers.length - 1, state.storage)
    const compression = within(action.compression, 0, compressions.length - 1, state.compression)
    const wait = () => lead(seed, step)
    const executors = resized(state.executors, wantedExecutors, nowMs, wait)
    const memory = resized(state.memory, wantedMemory, nowMs, wait)
    const tier = storageTiers[storage]
    const packing = compressions[compression]
    const rate =
      executors.ready * unitRate * Math.min(1, memory.ready / fullMemoryGb) * tier.rate * packing.rate
    const left = Math.max(0, state.backlog + coming - rate * seconds)
    const served = state.backlog + coming - left
    const fastest = messageLatencyMs + tier.latencyMs + packing.latencyMs
    const before = (1_000 * state.backlog) / rate
    const after = (1_000 * left) / rate
    const mood = Math.floor(step / moodSteps)
    const shuffle = 0.1 + 0.4 * uniformAt(seed, 'shuffle', mood)
    const volumeMb = coming * messageMb
    const paid = priceFactor * wantedOf(executors) * (executorPrice + memoryPriceGb * wantedOf(memory))
    const written = (volumeMb * shuffle * packing.size) / 1_024
    const past = state.past.slice()
    const at = 2 * (Math.floor(step / windowSteps) % windows)
    const first = step % windowSteps === 0
    past[at] = (first ? 0 : past[at]) + (known ? served : NaN)
    past[at + 1] = (first ? 0 : past[at + 1]) + rate * seconds
    const later = nowMs + stepMs
    return {
      seed,
      step: step + 1,
      nowMs: later,
      executors: arrived(executors, later),
      memory: arrived(memory, later),
      wantedExecutors,
      wantedMemory,
      storage,
      compression,
      backlog: left,
      arrivals,
      served,
      missed: coming * shareAbove(before, after, config.sloMs - fastest),
      latencyMs: fastest + after,
      meanLatencyMs: fastest + (before + after) / 2,
      costPerHour: paid + (written * tier.priceGb * HOUR_S) / seconds,
      ready: executors.ready,
      starting: executors.starting,
      volumeMb: known ? volumeMb : NaN,
      shuffle,
      temperature: uniformAt(seed, 'temperature', mood),
      memoryUsed: known ? memoryUsed(coming, left, packing.size, executors.ready * memory.ready) : NaN,
      past
    }
  }

  function memoryUsed(coming: number, backlog: number, size: number, gb: number): number {
    const held = (coming * size * HELD_MS) / stepMs + backlog
    return Math.min(1, (held * messageMb) / 1_024 / gb)
  }

  function observe(state: SparkState): Observation {
    return {
      nowMs: state.nowMs,
      // What else can be wanted has a bound of its own, stands in the metrics, and is left alone by who does not know it.
      capacity: {
        ready: { executors: state.executors.ready },
        starting: state.executors.batches.map(
          ({ units, askedMs }): StartingUnits => ({
            resource: 'executors',
            units,
            readyAtMs: Math.max(state.nowMs, askedMs + config.plannedLeadMs),
            askedMs
          })
        ),
        wanted: { executors: state.wantedExecutors }
      },
      bounds,
      slo,
      metrics: metricsOf(state)
    }
  }

  function metricsOf(state: SparkState): Record<string, Metric> {
    const seen = Math.floor(state.step / windowSteps) - 1 - delayWindows
    const at = 2 * (seen % windows)
    const served = seen < 0 ? NaN : state.past[at]
    const couldServe = seen < 0 ? NaN : state.past[at + 1]
    const ageMs = state.nowMs - startMs - (seen + 1) * windowMs
    const known = !Number.isNaN(state.arrivals)
    return {
      cpu: metric(Math.min(1, (served / couldServe) * noise(state.seed, seen)), ageMs),
      throughput: metric((served * 1_000) / windowMs, ageMs),
      queue: metric(known ? state.backlog : NaN, 0),
      latency: metric(known ? state.latencyMs : NaN, 0),
      cost: metric(state.costPerHour, 0),
      // Of 15 s, so that a state means the same in a world of finer steps.
      volume: metric(state.volumeMb * stepsInGauge, 0),
      memoryUsed: metric(state.memoryUsed, 0),
      shuffle: metric(state.shuffle, 0),
      temperature: metric(state.temperature, 0),
      memory: metric(state.wantedMemory, 0),
      storage: metric(state.storage, 0),
      compression: metric(state.compression, 0)
    }
  }

  /** The gauge's luck belongs to the measured window: 1 + noise·z, z normal (Box and Muller). */
  function noise(seed: number, window: number): number {
    if (config.cpuNoise === 0 || window < 0) return 1
    const radius = Math.sqrt(-2 * Math.log(1 - uniformAt(seed, 'cpu', 2 * window)))
    return Math.max(
      0,
      1 + config.cpuNoise * radius * Math.cos(2 * Math.PI * uniformAt(seed, 'cpu', 2 * window + 1))
    )
  }

  function reward(state: SparkState): number {
    return sparkReward(weights, {
      costPerHour: state.costPerHour,
      latencyMs: state.latencyMs,
      throughput: state.served / seconds,
      temperature: state.temperature,
      storage: state.storage
    })
  }

  function outcome(state: SparkState): StepOutcome {
    return {
      arrivals: state.arrivals,
      missed: state.missed,
      dropped: 0,
      latencyMs: state.meanLatencyMs,
      waiting: { share: 0, meanMs: 0 },
      ready: state.ready,
      starting: state.starting,
      cost: (state.costPerHour * seconds) / HOUR_S
    }
  }

  return {
    name: 'spark',
    stepMs,
    resources: sparkResources,
    initial,
    transition,
    observe,
    reward,
    terminal: () => false,
    outcome
  }
}

/** What is absent or unknown keeps the last; a fraction is rounded up. */
function within(asked: number | undefined, least: number, most: number, last: number): number {
  if (asked === undefined || Number.isNaN(asked)) return last
  return Math.min(most, Math.max(least, Math.ceil(asked)))
}

function wantedOf({ ready, starting }: Fleet): number {
  return ready + starting
}

function metric(value: number, ageMs: number): Metric {
  return { value, quality: Number.isNaN(value) ? 'missing' : 'ok', ageMs }
}

/** Share of a straight line from `a` to `b` that lies above `limit`. */
function shareAbove(a: number, b: number, limit: number): number {
  if (a <= limit && b <= limit) return 0
  if (a > limit && b > limit) return 1
  return (Math.max(a, b) - limit) / Math.abs(b - a)
}
