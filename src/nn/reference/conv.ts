/**
 * Convolution over rows — a dense layer looked through several rows at once.
 *
 *   out[r, o] = f(bias[o] + Σ_j Σ_i x[r + j·shift, i] · w[j, i, o])
 *
 * With time-major rows (step·batch + sample), shift = dilation·batch makes it the 1-D convolution over time; with
 * size 1 it is the dense layer.
 */
import type { Activation, Tensor } from '../architecture.ts'
import type { ConvShape } from '../kernels.ts'
import { activate } from './activation.ts'

export function conv(x: Tensor, w: Tensor, bias: Tensor, out: Tensor, shape: ConvShape, f: Activation): void {
  const { rows, inputs, outputs, size, shift } = shape
  for (let r = 0; r < rows; r++) {
    const sum = out.subarray(r * outputs, (r + 1) * outputs)
    sum.set(bias.subarray(0, outputs))
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < inputs; i++) {
        const xi = x[(r + j * shift) * inputs + i]
        const row = (j * inputs + i) * outputs
        for (let o = 0; o < outputs; o++) sum[o] += xi * w[row + o]
      }
    }
    for (let o = 0; o < outputs; o++) sum[o] = activate(f, sum[o])
  }
}

export function convByWeights(x: Tensor, byOut: Tensor, byW: Tensor, byBias: Tensor, shape: ConvShape): void {
  const { rows, inputs, outputs, size, shift } = shape
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) byBias[o] += byOut[r * outputs + o]
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < inputs; i++) {
        const xi = x[(r + j * shift) * inputs + i]
        const row = (j * inputs + i) * outputs
        for (let o = 0; o < outputs; o++) byW[row + o] += xi * byOut[r * outputs + o]
      }
    }
  }
}

export function convByInput(byOut: Tensor, w: Tensor, byX: Tensor, shape: ConvShape): void {
  const { rows, inputs, outputs, size, shift } = shape
  byX.fill(0, 0, (rows + (size - 1) * shift) * inputs)
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < inputs; i++) {
        const row = (j * inputs + i) * outputs
        let sum = 0
        for (let o = 0; o < outputs; o++) sum += byOut[r * outputs + o] * w[row + o]
        byX[(r + j * shift) * inputs + i] += sum
      }
    }
  }
}
