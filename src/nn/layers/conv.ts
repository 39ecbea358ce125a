/**
 * 1-D convolution over time, plain or dilated causal.
 *
 *   y[t] = f(bias + Σ_j x[t + j·dilation − pad] · w[j]),  w (size, I, O)
 *
 * plain:  pad = 0, and (size − 1)·dilation steps are lost. causal: pad = (size − 1)·dilation zeros in front, so y[t] sees
 * x[≤ t] and the length stays (van den Oord et al. 2016). Begins uniform in ±1/√(size·I) (PyTorch's default).
 */
import { PrescaleError } from '../../base/index.ts'
import { type LayerKind, noTensor, requireCount, type SpecOf } from './layer.ts'

export const conv: LayerKind<SpecOf<'conv'>> = {
  shape({ filters, size, dilation, causal }, { steps }) {
    requireCount(filters, 'filters of a convolution')
    requireCount(size, 'size of a convolution')
    requireCount(dilation, 'dilation of a convolution')
    const left = causal ? steps : steps - (size - 1) * dilation
    if (left >= 1) return { steps: left, features: filters }
    const reach = (size - 1) * dilation + 1
    throw new PrescaleError(
      'BAD_OPTION',
      `a convolution that reaches over ${reach} steps cannot see ${steps}`
    )
  },

  parameters({ filters, size }, { features }) {
    const bound = 1 / Math.sqrt(size * features)
    return [
      { name: 'conv.w', shape: [size, features, filters], bound },
      { name: 'conv.bias', shape: [filters], bound }
    ]
  },

  make(spec, input, [w, bias], { kernels, maxBatch }) {
    const { filters: outputs, size, dilation, activation } = spec
    const inputs = input.features
    const { steps } = conv.shape(spec, input)
    const pad = spec.causal ? (size - 1) * dilation : 0
    const inner = steps + (size - 1) * dilation
    const padded = pad > 0 ? kernels.zeros(inner * maxBatch * inputs) : noTensor
    const out = kernels.zeros(steps * maxBatch * outputs)
    const byX = kernels.zeros(inner * maxBatch * inputs)
    const shapeOf = (batch: number) => ({
      rows: steps * batch,
      inputs,
      outputs,
      size,
      shift: dilation * batch
    })
    let seen = noTensor
    return {
      forward(x, batch) {
        seen = x
        if (pad > 0) {
          const front = pad * batch * inputs
          padded.fill(0, 0, front)
          padded.set(x.subarray(0, input.steps * batch * inputs), front)
          seen = padded
        }
        kernels.conv(seen, w.value, bias.value, out, shapeOf(batch), activation)
        return out
      },
      backward(byOut, batch, byInput) {
        if (activation !== 'none') {
          kernels.activationBack(out, byOut, steps * batch * outputs, activation)
        }
        kernels.convByWeights(seen, byOut, w.gradient, bias.gradient, shapeOf(batch))
        if (!byInput) return noTensor
        kernels.convByInput(byOut, w.value, byX, shapeOf(batch))
        return pad > 0 ? byX.subarray(pad * batch * inputs) : byX
      }
    }
  }
}
