import type { Tensor } from '../architecture.ts'

/** Σ_k a[at + k] · w[k, column]. */
export function dot(
  a: Tensor,
  at: number,
  w: Tensor,
  column: number,
  length: number,
  columns: number
): number {
  let sum = 0
  for (let k = 0; k < length; k++) sum += a[at + k] * w[k * columns + column]
  return sum
}

/** Σ_k a[at + k] · w[from + k]. */
export function dotOfRow(a: Tensor, at: number, w: Tensor, from: number, length: number): number {
  let sum = 0
  for (let k = 0; k < length; k++) sum += a[at + k] * w[from + k]
  return sum
}
