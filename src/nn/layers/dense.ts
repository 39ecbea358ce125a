/**
 * Dense — every output is a weighted sum of all features, step by step.
 *
 *   y = f(x·w + bias),  x (steps·batch, I) · w (I, O)
 *
 * Begins uniform in ±1/√I, weights and bias (PyTorch's default).
 */
import { conv } from './conv.ts'
import { type LayerKind, requireCount, type SpecOf } from './layer.ts'

export const dense: LayerKind<SpecOf<'dense'>> = {
  shape(spec, input) {
    requireCount(spec.units, 'units of a dense layer')
    return { steps: input.steps, features: spec.units }
  },
  parameters({ units }, { features }) {
    const bound = 1 / Math.sqrt(features)
    return [
      { name: 'dense.w', shape: [features, units], bound },
      { name: 'dense.bias', shape: [units], bound }
    ]
  },
  make({ units, activation }, input, parameters, place) {
    const asConv = { kind: 'conv', filters: units, size: 1, dilation: 1, causal: false, activation } as const
    return conv.make(asConv, input, parameters, place)
  }
}
