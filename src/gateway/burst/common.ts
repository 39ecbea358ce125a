/** What burst predictors have in common: which readings count, and what is said of the load to come. */
import { MINUTE, type OptionTable, SECOND } from '../../base/index.ts'
import type { BurstForecast } from '../../roles.ts'

/** Options of every predictor: times are turned into numbers of readings by `step`. */
export const commonOptions = {
  step: { kind: 'duration', default: 5 * SECOND, min: 1, says: 'time between two readings' },
  horizon: { kind: 'duration', default: MINUTE, min: 1, says: 'how far ahead the alarm looks' },
  warmUp: { kind: 'duration', default: 2 * MINUTE, min: 0, says: 'no alarm before it has seen this much' }
} satisfies OptionTable

/** A rate that was measured: anything else neither fires an alarm nor ends one. */
export function isMeasured(rate: number): boolean {
  return rate >= 0 && rate < Number.POSITIVE_INFINITY
}

/** Readings in a duration, at least one. */
export function readings(durationMs: number, stepMs: number): number {
  return Math.max(1, Math.round(durationMs / stepMs))
}

/** The gain of an exponential mean whose weights have the mean age of a moving average over `n` readings. */
export function gainOf(n: number): number {
  return 2 / (n + 1)
}

/** What a predictor remembers of its last answer, so that a reading that was not measured changes nothing. */
export type Said = {
  predicted: number | null
  alarm: boolean
  confidence: number
}

export function forecastOf({ predicted, alarm, confidence }: Said, horizonMs: number): BurstForecast {
  return { predictedLoad: predicted ?? NaN, burstAlarm: alarm, horizonMs, confidence }
}

/** Half at the line that fires, near one at twice the line. Of `NaN`, from nothing against nothing, nothing. */
export function confidenceOf(excess: number): number {
  return excess > 0 ? Math.min(1, excess / 2) : 0
}
