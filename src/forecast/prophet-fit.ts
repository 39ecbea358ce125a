/**
 * Prophet's trend and seasons, as plain numbers.
 *
 *   g(τ) = (k + Σ δⱼ [τ ≥ sⱼ]) τ + m − Σ δⱼ sⱼ [τ ≥ sⱼ]         τ = share of the training part, sⱼ changepoints
 *   f(t) = size · (g + Xβ)   additive        size · g · (1 + Xβ)   multiplicative
 *
 * X: waves of the day and the week and marks of holidays (`calendar.ts`), or waves of one given season. Priors as in
 * Taylor & Letham 2018: δ Laplace with the given scale, β normal with 10, k and m normal with 5. Changepoints lie evenly
 * on the first four fifths.
 */
import { DAY, type GivenOptions, PrescaleError, type Series } from '../base/index.ts'
import { calendar } from './calendar.ts'
import { optimizeStan, type StanParameters } from './prophet-stan.ts'
import { sizeOf } from './size.ts'

/** Which columns X has. */
export interface ProphetSeasons {
  readonly dayWaves: number
  readonly weekWaves: number
  readonly holidays: string
  readonly tz: string
  /** Milliseconds of one more season and its waves; 0 = none. */
  readonly seasonMs: number
  readonly seasonWaves: number
}

export interface ProphetTrend {
  readonly growth: 'linear' | 'flat'
  readonly changepoints: number
  /** Prior scale of δ. */
  readonly flexibility: number
}

export interface ProphetParts extends ProphetSeasons {
  readonly multiplicative: boolean
  readonly startMs: number
  readonly spanMs: number
  readonly size: number
  readonly k: number
  readonly m: number
  /** Changepoints as shares of the training part, and how the slope changes there. */
  readonly changes: Float64Array
  readonly delta: Float64Array
  readonly beta: Float64Array
  /** Why there is nothing but a mean, in Stan's words. */
  readonly trouble?: string
}

/** Share of the history that changepoints lie in: one near the end would be learned from too little. */
const changeRange = 0.8
const priorScale = 10
const trends = { linear: 0, flat: 2 } as const

/** The columns of X: their number, and what they are at a moment. */
export function featuresOf(seasons: ProphetSeasons) {
  const { dayWaves, weekWaves, holidays, tz, seasonMs, seasonWaves } = seasons
  const options: GivenOptions = { dayWaves, weekWaves, holidays, tz }
  const { width, write } = calendar(options)
  return {
    width: width + 2 * seasonWaves,
    write(timeMs: number, out: Float64Array): void {
      write(timeMs, out, 0)
      for (let k = 1, at = width; k <= seasonWaves; k++) {
        const angle = 2 * Math.PI * k * ((timeMs % seasonMs) / seasonMs)
        out[at++] = Math.sin(angle)
        out[at++] = Math.cos(angle)
      }
    }
  }
}

/** f(t) by milliseconds since the epoch. */
export function componentsOf(parts: ProphetParts): (timeMs: number) => number {
  const { multiplicative, size, beta } = parts
  const { width, write } = featuresOf(parts)
  const x = new Float64Array(Math.max(1, width))
  return (timeMs) => {
    const trend = trendAt(parts, timeMs)
    write(timeMs, x)
    let season = 0
    for (let i = 0; i < width; i++) season += x[i] * beta[i]
    return size * (multiplicative ? trend * (1 + season) : trend + season)
  }
}

function trendAt({ startMs, spanMs, k, m, changes, delta }: ProphetParts, timeMs: number): number {
  const tau = (timeMs - startMs) / spanMs
  let [slope, offset] = [k, m]
  for (let j = 0; j < changes.length && changes[j] <= tau; j++) {
    slope += delta[j]
    offset -= delta[j] * changes[j]
  }
  return slope * tau + offset
}

/** Fitted to the measured steps by Stan. A constant needs no fit; where Stan finds none, f is the mean, and it is said why. */
export function fitProphet(
  { values, startMs, stepMs }: Series,
  seasons: ProphetSeasons,
  multiplicative: boolean,
  { growth, changepoints, flexibility }: ProphetTrend
): ProphetParts {
  const size = sizeOf(values)
  const steps = Array.from(values.keys()).filter((t) => !Number.isNaN(values[t]))
  const y = steps.map((t) => values[t] / size)
  const [first, last] = [steps[0], steps[steps.length - 1]]
  const span = Math.max(1, last - first)
  const features = featuresOf(seasons)
  const parts: ProphetParts = {
    ...seasons,
    multiplicative,
    startMs: startMs + first * stepMs,
    spanMs: span * stepMs,
    size,
    k: 0,
    m: y[0],
    changes: new Float64Array(0),
    delta: new Float64Array(0),
    beta: new Float64Array(features.width)
  }
  if (y.every((value) => value === y[0])) return parts
  const tau = steps.map((t) => (t - first) / span)
  const changes = growth === 'linear' ? changesOf(tau, changepoints) : []
  const width = Math.max(1, features.width)
  const x = new Float64Array(width)
  const begin = growth === 'linear' ? { k: y[y.length - 1] - y[0], m: y[0] } : { k: 0, m: mean(y) }
  const data = {
    T: y.length,
    y,
    t: tau,
    cap: tau.map(() => 0),
    // Stan wants one of each; a changepoint at the start only moves the slope, a column of zeros nothing.
    S: Math.max(1, changes.length),
    t_change: changes.length > 0 ? changes : [0],
    trend_indicator: trends[growth],
    K: width,
    s_a: new Array(width).fill(multiplicative ? 0 : 1),
    s_m: new Array(width).fill(multiplicative ? 1 : 0),
    X: steps.map((t) => {
      features.write(startMs + t * stepMs, x)
      return Array.from(x)
    }),
    sigmas: new Array(width).fill(priorScale),
    tau: flexibility
  }
  let learned: StanParameters
  try {
    learned = optimizeStan(data, begin)
  } catch (error) {
    if (!(error instanceof PrescaleError) || error.code !== 'FAILED') throw error
    return { ...parts, m: mean(y), trouble: error.message }
  }
  const flat = growth === 'flat'
  return {
    ...parts,
    k: flat ? 0 : learned.k,
    m: learned.m,
    changes: Float64Array.from(flat ? [] : changes.length > 0 ? changes : [0]),
    delta: flat ? new Float64Array(0) : learned.delta,
    beta: learned.beta.slice(0, features.width)
  }
}

/** Evenly over the measured steps of the first four fifths, the first step left out. */
function changesOf(tau: readonly number[], wanted: number): number[] {
  const reach = Math.floor(tau.length * changeRange)
  const count = Math.min(wanted, reach - 1)
  return Array.from(
    { length: Math.max(0, count) },
    (_, j) => tau[Math.round(((j + 1) * (reach - 1)) / count)]
  )
}

const mean = (values: readonly number[]) => values.reduce((sum, y) => sum + y, 0) / values.length

/** Waves in a season that its steps can hold. */
export const wavesIn = (season: number, wanted: number) =>
  Math.max(0, Math.min(wanted, Math.floor(season / 2)))

/** Waves of day and week that a history can tell: two of each at least, and steps short enough. */
export function calendarWaves(history: Series, dayWaves: number, weekWaves: number) {
  const spanMs = history.values.length * history.stepMs
  const held = (periodMs: number, waves: number) =>
    spanMs >= 2 * periodMs ? wavesIn(Math.floor(periodMs / history.stepMs), waves) : 0
  return { dayWaves: held(DAY, dayWaves), weekWaves: held(7 * DAY, weekWaves) }
}
