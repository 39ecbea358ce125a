/**
 * One episode of the Spark environment before anybody acts in it: the load, and what the edge says at the end of every step.
 *
 *   predictor: the streets' raw rates through a burst predictor and the fusion; it misses accidents and takes jams for some
 *   oracle:    predicted[k] = load of step k + lead, alarm[k] = an accident sets in within the next `lead` steps
 *
 * Instead of accidents a trace can be given: an episode is then a window of it, drawn by its seed, and as it has no streets the predictor
 * sees the total. The oracle knows the future: an ablation, never what a result is shown with. Both can be made worse: `missRate` of the alarms are not
 * sent, and `falseAlarmsPerHour` are sent for nothing.
 */
import {
  formatDuration,
  MINUTE,
  PrescaleError,
  requireOption,
  type Series,
  sliceSteps,
  uniformAt
} from '../base/index.ts'
import {
  type AccidentLoad,
  type AccidentOptions,
  accidents,
  messagesBase,
  splitCounts
} from '../sim/index.ts'
import { foreseen, predictorOf, type SparkSignal, spoilt, watched } from './edge-said.ts'

export interface SparkEpisode {
  readonly stepMs: number
  /** Messages of each step, from `warmUpSteps` before the episode to its end. */
  readonly messages: Float64Array
  /** Of the same steps: what the edge says when the step is over, messages/s and 0 or 1. */
  readonly predicted: Float64Array
  readonly alarm: Uint8Array
  /** Steps before the episode, in which predictors learn what is usual. */
  readonly warmUpSteps: number
  readonly truth: Pick<AccidentLoad, 'accidents' | 'jams'>
}

/** Predictors have seen this much when the episode begins, and nothing happened in it. */
const WARM_UP_MS = 10 * MINUTE

export function sparkEpisode(
  options: {
    readonly steps: number
    readonly load?: Partial<AccidentOptions>
    /** Messages/s. */
    readonly trace?: Series
    readonly signal: SparkSignal
  },
  seed: number
): SparkEpisode {
  const { steps, signal, trace } = options
  const stepMs = options.load?.stepMs ?? 15_000
  const leadSteps = signal.from === 'oracle' ? (signal.leadSteps ?? 1) : 0
  requireOption(
    Number.isInteger(leadSteps) && leadSteps >= 0,
    'signal.leadSteps',
    leadSteps,
    'a whole number of steps, at least 0'
  )
  const warmUpSteps = Math.round(WARM_UP_MS / stepMs)
  const shown = warmUpSteps + steps
  if (trace !== undefined) return traceEpisode(trace, { shown, warmUpSteps, stepMs, signal }, seed)
  const load = accidents(
    {
      perDay: 48,
      jamsPerDay: 24,
      quietMs: warmUpSteps * stepMs,
      ...options.load,
      stepMs,
      durationMs: (shown + leadSteps) * stepMs
    },
    seed
  )
  const { predicted, alarm } =
    signal.from === 'oracle'
      ? foreseen(load.total, load.accidents, shown, leadSteps)
      : watched(load.streets, shown, stepMs, signal)
  const said = { predicted, alarm }
  spoilt(said, load.total.values, stepMs, signal, options.load?.base ?? messagesBase, seed)
  const seconds = stepMs / 1_000
  return {
    stepMs,
    messages: load.total.values.subarray(0, shown).map((rate) => Math.round(rate * seconds)),
    ...said,
    warmUpSteps,
    truth: { accidents: load.accidents, jams: load.jams }
  }
}

/** A window that is drawn and has a gap is drawn again, so often. */
const DRAWS = 1_000

function traceEpisode(
  trace: Series,
  {
    shown,
    warmUpSteps,
    stepMs,
    signal
  }: { shown: number; warmUpSteps: number; stepMs: number; signal: SparkSignal },
  seed: number
): SparkEpisode {
  if (signal.from === 'oracle') {
    throw new PrescaleError(
      'BAD_OPTION',
      'the oracle knows accidents, and a trace does not say when there are any'
    )
  }
  const messages = splitCounts(windowOf(trace, shown * stepMs, seed), stepMs, seed).slice(0, shown)
  const rates = messages.map((n) => (n * 1_000) / stepMs)
  const predictor = predictorOf(signal, stepMs)
  const memory = predictor.initial()
  const said = { predicted: new Float64Array(shown), alarm: new Uint8Array(shown) }
  for (let k = 0; k < shown; k++) {
    const { predictedLoad, burstAlarm } = predictor.update(rates[k], memory)
    said.predicted[k] = predictedLoad
    said.alarm[k] = burstAlarm ? 1 : 0
  }
  const base = rates.reduce((sum, rate) => sum + rate, 0) / shown
  spoilt(said, rates, stepMs, signal, base, seed)
  return { stepMs, messages, ...said, warmUpSteps, truth: { accidents: [], jams: [] } }
}

/** So much of the trace without a gap, beginning with one of its steps. */
function windowOf(trace: Series, durationMs: number, seed: number): Series {
  const length = Math.ceil(durationMs / trace.stepMs)
  const starts = trace.values.length - length + 1
  if (starts < 1) {
    const [has, needs] = [trace.values.length, length].map((n) => formatDuration(n * trace.stepMs))
    throw new PrescaleError('TOO_SHORT', `an episode needs ${needs} of a trace, this one has ${has}`)
  }
  for (let draw = 0; draw < DRAWS; draw++) {
    const from = Math.floor(uniformAt(seed, 'window', draw) * starts)
    const window = sliceSteps(trace, from, from + length)
    if (!window.values.some(Number.isNaN)) return window
  }
  throw new PrescaleError('BAD_INPUT', `the trace has no ${formatDuration(durationMs)} without a gap`)
}
