/**
 * Hannan–Rissanen — coefficients without a search, to begin one from.
 *
 *   ê = what a long autoregression does not explain;   w[t] on w[t−1] … w[t−p], ê[t−1] … ê[t−q] by least squares
 *
 * Hannan & Rissanen 1982. The long autoregression is Yule–Walker's (Durbin–Levinson), of 10 + √n/10 lags, at most 40.
 * The products of all lags are summed once, then every p and q is a corner of the same equations.
 */
import { autocorrelation, solvePositive } from '../../math/index.ts'
import { drawnInside, negated } from './partial.ts'

export interface HannanRissanen {
  /** φ (p) and θ (q), drawn inside where they came out not stationary or not invertible. */
  start(p: number, q: number): { readonly phi: number[]; readonly theta: number[] }
}

/** `w` without gaps, its mean taken off; p and q up to `most`. */
export function hannanRissanen(w: Float64Array, most: number): HannanRissanen {
  const e = unexplained(w)
  const size = 2 * most + 1
  // Of (w, w[t−1] … w[t−most], ê[t−1] … ê[t−most]) with each other.
  const products = new Float64Array(size * size)
  const row = new Float64Array(size)
  for (let t = most; t < w.length; t++) {
    row[0] = w[t]
    for (let i = 1; i <= most; i++) {
      row[i] = w[t - i]
      row[most + i] = e[t - i]
    }
    for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) products[i * size + j] += row[i] * row[j]
  }

  function start(p: number, q: number) {
    const at = [
      ...Array.from({ length: p }, (_, i) => i + 1),
      ...Array.from({ length: q }, (_, j) => most + j + 1)
    ]
    const n = at.length
    const b = Float64Array.from(at, (i) => products[i * size])
    const a = new Float64Array(n * n)
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = products[at[i] * size + at[j]]
    for (let i = 0; i < n; i++) a[i * n + i] *= 1 + 1e-10
    const known = solvePositive(a, b) ? Array.from(b) : new Array<number>(n).fill(0)
    return {
      phi: drawnInside(known.slice(0, p)),
      theta: negated(drawnInside(negated(known.slice(p))))
    }
  }

  return { start }
}

function unexplained(w: Float64Array): Float64Array {
  const lags = Math.min(40, Math.floor(10 + Math.sqrt(w.length) / 10), Math.floor(w.length / 4))
  const phi = yuleWalker(w, lags)
  const out = new Float64Array(w.length)
  for (let t = lags; t < w.length; t++) {
    let sum = w[t]
    for (let k = 1; k <= lags; k++) sum -= phi[k - 1] * w[t - k]
    out[t] = sum
  }
  return out
}

/**
 * Yule–Walker — the autoregression with the autocovariances of the series, its mean taken off:
 * γ[k] = Σ (w[t] − w̄)(w[t+k] − w̄) / n, Durbin–Levinson. Box & Jenkins 1976 §3.2.
 */
export function yuleWalker(w: Float64Array, lags: number): Float64Array {
  // The biased autocovariance: only with it is the answer always stationary.
  const r = autocorrelation(w, lags).map((value, k) => (value * (w.length - k)) / w.length)
  let phi = new Float64Array(lags)
  let error = 1
  for (let k = 0; k < lags; k++) {
    let sum = r[k + 1]
    for (let i = 0; i < k; i++) sum -= phi[i] * r[k - i]
    const partial = error > 1e-12 ? sum / error : 0
    const next = phi.slice()
    for (let i = 0; i < k; i++) next[i] = phi[i] - partial * phi[k - 1 - i]
    next[k] = Number.isFinite(partial) ? partial : 0
    phi = next
    error *= 1 - next[k] * next[k]
  }
  return phi
}
