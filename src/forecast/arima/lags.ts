/**
 * Lag polynomials — what a multiplied-out ARIMA looks back at, lag by lag.
 *
 *   φ(B) Φ(B^m) = 1 − Σ a[k] B^lag[k]        (1 − B)^d (1 − B^m)^D = 1 − Σ δ[k] B^lag[k]
 *
 * Kept as lists of lags, because a season of a thousand steps has two thousand coefficients of which a dozen are not 0.
 */
import type { Coefficients, Orders } from './orders.ts'

/** Σ weights[k] · x[t − at[k]], lags ascending, at least 1. */
export interface Lags {
  readonly at: Int32Array
  readonly weights: Float64Array
}

/** a: the autoregressive part with its sign turned, so that ŵ[t] − c = Σ a[k] (w[t−k] − c) + Σ b[k] e[t−k]. */
export function autoregressive({ phi, seasonalPhi }: Coefficients, { m }: Pick<Orders, 'm'>): Lags {
  return turned(product(polynomial(phi, 1, -1), polynomial(seasonalPhi, m, -1)))
}

/** b: the moving average part. */
export function movingAverage({ theta, seasonalTheta }: Coefficients, { m }: Pick<Orders, 'm'>): Lags {
  return rest(product(polynomial(theta, 1, 1), polynomial(seasonalTheta, m, 1)), 1)
}

/** δ: y[t] = w[t] + Σ δ[k] y[t−k]. */
export function differencing({ d, D, m }: Pick<Orders, 'd' | 'D' | 'm'>): Lags {
  return turned(differences({ d, D, m }))
}

/** Both at once: ŷ[t] = c·a(1) + Σ a[k] y[t−k] + Σ b[k] e[t−k]. */
export function integrated(coefficients: Coefficients, orders: Pick<Orders, 'd' | 'D' | 'm'>): Lags {
  const { phi, seasonalPhi } = coefficients
  const ar = product(polynomial(phi, 1, -1), polynomial(seasonalPhi, orders.m, -1))
  return turned(product(ar, differences(orders)))
}

/** Coefficients at m, 2m, … */
export function lagsOf(coefficients: readonly number[], m: number): Lags {
  return rest(polynomial(coefficients, m, 1), 1)
}

/** All lags from 1 to `length`, zeros included. */
export function dense({ at, weights }: Lags, length: number): Float64Array {
  const out = new Float64Array(length)
  for (let k = 0; k < at.length; k++) out[at[k] - 1] = weights[k]
  return out
}

/** w = (1 − B)^d (1 − B^m)^D y: as long as y less d + D·m, `NaN` where one of its values is. */
export function difference(y: Float64Array, orders: Pick<Orders, 'd' | 'D' | 'm'>): Float64Array {
  let w = y
  for (let i = 0; i < orders.d; i++) w = differenceAt(w, 1)
  for (let i = 0; i < orders.D; i++) w = differenceAt(w, orders.m)
  return w
}

function differenceAt(y: Float64Array, lag: number): Float64Array {
  const out = new Float64Array(Math.max(0, y.length - lag))
  for (let t = 0; t < out.length; t++) out[t] = y[t + lag] - y[t]
  return out
}

/** Power → coefficient; power 0 is 1. */
type Polynomial = ReadonlyMap<number, number>

function polynomial(coefficients: readonly number[], every: number, sign: 1 | -1): Polynomial {
  return new Map([[0, 1], ...coefficients.map((c, i) => [(i + 1) * every, sign * c] as const)])
}

function product(a: Polynomial, b: Polynomial): Polynomial {
  const out = new Map<number, number>()
  for (const [i, x] of a) for (const [j, y] of b) out.set(i + j, (out.get(i + j) ?? 0) + x * y)
  return out
}

function differences({ d, D, m }: Pick<Orders, 'd' | 'D' | 'm'>): Polynomial {
  let out: Polynomial = new Map([[0, 1]])
  for (let i = 0; i < d; i++) out = product(out, polynomial([1], 1, -1))
  for (let i = 0; i < D; i++) out = product(out, polynomial([1], m, -1))
  return out
}

const turned = (of: Polynomial) => rest(of, -1)

function rest(of: Polynomial, sign: 1 | -1): Lags {
  const terms = [...of].filter(([power, c]) => power > 0 && c !== 0).sort(([a], [b]) => a - b)
  return {
    at: Int32Array.from(terms, ([power]) => power),
    weights: Float64Array.from(terms, ([, c]) => sign * c)
  }
}
