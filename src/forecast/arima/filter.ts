/**
 * Kalman filter of an ARIMA — what is known of its state, step by step, also across gaps.
 *
 *   state   α[t] (r = max(p', q'+1)) and, when differenced, the last D' values of y
 *   α[t+1] = T α[t] + R e[t+1],  T companion of φ,  R = (1, θ₁, …)        y[t] = α₁[t] + c + Σ δ[k] y[t−k]
 *   v = y − ŷ,  F = Z P Zᵀ,  x ← T(x + P Zᵀ v / F),  P ← T(P − P Zᵀ Z P / F)Tᵀ + R Rᵀ        σ² = 1 throughout
 *
 * Harvey 1989 §3.3, Gardner, Harvey & Phillips 1980. It starts from the stationary
 * P = T P Tᵀ + R Rᵀ (stationary.ts) and from D' known values of y. A step that was not measured is predicted and
 * not corrected. Once P is R Rᵀ (to 1e-11) nothing moves it until the next gap, and a step costs O(r + D') instead of
 * O(r²).
 */
import { stationaryVariance } from './stationary.ts'

export interface FilterOptions {
  /** φΦ multiplied out, all lags (p'). */
  readonly ar: Float64Array
  /** θΘ multiplied out, all lags (q'). */
  readonly ma: Float64Array
  /** δ, all lags (D'). */
  readonly delta: Float64Array
  readonly constant: number
  /** y before the first step, the newest first (D'). */
  readonly before: ArrayLike<number>
}

export interface Filter {
  /** One more step: v, `NaN` when y is. */
  observe(y: number): number
  /** F of the newest step. */
  variance(): number
  /** ∂v/∂c of the newest step. */
  slope(): number
  /** Writes ŷ[t+1 ..]. */
  ahead(out: Float64Array): void
}

const settled = 1e-11

export function arimaFilter({ ar, ma, delta, constant, before }: FilterOptions): Filter {
  const lost = delta.length
  const r = Math.max(ar.length, ma.length + 1)
  const size = r + lost
  const phi = padded(ar, r)
  const load = padded([1, ...ma], r)
  // x: the state; u: its slope in c.
  const [x, u, gain, next] = Array.from({ length: 4 }, () => new Float64Array(size))
  const p = new Float64Array(size * size)
  const half = new Float64Array(size * size)
  stationaryVariance(phi, load, p, size)
  for (let k = 0; k < lost; k++) x[r + k] = before[k]
  let steady = false
  /** Steps until every lag of y is measured again. */
  let blind = 0
  let [variance, slope] = [NaN, 0]

  const levelOf = (state: Float64Array) => {
    let sum = state[0]
    for (let k = 0; k < lost; k++) sum += delta[k] * state[r + k]
    return sum
  }

  /** state ← T state; `level` is the new value of y. */
  function move(state: Float64Array, level: number): void {
    const first = state[0]
    for (let i = 0; i < r - 1; i++) state[i] = phi[i] * first + state[i + 1]
    state[r - 1] = phi[r - 1] * first
    for (let k = lost - 1; k > 0; k--) state[r + k] = state[r + k - 1]
    if (lost > 0) state[r] = level
  }

  function observe(y: number): number {
    if (Number.isNaN(y)) return skip()
    const v = y - constant - levelOf(x)
    slope = -1 - levelOf(u)
    if (steady) {
      variance = 1
      for (let i = 0; i < r; i++) {
        x[i] += load[i] * v
        u[i] += load[i] * slope
      }
    } else if (blind > 0) correctAll(v)
    else correct(v)
    move(x, y)
    // What was measured does not depend on c.
    move(u, 0)
    if (blind > 0) {
      blind--
      spreadOut()
      if (blind === 0)
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++) if (i >= r || j >= r) p[i * size + j] = 0
    }
    return v
  }

  /** All lags known: w itself is measured, so after the correction nothing is left to know of α₁. */
  function correct(v: number): void {
    variance = p[0]
    for (let i = 0; i < r; i++) gain[i] = p[i * size] / variance
    let left = 0
    for (let i = 0; i < r; i++) {
      x[i] += gain[i] * v
      u[i] += gain[i] * slope
      for (let j = 0; j <= i; j++) {
        const inner = i + 1 < r && j + 1 < r
        const rest = inner ? p[(i + 1) * size + j + 1] - p[(i + 1) * size] * gain[j + 1] : 0
        next[j] = rest + load[i] * load[j]
        if (i === j) left += Math.abs(rest)
      }
      for (let j = 0; j <= i; j++) half[i * size + j] = next[j]
    }
    for (let i = 0; i < r; i++) {
      for (let j = 0; j <= i; j++) p[i * size + j] = p[j * size + i] = half[i * size + j]
    }
    if (left <= settled) steady = true
  }

  function correctAll(v: number): void {
    for (let i = 0; i < size; i++) {
      let sum = p[i * size]
      for (let k = 0; k < lost; k++) sum += delta[k] * p[i * size + r + k]
      gain[i] = sum
    }
    variance = levelOf(gain)
    for (let i = 0; i < size; i++) {
      x[i] += (gain[i] / variance) * v
      u[i] += (gain[i] / variance) * slope
      for (let j = 0; j < size; j++) p[i * size + j] -= (gain[i] * gain[j]) / variance
    }
  }

  function skip(): number {
    steady = false
    blind = lost
    move(x, levelOf(x) + constant)
    move(u, levelOf(u) + 1)
    spreadOut()
    return NaN
  }

  /** P ← T P Tᵀ + R Rᵀ, lags of y included. */
  function spreadOut(): void {
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < size; i++) next[i] = p[i * size + j]
      move(next, levelOf(next))
      for (let i = 0; i < size; i++) half[i * size + j] = next[i]
    }
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) next[j] = half[i * size + j]
      move(next, levelOf(next))
      for (let j = 0; j < size; j++) p[i * size + j] = next[j] + (i < r && j < r ? load[i] * load[j] : 0)
    }
  }

  function ahead(out: Float64Array): void {
    next.set(x)
    for (let h = 0; h < out.length; h++) {
      out[h] = levelOf(next) + constant
      move(next, out[h])
    }
  }

  return { observe, variance: () => variance, slope: () => slope, ahead }
}

function padded(of: ArrayLike<number>, length: number): Float64Array {
  const out = new Float64Array(length)
  out.set(of)
  return out
}
