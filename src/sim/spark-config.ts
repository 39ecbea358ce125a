/** Settings of the Spark world, with those that hold where nothing is said. */
import { requireOption, uniformAt } from '../base/index.ts'
import { type LeadTime, leadTimes } from './lead-time.ts'
import { type RewardWeights, rewardScenarios } from './spark-reward.ts'
import {
  compressions,
  executorRate,
  messageKb,
  mostExecutors,
  mostMemoryGb,
  sparkUnitHour,
  storageTiers,
  usualSettings
} from './spark-tables.ts'

/** Evenly between two durations. */
export interface LeadRange {
  readonly lowestMs: number
  readonly highestMs: number
}

export interface SparkConfig {
  readonly startMs: number
  /** One step, 15 s unless given. */
  readonly stepMs: number
  /** Messages per second of an executor with 4 GB, on the fastest tier, without compression: 50 unless given. */
  readonly unitRate: number
  /** Latency that a message may have: 1,000 ms unless given. */
  readonly sloMs: number
  /** From asking for executors or memory until they serve: evenly between 30 and 60 s unless given. */
  readonly leadTime: LeadRange | LeadTime
  readonly initial: {
    readonly executors: number
    readonly memory: number
    readonly storage: number
    readonly compression: number
  }
  readonly minExecutors: number
  readonly maxExecutors: number
  /** GB for each executor. */
  readonly maxMemory: number
  /** Size of a message: 40 kB unless given. */
  readonly messageKb: number
  /** Dollars an hour of an executor with 4 GB, 0.30 unless given; its parts keep their shares. */
  readonly unitHour: number
  readonly weights: RewardWeights
  readonly cpuNoise: number
  readonly cpuDelayMs: number
}

export type SparkOptions = Partial<Omit<SparkConfig, 'initial'>> & {
  readonly initial?: Partial<SparkConfig['initial']>
}

/** How long Spark's executors take, by the report that the world is from. */
export const sparkLeadTime: LeadRange = { lowestMs: 30_000, highestMs: 60_000 }

/** All settings, and when something asked for is usually there. Throws `BAD_OPTION` for one that cannot be. */
export function sparkConfig(given: SparkOptions): SparkConfig & { readonly plannedLeadMs: number } {
  const config: SparkConfig = {
    startMs: 0,
    stepMs: 15_000,
    unitRate: executorRate,
    sloMs: 1_000,
    leadTime: sparkLeadTime,
    minExecutors: 1,
    maxExecutors: mostExecutors,
    maxMemory: mostMemoryGb,
    messageKb,
    unitHour: sparkUnitHour,
    weights: rewardScenarios.balanced,
    cpuNoise: 0.02,
    cpuDelayMs: 30_000,
    ...given,
    initial: { executors: 6, ...usualSettings, ...given.initial }
  }
  check(config)
  const { leadTime } = config
  const plannedLeadMs = 'p50Ms' in leadTime ? leadTime.p50Ms : (leadTime.lowestMs + leadTime.highestMs) / 2
  return { ...config, plannedLeadMs }
}

/** The lead time of what is asked for in a step, ms: the luck of a moment belongs to the moment. */
export function sparkLead(leadTime: SparkConfig['leadTime']): (seed: number, step: number) => number {
  if ('p50Ms' in leadTime) return leadTimes(leadTime)
  const { lowestMs, highestMs } = leadTime
  requireOption(
    lowestMs >= 0 && highestMs >= lowestMs && Number.isFinite(highestMs),
    'leadTime',
    leadTime,
    'from one duration of at least 0 to a longer one'
  )
  return (seed, step) => lowestMs + (highestMs - lowestMs) * uniformAt(seed, 'lead-time', step)
}

function check({ initial, minExecutors, maxExecutors, maxMemory, ...config }: SparkConfig): void {
  for (const name of ['stepMs', 'unitRate', 'sloMs', 'messageKb', 'unitHour'] as const) {
    const value = config[name]
    requireOption(value > 0 && Number.isFinite(value), name, value, 'a number above 0')
  }
  for (const name of ['cpuNoise', 'cpuDelayMs'] as const) {
    const value = config[name]
    requireOption(value >= 0 && Number.isFinite(value), name, value, 'a number of at least 0')
  }
  requireWhole('minExecutors', minExecutors, 1, Number.MAX_SAFE_INTEGER)
  requireWhole('maxExecutors', maxExecutors, minExecutors, Number.MAX_SAFE_INTEGER)
  requireWhole('maxMemory', maxMemory, 1, Number.MAX_SAFE_INTEGER)
  requireWhole('initial.executors', initial.executors, minExecutors, maxExecutors)
  requireWhole('initial.memory', initial.memory, 1, maxMemory)
  requireWhole('initial.storage', initial.storage, 0, storageTiers.length - 1)
  requireWhole('initial.compression', initial.compression, 0, compressions.length - 1)
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  const range = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `from ${least} to ${most}`
  requireOption(
    Number.isInteger(value) && value >= least && value <= most,
    name,
    value,
    `a whole number, ${range}`
  )
}
