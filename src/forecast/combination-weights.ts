/**
 * Weights of forecasts that were made together, from how they missed together.
 *
 *   w = argmin wᵀ (Σ + c·min diag Σ·I) w,  Σᵢ wᵢ = 1,  wᵢ ≥ 0,   c = 0.1
 *   Σ = Σ γ^age e eᵀ / Σ γ^age,  eᵢ = y − fᵢ,                     γ = exp(−1/500)
 *
 * Bates & Granger 1969: the weights with the least variance, which is 1/σᵢ² where misses are independent. Without
 * negative weights (Granger & Ramanathan 1984), and drawn to equal ones by c, as Σ is estimated (Ledoit & Wolf 2004).
 * Solved by leaving out the most negative weight until there is none.
 */
import { solvePositive } from '../math/index.ts'

/** What is remembered of one horizon, plain numbers. */
export interface Misses {
  /** Σ γ^age e eᵀ (n × n), whole. */
  readonly products: Float64Array
  /** Σ γ^age. */
  weight: number
}

const gamma = Math.exp(-1 / 500)
const shrink = 0.1

export const noMisses = (members: number): Misses => ({
  products: new Float64Array(members * members),
  weight: 0
})

/** The value that came, as misses of all members; nothing where one said nothing. */
export function addMisses(misses: Misses, e: Float64Array): void {
  const n = e.length
  if (!e.every(Number.isFinite)) return
  const { products } = misses
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) products[i * n + j] = gamma * products[i * n + j] + e[i] * e[j]
  }
  misses.weight = gamma * misses.weight + 1
}

/** Weights (n), 0 for those that are not `alive`; equal ones before anything was scored. */
export function weightsOf({ products, weight }: Misses, alive: readonly boolean[]): Float64Array {
  const n = alive.length
  const out = new Float64Array(n)
  let active = alive.flatMap((one, i) => (one ? [i] : []))
  const least = Math.min(...active.map((i) => products[i * n + i]))
  // One that never missed needs no others; without scores, or where all never missed, all are alike.
  const all = active.length
  const ridge = shrink * least || 1e-12 * Math.max(...active.map((i) => products[i * n + i])) || 1
  while (active.length > 0) {
    const m = active.length
    const a = new Float64Array(m * m)
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) a[i * m + j] = weight > 0 ? products[active[i] * n + active[j]] : 0
      a[i * m + i] += ridge
    }
    const w = new Float64Array(m).fill(1)
    if (!solvePositive(a, w, m)) break
    const total = w.reduce((sum, x) => sum + x, 0)
    const worst = w.indexOf(Math.min(...w))
    if (w[worst] >= 0 || m === 1) {
      for (let i = 0; i < m; i++) out[active[i]] = w[i] / total
      return out
    }
    active = active.toSpliced(worst, 1)
  }
  for (let i = 0; i < n; i++) if (alive[i]) out[i] = 1 / all
  return out
}
