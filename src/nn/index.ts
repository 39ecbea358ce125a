/** Small neural networks: an architecture as data, and its forward, backward and Adam on kernels of our own. */
import type { Random } from '../base/index.ts'
import type { Architecture, Network } from './architecture.ts'
import type { KernelName, Kernels } from './kernels.ts'
import { noTensor, requireCount } from './layers/layer.ts'
import { build, type Placed, plan, sizeOf } from './network.ts'
import { reference } from './reference/index.ts'
import { aligned, canRun, wasmKernels } from './wasm.ts'

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
  const placed = plan(architecture)
  const kernels = kernelsFor(architecture, placed, maxBatch, usableKernels(options.kernels))
  return build(architecture, placed, kernels, maxBatch, rng)
}

/** Which kernels an asked-for name really gives on this machine. */
export function usableKernels(asked: KernelName = 'simd'): KernelName {
  if (asked === 'fma' && canRun('fma')) return 'fma'
  return asked !== 'reference' && canRun('simd') ? 'simd' : 'reference'
}

function kernelsFor(
  architecture: Architecture,
  placed: readonly Placed[],
  maxBatch: number,
  name: KernelName
): Kernels {
  if (name === 'reference') return reference
  return wasmKernels(name, floatsOf(architecture, placed, maxBatch), scratchOf(placed, maxBatch)) ?? reference
}

/** How many numbers a network keeps: it is put together once only to count. */
function floatsOf(architecture: Architecture, placed: readonly Placed[], maxBatch: number): number {
  let floats = 0
  const zeros = (length: number) => {
    floats += aligned(4 * length) / 4
    return noTensor
  }
  build(architecture, placed, { ...reference, zeros }, maxBatch, undefined)
  return floats
}

/** What the kernels may want in between: packed weights, and a state of every step (see kernels/). */
function scratchOf(placed: readonly Placed[], maxBatch: number): number {
  const ofLayers = placed.map(({ parameters, input, output }) => {
    const packed = parameters.map(({ shape }) => {
      const [rows, columns] = shape.slice(-2)
      return columns === undefined ? 0 : sizeOf(shape.slice(0, -2)) * (rows + 8) * (columns + 8)
    })
    return packed.reduce((sum, size) => sum + size, input.steps * maxBatch * output.features)
  })
  return 2048 + Math.max(0, ...ofLayers)
}
