/** Small neural networks: an architecture as data, and its forward, backward and Adam on kernels of our own. */
import type { Random } from '../base/index.ts'
import type { Architecture, Network } from './architecture.ts'
import type { KernelName } from './kernels.ts'
import { requireCount } from './layers/layer.ts'
import { build, plan } from './network.ts'
import { reference } from './reference/index.ts'

export type * from './architecture.ts'
export type { KernelName } from './kernels.ts'
export { type Loss, mae, mse, pinball, quantilesOf } from './losses.ts'
export { parameterCount } from './network.ts'
export { type Exchange, type Samples, type Trained, type TrainOptions, train } from './train.ts'

export interface NetworkOptions {
  /**
   * `simd` (default): WASM, the same bytes on every machine. `fma`: faster, last bits differ between machines.
   * `reference`: readable TypeScript in float64. What the machine cannot do falls back in this order:
   * fma → simd → reference.
   */
  readonly kernels?: KernelName
  /** The largest batch that `forward` may be asked for; memory grows with it. */
  readonly maxBatch?: number
  /** Chance for the first weights. Absent: all zeros, to be filled by the caller. */
  readonly rng?: Random
}

/** Makes a network. Throws `BAD_OPTION` where layers do not fit behind each other. */
export function createNetwork(architecture: Architecture, options: NetworkOptions = {}): Network {
  const { maxBatch = 16, rng } = options
  requireCount(maxBatch, 'maxBatch')
  return build(architecture, plan(architecture), reference, maxBatch, rng)
}
