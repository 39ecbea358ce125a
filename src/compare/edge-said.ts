/**
 * What the edge says of a load, step by step, before anybody acts: for the environment that trains and for rehearsals alike.
 *
 *   predictor: the streets' raw rates through a burst predictor and the fusion; it misses accidents and takes jams for some
 *   oracle:    predicted[k] = load of step k + lead, alarm[k] = an accident sets in within the next `lead` steps
 *
 * The oracle knows the future: an ablation, never what a result is shown with.
 */
import {
  type GivenOptions,
  HOUR,
  MINUTE,
  PrescaleError,
  requireOption,
  type Series,
  uniformAt,
  unknownName
} from '../base/index.ts'
import { type BurstEntry, type BurstMethod, burstPredictors, streetWatch } from '../gateway/index.ts'
import type { AccidentLoad } from '../sim/index.ts'

export type SparkSignal =
  | ({
      readonly from: 'predictor'
      readonly predictor?: BurstMethod
      readonly options?: GivenOptions
      readonly fusion?: GivenOptions
    } & SignalFaults)
  | ({ readonly from: 'oracle'; readonly leadSteps?: number } & SignalFaults)

export interface SignalFaults {
  /** Share of alarms that do not arrive, 0..1. */
  readonly missRate?: number
  readonly falseAlarmsPerHour?: number
}

/** At the end of each step: what is predicted, events/s, alarm 0 or 1, and how sure an alarm is. */
export interface EdgeSaid {
  readonly predicted: Float64Array
  readonly alarm: Uint8Array
  readonly confidence: Float64Array
  readonly horizonMs: number
}

const FALSE_ALARM_MS = MINUTE
/** A false alarm is as loud as a true one. */
const FALSE_RISE = 4

/** The oracle, of so many steps of the total. */
export function foreseen(
  total: Series,
  happened: AccidentLoad['accidents'],
  steps: number,
  lead: number
): EdgeSaid {
  const alarm = new Uint8Array(steps)
  for (const { onsetMs } of happened) {
    const onset = Math.floor((onsetMs - total.startMs) / total.stepMs)
    for (let k = Math.max(0, onset - lead); k < Math.min(onset, steps); k++) alarm[k] = 1
  }
  return {
    predicted: total.values.slice(lead, lead + steps),
    alarm,
    confidence: Float64Array.from(alarm),
    horizonMs: lead * total.stepMs
  }
}

/** A predictor for each street and the fusion over them, of so many steps of `stepMs`, whole gateway steps each. */
export function watched(
  streets: readonly Series[],
  steps: number,
  stepMs: number,
  signal: Extract<SparkSignal, { from: 'predictor' }>
): EdgeSaid {
  const step = streets[0].stepMs
  const watch = streetWatch(predictorOf(signal, step), { step, ...signal.fusion })
  const memory = watch.initial(streets.length)
  const parts = stepMs / step
  const rates = new Float64Array(streets.length)
  const predicted = new Float64Array(steps)
  const alarm = new Uint8Array(steps)
  const confidence = new Float64Array(steps)
  let horizonMs = MINUTE
  for (let k = 0; k < steps; k++) {
    for (let part = k * parts; part < (k + 1) * parts; part++) {
      for (let s = 0; s < rates.length; s++) rates[s] = streets[s].values[part]
      const said = watch.update(rates, memory)
      predicted[k] = said.predictedLoad
      alarm[k] = said.burstAlarm ? 1 : 0
      confidence[k] = said.confidence
      horizonMs = said.horizonMs
    }
  }
  return { predicted, alarm, confidence, horizonMs }
}

export function predictorOf(
  { predictor = 'cusum', options }: Extract<SparkSignal, { from: 'predictor' }>,
  step: number
) {
  if (!Object.hasOwn(burstPredictors, predictor)) {
    const known = Object.keys(burstPredictors)
    throw new PrescaleError('BAD_OPTION', unknownName('a burst predictor', predictor, known))
  }
  const { make }: BurstEntry = burstPredictors[predictor]
  return make({ step, ...options })
}

/** Takes whole alarms away and puts false ones in, by the luck of the step in which they begin. */
export function spoilt(
  { predicted, alarm }: Pick<EdgeSaid, 'predicted' | 'alarm'>,
  rates: Float64Array,
  stepMs: number,
  { missRate = 0, falseAlarmsPerHour = 0 }: SignalFaults,
  base: number,
  seed: number
): void {
  requireOption(missRate >= 0 && missRate <= 1, 'signal.missRate', missRate, 'a ratio from 0 to 1')
  requireOption(
    falseAlarmsPerHour >= 0 && Number.isFinite(falseAlarmsPerHour),
    'signal.falseAlarmsPerHour',
    falseAlarmsPerHour,
    'a number of at least 0'
  )
  const chance = (falseAlarmsPerHour * stepMs) / HOUR
  const lasts = Math.max(1, Math.round(FALSE_ALARM_MS / stepMs))
  let falseUntil = 0
  let missing = false
  for (let k = 0; k < alarm.length; k++) {
    if (alarm[k] === 1) {
      const begins = k === 0 || !(missing || alarm[k - 1] === 1)
      if (begins || falseUntil > k) missing = uniformAt(seed, 'missed alarm', k) < missRate
    } else missing = false
    if (missing) {
      alarm[k] = 0
      predicted[k] = rates[k]
    }
    if (k >= falseUntil && uniformAt(seed, 'false alarm', k) < chance) falseUntil = k + lasts
    if (k < falseUntil && alarm[k] === 0) {
      alarm[k] = 1
      predicted[k] = Math.max(rates[k], FALSE_RISE * base)
    }
  }
}
