/**
 * What may come: the forecast where it can be trusted, else the load of now with the spread it had lately.
 *
 *   trusted    error ≤ worst · naive's error,  coverage of every upper quantile ≥ level − tolerance
 *   else       load · growth_p,  growth_p: quantile p of  mean(t + reach) / mean(t)  over the load that is shown
 *
 * Growth of a burst (over 1.5) counts with the weight 1 − trust while gateways that look at least as far ahead as units need are silent:
 * what will be announced in time need not be held ready. Without signals nothing of this applies.
 */
import type { Series } from '../base/index.ts'
import type { Forecast, Observation } from '../roles.ts'
import type { MpcOptions } from './mpc-options.ts'
import { type Levels, levelsOf } from './mpc-quantiles.ts'
import type { Situation } from './mpc-situation.ts'
import { carryOf, type Surprise, surpriseOf } from './mpc-surprise.ts'

export interface Outlook {
  readonly rule: string
  readonly by: string
  readonly stepMs: number
  readonly steps: number
  /** Index in the rows of `levels` of the first planned step. */
  readonly first: number
  /** (steps) time until each step begins; 0 for the step that runs. */
  readonly waitMs: Float64Array
  /** (steps) share of a step that is still ahead. */
  readonly share: Float64Array
  readonly levels: Levels
  readonly mean: Float64Array
  readonly peak: number
  /** Added to every load from the next step on, events/s: what the forecast has not seen and what will stay of it. */
  readonly shift: number
}

/** Scores from which on a record is a record: half an hour of minutes; a 90 % coverage then has an error of 5 points. */
const FEW_STEPS = 30

export function outlookOf(
  seen: Observation,
  now: Situation,
  surprise: Surprise,
  options: MpcOptions
): Outlook | undefined {
  const { forecast } = seen
  const reason = forecast === undefined ? 'no-forecast' : doubt(forecast, now, options)
  if (forecast !== undefined && reason === undefined)
    return fromForecast(forecast, seen, now, surprise, options)
  return fromLoad(seen, now, options, `reactive-${reason}`)
}

function doubt(forecast: Forecast, now: Situation, options: MpcOptions): string | undefined {
  const first = Math.floor((now.nowMs - forecast.startMs) / forecast.stepMs)
  const reach = Math.ceil(now.reachMs / forecast.stepMs) + 1
  if (first < 0 || first + reach >= forecast.mean.length) return 'forecast-short'
  const names = Object.keys(forecast.quantiles)
  for (const name of names)
    if (Number.isNaN(forecast.quantiles[name][first + reach])) return 'forecast-unknown'
  const { record } = forecast
  if (record === undefined) return undefined
  if (record.steps < FEW_STEPS) return 'record-short'
  if (record.mase > options.worst) return 'error'
  for (const name of names) {
    const level = Number(name)
    if (level >= 0.9 && record.coverage[name] < level - options.coverage) return 'coverage'
  }
  return undefined
}

function fromForecast(
  forecast: Forecast,
  seen: Observation,
  now: Situation,
  surprise: Surprise,
  options: MpcOptions
): Outlook {
  const { stepMs } = forecast
  const first = Math.floor((now.nowMs - forecast.startMs) / stepMs)
  const steps = Math.min(forecast.mean.length - first, options.horizon)
  const startsMs = forecast.startMs + first * stepMs - now.nowMs
  return {
    rule: 'plan',
    by: forecast.by.model,
    stepMs,
    steps,
    first,
    ...grid(steps, startsMs, stepMs),
    levels: levelsOf(forecast),
    mean: forecast.mean,
    peak: seen.load === undefined ? 1 : peakOf(seen.load, stepMs, forecast.startMs),
    shift: seen.load === undefined ? 0 : carryOf(surprise) * (surpriseOf(forecast, seen.load) || 0)
  }
}

function grid(steps: number, startsMs: number, stepMs: number) {
  const waitMs = new Float64Array(steps)
  const share = new Float64Array(steps).fill(1)
  for (let t = 0; t < steps; t++) waitMs[t] = Math.max(0, startsMs + t * stepMs)
  share[0] = (startsMs + stepMs) / stepMs
  return { waitMs, share }
}

/** Σ largest / Σ mean over the whole forecast steps that are shown; 1 where the load is measured no finer. */
function peakOf(load: Series, stepMs: number, gridMs: number): number {
  const per = Math.round(stepMs / load.stepMs)
  if (per < 2) return 1
  const offset = Math.round((gridMs - load.startMs) / load.stepMs)
  let peaks = 0
  let means = 0
  for (let i = ((offset % per) + per) % per; i + per <= load.values.length; i += per) {
    let largest = 0
    let sum = 0
    for (let k = i; k < i + per; k++) {
      const y = load.values[k]
      sum += y
      if (y > largest) largest = y
    }
    if (!(sum >= 0)) continue
    peaks += largest
    means += sum / per
  }
  return means > 0 ? Math.min(peaks / means, 2) : 1
}

const fallbackLevels = [0.5, 0.75, 0.9, 0.95, 0.99]
/** Growth within an hour before any was seen, by level: a load that may double has to be lived with. */
const assumedGrowth = [1, 1.4, 2, 2.4, 3]
/** Growth over h is growth over H to the power (h/H)^¾: between a random walk's ½ and a trend's 1. */
const GROWS = 0.75
const HOUR = 3_600_000
/** The assumption weighs as much as this many reaches of measured load. */
const ASSUMED_WEIGHT = 10
/** Pairs that are looked at: enough for a 99 % quantile, few enough for every decision. */
const MOST_PAIRS = 240

function fromLoad(seen: Observation, now: Situation, options: MpcOptions, rule: string): Outlook | undefined {
  const { load } = seen
  if (load === undefined || Number.isNaN(now.load)) return undefined
  const stepMs = Math.max(load.stepMs, Math.min(60_000, 4 * options.interval))
  const aheadMs = now.reachMs + stepMs
  // Where changes are free only the next ones matter; where they stop the job, a change has to last.
  const steps = Math.min(
    options.horizon,
    now.restartMs > 0 ? HOUR / stepMs : Math.ceil((3 * aheadMs) / stepMs)
  )
  const per = Math.max(1, Math.round(stepMs / load.stepMs))
  const sums = runningMeans(load.values, per)
  const last = sums.length > 0 ? sums[sums.length - 1] : NaN
  const base = Number.isNaN(last) ? now.load : last
  const growth = growthOver(
    sums,
    Math.max(1, Math.round(aheadMs / load.stepMs)),
    aheadMs,
    1 - silence(seen, now)
  )
  const waits = grid(steps, 0, stepMs)
  const rows = growth.map((g) => waits.waitMs.map((ms) => base * g ** (((ms + stepMs) / aheadMs) ** GROWS)))
  return {
    rule,
    by: 'load of now',
    stepMs,
    steps,
    first: 0,
    ...waits,
    levels: { levels: fallbackLevels, rows },
    mean: rows[0],
    peak: peakOf(load, stepMs, load.startMs),
    shift: 0
  }
}

/** What gateways call a burst: see the trust that is learned of them. */
const BURST = 1.5

/** How surely no burst comes in the time that units need, as far as gateways tell of them; 0 without any, and in an alarm. */
function silence({ signals = [] }: Observation, { reachMs }: Situation): number {
  if (signals.length === 0) return 0
  let surest = 1
  for (const { burstAlarm, horizonMs, heard = 0 } of signals)
    surest = burstAlarm || !(horizonMs >= reachMs) ? 0 : Math.min(surest, heard)
  return Math.max(0, surest)
}

/** Quantiles of mean(t + ahead) / mean(t), drawn towards what is assumed while little was seen. `bursts`: their weight, 0..1. */
function growthOver(sums: Float64Array, ahead: number, aheadMs: number, bursts: number): number[] {
  const ratios: number[] = []
  const stride = Math.max(1, Math.ceil((sums.length - ahead) / MOST_PAIRS))
  for (let i = 0; i + ahead < sums.length; i += stride)
    if (sums[i] > 0 && sums[i + ahead] >= 0) ratios.push(sums[i + ahead] / sums[i])
  ratios.sort((a, b) => a - b)
  const weight = Math.max(0, sums.length - ahead) / ahead
  const share = ratios.length === 0 ? 0 : weight / (weight + ASSUMED_WEIGHT)
  const usual = bursts === 1 ? ratios.length : countUpTo(ratios, BURST)
  const count = usual + bursts * (ratios.length - usual)
  return fallbackLevels.map((level, l) => {
    const place = Math.floor(level * (count + 1))
    const index = place < usual ? place : usual + Math.floor((place - usual) / (bursts || 1))
    const measured = ratios[Math.min(ratios.length - 1, bursts === 0 ? Math.min(index, usual - 1) : index)]
    const assumed = assumedGrowth[l] ** ((aheadMs / HOUR) ** GROWS)
    return share === 0 ? assumed : measured ** share * assumed ** (1 - share)
  })
}

function countUpTo(sorted: readonly number[], most: number): number {
  const over = sorted.findIndex((ratio) => ratio > most)
  return over < 0 ? sorted.length : over
}

/** Of what was measured; `NaN` where nothing was. */
function runningMeans(values: Float64Array, per: number): Float64Array {
  const out = new Float64Array(Math.max(0, values.length - per + 1))
  let sum = 0
  let measured = 0
  for (let i = 0; i < values.length; i++) {
    const [y, before] = [values[i], i >= per ? values[i - per] : NaN]
    if (!Number.isNaN(y)) {
      sum += y
      measured++
    }
    if (!Number.isNaN(before)) {
      sum -= before
      measured--
    }
    if (i >= per - 1) out[i - per + 1] = measured === 0 ? NaN : sum / measured
  }
  return out
}
