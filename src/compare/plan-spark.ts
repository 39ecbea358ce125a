/**
 * The Spark world of a rehearsal: executors over a queue. Policies size `executors`; one that knows more may ask for memory, storage
 * and compression too, which otherwise stay as usual.
 *
 * An executor serves 50 messages/s, as the page of the world says, or as many as let 18 of 20 serve P99.9 of the training rates where that
 * is more. What is asked for starts within 30–60 s, unless a lead time is given.
 */
import { requireOption, type Series } from '../base/index.ts'
import type { Quantiles } from '../roles.ts'
import {
  executorRate,
  type LeadRange,
  type leadTimes,
  messageKb,
  messageLatencyMs,
  mostExecutors,
  type SparkOptions,
  serviceDefaults,
  spark,
  sparkLead,
  sparkLeadTime,
  sparkUnitHour,
  storageTiers
} from '../sim/index.ts'
import {
  assumedOf,
  type GivenSettings,
  type Plan,
  type Span,
  settingsOf,
  trainingRates,
  trueLeadTime,
  truthOf,
  type WorldPlan
} from './plan-data.ts'
import { leastCapacity } from './plan-stream.ts'
import { type LiveWorld, live } from './rehearse.ts'

export type SparkPlan = Plan & { readonly world: Extract<WorldPlan, { kind: 'spark' }> }

const SLO_MS = 1_000
/** Of 30–60 s, every duration with the same chance. */
const LEAD_MS: Quantiles = { p50: 45_000, p90: 57_000 }
/** P99.9 of the training rates is served by this many. */
const PEAK_EXECUTORS = 18
/** `serviceDefaults` makes a unit a twentieth of that rate. */
const SERVICE_UNITS = 20

/** On the fastest tier, without compression, in an empty queue. */
const fastestMs = messageLatencyMs + Math.min(...storageTiers.map(({ latencyMs }) => latencyMs))

export const sparkWorldResources: readonly string[] = ['executors']

export function planSpark(name: string, trace: Series, span: Span, given: GivenSettings = {}): SparkPlan {
  const training = trainingRates(name, trace, span)
  const largest = serviceDefaults(training).unitRate * SERVICE_UNITS
  const unitRate = given.unitRate ?? Math.max(executorRate, largest / PEAK_EXECUTORS)
  const settings = settingsOf(
    { maxUnits: mostExecutors, unitHour: sparkUnitHour, ...defined(given) },
    { unitRate, sloMs: given.sloMs ?? SLO_MS, leadTimeMs: LEAD_MS }
  )
  const { sloMs } = settings
  requireOption(
    sloMs > fastestMs,
    'sloMs',
    sloMs,
    `above ${fastestMs} ms, what a message takes that never waits`
  )
  return {
    name,
    trace,
    span,
    settings,
    world: { kind: 'spark', leadRange: given.leadTimeMs === undefined },
    truth: truthOf(given),
    assumed: assumedOf(settings, given)
  }
}

/** What was given, without what was given as nothing. */
function defined(given: GivenSettings): GivenSettings {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** The world as it really is. */
export function sparkWorld(plan: SparkPlan, startMs: number): SparkOptions {
  const { settings, truth } = plan
  return {
    startMs,
    stepMs: settings.stepMs,
    unitRate: settings.unitRate * truth.unitRate,
    // Who serves more messages serves smaller ones: memory and storage stay what they are for so much work.
    messageKb: (messageKb * executorRate) / settings.unitRate,
    unitHour: settings.unitHour,
    sloMs: settings.sloMs,
    leadTime: leadTimeOf(plan),
    maxExecutors: settings.maxUnits
  }
}

function leadTimeOf(plan: SparkPlan): LeadRange | { p50Ms: number; p90Ms: number } {
  if (!plan.world.leadRange) return trueLeadTime(plan)
  const { lowestMs, highestMs } = sparkLeadTime
  const factor = plan.truth.leadTime
  return { lowestMs: lowestMs * factor, highestMs: highestMs * factor }
}

/** The luck of starts, as this plan's world draws it. */
export function sparkLeadOf(plan: SparkPlan): ReturnType<typeof leadTimes> {
  return sparkLead(leadTimeOf(plan))
}

export function openSpark(config: SparkOptions, executors: number, seed: number): LiveWorld {
  return live(spark({ ...config, initial: { executors: Math.max(1, executors) } }), seed)
}

/**
 * Executors needed in each minute: the fewest with which a queue that starts empty keeps all but 5 % of the minute's messages under the
 * SLO, on the fastest tier and without compression, so it is a bound from below.
 */
export function sparkNeed(plan: SparkPlan, demand: Float64Array): Int32Array {
  const { settings, truth } = plan
  const seconds = settings.stepMs / 1_000
  const perMinute = Math.max(1, Math.round(60 / seconds))
  const waitS = (settings.sloMs - fastestMs) / 1_000
  const rate = settings.unitRate * truth.unitRate
  const need = new Int32Array(Math.floor(demand.length / perMinute))
  for (let m = 0; m < need.length; m++) {
    const capacity = leastCapacity(demand.subarray(m * perMinute, (m + 1) * perMinute), 1, seconds, waitS)
    need[m] = Math.min(settings.maxUnits + 1, Math.ceil(capacity / rate - 1e-9))
  }
  return need
}
