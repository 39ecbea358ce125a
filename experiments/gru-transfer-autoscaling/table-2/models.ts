/**
 * The models of the study. The first four as the paper sets them (§V-B), the next two with the same settings, and the simple ones
 * that it leaves out.
 *
 * Networks: window 24, two layers of 64, dropout 0.2, Adam 0.01 throughout, batch 16, at most 10 epochs, squared error, the value
 * itself learned, min-max on the training part. The GRU resets as PyTorch's does, which the paper used, not as its formula says.
 * ARIMA: p, q ≤ 3, d ≤ 1, AIC, 30 iterations of Nelder-Mead. Prophet: its yhat, which no later value moves.
 */
import { DAY, type GivenOptions, MINUTE } from '../../../src/base/index.ts'
import { paperNetwork } from '../../../src/forecast/index.ts'
import type { Rate } from './sets.ts'

export const PAPERS = ['gru', 'cnn', 'arima', 'prophet'] as const
export const NETWORKS = ['gru', 'cnn', 'lstm', 'tcn']
export const SIMPLE = ['naive', 'seasonal-naive', 'holt-winters', 'ridge']
export const MODELS = [...PAPERS, 'lstm', 'tcn', ...SIMPLE]

/** The paper’s settings where our own defaults differ; all windows, a fifth of which judge, and more patience: Adam at 0.01 jumps. */
const NETWORK = { ...paperNetwork, window: 24, validation: 0.2, patience: 5, maxWindows: 1_000_000 }

/** Options of a model on a set of this rate. `epochs` is smaller only in the short form. */
export function optionsOf(model: string, rate: Rate, epochs: number): GivenOptions {
  if (NETWORKS.includes(model)) return { ...NETWORK, epochs }
  if (model === 'arima') return { mode: 'paper' }
  if (model === 'prophet') return { correct: false }
  if (model === 'seasonal-naive' || model === 'holt-winters') return { season: DAY / (rate * MINUTE) }
  return {}
}

/** About how long a model takes on a value, relative to the others: the longest go first. */
export const WORK: Readonly<Record<string, number>> = {
  lstm: 14,
  gru: 10,
  tcn: 10,
  cnn: 4,
  arima: 3,
  prophet: 2
}
