/**
 * Stacking — expert forecasts weighted by how right each was lately, then corrected by what they miss together.
 *
 *   base        b = Σ wᵢ xᵢ / Σ wᵢ        wᵢ = (min ℓ / ℓᵢ)^20,  ℓᵢ discounted mean |y − xᵢ| / σ
 *   correction  c = Σ vᵢ (xᵢ − b)         v = (Σ γ^age d dᵀ + ridge)⁻¹ Σ γ^age d e,  d = (x − b)/σ, e = (y − b)/σ
 *   forecast    b + g·c                   g = clip(Σ γ^age e c / Σ γ^age c², 0, 1), c as it was made then
 *
 * Bates & Granger 1969 (weights from past errors), Wolpert 1992 and Breiman 1996 (stacking), with discounting. The
 * last line keeps it safe: a correction that did not help lately is not used. An expert that does not know (`NaN`)
 * takes no part and loses nothing by it. σ is the error expected when the forecast was made, so that quiet and loud
 * hours teach alike; an error counts at most 4 σ, so that one outage does not rewrite the weights.
 */
import type { Horizons } from './horizons.ts'

export interface Stack {
  /** Base and correction of the experts' forecasts x (experts) for horizon h, weights mixed between nodes. */
  combine(x: Float64Array, h: number): Combined
  /** The value that came, for node k: x (experts, from `at` on), base and correction as issued, σ of that moment. */
  learn(k: number, y: number, issued: Issued): void
  /** Normalised weights of the base at node k, (experts). */
  weights(k: number): number[]
}

/** Reused from call to call. `forecast` = base + g · correction. */
export interface Combined {
  base: number
  correction: number
  forecast: number
}

export interface Issued {
  readonly x: Float64Array
  readonly at: number
  readonly base: number
  readonly correction: number
  readonly sigma: number
}

/**
 * Steps after which an error counts 1/e. The correction has many weights to learn and the ridge to hold them; the base
 * and the trust must follow a rhythm that breaks. Both are flat within a factor of four on the development loads.
 */
const correctionMemory = 2_000
const trustMemory = 200
/** High enough that one clearly best expert rules, low enough that near-equals share. Flat between 10 and 40. */
const power = 20
/** Share of the mean diagonal: experts are nearly collinear on smooth loads. */
const ridgeShare = 0.02
const clipAt = 4
/** After this many values weights and equations are renewed every few only: both move slowly then. */
const settled = 500

export function stacking({ nodes, below, above, share }: Horizons, experts: number): Stack {
  const n = experts
  const gamma = 1 - 1 / correctionMemory
  const gammaTrust = 1 - 1 / trustMemory
  const gram = new Float64Array(nodes.length * n * n)
  const cross = new Float64Array(nodes.length * n)
  const v = new Float64Array(nodes.length * n)
  const loss = new Float64Array(nodes.length * n)
  const seen = new Float64Array(nodes.length * n)
  const w = new Float64Array(nodes.length * n).fill(0.01)
  const fit = new Float64Array(nodes.length)
  const size = new Float64Array(nodes.length)
  const count = new Uint32Array(nodes.length)
  const d = new Float64Array(n)
  const factor = new Float64Array(n * n)
  const out: Combined = { base: NaN, correction: 0, forecast: NaN }

  function combine(x: Float64Array, h: number): Combined {
    // Beyond the last learned horizon its weights are the best known.
    const i = Math.min(h, below.length) - 1
    const [k, k2, f] = [below[i], above[i], share[i]]
    const a = k * n
    const b = k2 * n
    let sum = 0
    let total = 0
    for (let e = 0; e < n; e++) {
      if (Number.isNaN(x[e])) continue
      const weight = w[a + e] + f * (w[b + e] - w[a + e])
      sum += weight * x[e]
      total += weight
    }
    const base = sum / total
    let correction = 0
    for (let e = 0; e < n; e++) {
      if (Number.isNaN(x[e])) continue
      correction += (v[a + e] + f * (v[b + e] - v[a + e])) * (x[e] - base)
    }
    out.base = base
    out.correction = correction
    out.forecast = base + (gain(k) + f * (gain(k2) - gain(k))) * correction
    return out
  }

  // The one in the denominator doubts a correction that has hardly been tried.
  const gain = (k: number) => Math.max(0, Math.min(1, fit[k] / (size[k] + 1)))

  function learn(k: number, y: number, { x, at, base, correction, sigma }: Issued): void {
    if (agree(x, at, sigma)) return
    const row = k * n
    const e = clip((y - base) / sigma)
    const c = clip(correction / sigma)
    fit[k] = fit[k] * gammaTrust + e * c
    size[k] = size[k] * gammaTrust + c * c
    for (let i = 0; i < n; i++) {
      const xi = x[at + i]
      d[i] = Number.isNaN(xi) ? 0 : clip((xi - base) / sigma)
      if (Number.isNaN(xi)) continue
      loss[row + i] = loss[row + i] * gammaTrust + Math.min(clipAt, Math.abs(y - xi) / sigma)
      seen[row + i] = seen[row + i] * gammaTrust + 1
    }
    for (let i = 0, g = row * n; i < n; i++, g += n) {
      cross[row + i] = cross[row + i] * gamma + d[i] * e
      for (let j = 0; j <= i; j++) gram[g + j] = gram[g + j] * gamma + d[i] * d[j]
    }
    count[k]++
    const every = (steps: number) => count[k] < settled || (count[k] + k) % steps === 0
    if (every(4)) weigh(row)
    if (every(8)) solve(row)
  }

  /** An idle load teaches nothing: where all say the same, none is more right, and what was learned before stays. */
  function agree(x: Float64Array, at: number, sigma: number): boolean {
    let [low, high] = [Infinity, -Infinity]
    for (let i = at; i < at + n; i++) {
      if (x[i] < low) low = x[i]
      if (x[i] > high) high = x[i]
    }
    return high - low < 0.01 * sigma
  }

  function weigh(row: number): void {
    // A thousandth of one σ keeps an expert without any error from dividing by zero.
    const mean = (i: number) => (loss[i] + 1e-3) / seen[i]
    let best = Infinity
    for (let i = row; i < row + n; i++) if (seen[i] > 0) best = Math.min(best, mean(i))
    for (let i = row; i < row + n; i++) if (seen[i] > 0) w[i] = Math.max(1e-6, (best / mean(i)) ** power)
  }

  /** (gram + ridge) v = cross by Cholesky, n³/6 multiplications. */
  function solve(row: number): void {
    const g = row * n
    let trace = 0
    for (let i = 0; i < n; i++) trace += gram[g + i * n + i]
    const ridge = (ridgeShare * trace) / n + 1e-6
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = gram[g + i * n + j]
        for (let q = 0; q < j; q++) sum -= factor[i * n + q] * factor[j * n + q]
        factor[i * n + j] = i === j ? Math.sqrt(sum + ridge) : sum / factor[j * n + j]
      }
    }
    for (let i = 0; i < n; i++) {
      let sum = cross[row + i]
      for (let q = 0; q < i; q++) sum -= factor[i * n + q] * v[row + q]
      v[row + i] = sum / factor[i * n + i]
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = v[row + i]
      for (let q = i + 1; q < n; q++) sum -= factor[q * n + i] * v[row + q]
      v[row + i] = sum / factor[i * n + i]
    }
  }

  function weights(k: number): number[] {
    const own = Array.from(w.subarray(k * n, (k + 1) * n))
    const total = own.reduce((a, b) => a + b, 0)
    return own.map((weight) => weight / total)
  }

  return { combine, learn, weights }
}

function clip(z: number): number {
  return Math.max(-clipAt, Math.min(clipAt, z))
}
