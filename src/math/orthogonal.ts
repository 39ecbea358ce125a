/**
 * Orthogonal matrix — as random as a matrix can be whose rows, or columns, stand upright on each other.
 *
 *   A (rows × columns) of normal numbers = Q·R with R's diagonal positive;  W = gain · Q
 *
 * The shorter side is orthonormal: signals keep their length through W, forward or backward. Saxe, McClelland & Ganguli 2014,
 * "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks".
 */
import type { Random } from '../base/index.ts'

/** W row by row. */
export function orthogonal(rows: number, columns: number, gain: number, rng: Random): Float64Array {
  const [short, long] = rows < columns ? [rows, columns] : [columns, rows]
  const vectors: Float64Array[] = []
  while (vectors.length < short) {
    const v = Float64Array.from({ length: long }, () => rng.normal())
    // Twice is enough: what is left of the others after once is rounding (Giraud, Langou & Rozložník 2005).
    for (let pass = 0; pass < 2; pass++) {
      for (const u of vectors) addTimes(v, u, -dot(u, v))
    }
    const length = Math.sqrt(dot(v, v))
    for (let i = 0; i < long; i++) v[i] /= length
    vectors.push(v)
  }
  const w = new Float64Array(rows * columns)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++)
      w[r * columns + c] = gain * (rows < columns ? vectors[r][c] : vectors[c][r])
  }
  return w
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function addTimes(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i]
}
