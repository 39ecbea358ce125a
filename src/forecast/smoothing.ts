/**
 * Exponential smoothing — the recursion that Holt–Winters and ETS share: level, trend and season, each moved by a
 * share of what the one-step forecast missed, e = y − ŷ.
 *
 *   additive season   ŷ = ℓ + φb + s     ℓ ← ℓ + φb + αe       b ← φb + αβe       s ← s + γe
 *   multiplicative    ŷ = (ℓ + φb) · s   ℓ ← ℓ + φb + αe / s   b ← φb + αβe / s   s ← s + γe / (ℓ + φb)
 *
 * β is the share of the level's step that goes into the trend (Holt's β*). A gap moves the state along its own forecast.
 * FPP3 §8.3 and §8.5: whether errors are additive or multiplicative changes their likelihood, not these lines.
 */

export interface Form {
  /** Steps in a season; 1 = none. */
  readonly season: number
  readonly multiplicative: boolean
  readonly trend: boolean
}

export interface Weights {
  readonly alpha: number
  readonly beta: number
  readonly gamma: number
  readonly phi: number
}

export interface State {
  level: number
  slope: number
  readonly seasons: Float64Array
  /** Index in `seasons` of the step that comes next. */
  phase: number
}

const startSeasons = 4

/** One step; gives the one-step forecast that was made for it. No factor of a multiplicative season is below `least`. */
export function step(
  state: State,
  form: Form,
  { alpha, beta, gamma, phi }: Weights,
  y: number,
  least = 1e-9
): number {
  const { phase, seasons } = state
  const s = seasons[phase]
  const line = state.level + phi * state.slope
  const expected = form.multiplicative ? line * s : line + s
  if (Number.isNaN(y)) {
    state.level = line
    state.slope *= phi
  } else {
    const seasonless = form.multiplicative ? y / Math.max(s, least) : y - s
    const level = alpha * seasonless + (1 - alpha) * line
    state.slope = beta * (level - state.level) + (1 - beta) * phi * state.slope
    if (form.season > 1) {
      const newest = form.multiplicative ? y / Math.max(line, least) : y - line
      seasons[phase] = gamma * newest + (1 - gamma) * s
    }
    state.level = level
  }
  state.phase = phase + 1 === form.season ? 0 : phase + 1
  return expected
}

/** Writes the forecasts of the next steps. */
export function ahead(state: State, form: Form, phi: number, out: Float64Array): void {
  let [reach, damp] = [0, 1]
  for (let h = 0, phase = state.phase; h < out.length; h++) {
    damp *= phi
    reach += damp
    const line = state.level + reach * state.slope
    out[h] = form.multiplicative ? line * state.seasons[phase] : line + state.seasons[phase]
    phase = phase + 1 === form.season ? 0 : phase + 1
  }
}

export const copyOf = (state: State): State => ({ ...state, seasons: state.seasons.slice() })

/**
 * The state before the first value, from the first K ≤ 4 seasons: slope = mean of (y[(K−1)m+i] − y[i]) / ((K−1)m),
 * season = mean distance from the line with that slope through their middle, level = the line one step before them.
 */
export function firstState(values: Float64Array, form: Form): State {
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

/** The whole line squeezed between two bounds, and back. */
export const inside = ([low, high]: readonly [number, number], z: number) =>
  low + (high - low) / (1 + Math.exp(-z))
export const outside = ([low, high]: readonly [number, number], p: number) => Math.log((p - low) / (high - p))

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
