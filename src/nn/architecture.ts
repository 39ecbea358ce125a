/**
 * A network as plain data, and what a made network can do. All tensors are time-major: [steps, batch, features].
 */
import type { Random } from '../base/index.ts'

/** Numbers of a network: float32 where kernels run in WASM, float64 in the readable reference. */
export type Tensor = Float32Array | Float64Array

export type Activation = 'none' | 'relu' | 'tanh' | 'sigmoid'

/**
 * One layer. Recurrent layers hand on every step with `sequence`, else only the last one ([1, batch, units]).
 * `flatten` makes one step of all: [steps, batch, features] → [1, batch, steps · features].
 */
export type LayerSpec =
  | {
      readonly kind: 'gru'
      readonly units: number
      readonly sequence: boolean
      /** Where the reset gate works: before the recurrent product (the paper, ONNX's default) or behind it (PyTorch, Keras). */
      readonly reset: 'before' | 'after'
    }
  | { readonly kind: 'lstm'; readonly units: number; readonly sequence: boolean }
  | {
      readonly kind: 'conv'
      readonly filters: number
      readonly size: number
      readonly dilation: number
      /** Padded with zeros in front, so that step t sees steps ≤ t only and the length stays; else the ends are lost. */
      readonly causal: boolean
      readonly activation: Activation
    }
  /** Two causal dilated convolutions with ReLU and dropout, plus the input (through a 1×1 convolution where widths differ), ReLU. */
  | {
      readonly kind: 'residual'
      readonly filters: number
      readonly size: number
      readonly dilation: number
      readonly dropout: number
    }
  | { readonly kind: 'max-pool'; readonly size: number }
  | { readonly kind: 'dropout'; readonly rate: number }
  | { readonly kind: 'flatten' }
  | { readonly kind: 'last' }
  | { readonly kind: 'dense'; readonly units: number; readonly activation: Activation }

export interface Architecture {
  /** Steps and features per step of one input. One step makes a plain multilayer perceptron. */
  readonly steps: number
  readonly inputs: number
  readonly layers: readonly LayerSpec[]
}

/** A learnable tensor. `value` and `gradient` are views that stay valid as long as the network. */
export interface Parameter {
  /** Such as `0.gru.wx`. */
  readonly name: string
  readonly shape: readonly number[]
  readonly value: Tensor
  readonly gradient: Tensor
}

export interface Network {
  readonly architecture: Architecture
  /** The kernels that it really runs on: those asked for, or what stands in where they cannot run. */
  readonly kernels: 'simd' | 'fma' | 'reference'
  /** Values of one output: product of the last layer's steps and features. */
  readonly outputs: number
  readonly parameters: readonly Parameter[]
  /** [steps, maxBatch, inputs]: filled by the caller (the first `batch` rows are [steps, batch, inputs], dense). */
  readonly input: Tensor
  /**
   * Output [batch, outputs], a view until the next call. With `chance` dropout is on and backward may follow; without,
   * it predicts.
   */
  forward(batch: number, chance?: Random): Tensor
  /**
   * From the loss by the output [batch, outputs]; adds to the gradients. With `byInput` the loss by the input is
   * returned, [steps, batch, inputs], a view until the next call: one more product, which training does not need.
   */
  backward(byOutput: Tensor, byInput?: false): undefined
  backward(byOutput: Tensor, byInput: true): Tensor
  zeroGradients(): void
  /** One Adam step (Kingma & Ba 2015, bias-corrected) on all parameters. */
  adam(options: AdamOptions): void
  /** What Adam remembers: kept and put back with the weights, training goes on as if it had never stopped. */
  readonly adamMemory: AdamMemory
}

/** `mean` of the gradient and of its `square`, of all parameters in their order; `steps` made so far. */
export interface AdamMemory {
  steps: number
  readonly mean: Tensor
  readonly square: Tensor
}

export interface AdamOptions {
  readonly rate: number
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
  /** The gradient is scaled down to this norm when it is longer. Absent: never. */
  readonly clip?: number
}
