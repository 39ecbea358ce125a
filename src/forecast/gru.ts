/**
 * GRU — two layers of units that keep a state and learn when to renew it and what to forget.
 *
 *   r = σ(Wr x + Ur h)        reset        z = σ(Wz x + Uz h)        keep
 *   n = tanh(Wn x + Un (r∘h))  reset=before            n = tanh(Wn x + r∘(Un h))  reset=after
 *   h ← (1 − z)∘n + z∘h
 *
 * Cho et al. 2014 (before); the form of cuDNN, PyTorch and Keras (after). Window, size, dropout and training as in
 * arXiv 2507.14597: 24 steps → GRU 64 → dropout → GRU 64 → dropout → dense. Biases are left out above.
 */
import { type GivenOptions, type OptionTable, type ReadOptions, readOptions } from '../base/index.ts'
import type { LayerSpec } from '../nn/index.ts'
import type { Forecaster } from '../roles.ts'
import { neural } from './neural.ts'
import { neuralOptions } from './neural-options.ts'

export const gruOptions = {
  units: { kind: 'integer', default: 64, min: 1, max: 1_024, says: 'units in each layer' },
  layers: { kind: 'integer', default: 2, min: 1, max: 8, says: 'layers behind each other' },
  dropout: { kind: 'number', default: 0.2, min: 0, max: 0.9, says: 'share of outputs left out in training' },
  reset: {
    kind: 'text',
    default: 'after',
    oneOf: ['before', 'after'],
    says: 'where the reset gate works: before the recurrent product or behind it'
  },
  ...neuralOptions
} as const satisfies OptionTable

export type GruOptions = Partial<ReadOptions<typeof gruOptions>>

const name = 'gru'

export const gruMethod = { name, read, layers }

export function gru(given: GruOptions = {}): Forecaster {
  return neural(gruMethod, given)
}

function read(given: GivenOptions): ReadOptions<typeof gruOptions> {
  return readOptions(name, gruOptions, given)
}

function layers(options: ReadOptions<typeof gruOptions>): LayerSpec[] {
  const { units, dropout } = options
  const reset = options.reset === 'before' ? 'before' : 'after'
  return Array.from({ length: options.layers }, (_, i): LayerSpec[] => [
    { kind: 'gru', units, sequence: i < options.layers - 1, reset },
    { kind: 'dropout', rate: dropout }
  ]).flat()
}
