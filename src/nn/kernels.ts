/**
 * The kernels that layers are made of. Two sets exist with the same promises: the readable reference (float64,
 * `reference/`) and WASM (float32, `wasm.ts`).
 *
 * All tensors are row-major. A tensor may be longer than the shape that is worked on: kernels read and write its
 * beginning. "by" names gradients: `byX` is the gradient of the loss by x.
 */
import type { Activation, Tensor } from './architecture.ts'

export type KernelName = 'simd' | 'fma' | 'reference'

/** `rows` of the result; row r reads rows r, r + shift, …, r + (size − 1)·shift of x. A dense layer has size 1. */
export interface ConvShape {
  readonly rows: number
  readonly inputs: number
  readonly outputs: number
  readonly size: number
  readonly shift: number
}

export interface SequenceShape {
  readonly steps: number
  readonly batch: number
  readonly units: number
}

export type Reset = 'before' | 'after'

/** What a GRU's forward leaves for its backward. */
export interface GruTrace {
  /** [steps, batch, 3·units]: in = x·wx + bx, out = the gates r, z, n. */
  readonly gates: Tensor
  /** [steps + 1, batch, units]: the states; h[0] is what it begins with. */
  readonly h: Tensor
  /** [steps, batch, units]: reset after: h·wh_n + bh_n; reset before: r∘h. */
  readonly inner: Tensor
}

/** What an LSTM's forward leaves for its backward. */
export interface LstmTrace {
  /** [steps, batch, 4·units]: in = x·wx + bias, out = the gates i, f, g, o. */
  readonly gates: Tensor
  /** [steps + 1, batch, units]: the states; h[0] and c[0] are what it begins with. */
  readonly h: Tensor
  readonly c: Tensor
}

export interface AdamStep {
  readonly rate: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** The how-manieth step, from 1. */
  readonly step: number
  /** The gradient is multiplied by this before use. */
  readonly scale: number
}

export interface Kernels {
  readonly name: KernelName
  /** A new tensor of zeros in the kernels' memory. */
  zeros(length: number): Tensor

  /** out (rows, outputs) = f(bias + Σ_j x[row + j·shift] · w[j]),  w (size, inputs, outputs). */
  conv(x: Tensor, w: Tensor, bias: Tensor, out: Tensor, shape: ConvShape, f: Activation): void
  /** byW += Σ_row x[row + j·shift]ᵀ · byOut[row],  byBias += Σ_row byOut[row]. */
  convByWeights(x: Tensor, byOut: Tensor, byW: Tensor, byBias: Tensor, shape: ConvShape): void
  /** byX (rows + (size − 1)·shift, inputs) = Σ_j byOut[row − j·shift] · w[j]ᵀ. */
  convByInput(byOut: Tensor, w: Tensor, byX: Tensor, shape: ConvShape): void

  /** a += b. */
  add(a: Tensor, b: Tensor, length: number): void
  /** out = relu(a + b). */
  addRelu(a: Tensor, b: Tensor, out: Tensor, length: number): void
  /** byOut ∘= f′, told from f's result. */
  activationBack(out: Tensor, byOut: Tensor, length: number, f: Activation): void

  /** Steps the whole sequence. wh (units, 3·units), bh (3·units), columns in the order r, z, n. */
  gru(trace: GruTrace, wh: Tensor, bh: Tensor, shape: SequenceShape, reset: Reset): void
  /**
   * byH [steps, batch, units]: in = the loss by each state handed on; used up. byGates [steps, batch, 3·units]: out =
   * the loss by x·wx + bx. byWh and byBh are added to.
   */
  gruBack(
    trace: GruTrace,
    wh: Tensor,
    byH: Tensor,
    byGates: Tensor,
    byWh: Tensor,
    byBh: Tensor,
    shape: SequenceShape,
    reset: Reset
  ): void

  /** Steps the whole sequence. wh (units, 4·units), columns in the order i, f, g, o. */
  lstm(trace: LstmTrace, wh: Tensor, shape: SequenceShape): void
  /** As `gruBack`, byGates [steps, batch, 4·units]. */
  lstmBack(
    trace: LstmTrace,
    wh: Tensor,
    byH: Tensor,
    byGates: Tensor,
    byWh: Tensor,
    shape: SequenceShape
  ): void

  /** out (steps, row) = the largest of `size` steps following each other, a rest is left out; row = batch·features. */
  maxPool(x: Tensor, out: Tensor, steps: number, row: number, size: number): void
  maxPoolBack(x: Tensor, byOut: Tensor, byX: Tensor, steps: number, row: number, size: number): void

  /** out = x where `dropped(seed, i, rate)` does not hold, divided by 1 − rate; else 0. Its own backward. */
  dropout(x: Tensor, out: Tensor, length: number, rate: number, seed: number): void

  sumOfSquares(x: Tensor, length: number): number
  /** m and v are the running means of the gradient and of its square. */
  adam(value: Tensor, gradient: Tensor, m: Tensor, v: Tensor, length: number, step: AdamStep): void
}
