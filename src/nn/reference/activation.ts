/** Activations, and their derivatives told from the result: relu′ = [y > 0], tanh′ = 1 − y², sigmoid′ = y·(1 − y). */
import type { Activation, Tensor } from '../architecture.ts'

export function activate(f: Activation, x: number): number {
  switch (f) {
    case 'relu':
      return Math.max(0, x)
    case 'tanh':
      return Math.tanh(x)
    case 'sigmoid':
      return sigmoid(x)
    case 'none':
      return x
  }
}

export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

export function derivative(f: Activation, y: number): number {
  switch (f) {
    case 'relu':
      return y > 0 ? 1 : 0
    case 'tanh':
      return 1 - y * y
    case 'sigmoid':
      return y * (1 - y)
    case 'none':
      return 1
  }
}

export function activationBack(out: Tensor, byOut: Tensor, length: number, f: Activation): void {
  for (let i = 0; i < length; i++) byOut[i] *= derivative(f, out[i])
}

export function addRelu(a: Tensor, b: Tensor, out: Tensor, length: number): void {
  for (let i = 0; i < length; i++) out[i] = Math.max(0, a[i] + b[i])
}

export function add(a: Tensor, b: Tensor, length: number): void {
  for (let i = 0; i < length; i++) a[i] += b[i]
}
