/** What accidents can be told to be, with what they are where nothing is said. */
import { MINUTE, requireOption, SECOND } from '../../base/index.ts'
import type { Range } from './burst.ts'

/** Messages per second of all streets together when nothing happens. */
export const messagesBase = 200

export interface AccidentOptions {
  readonly durationMs: number
  readonly startMs?: number
  /** Step of the total that the cloud sees, 15 s. */
  readonly stepMs?: number
  /** Step in which a gateway counts each street, 5 s; a part of `stepMs`. */
  readonly gatewayStepMs?: number
  readonly streets?: number
  /** Messages per second of all streets together when nothing happens, 200. */
  readonly base?: number
  /** Standard deviation of the reverting noise as a share of the base, 0.05, and its time constant, 10 min. */
  readonly noise?: number
  readonly noiseTimeMs?: number
  /** Accidents a day in quiet time, 24: the next begins to be drawn when the last has faded. */
  readonly perDay?: number
  /** Jams a day, 12: a precursor without an accident. */
  readonly jamsPerDay?: number
  /** Share of accidents that no sensor sees coming, 0.1. */
  readonly withoutPrecursor?: number
  /** How long before its onset a street shows an accident, 45–120 s. */
  readonly leadMs?: Range
  /** Height of the total while an accident holds, in bases: 3.4 to 4. */
  readonly peak?: Range
  readonly onsetMs?: Range
  readonly holdMs?: Range
  readonly decayMs?: Range
  /** How many times its own rate a street has before an accident, 1.6 to 3; in a jam 1.2 to 2. */
  readonly lift?: Range
  readonly jamLift?: Range
  /** No accident and no jam in the first part, 0: long enough for predictors to learn what is usual. */
  readonly quietMs?: number
  /** These accidents and no others; no jams either. Times from the start of the load. */
  readonly schedule?: readonly ScheduledAccident[]
  /** Another future of the same past: what has not begun by then, and all chance from then on, is that of another seed. */
  readonly redraw?: Redraw
}

export interface Redraw {
  /** From the start of the load. */
  readonly fromMs: number
  readonly seed: number
}

export interface ScheduledAccident {
  readonly atMs: number
  /** Null: without precursor. */
  readonly leadMs: number | null
  readonly street?: number
  /** The total while it holds, in bases. */
  readonly peak?: number
  readonly onsetMs?: number
  readonly holdMs?: number
  readonly decayMs?: number
  readonly lift?: number
}

export type AccidentSettings = Required<Omit<AccidentOptions, 'schedule' | 'redraw'>> &
  Pick<AccidentOptions, 'schedule' | 'redraw'>

/** Everything that was not said, filled in. Throws `BAD_OPTION` for amounts that cannot be. */
export function accidentOptions(given: AccidentOptions): AccidentSettings {
  const options: AccidentSettings = {
    startMs: 0,
    stepMs: 15 * SECOND,
    gatewayStepMs: 5 * SECOND,
    streets: 16,
    base: messagesBase,
    noise: 0.05,
    noiseTimeMs: 10 * MINUTE,
    perDay: 24,
    jamsPerDay: 12,
    withoutPrecursor: 0.1,
    leadMs: [45 * SECOND, 120 * SECOND],
    peak: [3.4, 4],
    onsetMs: [5 * SECOND, 30 * SECOND],
    holdMs: [3 * MINUTE, 10 * MINUTE],
    decayMs: [30 * SECOND, 2 * MINUTE],
    lift: [1.6, 3],
    jamLift: [1.2, 2],
    quietMs: 0,
    ...given
  }
  const { durationMs, stepMs, gatewayStepMs, streets, withoutPrecursor } = options
  const amounts = { durationMs, noise: options.noise, base: options.base, quietMs: options.quietMs }
  for (const [name, value] of Object.entries(amounts)) {
    requireOption(value >= 0 && Number.isFinite(value), name, value, 'a number of at least 0')
  }
  for (const name of ['perDay', 'jamsPerDay'] as const) {
    requireOption(options[name] >= 0 && options[name] <= 1e4, name, options[name], 'a number from 0 to 10000')
  }
  requireOption(stepMs > 0 && Number.isFinite(stepMs), 'stepMs', stepMs, 'a positive number of milliseconds')
  requireOption(
    gatewayStepMs > 0 && Number.isInteger(stepMs / gatewayStepMs),
    'gatewayStepMs',
    gatewayStepMs,
    `a part of the step, ${stepMs} ms`
  )
  requireOption(options.noiseTimeMs > 0, 'noiseTimeMs', options.noiseTimeMs, 'a positive duration')
  requireOption(
    Number.isInteger(streets) && streets >= 1,
    'streets',
    streets,
    'a whole number of streets, at least 1'
  )
  requireOption(
    withoutPrecursor >= 0 && withoutPrecursor <= 1,
    'withoutPrecursor',
    withoutPrecursor,
    'a ratio from 0 to 1'
  )
  return options
}
