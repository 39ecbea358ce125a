/**
 * BFGS — finds a low point of a smooth function of a few variables from its slopes.
 *
 *   B s = −g,  halved until f falls by 1e-4 of what was promised;   B ← B + y yᵀ / yᵀs − B s sᵀB / sᵀB s,  y = g' − g
 *
 * Broyden, Fletcher, Goldfarb, Shanno 1970; Nocedal & Wright 2006 §6.1. B begins as what the caller knows of the
 * curvature, so that a good guess takes a handful of steps. Points where f is `NaN` or infinite are never taken.
 */
import { solvePositive } from './cholesky.ts'

export interface SmoothFunction {
  value(x: Float64Array): number
  gradient(x: Float64Array, out: Float64Array): void
}

export interface BfgsOptions {
  /** B at the start, n × n; default the unit matrix. */
  readonly curvature?: Float64Array
  readonly maxIterations?: number
  /** Stops when the next step promises less than this. */
  readonly tolerance?: number
}

export function bfgs(
  f: SmoothFunction,
  start: ArrayLike<number>,
  { curvature, maxIterations = 100, tolerance = 1e-8 }: BfgsOptions = {}
): { readonly x: Float64Array; readonly value: number; readonly iterations: number } {
  const n = start.length
  const b = curvature?.slice() ?? unit(n)
  let x: Float64Array = Float64Array.from(start)
  let value = f.value(x)
  let g = new Float64Array(n)
  f.gradient(x, g)
  let iterations = 0
  for (; iterations < maxIterations; iterations++) {
    let step = g.map((v) => -v)
    if (!solvePositive(b.slice(), step)) {
      b.set(unit(n))
      step = g.map((v) => -v)
    }
    const promised = -dot(g, step)
    if (!(promised > tolerance)) break
    let share = 1
    let next = x.map((v, i) => v + step[i])
    let there = f.value(next)
    while (!(there <= value - 1e-4 * share * promised) && share > 1e-6) {
      share /= 2
      next = x.map((v, i) => v + share * step[i])
      there = f.value(next)
    }
    if (!(there < value)) break
    const after = new Float64Array(n)
    f.gradient(next, after)
    learn(
      b,
      next.map((v, i) => v - x[i]),
      after.map((v, i) => v - g[i])
    )
    x = next
    value = there
    g = after
  }
  return { x, value, iterations }
}

/** The update; left out where the function did not curve upwards along the step, which keeps B positive definite. */
function learn(b: Float64Array, s: Float64Array, y: Float64Array): void {
  const n = s.length
  const bs = s.map((_, i) => dot(b.subarray(i * n, (i + 1) * n), s))
  const [ys, sbs] = [dot(y, s), dot(bs, s)]
  if (!(ys > 1e-12 * sbs && sbs > 0)) return
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) b[i * n + j] += (y[i] * y[j]) / ys - (bs[i] * bs[j]) / sbs
  }
}

const unit = (n: number) => Float64Array.from({ length: n * n }, (_, k) => Number(k % (n + 1) === 0))

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
