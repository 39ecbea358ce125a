/**
 * Residual block of a temporal convolutional network — two causal dilated convolutions, and the input past them.
 *
 *   y = relu(dropout(relu(conv(dropout(relu(conv(x)))))) + x′)
 *
 * x′ = x, or x through a 1×1 convolution where the widths differ. Bai, Kolter & Koltun 2018, arXiv:1803.01271, §3.3
 * (without weight normalisation).
 */
import { conv } from './conv.ts'
import { dense } from './dense.ts'
import { dropout } from './dropout.ts'
import type { LayerKind, Shape, SpecOf } from './layer.ts'

type Spec = SpecOf<'residual'>

const convOf = ({ filters, size, dilation }: Spec) =>
  ({ kind: 'conv', filters, size, dilation, causal: true, activation: 'relu' }) as const
const bridgeOf = ({ filters }: Spec) => ({ kind: 'dense', units: filters, activation: 'none' }) as const
const inside = ({ filters }: Spec, { steps }: Shape) => ({ steps, features: filters })

export const residual: LayerKind<Spec> = {
  shape(spec, input) {
    dropout.shape({ kind: 'dropout', rate: spec.dropout }, input)
    return conv.shape(convOf(spec), input)
  },

  parameters(spec, input) {
    const bridge = input.features === spec.filters ? [] : dense.parameters(bridgeOf(spec), input)
    return [
      ...conv.parameters(convOf(spec), input).map((it) => ({ ...it, name: `residual.first.${it.name}` })),
      ...conv
        .parameters(convOf(spec), inside(spec, input))
        .map((it) => ({ ...it, name: `residual.second.${it.name}` })),
      ...bridge.map((it) => ({ ...it, name: `residual.bridge.${it.name}` }))
    ]
  },

  make(spec, input, parameters, place) {
    const { kernels, maxBatch } = place
    const within = inside(spec, input)
    const drop = { kind: 'dropout', rate: spec.dropout } as const
    const path = [
      conv.make(convOf(spec), input, parameters.slice(0, 2), place),
      dropout.make(drop, within, [], place),
      conv.make(convOf(spec), within, parameters.slice(2, 4), place),
      dropout.make(drop, within, [], place)
    ]
    const bridge =
      input.features === spec.filters
        ? undefined
        : dense.make(bridgeOf(spec), input, parameters.slice(4), place)
    const out = kernels.zeros(input.steps * maxBatch * spec.filters)
    const byPath = kernels.zeros(input.steps * maxBatch * spec.filters)
    return {
      forward(x, batch, chance) {
        const through = path.reduce((value, layer) => layer.forward(value, batch, chance), x)
        const beside = bridge ? bridge.forward(x, batch) : x
        kernels.addRelu(through, beside, out, input.steps * batch * spec.filters)
        return out
      },
      backward(byOut, batch, byInput) {
        const length = input.steps * batch * spec.filters
        kernels.activationBack(out, byOut, length, 'relu')
        // The path uses up what it is given, and the bridge needs it too.
        byPath.set(byOut.subarray(0, length))
        const by = path.reduceRight(
          (value, layer, i) => layer.backward(value, batch, i > 0 || byInput),
          byPath
        )
        const byBridge = bridge ? bridge.backward(byOut, batch, byInput) : byOut
        if (byInput) kernels.add(by, byBridge, input.steps * batch * input.features)
        return by
      }
    }
  }
}
