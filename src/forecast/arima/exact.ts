/**
 * Exact Gaussian likelihood of an ARIMA, by its Kalman filter.
 *
 *   −2 log L = n log 2π + n log σ² + n + Σ log F[t],   σ² = Σ (v[t] + c v'[t])² / F[t] / n,  c by least squares
 *
 * σ² and c are concentrated out: c is linear in the innovations (v' = ∂v/∂c). Fitted by BFGS that begins with the
 * curvature of the sum of squares, or by Nelder–Mead. Both search in z = artanh of the partial autocorrelations, where
 * every point is stationary and invertible.
 *
 * Differencing is exact when nothing is missing: the same as the diffuse likelihood less its first d + D·m values. With
 * gaps the filter keeps the last values of y in its state, so that a gap of k steps costs k measurements and no more;
 * with more than 8 of them it differences first, and each gap costs the neighbours that are differenced with it.
 */
import { bfgs, nelderMead } from '../../math/index.ts'
import { arimaFilter } from './filter.ts'
import { autoregressive, dense, difference, differencing, movingAverage } from './lags.ts'
import { type Coefficients, lostTo, type Orders, reachOf } from './orders.ts'
import { fromPartials, negated, partialsOf } from './partial.ts'

export interface ExactFit {
  readonly orders: Orders
  readonly coefficients: Coefficients
  readonly sigma2: number
  readonly logLikelihood: number
  /** Innovations in it: n. */
  readonly count: number
}

export interface ExactOptions {
  readonly optimizer?: 'bfgs' | 'nelder-mead'
  readonly maxIterations?: number
}

/** Above this state or this much work a look, r² · n, it is left: seasons of a day of hours, not of a day of minutes. */
const [mostState, mostWork] = [64, 3e6]
const mostLags = 8

export function isExact(orders: Orders, steps: number): boolean {
  const { ar, ma } = reachOf(orders)
  const r = Math.max(ar, ma + 1)
  return r <= mostState && r * r * steps <= mostWork
}

interface Likelihood {
  readonly residuals: Float64Array
  readonly sum: number
  readonly logDeterminant: number
  readonly count: number
  readonly constant: number
}

/** The likelihood of given φ, θ, Φ, Θ; c is the best one. */
export function exactLikelihood(y: Float64Array, orders: Orders, coefficients: Coefficients): ExactFit {
  const found = evaluate(prepared(y, orders), orders, coefficients)
  return fitOf(orders, { ...coefficients, constant: found.constant }, found)
}

export function fitExact(
  y: Float64Array,
  orders: Orders,
  start: Coefficients,
  { optimizer = 'bfgs', maxIterations = 30 }: ExactOptions = {}
): ExactFit {
  const data = prepared(y, orders)
  const first = toFree(start)
  if (first.length === 0) return exactLikelihood(y, orders, start)
  const at = (z: ArrayLike<number>) => evaluate(data, orders, fromFree(z, orders))
  const value = (z: ArrayLike<number>) => negativeLog(at(z))
  const best =
    optimizer === 'nelder-mead'
      ? nelderMead(value, first, { step: 0.1, maxIterations, tolerance: 1e-12 }).x
      : bfgs({ value, gradient: (z, out) => slopesOf(value, z, out) }, first, {
          curvature: curvatureAt(at, first),
          tolerance: 1e-9,
          maxIterations
        }).x
  return exactLikelihood(y, orders, fromFree(best, orders))
}

/** −log L less what does not depend on the coefficients. */
const negativeLog = ({ sum, logDeterminant, count }: Likelihood) =>
  0.5 * (count * Math.log(Math.max(sum, 1e-280)) + logDeterminant)

/** A step small beside z, large beside the rounding of a likelihood. */
const stepAt = (z: number) => 1e-6 * (1 + Math.abs(z))

function slopesOf(value: (z: Float64Array) => number, z: Float64Array, out: Float64Array): void {
  const here = value(z)
  for (let i = 0; i < z.length; i++) {
    const [moved, h] = [z.slice(), stepAt(z[i])]
    moved[i] += h
    out[i] = (value(moved) - here) / h
  }
}

/** The information matrix as Gauss and Newton have it: JᵀJ / σ² of the standardised innovations. */
function curvatureAt(at: (z: ArrayLike<number>) => Likelihood, z: readonly number[]): Float64Array {
  const n = z.length
  const base = at(z)
  const slopes = z.map((v, i) => {
    const h = stepAt(v)
    return at(z.with(i, v + h)).residuals.map((r, t) => (r - base.residuals[t]) / h)
  })
  const scale = base.count / base.sum
  return Float64Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n]
    return scale * dot(slopes[i], slopes[j]) * (i === j ? 1 + 1e-9 : 1)
  })
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let t = 0; t < a.length; t++) sum += a[t] * b[t]
  return sum
}

interface Prepared {
  readonly values: Float64Array
  readonly delta: Float64Array
  readonly before: Float64Array
}

function prepared(y: Float64Array, orders: Orders): Prepared {
  const lost = lostTo(orders)
  const first = Math.max(
    0,
    y.findIndex((v) => !Number.isNaN(v))
  )
  const measured = y.subarray(first)
  const none = new Float64Array(0)
  if (lost === 0 || lost > mostLags || !measured.includes(NaN)) {
    return { values: difference(measured, orders), delta: none, before: none }
  }
  return {
    values: measured.subarray(lost),
    delta: dense(differencing(orders), lost),
    before: carried(measured.subarray(0, lost)).reverse()
  }
}

/** Gaps filled with the last value before them; the first value is measured. */
export function carried(values: Float64Array): Float64Array {
  let last = NaN
  return values.map((v) => {
    if (!Number.isNaN(v)) last = v
    return last
  })
}

function evaluate({ values, delta, before }: Prepared, orders: Orders, c: Coefficients): Likelihood {
  const { ar, ma } = reachOf(orders)
  const filter = arimaFilter({
    ar: dense(autoregressive(c, orders), ar),
    ma: dense(movingAverage(c, orders), ma),
    delta,
    constant: 0,
    before
  })
  const residuals = new Float64Array(values.length)
  const slopes = orders.constant ? new Float64Array(values.length) : undefined
  let [logDeterminant, count, cross, square] = [0, 0, 0, 0]
  for (let t = 0; t < values.length; t++) {
    const v = filter.observe(values[t])
    if (Number.isNaN(v)) continue
    const variance = filter.variance()
    const weight = variance === 1 ? 1 : 1 / Math.sqrt(variance)
    if (variance !== 1) logDeterminant += Math.log(variance)
    residuals[t] = v * weight
    count++
    if (slopes) {
      slopes[t] = filter.slope() * weight
      cross += slopes[t] * residuals[t]
      square += slopes[t] * slopes[t]
    }
  }
  const constant = square > 0 ? -cross / square : 0
  let sum = 0
  for (let t = 0; t < residuals.length; t++) {
    if (slopes) residuals[t] += constant * slopes[t]
    sum += residuals[t] * residuals[t]
  }
  return { residuals, sum, logDeterminant, count, constant }
}

function fitOf(orders: Orders, coefficients: Coefficients, found: Likelihood): ExactFit {
  const { sum, count, logDeterminant } = found
  const sigma2 = sum / count
  const logLikelihood = -0.5 * (count * (Math.log(2 * Math.PI * sigma2) + 1) + logDeterminant)
  return { orders, coefficients, sigma2, logLikelihood, count }
}

/** artanh of partial autocorrelations: φ, θ, Φ, Θ one after the other. */
function toFree({ phi, theta, seasonalPhi, seasonalTheta }: Coefficients): number[] {
  const free = (c: readonly number[], most: number) =>
    (partialsOf(c) ?? c.map(() => 0)).map((r) => Math.max(-most, Math.min(most, Math.atanh(r))))
  // Conditional squares like θ on the unit circle, from where no slope leads back: begun from 0.96 it may stay away.
  return [free(phi, 6), free(negated(theta), 2), free(seasonalPhi, 6), free(negated(seasonalTheta), 2)].flat()
}

/** As near as a root may come to the unit circle: tanh 7 = 1 − 2e-6. */
const farthest = 7

function fromFree(z: ArrayLike<number>, { p, q, P, Q }: Orders): Coefficients {
  const part = (from: number, count: number) =>
    fromPartials(
      Array.from({ length: count }, (_, i) => Math.tanh(Math.max(-farthest, Math.min(farthest, z[from + i]))))
    )
  return {
    phi: part(0, p),
    theta: negated(part(p, q)),
    seasonalPhi: part(p + q, P),
    seasonalTheta: negated(part(p + q + P, Q)),
    constant: 0
  }
}
