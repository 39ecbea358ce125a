/**
 * Levenberg–Marquardt — finds a low point of a sum of squares of a few variables.
 *
 *   (JᵀJ + λ diag JᵀJ) δ = −Jᵀr,   x ← x + δ and λ ← λ/10 where Σ r² falls, else λ ← 10 λ
 *
 * Marquardt 1963; Press et al. §15.5. A point where the sum is `NaN` or infinite is never taken, so bounds can be kept
 * by returning `Infinity` outside.
 */
import { solvePositive } from './cholesky.ts'

export interface SquaresProblem {
  /** Σ r² at x (n). */
  sum(x: Float64Array): number
  /** JᵀJ (n × n, at least the lower triangle) and Jᵀr (n) at x, the newest point taken. */
  normal(x: Float64Array, jtj: Float64Array, jtr: Float64Array): void
}

export interface SquaresOptions {
  /** Steps taken at most. */
  readonly maxIterations?: number
  /** Stops when a step lowers the sum by less than this share. */
  readonly tolerance?: number
}

export interface LeastSquares {
  readonly x: Float64Array
  readonly value: number
  readonly iterations: number
}

const [firstDamping, leastDamping, mostDamping] = [1e-3, 1e-10, 1e10]

/** The start must be allowed: its sum finite. Otherwise it is given back with its value. */
export function levenbergMarquardt(
  problem: SquaresProblem,
  start: ArrayLike<number>,
  { maxIterations = 50, tolerance = 1e-10 }: SquaresOptions = {}
): LeastSquares {
  const n = start.length
  let x: Float64Array = Float64Array.from(start)
  let value = problem.sum(x)
  const jtj = new Float64Array(n * n)
  const jtr = new Float64Array(n)
  const damped = new Float64Array(n * n)
  let damping = firstDamping
  let iterations = 0
  while (iterations < maxIterations && n > 0 && value > 0 && value < Infinity) {
    problem.normal(x, jtj, jtr)
    iterations++
    let lowered = -1
    while (lowered < 0 && damping <= mostDamping) {
      const next = stepFrom(x, jtj, jtr, damped, damping)
      const there = next ? problem.sum(next) : Infinity
      if (next && there <= value) {
        lowered = (value - there) / value
        x = next
        value = there
        damping = Math.max(leastDamping, damping / 10)
      } else damping *= 10
    }
    if (lowered < tolerance) break
  }
  return { x, value, iterations }
}

function stepFrom(
  x: Float64Array,
  jtj: Float64Array,
  jtr: Float64Array,
  damped: Float64Array,
  damping: number
): Float64Array | undefined {
  const n = x.length
  damped.set(jtj)
  // A variable without influence has a zero on the diagonal: the tiny number keeps it where it is.
  for (let i = 0; i < n; i++) damped[i * n + i] += damping * jtj[i * n + i] + 1e-300
  const step = jtr.map((g) => -g)
  return solvePositive(damped, step, n) ? x.map((v, i) => v + step[i]) : undefined
}
