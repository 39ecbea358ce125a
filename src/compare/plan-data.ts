/** What a rehearsal is planned with: plain data, so that it can go to a worker or into a file. */
import { MINUTE, PrescaleError, requireOption, SECOND, type Series, sliceSteps } from '../base/index.ts'
import type { Quantiles } from '../roles.ts'
import type { StreamConfig } from '../sim/index.ts'
import type { EdgeTrack } from './edge-track.ts'

/** Settings of any world; absent ones come from the training part or a default. */
export interface GivenSettings {
  readonly unitRate?: number
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

export type Settings = Required<Omit<GivenSettings, 'truth'>>

/** Which steps of the trace are for fitting and which are scored. */
export interface Span {
  readonly fitFrom: number
  readonly scoreFrom: number
  readonly scoreTo: number
}

/** Which world it is, with what only that world has. */
export type WorldPlan =
  | { readonly kind: 'service'; readonly serversPerUnit: number; readonly serviceTimeMs: number }
  | { readonly kind: 'stream'; readonly config: Omit<StreamConfig, 'stepMs' | 'startMs' | 'name'> }
  /** `leadRange`: starts take 30–60 s, evenly, instead of what the settings say. */
  | { readonly kind: 'spark'; readonly leadRange: boolean }

export interface Plan {
  readonly name: string
  readonly trace: Series
  readonly span: Span
  readonly settings: Settings
  readonly world: WorldPlan
  readonly truth: { readonly unitRate: number; readonly leadTime: number }
  /** Names of settings that nobody gave: they were taken from the training part or from a default. */
  readonly assumed: readonly string[]
  /** What the edge says of the trace, in every world the same; absent: nothing. */
  readonly edge?: EdgeTrack
  /** The step that forecasts have, where a model that was trained before asks for its own. */
  readonly forecastStepMs?: number
}

export const DEFAULTS = {
  leadTimeMs: { p50: 2 * MINUTE, p90: 2 * MINUTE },
  unitHour: 0.05,
  currency: 'USD',
  minUnits: 1,
  maxUnits: 200,
  stepMs: 15 * SECOND
}

/** All settings: what was given, what the world says of itself, defaults. Throws for a range that is none. */
export function settingsOf(
  given: GivenSettings,
  world: Pick<Settings, 'unitRate' | 'sloMs'> & Partial<Pick<Settings, 'leadTimeMs'>>
): Settings {
  const settings = {
    unitRate: world.unitRate,
    sloMs: world.sloMs,
    leadTimeMs: given.leadTimeMs ?? world.leadTimeMs ?? DEFAULTS.leadTimeMs,
    unitHour: given.unitHour ?? DEFAULTS.unitHour,
    currency: given.currency ?? DEFAULTS.currency,
    minUnits: given.minUnits ?? DEFAULTS.minUnits,
    maxUnits: given.maxUnits ?? DEFAULTS.maxUnits,
    stepMs: given.stepMs ?? DEFAULTS.stepMs
  }
  requireRange(settings)
  return settings
}

/** The rates that everything is set up from. Throws where there are none. */
export function trainingRates(name: string, trace: Series, span: Span): Float64Array {
  requireOption(
    span.fitFrom >= 0 && span.scoreFrom > span.fitFrom && span.scoreTo > span.scoreFrom,
    'training part',
    `${span.scoreFrom - span.fitFrom} of ${trace.values.length} steps`,
    'at least 1 step, with at least 1 step held back'
  )
  const rates = sliceSteps(trace, span.fitFrom, span.scoreFrom).values
  if (rates.some((rate) => rate > 0)) return rates
  throw new PrescaleError(
    'BAD_INPUT',
    `the training part of ${name} has no load above 0 in it; nothing can be sized from it`
  )
}

/** Whole units, and not fewer at most than at least. */
export function requireRange({ minUnits, maxUnits }: Settings): void {
  requireOption(
    Number.isInteger(minUnits) && minUnits >= 0,
    'minUnits',
    minUnits,
    'a whole number, at least 0'
  )
  requireOption(
    Number.isInteger(maxUnits) && maxUnits >= Math.max(1, minUnits),
    'maxUnits',
    maxUnits,
    `a whole number, at least ${Math.max(1, minUnits)} (minUnits is ${minUnits})`
  )
}

export function truthOf({ truth }: GivenSettings): Plan['truth'] {
  return { unitRate: truth?.unitRate ?? 1, leadTime: truth?.leadTime ?? 1 }
}

/** The settings that were not given, by name. */
export function assumedOf(settings: Settings, given: GivenSettings): string[] {
  return Object.keys(settings).filter((key) => given[key as keyof Settings] === undefined)
}

/** What the lead time really is. */
export function trueLeadTime({ settings, truth }: Plan): { p50Ms: number; p90Ms: number } {
  const { p50, p90 } = settings.leadTimeMs
  return { p50Ms: p50 * truth.leadTime, p90Ms: p90 * truth.leadTime }
}
