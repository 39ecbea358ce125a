/**
 * Cubic spline — a smooth curve through given points, a cubic between any two of them.
 *
 *   h_i = x_{i+1} − x_i, d_i = (y_{i+1} − y_i)/h_i, slopes s from
 *   h_i·s_{i−1} + 2(h_{i−1} + h_i)·s_i + h_{i−1}·s_{i+1} = 3(h_i·d_{i−1} + h_{i−1}·d_i)
 *
 * At the ends *not-a-knot* (the first two and the last two pieces are one cubic each, what `scipy.interpolate.CubicSpline`
 * and `interp1d(kind='cubic')` do) or *natural* (no curvature). de Boor, *A Practical Guide to Splines*, ch. IV.
 */
import { PrescaleError, requireOption } from '../base/index.ts'

export type SplineEnds = 'not-a-knot' | 'natural'

/**
 * The curve through (x, y) as a function, x growing. Outside it goes on as its last piece does. With two points it is a line,
 * with three and not-a-knot ends a parabola. Throws `TOO_SHORT` below two points.
 */
export function cubicSpline(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  ends: SplineEnds = 'not-a-knot'
): (at: number) => number {
  const n = x.length
  requireOption(y.length === n, 'y', `${y.length} values`, `as long as x, ${n} values`)
  if (n < 2) throw new PrescaleError('TOO_SHORT', `a spline needs 2 points, got ${n}`)
  for (let i = 1; i < n; i++)
    requireOption(x[i] > x[i - 1], `x[${i}]`, x[i], `above x[${i - 1}], ${x[i - 1]}`)
  const slopes = slopesOf(x, y, ends)
  return (at) => {
    const i = pieceAt(x, at)
    const h = x[i + 1] - x[i]
    const d = (y[i + 1] - y[i]) / h
    const t = at - x[i]
    const bend = (slopes[i] + slopes[i + 1] - 2 * d) / h
    return y[i] + t * (slopes[i] + t * ((d - slopes[i]) / h - bend + (t * bend) / h))
  }
}

/** Slopes at the points: the tridiagonal system above with one row for each end. */
function slopesOf(x: ArrayLike<number>, y: ArrayLike<number>, ends: SplineEnds): Float64Array {
  const n = x.length
  const h = (i: number) => x[i + 1] - x[i]
  const d = (i: number) => (y[i + 1] - y[i]) / h(i)
  if (n === 2) return Float64Array.of(d(0), d(0))
  if (n === 3 && ends === 'not-a-knot') return parabola(h(0), h(1), d(0), d(1))
  const below = new Float64Array(n)
  const diagonal = new Float64Array(n)
  const above = new Float64Array(n)
  const right = new Float64Array(n)
  for (let i = 1; i < n - 1; i++) {
    below[i] = h(i)
    diagonal[i] = 2 * (h(i - 1) + h(i))
    above[i] = h(i - 1)
    right[i] = 3 * (h(i) * d(i - 1) + h(i - 1) * d(i))
  }
  const z = n - 1
  if (ends === 'natural') {
    diagonal[0] = 2
    above[0] = 1
    right[0] = 3 * d(0)
    below[z] = 1
    diagonal[z] = 2
    right[z] = 3 * d(z - 1)
  } else {
    const first = h(0) + h(1)
    diagonal[0] = h(1)
    above[0] = first
    right[0] = ((h(0) + 2 * first) * h(1) * d(0) + h(0) ** 2 * d(1)) / first
    const last = h(z - 1) + h(z - 2)
    diagonal[z] = h(z - 2)
    below[z] = last
    right[z] = (h(z - 1) ** 2 * d(z - 2) + (2 * last + h(z - 1)) * h(z - 2) * d(z - 1)) / last
  }
  return solveTridiagonal(below, diagonal, above, right)
}

/** Three points lie on one parabola: its slopes. */
function parabola(h0: number, h1: number, d0: number, d1: number): Float64Array {
  const bend = (d1 - d0) / (h0 + h1)
  return Float64Array.of(d0 - bend * h0, d0 + bend * h0, d1 + bend * h1)
}

/** Thomas' elimination, in place. */
function solveTridiagonal(
  below: Float64Array,
  diagonal: Float64Array,
  above: Float64Array,
  right: Float64Array
): Float64Array {
  for (let i = 1; i < right.length; i++) {
    const factor = below[i] / diagonal[i - 1]
    diagonal[i] -= factor * above[i - 1]
    right[i] -= factor * right[i - 1]
  }
  for (let i = right.length - 1; i >= 0; i--) {
    const next = i + 1 < right.length ? above[i] * right[i + 1] : 0
    right[i] = (right[i] - next) / diagonal[i]
  }
  return right
}

/** Index of the piece that holds `at`, the outer ones beyond the ends. */
function pieceAt(x: ArrayLike<number>, at: number): number {
  let low = 0
  let high = x.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (x[middle] <= at) low = middle
    else high = middle
  }
  return low
}
