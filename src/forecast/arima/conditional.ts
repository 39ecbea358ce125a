/**
 * Conditional sum of squares — how well coefficients explain each step, given the steps before it.
 *
 *   e[t] = x[t] − Σ a[k] x[t−k] − Σ b[k] e[t−k],   x = w − c,  e = 0 before `from`,   S = Σ e[t]²  (t ≥ from)
 *
 * Box & Jenkins 1976 §7.1. One pass is O(n · coefficients) whatever the season. A step that was not measured takes its
 * own forecast (e = 0) and adds nothing to S. The slopes come from filters of the same length, steps that were not
 * measured held at what was taken for them:
 *
 *   A = x / θΘ:   ∂e/∂φᵢ = −(ΦA)[t−i],  ∂e/∂Φᵢ = −(φA)[t−im],  ∂e/∂θⱼ = −(e/θ)[t−j],  ∂e/∂Θⱼ = −(e/Θ)[t−jm]
 */
import { levenbergMarquardt, type SquaresOptions } from '../../math/index.ts'
import { autoregressive, type Lags, lagsOf, movingAverage } from './lags.ts'
import { type Coefficients, countOf, fromVector, type Orders, toVector } from './orders.ts'
import { isInside } from './partial.ts'

export interface ConditionalFit {
  readonly orders: Orders
  readonly coefficients: Coefficients
  /** S and how many residuals are in it. */
  readonly sum: number
  readonly count: number
}

/** One series and its buffers, for many fits. */
export interface Conditional {
  /** From coefficients that are stationary and invertible to the nearest low point of S, which is so too. */
  fit(orders: Orders, start: Coefficients, options?: SquaresOptions): ConditionalFit
  sum(orders: Orders, coefficients: Coefficients): number
}

/** `from`: the same for all orders that are to be compared, at least p + P·m. */
export function conditional(w: Float64Array, from: number): Conditional {
  const n = w.length
  const [x, e, byTheta, byPhi, bySeasonalPhi, short, seasonal] = Array.from(
    { length: 7 },
    () => new Float64Array(n)
  )
  const measured = w.map((y, t) => Number(t >= from && !Number.isNaN(y)))
  const count = measured.reduce((sum, one) => sum + one, 0)

  /** Fills x and e. */
  function pass(a: Lags, b: Lags, constant: number): number {
    const [aAt, aWeights, bAt, bWeights] = [a.at, a.weights, b.at, b.weights]
    const [aCount, bCount] = [aAt.length, bAt.length]
    const reach = Math.max(aAt[aCount - 1] ?? 0, bAt[bCount - 1] ?? 0)
    let sum = 0
    for (let t = 0; t < n; t++) {
      let expected = 0
      if (t >= reach) {
        for (let k = 0; k < aCount; k++) expected += aWeights[k] * x[t - aAt[k]]
        for (let k = 0; k < bCount; k++) expected += bWeights[k] * e[t - bAt[k]]
      } else {
        for (let k = 0; k < aCount; k++) if (aAt[k] <= t) expected += aWeights[k] * x[t - aAt[k]]
        for (let k = 0; k < bCount; k++) if (bAt[k] <= t) expected += bWeights[k] * e[t - bAt[k]]
      }
      const now = w[t] - constant
      x[t] = Number.isNaN(now) ? expected : now
      e[t] = measured[t] === 1 ? now - expected : 0
      sum += e[t] * e[t]
    }
    return sum
  }

  function sum(orders: Orders, c: Coefficients): number {
    return isInside(c) ? pass(autoregressive(c, orders), movingAverage(c, orders), c.constant) : Infinity
  }

  function normal(orders: Orders, c: Coefficients, jtj: Float64Array, jtr: Float64Array): void {
    const { p, q, P, Q, m } = orders
    const size = countOf(orders)
    const b = movingAverage(c, orders)
    // The newest pass may have been of a point that was refused.
    pass(autoregressive(c, orders), b, c.constant)
    divide(x, b, byTheta)
    multiply(byTheta, lagsOf(c.seasonalPhi, m), byPhi)
    if (P > 0) multiply(byTheta, lagsOf(c.phi, 1), bySeasonalPhi)
    if (q > 0) divide(e, lagsOf(c.theta, 1), short)
    if (Q > 0) divide(e, lagsOf(c.seasonalTheta, m), seasonal)
    const onConstant =
      (atOne(c.phi, -1) * atOne(c.seasonalPhi, -1)) / (atOne(c.theta, 1) * atOne(c.seasonalTheta, 1))
    const row = new Float64Array(size)
    jtj.fill(0)
    jtr.fill(0)
    for (let t = from; t < n; t++) {
      if (measured[t] === 0) continue
      let k = 0
      for (let i = 1; i <= p; i++) row[k++] = byPhi[t - i]
      for (let j = 1; j <= q; j++) row[k++] = t >= j ? short[t - j] : 0
      for (let i = 1; i <= P; i++) row[k++] = bySeasonalPhi[t - i * m]
      for (let j = 1; j <= Q; j++) row[k++] = t >= j * m ? seasonal[t - j * m] : 0
      if (k < size) row[k] = onConstant
      for (let i = 0; i < size; i++) {
        const v = row[i]
        jtr[i] -= v * e[t]
        for (let j = 0; j <= i; j++) jtj[i * size + j] += v * row[j]
      }
    }
  }

  function fit(orders: Orders, start: Coefficients, options?: SquaresOptions): ConditionalFit {
    const problem = {
      sum: (v: Float64Array) => sum(orders, fromVector(v, orders)),
      normal: (v: Float64Array, jtj: Float64Array, jtr: Float64Array) =>
        normal(orders, fromVector(v, orders), jtj, jtr)
    }
    const search = { maxIterations: 20, tolerance: 1e-6, ...options }
    const best = levenbergMarquardt(problem, toVector(start, orders), search)
    return { orders, coefficients: fromVector(best.x, orders), sum: best.value, count }
  }

  return { fit, sum }
}

/** The polynomial 1 + sign · Σ c[k] B^k at B = 1. */
const atOne = (c: readonly number[], sign: 1 | -1) => 1 + sign * c.reduce((sum, v) => sum + v, 0)

/** out = (1 − Σ weights B^at) of. */
function multiply(of: Float64Array, { at, weights }: Lags, out: Float64Array): void {
  out.set(of)
  for (let k = 0; k < at.length; k++) {
    for (let t = at[k]; t < of.length; t++) out[t] -= weights[k] * of[t - at[k]]
  }
}

/** out = of / (1 + Σ weights B^at). */
function divide(of: Float64Array, { at, weights }: Lags, out: Float64Array): void {
  for (let t = 0; t < of.length; t++) {
    let sum = of[t]
    for (let k = 0; k < at.length; k++) if (at[k] <= t) sum -= weights[k] * out[t - at[k]]
    out[t] = sum
  }
}
