/**
 * Ridge regression from sums of products, with a penalty for each group of features.
 *
 *   b = argmin Σ w (u − b₀ − x·b)² + N Σ λ_g (sd_j b_j)²,   N = Σ w,   features standardised by their own mean and sd
 *     = sd⁻¹ (R + Λ)⁻¹ r,  R correlations of x, r those of x with u;   b₀ = ū − x̄·b
 *
 * Hoerl & Kennard 1970; Hastie, Tibshirani & Friedman, ESL §3.4.1. All it needs of the rows are their sums of products,
 * so a part is left out, or another added, without going through the rows again, and the error of b on any part is
 * Σu² − 2 b·Σxu + b·Σxx·b. Penalties are those with the least error on the later parts, each fitted to the parts before it.
 */
import { solvePositive } from '../math/index.ts'

/** Lower triangle of Σ w · rowᵀ row, row = (x, 1, u): (p+2)², row by row. */
export type Products = Float64Array

/** Adds one row x (p, from `at` on) with its target u and weight w. */
export function addRow(
  products: Products,
  x: Float64Array,
  at: number,
  p: number,
  u: number,
  w: number
): void {
  const q = p + 2
  for (let i = 0, row = 0; i < p; i++, row += q) {
    const wx = w * x[at + i]
    if (wx === 0) continue
    for (let j = 0; j <= i; j++) products[row + j] += wx * x[at + j]
  }
  const ones = p * q
  for (let j = 0; j < p; j++) products[ones + j] += w * x[at + j]
  products[ones + p] += w
  addTarget(products, x, at, p, u, w)
}

/** Adds the target of a row whose x is in the sums already. */
export function addTarget(
  products: Products,
  x: Float64Array,
  at: number,
  p: number,
  u: number,
  w: number
): void {
  const targets = (p + 1) * (p + 2)
  const wu = w * u
  for (let j = 0; j < p; j++) products[targets + j] += wu * x[at + j]
  products[targets + p] += wu
  products[targets + p + 1] += wu * u
}

/** Takes all targets out again. */
export function clearTargets(products: Products, p: number): void {
  products.fill(0, (p + 1) * (p + 2))
}

/** b₀ + x·b. */
export function linear(b: Float64Array, x: Float64Array, at: number, p: number): number {
  let sum = b[p]
  for (let j = 0; j < p; j++) sum += b[j] * x[at + j]
  return sum
}

/** Σ w. */
export const weightOf = (products: Products, p: number) => products[p * (p + 2) + p]

export function sumOf(parts: readonly Products[]): Products {
  const total = parts[0].slice()
  for (const part of parts.slice(1)) for (let i = 0; i < total.length; i++) total[i] += part[i]
  return total
}

/** Correlations and scales of one sum of products. */
interface Standardised {
  readonly p: number
  readonly mean: Float64Array
  /** 0 where a feature never moves: it takes no part. */
  readonly sd: Float64Array
  readonly targetMean: number
  /** R (p × p, lower) and r · sd(u) (p). */
  readonly gram: Float64Array
  readonly cross: Float64Array
}

/** Below this share of its mean square a variance is rounding. */
const rounding = 1e-12

function standardised(products: Products, p: number): Standardised {
  const q = p + 2
  const n = weightOf(products, p)
  const mean = Float64Array.from({ length: p }, (_, j) => products[p * q + j] / n)
  const targetMean = products[(p + 1) * q + p] / n
  const sd = Float64Array.from({ length: p }, (_, j) => {
    const square = products[j * q + j] / n
    const variance = square - mean[j] * mean[j]
    return variance > rounding * square ? Math.sqrt(variance) : 0
  })
  const gram = new Float64Array(p * p)
  const cross = new Float64Array(p)
  for (let i = 0; i < p; i++) {
    if (sd[i] === 0) {
      gram[i * p + i] = 1
      continue
    }
    for (let j = 0; j < i; j++) {
      if (sd[j] > 0) gram[i * p + j] = (products[i * q + j] / n - mean[i] * mean[j]) / (sd[i] * sd[j])
    }
    gram[i * p + i] = 1
    cross[i] = (products[(p + 1) * q + i] / n - mean[i] * targetMean) / sd[i]
  }
  return { p, mean, sd, targetMean, gram, cross }
}

/** Keeps features that say the same from dividing by nothing. */
const least = 1e-9

/** Writes b, then b₀ (p + 1) for penalties by feature (p); false, and zeros, where there is no solution. */
function solve(
  { p, mean, sd, targetMean, gram, cross }: Standardised,
  penalty: ArrayLike<number>,
  work: Float64Array,
  b: Float64Array
): boolean {
  work.set(gram)
  b.set(cross)
  for (let i = 0; i < p; i++) work[i * p + i] += penalty[i] + least
  const solved = Number.isFinite(targetMean) && solvePositive(work, b, p)
  if (!solved) {
    b.fill(0)
    return false
  }
  let b0 = targetMean
  for (let i = 0; i < p; i++) {
    b[i] = sd[i] === 0 ? 0 : b[i] / sd[i]
    b0 -= b[i] * mean[i]
  }
  b[p] = b0
  return true
}

/** b (p) and b₀, (p + 1), for penalties by feature (p). */
export function ridgeCoefficients(products: Products, penalty: ArrayLike<number>): Float64Array {
  const p = penalty.length
  const b = new Float64Array(p + 1)
  solve(standardised(products, p), penalty, new Float64Array(p * p), b)
  return b
}

/** Σ w (u − b₀ − x·b)² from the products. */
export function squaredError(products: Products, b: Float64Array, p: number): number {
  const q = p + 2
  let sum = products[(p + 1) * q + p + 1]
  for (let i = 0; i <= p; i++) {
    sum -= 2 * b[i] * products[(p + 1) * q + i]
    let inner = 0
    for (let j = 0; j < i; j++) inner += b[j] * products[i * q + j]
    sum += b[i] * (2 * inner + b[i] * products[i * q + i])
  }
  return Math.max(0, sum)
}

/** Penalties that are tried; the last as good as leaves a group out. */
export const penalties = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 1e3] as const
/** Less than this is no gain. */
const worthwhile = 1e-5
const sweeps = 4

/**
 * Index into `penalties` for each group. Chronological parts; the later half of them is forecast, each part by what lies
 * before it. The best one for all first, or `start` (from a neighbouring horizon), then group after group, up to two steps
 * up or down, until nothing is gained.
 */
export function choosePenalties(
  parts: readonly Products[],
  groupOf: readonly number[],
  groups: number,
  start?: readonly number[]
): number[] {
  const p = groupOf.length
  const first = Math.max(1, parts.length >> 1)
  const folds = Array.from({ length: parts.length - first }, (_, i) => ({
    fitted: standardised(sumOf(parts.slice(0, first + i)), p),
    judged: parts[first + i]
  }))
  const work = new Float64Array(p * p)
  const b = new Float64Array(p + 1)
  const penalty = new Float64Array(p)

  function loss(chosen: readonly number[]): number {
    for (let j = 0; j < p; j++) penalty[j] = penalties[chosen[groupOf[j]]]
    let sum = 0
    for (const { fitted, judged } of folds) {
      solve(fitted, penalty, work, b)
      sum += squaredError(judged, b, p)
    }
    return sum
  }

  let best = new Array<number>(groups).fill(penalties.length - 1)
  let lowest = loss(best)
  const attempt = (chosen: number[]) => {
    const value = loss(chosen)
    if (!(value < lowest * (1 - worthwhile))) return false
    ;[best, lowest] = [chosen, value]
    return true
  }
  // From strong to weak: of equals the stronger stays.
  for (let i = penalties.length - 2; i >= 0; i--) attempt(new Array<number>(groups).fill(i))
  if (start) attempt([...start])
  for (let sweep = 0, moved = true; sweep < sweeps && moved; sweep++) {
    moved = false
    for (let g = 0; g < groups; g++) {
      const at = best[g]
      for (const i of [at - 2, at - 1, at + 1, at + 2]) {
        if (i >= 0 && i < penalties.length) moved = attempt(best.with(g, i)) || moved
      }
    }
  }
  return best
}
