/** Convolution over rows: the formula is in src/nn/reference/conv.ts. A dense layer has size 1. */
import { activate } from './elementwise'
import { packTransposed } from './panels'
import { addRows, multiply, multiplyPacked, multiplyTransposed } from './product'
import { scratchAt } from './scratch'

export function conv(
  x: usize,
  w: usize,
  bias: usize,
  out: usize,
  rows: usize,
  inputs: usize,
  outputs: usize,
  size: usize,
  shift: usize,
  activation: i32
): void {
  const ld = outputs << 2
  const low: f32 = activation === 1 ? 0 : -Infinity
  multiply(x, inputs << 2, w, ld, bias, out, ld, rows, inputs, outputs, size, shift, false, low, scratchAt(0))
  if (activation > 1) activate(out, rows * outputs, activation)
}

export function convByWeights(
  x: usize,
  byOut: usize,
  byW: usize,
  byBias: usize,
  rows: usize,
  inputs: usize,
  outputs: usize,
  size: usize,
  shift: usize
): void {
  const lda = inputs << 2
  const ld = outputs << 2
  for (let tap: usize = 0; tap < size; tap++) {
    const from = x + tap * shift * lda
    multiplyTransposed(from, lda, byOut, ld, byW + tap * inputs * ld, ld, rows, inputs, outputs, scratchAt(0))
  }
  addRows(byOut, ld, byBias, rows, outputs)
}

export function convByInput(
  byOut: usize,
  w: usize,
  byX: usize,
  rows: usize,
  inputs: usize,
  outputs: usize,
  size: usize,
  shift: usize
): void {
  const ldx = inputs << 2
  const ld = outputs << 2
  const packed = scratchAt(0)
  if (size > 1) memory.fill(byX, 0, (rows + (size - 1) * shift) * ldx)
  for (let tap: usize = 0; tap < size; tap++) {
    packTransposed(w + tap * inputs * ld, ld, outputs, inputs, packed)
    const to = byX + tap * shift * ldx
    multiplyPacked(byOut, ld, packed, 0, to, ldx, rows, outputs, inputs, 1, 0, size > 1, -Infinity)
  }
}
