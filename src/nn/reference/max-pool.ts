/**
 * Max-pooling over time — of `size` steps only the largest value goes on.
 *
 *   out[t, i] = max x[t·size … t·size + size − 1, i]
 *
 * The gradient goes to the first of the largest, as in PyTorch. Steps that do not fill a pool are left out.
 */
import type { Tensor } from '../architecture.ts'

export function maxPool(x: Tensor, out: Tensor, steps: number, row: number, size: number): void {
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < row; i++) out[t * row + i] = x[largest(x, t, i, row, size)]
  }
}

export function maxPoolBack(
  x: Tensor,
  byOut: Tensor,
  byX: Tensor,
  steps: number,
  row: number,
  size: number
): void {
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < row; i++) {
      for (let j = 0; j < size; j++) byX[(t * size + j) * row + i] = 0
      byX[largest(x, t, i, row, size)] = byOut[t * row + i]
    }
  }
}

function largest(x: Tensor, t: number, i: number, row: number, size: number): number {
  let best = t * size * row + i
  for (let j = 1; j < size; j++) {
    const at = (t * size + j) * row + i
    if (x[at] > x[best]) best = at
  }
  return best
}
