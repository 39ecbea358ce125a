/**
 * The likelihood of an exponential smoothing model and the weights at which it is largest.
 *
 *   −2 log L = n log(Σ e² / n) + n (1 + log 2π)                   additive error, e = y − ŷ
 *   −2 log L = n log(Σ ε² / n) + 2 Σ log ŷ + n (1 + log 2π)       multiplicative error, ε = (y − ŷ) / ŷ
 *   AICc     = −2 log L + 2k + 2k(k + 1) / (n − k − 1)            k: weights, first states (m − 1 for a season), σ
 *
 * Hyndman, Koehler, Snyder & Grose 2002; FPP3 §8.6. Searched inside the usual region 0 < β < α, 0 < γ < 1 − α,
 * 0.8 ≤ φ ≤ 0.98. The first level and slope are searched too where the history is short; first seasons come from the
 * first seasons alone, so that a season of a day of minutes costs no more to fit than one of a day of hours.
 */
import { nelderMead } from '../math/index.ts'
import type { EtsForm } from './ets-form.ts'
import {
  copyOf,
  type Form,
  firstState,
  inside,
  outside,
  type State,
  step,
  type Weights
} from './smoothing.ts'

export interface EtsFit {
  readonly weights: Weights
  /** Where level and slope began, in the unit of `values`. */
  readonly level: number
  readonly slope: number
  readonly logLikelihood: number
  readonly aicc: number
}

/** Where more history says little new about where it began. */
const searchedStart = 1_000
const bounds = {
  alpha: [1e-4, 0.9999],
  beta: [1e-4, 0.9999],
  gamma: [1e-4, 0.9999],
  phi: [0.8, 0.98]
} as const
const guesses = [
  { alpha: 0.3, beta: 0.1, gamma: 0.1, phi: 0.95 },
  { alpha: 0.85, beta: 0.05, gamma: 0.3, phi: 0.9 }
] as const
/** A noiseless history has no likelihood; nothing is told apart below this share of the largest value. */
const leastError = 1e-12

type Name = keyof Weights

interface Search {
  readonly at: (z: readonly number[]) => { readonly weights: Weights; readonly begin: State }
  readonly loss: (z: readonly number[]) => number
  readonly starts: readonly (readonly number[])[]
  readonly steps: readonly number[]
}

/** The likeliest fit of every form, best AICc first; of equal ones the simpler. `values` at most about 1 in size. */
export function chooseEts(values: Float64Array, forms: readonly EtsForm[]): [EtsForm, EtsFit][] {
  const rough = forms.map((form) => ({
    form,
    search: searchOf(values, form),
    best: undefined as Found | undefined
  }))
  for (const one of rough) one.best = oneSearch(one.search, one.search.starts[0])
  const fitted = () =>
    rough
      .map(({ form, search, best }) => [form, fitOf(values, form, search, best!)] as [EtsForm, EtsFit])
      .sort(([, a], [, b]) => a.aicc - b.aicc)
  // A collapsed simplex is not always at a low point: the most promising are searched from elsewhere, and again.
  for (const [promising] of fitted().slice(0, 2)) {
    const one = rough.find(({ form }) => form === promising)!
    for (const from of [one.search.starts[1], undefined, undefined]) {
      const found = oneSearch(one.search, from ?? one.best!.z)
      if (found.value < one.best!.value) one.best = found
    }
  }
  return fitted()
}

interface Found {
  readonly z: readonly number[]
  readonly value: number
}

function oneSearch({ loss, steps }: Search, start: readonly number[]): Found {
  const { x, value } = nelderMead(loss, start, {
    step: steps,
    maxEvaluations: 50 * start.length,
    tolerance: 1e-8
  })
  return { z: x, value }
}

function searchOf(values: Float64Array, { form, relative, damped }: EtsForm): Search {
  const names: Name[] = ['alpha']
  if (form.trend) names.push('beta')
  if (form.season > 1) names.push('gamma')
  if (damped) names.push('phi')
  const begin = beginOf(values, form)
  const short = values.length <= searchedStart
  const size = short ? deviation(values) : 0
  const weightsAt = (z: readonly number[]): Weights => {
    const one = (name: Name, otherwise: number) => {
      const i = names.indexOf(name)
      return i < 0 ? otherwise : inside(bounds[name], z[i])
    }
    const alpha = one('alpha', 0)
    return { alpha, beta: one('beta', 0), gamma: (1 - alpha) * one('gamma', 0), phi: one('phi', 1) }
  }
  const at = (z: readonly number[]) => {
    const first = copyOf(begin)
    if (short) {
      first.level += size * z[names.length]
      if (form.trend) first.slope += 0.1 * size * z[names.length + 1]
    }
    return { weights: weightsAt(z), begin: first }
  }
  const free = short ? (form.trend ? [0, 0] : [0]) : []
  return {
    at,
    loss(z) {
      const { weights, begin: first } = at(z)
      return deviance(values, first, form, weights, relative)
    },
    starts: guesses.map((guess) => [...names.map((name) => outside(bounds[name], guess[name])), ...free]),
    steps: [...names.map(() => 1), ...free.map(() => 0.3)]
  }
}

function fitOf(values: Float64Array, { form, damped }: EtsForm, { at }: Search, { z, value }: Found): EtsFit {
  const { weights, begin } = at(z)
  let n = 0
  for (const y of values) if (!Number.isNaN(y)) n++
  const states = 1 + Number(form.trend) + (form.season > 1 ? form.season - 1 : 0)
  const k = 2 + Number(form.trend) + Number(form.season > 1) + Number(damped) + states
  const minusTwo = value + n * (1 + Math.log(2 * Math.PI))
  return {
    weights,
    level: begin.level,
    slope: begin.slope,
    logLikelihood: -minusTwo / 2,
    aicc: n - k - 1 > 0 ? minusTwo + 2 * k + (2 * k * (k + 1)) / (n - k - 1) : Infinity
  }
}

/** −2 log L without its constant, `Infinity` where a multiplicative error meets a forecast that is not above 0. */
export function deviance(
  values: Float64Array,
  state: State,
  form: Form,
  weights: Weights,
  relative: boolean
): number {
  let [sum, logs, n] = [0, 0, 0]
  for (const y of values) {
    const expected = step(state, form, weights, y)
    if (Number.isNaN(y)) continue
    n++
    if (relative) {
      if (!(expected > 0)) return Infinity
      logs += Math.log(expected)
      sum += (y / expected - 1) ** 2
    } else sum += (y - expected) ** 2
  }
  return n * Math.log(Math.max(sum / n, leastError ** 2)) + 2 * logs
}

/** Where a model without a season begins: the line, or the mean, of the first ten values. */
export function beginOf(values: Float64Array, form: Form): State {
  if (form.season > 1) return firstState(values, form)
  const found: number[] = []
  for (let t = 0; t < values.length && found.length < 10; t++) if (!Number.isNaN(values[t])) found.push(t)
  const mean = (of: (t: number) => number) => found.reduce((sum, t) => sum + of(t), 0) / found.length
  const [middle, level] = [mean((t) => t), mean((t) => values[t])]
  const spread = mean((t) => (t - middle) ** 2)
  const slope = form.trend && spread > 0 ? mean((t) => (t - middle) * (values[t] - level)) / spread : 0
  return { level: level - (middle + 1) * slope, slope, seasons: new Float64Array(1), phase: 0 }
}

function deviation(values: Float64Array): number {
  let [n, sum, squares] = [0, 0, 0]
  for (const y of values) {
    if (Number.isNaN(y)) continue
    n++
    sum += y
    squares += y * y
  }
  return Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2))
}
