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
import type { FitOptions, Forecaster, Json } from '../roles.ts'
import { readLearned } from './learned.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import { detectSeason, requireSeason } from './season.ts'
import {
  ahead,
  copyOf,
  type Form,
  firstState,
  inside,
  outside,
  type State,
  step,
  type Weights
} from './smoothing.ts'

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

export function holtWinters(given: HoltWintersOptions = {}): Forecaster {
  const options = readOptions(name, holtWintersOptions, given)
  const method: Method = {
    name,
    version: '1',
    needs: 2,
    start: (history, _, { learned }) =>
      learned === undefined ? start(history, options) : known(history, learned)
  }
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

/** What was fitted elsewhere; only where it begins is looked up in the history. */
function known(history: Series, learned: Json): PointModel {
  const read = readLearned(name, learned)
  const season = read.number('season')
  const [alpha, beta, gamma, phi] = ['alpha', 'beta', 'gamma', 'phi'].map((field) => read.number(field))
  if (!Number.isInteger(season) || season < 1 || ![alpha, beta, gamma, phi].every((w) => w >= 0 && w <= 1)) {
    throw new PrescaleError(
      'BAD_MODEL',
      `${name}: what was learned must have a season of at least 1 step and weights 0..1`
    )
  }
  requireSeason(name, season === 1 ? 0 : season, history, 2)
  const form: Form = { season, multiplicative: read.truth('multiplicative'), trend: read.truth('trend') }
  if (form.multiplicative) requirePositive(history.values)
  return model(firstState(history.values, form), form, { alpha, beta, gamma, phi }, read.number('sse'))
}

function model(state: State, form: Form, parameters: Weights, sse: number): PointModel {
  const { season, multiplicative, trend } = form
  const point: PointModel = {
    observe: (y) => void step(state, form, parameters, y),
    ahead: (out) => ahead(state, form, parameters.phi, out),
    parameters: () => ({
      season,
      multiplicative,
      trend,
      ...parameters,
      sse,
      level: state.level,
      slope: state.slope
    })
  }
  // Multiplicative seasons go with errors in proportion; a forecast of nearly zero is never held to be sure.
  const spread = (mean: Float64Array, out: Float64Array) => {
    for (let h = 0; h < out.length; h++)
      out[h] = Math.max(Math.abs(mean[h]), 0.01 * Math.abs(state.level), 1e-12)
  }
  return multiplicative ? { ...point, spread } : point
}

/** Bounds of what is searched: φ below 0.8 forgets a trend before it can be used (FPP3 §8.2). */
const bounds = { alpha: [0, 1], beta: [0, 1], gamma: [0, 1], phi: [0.8, 0.998] } as const
const guess = { alpha: 0.3, beta: 0.05, gamma: 0.1, phi: 0.95 } as const
type Name = keyof Weights

function fitParameters(
  values: Float64Array,
  form: Form,
  options: ReadOptions<typeof holtWintersOptions>
): Weights {
  const fixed: Record<Name, number | undefined> = {
    alpha: options.alpha,
    beta: form.trend ? options.beta : 0,
    gamma: form.season > 1 ? options.gamma : 0,
    phi: options.trend === 'damped' ? options.phi : 1
  }
  const free = (Object.keys(bounds) as Name[]).filter((n) => fixed[n] === undefined)
  const at = (z: readonly number[]): Weights => {
    const one = (n: Name) => fixed[n] ?? inside(bounds[n], z[free.indexOf(n)])
    return { alpha: one('alpha'), beta: one('beta'), gamma: one('gamma'), phi: one('phi') }
  }
  if (free.length === 0) return at([])
  const begin = free.map((n) => outside(bounds[n], guess[n]))
  const first = firstState(values, form)
  const loss = (z: readonly number[]) => squaredError(values, copyOf(first), form, at(z))
  const search = (z: readonly number[]) =>
    nelderMead(loss, z, { step: 1, maxEvaluations: 60 * free.length, tolerance: 1e-7 }).x
  // Once more from where it stopped: a collapsed simplex is not always at a low point.
  return at(search(search(begin)))
}

function squaredError(values: Float64Array, state: State, form: Form, parameters: Weights): number {
  let sum = 0
  for (const y of values) {
    const error = y - step(state, form, parameters, y)
    if (!Number.isNaN(error)) sum += error * error
  }
  return sum
}

function requirePositive(values: Float64Array): void {
  const at = values.findIndex((y) => y <= 0)
  if (at < 0) return
  throw new PrescaleError(
    'BAD_INPUT',
    `${name}: a multiplicative season needs values above 0, step ${at} is ${values[at]}; use seasonal=additive`
  )
}
