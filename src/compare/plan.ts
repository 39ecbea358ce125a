/**
 * From a trace to a fate: a world set up from the training part only, and everything that is the same for all policies.
 *
 *   ├── history: forecasters are fitted on it ──┤ warm-up ├──── scored ────┤
 *   0                                           start     scoreFrom        scoreTo
 *
 * During the warm-up the world runs and is not scored, so that estimates are measured and not assumed.
 */
import {
  coarsen,
  formatDuration,
  HOUR,
  MINUTE,
  peak,
  requireOption,
  type Series,
  series,
  sliceSteps
} from '../base/index.ts'
import type { Units } from '../roles.ts'
import { leadTimes, splitCounts } from '../sim/index.ts'
import { DEFAULTS, type Plan, trueLeadTime, type WorldPlan } from './plan-data.ts'
import { openService, serviceNeed, serviceResources, serviceWorld } from './plan-service.ts'
import { openSpark, sparkLeadOf, sparkNeed, sparkWorld, sparkWorldResources } from './plan-spark.ts'
import {
  balancedLoads,
  openStream,
  streamNeed,
  streamResources,
  streamUnits,
  streamWorld
} from './plan-stream.ts'
import type { Fate } from './rehearse.ts'

export * from './plan-data.ts'
export { planService, type ServiceSettings, serviceTimeRemark } from './plan-service.ts'
export { planSpark } from './plan-spark.ts'
export { planStream, type StreamWorld } from './plan-stream.ts'

const WARM_UP_MS = HOUR
/** Everyone begins with the first hour's mean load at this utilisation. */
const INITIAL_UTILISATION = 0.7

/** Everything that is the same for all policies under one seed. */
export function fateOf(plan: Plan, seed: number): Fate {
  const { trace, span, settings } = plan
  const warmup = warmUpSteps(plan)
  const from = span.scoreFrom - warmup
  const slice = sliceSteps(trace, from, span.scoreTo)
  const warmupMs = warmup * trace.stepMs
  const initial = unitsFor(plan, firstHour(slice), INITIAL_UTILISATION)
  const { minUnits: min, maxUnits: max, unitHour, currency } = settings
  return {
    seed,
    stepMs: settings.stepMs,
    startMs: slice.startMs,
    warmupSteps: Math.round(warmupMs / settings.stepMs),
    demand: splitCounts(slice, settings.stepMs, seed),
    history: historyOf(sliceSteps(trace, span.fitFrom, from), forecastStepMs(plan), seed),
    horizon: horizonSteps(plan),
    initial,
    bounds: Object.fromEntries(resourcesOf(plan).map((resource) => [resource, { min, max }])),
    slo: { latencyMs: settings.sloMs },
    price: { unitHour, currency },
    priors: { leadTimeMs: settings.leadTimeMs },
    target: plan.name,
    ...(plan.edge && { edge: plan.edge }),
    open: (units = initial) => open(plan, slice.startMs, warmupMs, units, seed)
  }
}

function open(plan: Plan, startMs: number, warmupMs: number, units: Units, seed: number) {
  if (isKind(plan, 'service'))
    return openService(serviceWorld(plan, startMs), units[serviceResources[0]], seed)
  if (isKind(plan, 'stream')) return openStream(streamWorld(plan, startMs, warmupMs, units), seed)
  if (isKind(plan, 'spark')) return openSpark(sparkWorld(plan, startMs), units[sparkWorldResources[0]], seed)
  throw new Error('a world without a way to open it')
}

/** Fewest units of each scored minute, by the world's own truth. */
export function needOf(plan: Plan, fate: Fate): Int32Array {
  const scored = fate.demand.subarray(fate.warmupSteps)
  if (isKind(plan, 'stream')) return streamNeed(plan, scored)
  if (isKind(plan, 'service')) return serviceNeed(scored, serviceWorld(plan, fate.startMs))
  if (isKind(plan, 'spark')) return sparkNeed(plan, scored)
  throw new Error('a world without a need')
}

export function resourcesOf(plan: Plan): readonly string[] {
  if (isKind(plan, 'stream')) return streamResources(plan)
  return isKind(plan, 'spark') ? sparkWorldResources : serviceResources
}

/** How long what is asked for in a step really takes, by the world's own luck. */
export function leadOf(plan: Plan): (seed: number, step: number) => number {
  return isKind(plan, 'spark') ? sparkLeadOf(plan) : leadTimes(trueLeadTime(plan))
}

/** What this load needs at this utilisation by the settings, within the bounds. */
export function unitsFor(plan: Plan, load: number, utilisation: number): Units {
  const { unitRate, minUnits, maxUnits } = plan.settings
  const units = isKind(plan, 'stream')
    ? streamUnits(plan, load, utilisation)
    : { [resourcesOf(plan)[0]]: Math.ceil(load / (utilisation * unitRate)) }
  return Object.fromEntries(
    Object.entries(units).map(([resource, n]) => [resource, Math.min(maxUnits, Math.max(minUnits, n))])
  )
}

/** A fixed size: 1.2 × the training peak. */
export function peakUnits(plan: Plan): Units {
  const { trace, span } = plan
  return unitsFor(plan, 1.2 * peak(sliceSteps(trace, span.fitFrom, span.scoreFrom).values), 1)
}

/**
 * The constant sizes from smallest to largest within the bounds: every number of units of one resource; of several
 * operators those that balance them, each what it needs of one load for all.
 */
export function constantSizes(plan: Plan): Units[] {
  const { minUnits, maxUnits } = plan.settings
  const [resource, ...others] = resourcesOf(plan)
  if (!isKind(plan, 'stream') || others.length === 0) {
    return Array.from({ length: maxUnits - minUnits + 1 }, (_, i) => ({ [resource]: minUnits + i }))
  }
  const sizes = [0, ...balancedLoads(plan)].map((load) => unitsFor(plan, load, 1))
  return [...new Map(sizes.map((units) => [JSON.stringify(units), units])).values()]
}

function isKind<K extends WorldPlan['kind']>(
  plan: Plan,
  kind: K
): plan is Plan & { readonly world: Extract<WorldPlan, { kind: K }> } {
  return plan.world.kind === kind
}

/** One minute, or one scrape where the whole trace is shorter than a day, or what a trained model asks for. */
export function forecastStepMs({ trace, settings, forecastStepMs: asked }: Plan): number {
  if (asked !== undefined) {
    requireOption(
      asked % settings.stepMs === 0,
      'the step of the forecasting model',
      formatDuration(asked),
      `whole steps of the rehearsal, ${formatDuration(settings.stepMs)}`
    )
    return asked
  }
  const day = trace.values.length * trace.stepMs >= 24 * HOUR
  return Math.max(day ? MINUTE : DEFAULTS.stepMs, settings.stepMs)
}

/** Twice the lead time, and at least a quarter of an hour: behind a peak the policy must see whether the next one comes. */
function horizonSteps(plan: Plan): number {
  const step = forecastStepMs(plan)
  return Math.ceil(Math.max(15 * step, 2 * plan.settings.leadTimeMs.p90 + 2 * step) / step)
}

/** Whole steps of the trace that are whole steps of the world: an hour, or a quarter of a training part that is short. */
function warmUpSteps({ trace, span, settings }: Plan): number {
  const hour = Math.max(1, Math.round(WARM_UP_MS / trace.stepMs))
  const quarter = Math.max(1, Math.floor((span.scoreFrom - span.fitFrom) / 4))
  const least = leastSteps(trace.stepMs, settings.stepMs)
  const wanted = Math.round(Math.min(hour, quarter) / least) * least
  const most = Math.floor((span.scoreFrom - span.fitFrom) / least) * least
  return Math.min(Math.max(least, wanted), most)
}

/** Fewest steps of one length that are whole steps of another. */
function leastSteps(stepMs: number, otherMs: number): number {
  let steps = 1
  while (steps < otherMs && (steps * stepMs) % otherMs !== 0) steps++
  return steps
}

/**
 * The history in the forecaster's step: means of finer steps, or counts split into coarser ones. It ends where the trace
 * ends, so that what is measured afterwards follows directly; what does not fill a step at its beginning is left out.
 */
export function historyOf(trace: Series, stepMs: number, seed: number): Series {
  const least = leastSteps(trace.stepMs, stepMs)
  const whole = sliceSteps(trace, trace.values.length % least)
  if (trace.stepMs === stepMs) return whole
  if (stepMs % trace.stepMs === 0) return coarsen(whole, stepMs / trace.stepMs)
  const counts = splitCounts(whole, stepMs, seed)
  const perSecond = 1_000 / stepMs
  const rates = counts.map((n) => n * perSecond)
  return series(stepMs, rates, { startMs: whole.startMs, unit: trace.unit })
}

/** Mean load of the first hour; 0 where it was not measured, and the least units follow. */
function firstHour(slice: Series): number {
  const first = sliceSteps(slice, 0, Math.max(1, Math.round(HOUR / slice.stepMs)))
  const [mean] = coarsen(first, first.values.length).values
  return Number.isNaN(mean) ? 0 : mean
}
