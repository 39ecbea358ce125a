/**
 * The options that all networks share. The defaults are ours, chosen on the first 80 % of three 5-minute loads, see
 * docs/methods/networks.md; `paperNetwork` is what differs from them in arXiv 2507.14597.
 */
import type { OptionTable, ReadOptions } from '../base/index.ts'
import { calendarOptions } from './calendar.ts'
import { targetForms } from './neural-target.ts'

export const neuralOptions = {
  window: { kind: 'integer', default: 24, min: 4, max: 2_000, says: 'steps that the network looks back' },
  target: {
    kind: 'text',
    default: 'linear',
    oneOf: targetForms,
    says: 'what it learns: the value, its change, or what a linear part beside it leaves'
  },
  multi: {
    kind: 'text',
    default: 'direct',
    oneOf: ['direct', 'recursive'],
    says: 'an output for each horizon, or one step fed back'
  },
  seasonal: { kind: 'boolean', default: true, says: 'this time in earlier seasons as inputs' },
  season: { kind: 'integer', default: 0, min: 0, says: 'steps in a season; 0 = find it in the history' },
  calendar: { kind: 'boolean', default: true, says: 'time of day and day of week as inputs' },
  ...calendarOptions,
  loss: {
    kind: 'text',
    default: 'mse',
    oneOf: ['mse', 'mae', 'pinball'],
    says: 'what is made least: squares, distances, or those of the quantiles .1, .5 and .9'
  },
  rate: { kind: 'number', default: 0.003, min: 1e-6, max: 1, says: 'step of Adam' },
  schedule: {
    kind: 'text',
    default: 'cosine',
    oneOf: ['cosine', 'constant'],
    says: 'how the step becomes smaller'
  },
  epochs: { kind: 'integer', default: 10, min: 1, max: 1_000, says: 'passes over the windows, at most' },
  patience: {
    kind: 'integer',
    default: 3,
    min: 1,
    says: 'epochs without a better validation loss that are waited for'
  },
  batch: { kind: 'integer', default: 16, min: 1, max: 1_024, says: 'windows in one step of Adam' },
  clip: { kind: 'number', default: 1, min: 0, says: 'longest gradient; 0 = any' },
  validation: {
    kind: 'number',
    default: 0.1,
    min: 0.05,
    max: 0.5,
    says: 'share of the windows, the newest, that judge and are not trained on'
  },
  maxWindows: {
    kind: 'integer',
    default: 10_000,
    min: 16,
    says: 'newest windows that are used; older ones are left out'
  },
  shards: { kind: 'integer', default: 1, min: 1, max: 64, says: 'parts of a batch that threads may share' },
  seed: { kind: 'integer', default: 0, says: 'of first weights, order and dropout' },
  kernels: {
    kind: 'text',
    default: 'simd',
    oneOf: ['simd', 'fma', 'reference'],
    says: 'same bytes everywhere, faster, or readable'
  }
} as const satisfies OptionTable

/** The settings of arXiv 2507.14597 where the defaults differ. */
export const paperNetwork = {
  target: 'value',
  seasonal: false,
  calendar: false,
  rate: 0.01,
  schedule: 'constant',
  clip: 0
} as const

export type NeuralOptions = ReadOptions<typeof neuralOptions>

/** Levels of the quantile head. The middle one is the forecast, the others tell how wide it is. */
export const headLevels = [0.1, 0.5, 0.9] as const
