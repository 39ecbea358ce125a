/**
 * From a trace to a fate: the service world, set up from the training part only.
 *
 *   ├── history: forecasters are fitted on it ──┤ warm-up ├──── scored ────┤
 *   0                                           start     scoreFrom        scoreTo
 *
 * During the warm-up the world runs and is not scored, so that estimates are measured and not assumed. Defaults are
 * those of `serviceDefaults`: unitRate = P99.9 of the training rates / 20.
 */
import {
  coarsen,
  HOUR,
  MINUTE,
  PrescaleError,
  requireOption,
  SECOND,
  type Series,
  series,
  sliceSteps
} from '../base/index.ts'
import type { Quantiles } from '../roles.ts'
import { needSeries, type ServiceOptions, service, serviceDefaults, splitCounts } from '../sim/index.ts'
import { type Fate, live } from './rehearse.ts'

/** The service world's settings; absent ones come from the training part. */
export interface ServiceSettings {
  readonly unitRate?: number
  readonly serviceTimeMs?: number
  readonly sloMs?: number
  readonly leadTimeMs?: Quantiles
  readonly unitHour?: number
  readonly currency?: string
  readonly minUnits?: number
  readonly maxUnits?: number
  readonly stepMs?: number
  /** What is really there, against what was said: the headline is printed again with ±20 % and twice the lead time. */
  readonly truth?: { readonly unitRate?: number; readonly leadTime?: number }
}

/** Which steps of the trace are for fitting and which are scored. */
export interface Span {
  readonly fitFrom: number
  readonly scoreFrom: number
  readonly scoreTo: number
}

export interface Plan {
  readonly name: string
  readonly trace: Series
  readonly span: Span
  readonly settings: Required<Omit<ServiceSettings, 'truth'>> & { readonly serversPerUnit: number }
  readonly truth: { readonly unitRate: number; readonly leadTime: number }
  /** Names of settings that nobody gave: they were taken from the training part or from a default. */
  readonly assumed: readonly string[]
}

export const DEFAULT_LEAD_TIME: Quantiles = { p50: 2 * MINUTE, p90: 2 * MINUTE }
const WARM_UP_MS = HOUR
const DEFAULT_STEP_MS = 15 * SECOND

export function planService(name: string, trace: Series, span: Span, given: ServiceSettings = {}): Plan {
  requireOption(
    span.fitFrom >= 0 && span.scoreFrom > span.fitFrom && span.scoreTo > span.scoreFrom,
    'training part',
    `${span.scoreFrom - span.fitFrom} of ${trace.values.length} steps`,
    'at least 1 step, with at least 1 step held back'
  )
  const training = sliceSteps(trace, span.fitFrom, span.scoreFrom).values
  if (!training.some((rate) => rate > 0)) {
    throw new PrescaleError(
      'BAD_INPUT',
      `the training part of ${name} has no load, nothing can be sized from it`
    )
  }
  const unitRate = given.unitRate ?? serviceDefaults(training).unitRate
  const defaults = serviceDefaults(training, overridesOf({ ...given, unitRate }))
  const settings = {
    unitRate: defaults.unitRate,
    serversPerUnit: defaults.serversPerUnit,
    serviceTimeMs: (1_000 * defaults.serversPerUnit) / defaults.unitRate,
    sloMs: given.sloMs ?? defaults.sloMs,
    leadTimeMs: given.leadTimeMs ?? DEFAULT_LEAD_TIME,
    unitHour: given.unitHour ?? 0.05,
    currency: given.currency ?? 'USD',
    minUnits: given.minUnits ?? 1,
    maxUnits: given.maxUnits ?? 200,
    stepMs: given.stepMs ?? DEFAULT_STEP_MS
  }
  const assumed = Object.keys(settings).filter(
    (key) => key !== 'serversPerUnit' && given[key as keyof ServiceSettings] === undefined
  )
  const truth = { unitRate: given.truth?.unitRate ?? 1, leadTime: given.truth?.leadTime ?? 1 }
  return { name, trace, span, settings, truth, assumed }
}

function overridesOf(given: ServiceSettings & { readonly unitRate: number }): ServiceOptions {
  const { unitRate, serviceTimeMs, sloMs } = given
  const servers =
    serviceTimeMs === undefined ? undefined : Math.max(1, Math.round((unitRate * serviceTimeMs) / 1_000))
  return {
    unitRate,
    ...(servers === undefined ? {} : { serversPerUnit: servers }),
    ...(sloMs === undefined ? {} : { sloMs })
  }
}

/** Everything that is the same for all policies under one seed. */
export function fateOf(plan: Plan, seed: number): Fate {
  const { trace, span, settings } = plan
  const warmup = warmUpSteps(plan)
  const from = span.scoreFrom - warmup
  const slice = sliceSteps(trace, from, span.scoreTo)
  const demand = splitCounts(slice, settings.stepMs, seed)
  const config = worldConfig(plan, slice.startMs)
  return {
    seed,
    stepMs: settings.stepMs,
    startMs: slice.startMs,
    warmupSteps: Math.round((warmup * trace.stepMs) / settings.stepMs),
    demand,
    history: historyOf(sliceSteps(trace, span.fitFrom, from), forecastStepMs(plan), seed),
    horizon: horizonSteps(plan),
    initial: { unit: initialUnits(plan, slice) },
    bounds: { unit: { min: settings.minUnits, max: settings.maxUnits } },
    slo: { latencyMs: settings.sloMs },
    price: { unitHour: settings.unitHour, currency: settings.currency },
    priors: { leadTimeMs: settings.leadTimeMs },
    target: plan.name,
    open: () => live(service({ ...config, initialUnits: initialUnits(plan, slice) }), seed)
  }
}

/** Fewest units of each scored minute, by the world's own truth. */
export function needOf(plan: Plan, fate: Fate): Int32Array {
  return needSeries(fate.demand.subarray(fate.warmupSteps), worldConfig(plan, fate.startMs))
}

export function worldConfig(plan: Plan, startMs: number): ServiceOptions {
  const { settings, truth } = plan
  return {
    startMs,
    stepMs: settings.stepMs,
    unitRate: settings.unitRate * truth.unitRate,
    serversPerUnit: settings.serversPerUnit,
    sloMs: settings.sloMs,
    leadTime: {
      p50Ms: settings.leadTimeMs.p50 * truth.leadTime,
      p90Ms: settings.leadTimeMs.p90 * truth.leadTime
    },
    minUnits: 0,
    maxUnits: settings.maxUnits
  }
}

/** One minute, or one step of the world where the whole trace is shorter than a day. */
export function forecastStepMs({ trace, settings }: Plan): number {
  const day = trace.values.length * trace.stepMs >= 24 * HOUR
  return day ? Math.max(MINUTE, settings.stepMs) : settings.stepMs
}

/** Twice the lead time, and at least a quarter of an hour: behind a peak the policy must see whether the next one comes. */
function horizonSteps(plan: Plan): number {
  const step = forecastStepMs(plan)
  return Math.ceil(Math.max(15 * step, 2 * plan.settings.leadTimeMs.p90 + 2 * step) / step)
}

/** Whole steps of the trace, an hour where there is one to spare. */
function warmUpSteps({ trace, span }: Plan): number {
  const hour = Math.max(1, Math.round(WARM_UP_MS / trace.stepMs))
  return Math.min(hour, Math.max(1, Math.floor((span.scoreFrom - span.fitFrom) / 4)))
}

/** The history in the forecaster's step: means of finer steps, or counts split into coarser ones. */
function historyOf(trace: Series, stepMs: number, seed: number): Series {
  if (trace.stepMs === stepMs) return trace
  if (trace.stepMs < stepMs && stepMs % trace.stepMs === 0) return coarsen(trace, stepMs / trace.stepMs)
  const counts = splitCounts(trace, stepMs, seed)
  const perSecond = 1_000 / stepMs
  return series(
    stepMs,
    counts.map((n) => n * perSecond),
    { startMs: trace.startMs, unit: trace.unit }
  )
}

/** Where everyone begins: the first hour's mean load at 70 %. */
function initialUnits({ settings }: Plan, slice: Series): number {
  const first = slice.values.subarray(0, Math.max(1, Math.round(HOUR / slice.stepMs)))
  const mean = coarsen({ ...slice, values: first }, first.length).values[0]
  const units = Math.ceil((Number.isNaN(mean) ? 0 : mean) / (0.7 * settings.unitRate))
  return Math.min(settings.maxUnits, Math.max(settings.minUnits, units))
}
