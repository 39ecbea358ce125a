/**
 * Holt–Winters — level, trend and season, each smoothed exponentially.
 *
 *   additive         ŷ[t+h] = ℓ + φₕ b + s[t+h−m·k]          multiplicative   ŷ[t+h] = (ℓ + φₕ b) · s[t+h−m·k]
 *   ℓ[t] = α (y − s[t−m]) + (1−α)(ℓ + φ b)                   ℓ[t] = α y / s[t−m] + (1−α)(ℓ + φ b)
 *   b[t] = β (ℓ[t] − ℓ[t−1]) + (1−β) φ b[t−1]                 the same
 *   s[t] = γ (y − ℓ[t−1] − φ b[t−1]) + (1−γ) s[t−m]           s[t] = γ y / (ℓ[t−1] + φ b[t−1]) + (1−γ) s[t−m]
 *   φₕ = φ + φ² + … + φ^h, which is h without damping
 *
 * Holt 1957, Winters 1960, Gardner & McKenzie 1985 (damped); FPP3 §8.2–8.3. Start, from the first K ≤ 4
 * seasons: slope = mean of (y[(K−1)m+i] − y[i]) / ((K−1)m), season = mean distance from the line with that slope through
 * their middle, level = the line one step before them. A gap moves the state along its own
 * forecast. Parameters not given are those with the least squared one-step error (Nelder–Mead).
 *
 *   season             m, steps; 0 = find it in the history (none found: level and trend only)
 *   seasonal           additive | multiplicative | none
 *   trend              damped | additive | none
 *   alpha beta gamma   0..1;  phi 0.8..1
 */
import { type OptionTable, PrescaleError, type ReadOptions, readOptions, type Series } from '../base/index.ts'
import { nelderMead } from '../math/index.ts'
import type { FitOptions, Forecaster } from '../roles.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import { detectSeason, requireSeason } from './season.ts'

export const holtWintersOptions = {
  season: { kind: 'integer', default: 0, min: 0, says: 'steps in a season; 0 = find it in the history' },
  seasonal: {
    kind: 'text',
    default: 'additive',
    oneOf: ['additive', 'multiplicative', 'none'],
    says: 'how the season joins the level'
  },
  trend: {
    kind: 'text',
    default: 'damped',
    oneOf: ['damped', 'additive', 'none'],
    says: 'how the trend goes on'
  },
  alpha: { kind: 'number', min: 0, max: 1, says: 'weight of the newest value in the level; else fitted' },
  beta: { kind: 'number', min: 0, max: 1, says: 'weight of the newest slope in the trend; else fitted' },
  gamma: { kind: 'number', min: 0, max: 1, says: 'weight of the newest value in the season; else fitted' },
  phi: { kind: 'number', min: 0.8, max: 1, says: 'what is left of the trend each step; else fitted' }
} as const satisfies OptionTable

export type HoltWintersOptions = Partial<ReadOptions<typeof holtWintersOptions>>

const name = 'holt-winters'
/** Smoothing parameters do not change with more history than this, and fitting costs one pass for each trial. */
const fittedOn = 20_000
const startSeasons = 4

interface Form {
  readonly season: number
  readonly multiplicative: boolean
  readonly trend: boolean
}

interface Parameters {
  readonly alpha: number
  readonly beta: number
  readonly gamma: number
  readonly phi: number
}

interface State {
  level: number
  slope: number
  readonly seasons: Float64Array
  phase: number
}

export function holtWinters(given: HoltWintersOptions = {}): Forecaster {
  const options = readOptions(name, holtWintersOptions, given)
  const method: Method = { name, version: '1', needs: 2, start: (history) => start(history, options) }
  return { name, fit: (history: Series, fit?: FitOptions) => fitOnline(method, history, fit) }
}

function start(history: Series, options: ReadOptions<typeof holtWintersOptions>): PointModel {
  const wanted = options.seasonal === 'none' ? 0 : options.season || detectSeason(history).season
  requireSeason(name, wanted, history, 2)
  const multiplicative = options.seasonal === 'multiplicative' && wanted > 1
  const form: Form = { season: Math.max(1, wanted), multiplicative, trend: options.trend !== 'none' }
  const { values } = history
  if (multiplicative) requirePositive(values)
  const kept = values.subarray(Math.max(0, values.length - Math.max(fittedOn, 4 * form.season)))
  const parameters = fitParameters(kept, form, options)
  const sse = squaredError(kept, firstState(kept, form), form, parameters)
  return model(firstState(values, form), form, parameters, sse)
}

function model(state: State, form: Form, parameters: Parameters, sse: number): PointModel {
  const { season, multiplicative } = form
  const point: PointModel = {
    observe: (y) => void step(state, form, parameters, y),
    ahead(out) {
      let reach = 0
      let damp = 1
      for (let h = 0, phase = state.phase; h < out.length; h++) {
        damp *= parameters.phi
        reach += damp
        const line = state.level + reach * state.slope
        out[h] = multiplicative ? line * state.seasons[phase] : line + state.seasons[phase]
        phase = phase + 1 === season ? 0 : phase + 1
      }
    },
    parameters: () => ({ season, multiplicative, ...parameters, sse, level: state.level, slope: state.slope })
  }
  // Multiplicative seasons go with errors in proportion; a forecast of nearly zero is never held to be sure.
  const spread = (mean: Float64Array, out: Float64Array) => {
    for (let h = 0; h < out.length; h++)
      out[h] = Math.max(Math.abs(mean[h]), 0.01 * Math.abs(state.level), 1e-12)
  }
  return multiplicative ? { ...point, spread } : point
}

/** One step; gives the one-step forecast that was made for it. */
function step(state: State, form: Form, { alpha, beta, gamma, phi }: Parameters, y: number): number {
  const { phase, seasons } = state
  const s = seasons[phase]
  const line = state.level + phi * state.slope
  const expected = form.multiplicative ? line * s : line + s
  if (Number.isNaN(y)) {
    state.level = line
    state.slope *= phi
  } else {
    const seasonless = form.multiplicative ? y / Math.max(s, 1e-9) : y - s
    const level = alpha * seasonless + (1 - alpha) * line
    state.slope = beta * (level - state.level) + (1 - beta) * phi * state.slope
    if (form.season > 1) {
      const newest = form.multiplicative ? y / Math.max(line, 1e-9) : y - line
      seasons[phase] = gamma * newest + (1 - gamma) * s
    }
    state.level = level
  }
  state.phase = phase + 1 === form.season ? 0 : phase + 1
  return expected
}

function firstState(values: Float64Array, form: Form): State {
  const m = form.season
  if (m === 1) {
    const first = values.findIndex((y) => !Number.isNaN(y))
    const second = values.findIndex((y, t) => t > first && !Number.isNaN(y))
    const slope = form.trend && second > 0 ? (values[second] - values[first]) / (second - first) : 0
    return {
      level: values[first] - (first + 1) * slope,
      slope,
      seasons: new Float64Array(1).fill(form.multiplicative ? 1 : 0),
      phase: 0
    }
  }
  const seasons = Math.min(startSeasons, Math.floor(values.length / m))
  const apart = (seasons - 1) * m
  const slope = (form.trend && mean(m, (i) => (values[apart + i] - values[i]) / apart)) || 0
  // The line through the middle of these seasons, one step before them.
  const level = mean(seasons * m, (t) => values[t] - (t + 1) * slope)
  const seasonOf = (t: number) => {
    const line = level + (t + 1) * slope
    return form.multiplicative ? values[t] / line : values[t] - line
  }
  const profile = Float64Array.from({ length: m }, (_, i) => {
    const s = mean(seasons, (k) => seasonOf(i + k * m))
    return Number.isNaN(s) ? Number(form.multiplicative) : s
  })
  return { level, slope, seasons: profile, phase: 0 }
}

/** Bounds of what is searched: φ below 0.8 forgets a trend before it can be used (FPP3 §8.2). */
const bounds = { alpha: [0, 1], beta: [0, 1], gamma: [0, 1], phi: [0.8, 0.998] } as const
const guess = { alpha: 0.3, beta: 0.05, gamma: 0.1, phi: 0.95 } as const
type Name = keyof Parameters

function fitParameters(
  values: Float64Array,
  form: Form,
  options: ReadOptions<typeof holtWintersOptions>
): Parameters {
  const fixed: Record<Name, number | undefined> = {
    alpha: options.alpha,
    beta: form.trend ? options.beta : 0,
    gamma: form.season > 1 ? options.gamma : 0,
    phi: options.trend === 'damped' ? options.phi : 1
  }
  const free = (Object.keys(bounds) as Name[]).filter((n) => fixed[n] === undefined)
  const at = (z: readonly number[]): Parameters => {
    const one = (n: Name) => fixed[n] ?? inside(bounds[n], z[free.indexOf(n)])
    return { alpha: one('alpha'), beta: one('beta'), gamma: one('gamma'), phi: one('phi') }
  }
  if (free.length === 0) return at([])
  const begin = free.map((n) => outside(bounds[n], guess[n]))
  const first = firstState(values, form)
  const loss = (z: readonly number[]) =>
    squaredError(values, { ...first, seasons: first.seasons.slice() }, form, at(z))
  const search = (z: readonly number[]) =>
    nelderMead(loss, z, { step: 1, maxEvaluations: 60 * free.length, tolerance: 1e-7 }).x
  // Once more from where it stopped: a collapsed simplex is not always at a low point.
  return at(search(search(begin)))
}

function squaredError(values: Float64Array, state: State, form: Form, parameters: Parameters): number {
  let sum = 0
  for (const y of values) {
    const error = y - step(state, form, parameters, y)
    if (!Number.isNaN(error)) sum += error * error
  }
  return sum
}

/** The whole line squeezed between two bounds, and back. */
const inside = ([low, high]: readonly [number, number], z: number) => low + (high - low) / (1 + Math.exp(-z))
const outside = ([low, high]: readonly [number, number], p: number) => Math.log((p - low) / (high - p))

function mean(count: number, of: (i: number) => number): number {
  let [sum, n] = [0, 0]
  for (let i = 0; i < count; i++) {
    const value = of(i)
    if (Number.isNaN(value)) continue
    sum += value
    n++
  }
  return sum / n
}

function requirePositive(values: Float64Array): void {
  const at = values.findIndex((y) => y <= 0)
  if (at < 0) return
  throw new PrescaleError(
    'BAD_INPUT',
    `${name}: a multiplicative season needs values above 0, step ${at} is ${values[at]}; use seasonal=additive`
  )
}
