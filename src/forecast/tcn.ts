/**
 * TCN — convolutions that look back only, twice as far in each block, each added to what came in.
 *
 *   conv     Σ_s W_s x[t − d·(size−1−s)] + b,  d = 1, 2, 4, 8 by block
 *   block    ReLU(x + dropout(ReLU(conv(dropout(ReLU(conv(x)))))))
 *
 * Bai, Kolter & Koltun 2018. It sees 1 + 2·(size − 1)·(2^blocks − 1) steps back: 61 with the defaults.
 */
import { type GivenOptions, type OptionTable, type ReadOptions, readOptions } from '../base/index.ts'
import type { LayerSpec } from '../nn/index.ts'
import type { Forecaster } from '../roles.ts'
import { neural } from './neural.ts'
import { neuralOptions } from './neural-options.ts'

export const tcnOptions = {
  filters: { kind: 'integer', default: 32, min: 1, max: 1_024, says: 'features in each block' },
  size: { kind: 'integer', default: 3, min: 1, max: 64, says: 'steps of a pattern' },
  blocks: { kind: 'integer', default: 4, min: 1, max: 10, says: 'blocks, each looking twice as far back' },
  dropout: { kind: 'number', default: 0.2, min: 0, max: 0.9, says: 'share of outputs left out in training' },
  ...neuralOptions
} as const satisfies OptionTable

export type TcnOptions = Partial<ReadOptions<typeof tcnOptions>>

const name = 'tcn'

export const tcnMethod = { name, read, layers }

export function tcn(given: TcnOptions = {}): Forecaster {
  return neural(tcnMethod, given)
}

function read(given: GivenOptions): ReadOptions<typeof tcnOptions> {
  return readOptions(name, tcnOptions, given)
}

function layers({ filters, size, blocks, dropout }: ReadOptions<typeof tcnOptions>): LayerSpec[] {
  return [
    ...Array.from(
      { length: blocks },
      (_, i): LayerSpec => ({ kind: 'residual', filters, size, dilation: 2 ** i, dropout })
    ),
    { kind: 'last' }
  ]
}
