/**
 * Cholesky — solves A x = b for a symmetric positive definite A.
 *
 *   A = L Lᵀ,  L z = b,  Lᵀ x = z
 *
 * Golub & Van Loan, Matrix Computations §4.2. A (n × n) row by row; only its lower triangle is read.
 */

/** Writes x (n) over b and L over the lower triangle of a (n·n); false, and nothing usable, when A is not positive definite. */
export function solvePositive(a: Float64Array, b: Float64Array, n: number = b.length): boolean {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      const sum = a[i * n + j] - dot(a, i * n, j * n, j)
      if (i > j) a[i * n + j] = sum / a[j * n + j]
      else if (sum > 0 && sum < Infinity) a[j * n + j] = Math.sqrt(sum)
      else return false
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k]
    b[i] /= a[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i] -= a[k * n + i] * b[k]
    b[i] /= a[i * n + i]
  }
  return true
}

/** Σ a[i + k] a[j + k], k < n. Four sums at a time, as each would wait for its own last addition. */
function dot(a: Float64Array, i: number, j: number, n: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0]
  let k = 0
  for (; k + 3 < n; k += 4) {
    s0 += a[i + k] * a[j + k]
    s1 += a[i + k + 1] * a[j + k + 1]
    s2 += a[i + k + 2] * a[j + k + 2]
    s3 += a[i + k + 3] * a[j + k + 3]
  }
  for (; k < n; k++) s0 += a[i + k] * a[j + k]
  return s0 + s1 + (s2 + s3)
}
