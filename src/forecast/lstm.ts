/**
 * LSTM — units with a memory cell, and gates for what is written to it, kept in it and read from it.
 *
 *   i = σ(Wi x + Ui h)    f = σ(Wf x + Uf h)    o = σ(Wo x + Uo h)    g = tanh(Wg x + Ug h)
 *   c ← f∘c + i∘g         h ← o∘tanh(c)
 *
 * Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000. Window, size, dropout and
 * training as for `gru`: 24 steps → LSTM 64 → dropout → LSTM 64 → dropout → dense. Biases are left out above.
 */
import { type GivenOptions, type OptionTable, type ReadOptions, readOptions } from '../base/index.ts'
import type { LayerSpec } from '../nn/index.ts'
import type { Forecaster } from '../roles.ts'
import { neural } from './neural.ts'
import { neuralOptions } from './neural-options.ts'

export const lstmOptions = {
  units: { kind: 'integer', default: 64, min: 1, max: 1_024, says: 'units in each layer' },
  layers: { kind: 'integer', default: 2, min: 1, max: 8, says: 'layers behind each other' },
  dropout: { kind: 'number', default: 0.2, min: 0, max: 0.9, says: 'share of outputs left out in training' },
  ...neuralOptions
} as const satisfies OptionTable

export type LstmOptions = Partial<ReadOptions<typeof lstmOptions>>

const name = 'lstm'

export const lstmMethod = { name, read, layers }

export function lstm(given: LstmOptions = {}): Forecaster {
  return neural(lstmMethod, given)
}

function read(given: GivenOptions): ReadOptions<typeof lstmOptions> {
  return readOptions(name, lstmOptions, given)
}

function layers(options: ReadOptions<typeof lstmOptions>): LayerSpec[] {
  const { units, dropout } = options
  return Array.from({ length: options.layers }, (_, i): LayerSpec[] => [
    { kind: 'lstm', units, sequence: i < options.layers - 1 },
    { kind: 'dropout', rate: dropout }
  ]).flat()
}
