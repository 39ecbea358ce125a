/** Small networks that have every layer in them: rows for the tests. */
import type { Architecture, LayerSpec } from './architecture.ts'

const gru = (reset: 'before' | 'after', sequence: boolean): LayerSpec => ({
  kind: 'gru',
  units: 5,
  sequence,
  reset
})
const lstm = (sequence: boolean): LayerSpec => ({ kind: 'lstm', units: 5, sequence })
const dense = (units: number, activation: 'none' | 'relu' | 'tanh' | 'sigmoid' = 'none'): LayerSpec => ({
  kind: 'dense',
  units,
  activation
})
const conv = (dilation: number, causal: boolean, activation: 'none' | 'relu' | 'tanh'): LayerSpec => ({
  kind: 'conv',
  filters: 4,
  size: 3,
  dilation,
  causal,
  activation
})
const dropout: LayerSpec = { kind: 'dropout', rate: 0.3 }
const residual = (dilation: number): LayerSpec => ({
  kind: 'residual',
  filters: 4,
  size: 2,
  dilation,
  dropout: 0.2
})

export const networks: readonly { readonly name: string; readonly of: Architecture }[] = [
  { name: 'dense', of: { steps: 1, inputs: 3, layers: [dense(2)] } },
  {
    name: 'dense with every activation',
    of: { steps: 1, inputs: 3, layers: [dense(5, 'tanh'), dense(7, 'sigmoid'), dense(4, 'relu'), dense(2)] }
  },
  {
    name: 'dense on every step',
    of: { steps: 3, inputs: 2, layers: [dense(5, 'tanh'), dropout, dense(2)] }
  },
  { name: 'gru, reset after', of: { steps: 4, inputs: 2, layers: [gru('after', true)] } },
  { name: 'gru, reset before', of: { steps: 4, inputs: 2, layers: [gru('before', true)] } },
  { name: 'lstm', of: { steps: 4, inputs: 2, layers: [lstm(true)] } },
  { name: 'convolution', of: { steps: 8, inputs: 2, layers: [conv(2, false, 'tanh')] } },
  { name: 'causal convolution', of: { steps: 8, inputs: 2, layers: [conv(2, true, 'relu')] } },
  { name: 'max-pool', of: { steps: 7, inputs: 2, layers: [dense(3), { kind: 'max-pool', size: 2 }] } },
  { name: 'last', of: { steps: 4, inputs: 2, layers: [dense(3, 'tanh'), { kind: 'last' }, dense(1)] } },
  { name: 'residual, other width', of: { steps: 5, inputs: 2, layers: [residual(1)] } },
  { name: 'residual, same width', of: { steps: 5, inputs: 4, layers: [residual(2)] } },
  {
    name: 'a whole GRU network',
    of: {
      steps: 5,
      inputs: 1,
      layers: [gru('after', true), dropout, gru('after', false), dropout, dense(1)]
    }
  },
  {
    name: 'a whole GRU network, reset before',
    of: {
      steps: 5,
      inputs: 3,
      layers: [gru('before', true), dropout, gru('before', false), dropout, dense(2)]
    }
  },
  {
    name: 'a whole LSTM network',
    of: { steps: 5, inputs: 1, layers: [lstm(true), dropout, lstm(false), dropout, dense(1)] }
  },
  {
    name: 'a whole CNN',
    of: {
      steps: 16,
      inputs: 1,
      layers: [
        conv(1, false, 'relu'),
        { kind: 'max-pool', size: 2 },
        dropout,
        conv(1, false, 'relu'),
        { kind: 'max-pool', size: 2 },
        dropout,
        { kind: 'flatten' },
        dense(1)
      ]
    }
  },
  {
    name: 'a whole TCN',
    of: { steps: 9, inputs: 1, layers: [residual(1), residual(2), residual(4), { kind: 'last' }, dense(1)] }
  }
]
