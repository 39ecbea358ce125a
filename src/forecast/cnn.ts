/**
 * CNN — small patterns looked for all over the window, then patterns of patterns.
 *
 *   block   ReLU(Σ_s W_s x[t+s] + b), s = 0..size−1 → the larger of every two steps → dropout
 *
 * LeCun et al. 1998. As in arXiv 2507.14597: 24 steps → two blocks of 64 filters of size 3, pool 2 → flat → dense.
 */
import {
  type GivenOptions,
  type OptionTable,
  PrescaleError,
  type ReadOptions,
  readOptions
} from '../base/index.ts'
import type { LayerSpec } from '../nn/index.ts'
import type { Forecaster } from '../roles.ts'
import { neural } from './neural.ts'
import { neuralOptions } from './neural-options.ts'

export const cnnOptions = {
  filters: { kind: 'integer', default: 64, min: 1, max: 1_024, says: 'patterns in each block' },
  size: { kind: 'integer', default: 3, min: 1, max: 64, says: 'steps of a pattern' },
  pool: { kind: 'integer', default: 2, min: 1, max: 16, says: 'steps of which the largest goes on' },
  blocks: { kind: 'integer', default: 2, min: 1, max: 8, says: 'blocks behind each other' },
  dropout: { kind: 'number', default: 0.2, min: 0, max: 0.9, says: 'share of outputs left out in training' },
  ...neuralOptions
} as const satisfies OptionTable

export type CnnOptions = Partial<ReadOptions<typeof cnnOptions>>

const name = 'cnn'

export const cnnMethod = { name, read, layers }

export function cnn(given: CnnOptions = {}): Forecaster {
  return neural(cnnMethod, given)
}

function read(given: GivenOptions): ReadOptions<typeof cnnOptions> {
  const options = readOptions(name, cnnOptions, given)
  let steps = options.window
  for (let i = 0; i < options.blocks; i++) steps = Math.floor((steps - options.size + 1) / options.pool)
  if (steps >= 1) return options
  const { window, blocks, size, pool } = options
  throw new PrescaleError(
    'BAD_OPTION',
    `${name}.window of ${window} steps has nothing left behind ${blocks} blocks of size ${size} and pool ${pool}`
  )
}

function layers({ filters, size, pool, blocks, dropout }: ReadOptions<typeof cnnOptions>): LayerSpec[] {
  const block: LayerSpec[] = [
    { kind: 'conv', filters, size, dilation: 1, causal: false, activation: 'relu' },
    { kind: 'max-pool', size: pool },
    { kind: 'dropout', rate: dropout }
  ]
  return [...Array.from({ length: blocks }, () => block).flat(), { kind: 'flatten' }]
}
