/** Backward agrees with central differences of forward, in float64: every layer, and whole networks. */
import { describe, expect, it } from 'vitest'
import { type Random, random } from '../base/index.ts'
import type { Network, Tensor } from './architecture.ts'
import { createNetwork } from './index.ts'
import { networks } from './networks.rows.ts'

const batch = 3

/** A chance that drops the same places whenever it is asked again. */
const chance = (): Random => random(5, 'dropout')

/** loss = Σ weight·output, with its gradients. */
function prepared(network: Network, weights: Float64Array): () => number {
  return () => {
    const y = network.forward(batch, chance())
    return weights.reduce((sum, weight, i) => sum + weight * y[i], 0)
  }
}

function difference(loss: () => number, tensor: Tensor, i: number): number {
  const at = tensor[i]
  const h = 1e-5
  tensor[i] = at + h
  const up = loss()
  tensor[i] = at - h
  const down = loss()
  tensor[i] = at
  return (up - down) / (2 * h)
}

describe('the reference', () => {
  it.each(networks)('$name: gradients are those of central differences, to 1e-5', ({ of }) => {
    const network = createNetwork(of, { kernels: 'reference', maxBatch: 4, rng: random(1, 'weights') })
    const rng = random(2, 'data')
    for (let i = 0; i < network.input.length; i++) network.input[i] = rng.normal()
    const weights = Float64Array.from({ length: batch * network.outputs }, () => rng.normal())
    const loss = prepared(network, weights)
    network.zeroGradients()
    loss()
    const byInput = network.backward(weights, true).slice()
    const tensors = [
      { name: 'input', value: network.input.subarray(0, byInput.length), gradient: byInput },
      ...network.parameters
    ]
    for (const { name, value, gradient } of tensors) {
      const expected = Float64Array.from(value, (_, i) => difference(loss, value, i))
      const scale = Math.max(...expected.map(Math.abs), 1e-3)
      for (const [i, wanted] of expected.entries()) {
        expect(Math.abs(gradient[i] - wanted) / scale, `${name}[${i}]`).toBeLessThan(1e-5)
      }
    }
  })

  it('adds to the gradients until they are zeroed', () => {
    const network = createNetwork(networks[12].of, { kernels: 'reference', rng: random(1) })
    network.input.fill(0.5)
    network.forward(1, chance())
    network.backward(Float64Array.of(1))
    const once = network.parameters.map(({ gradient }) => gradient.slice())
    network.backward(Float64Array.of(1))
    for (const [i, { gradient }] of network.parameters.entries()) {
      for (const [k, value] of once[i].entries()) expect(gradient[k]).toBeCloseTo(2 * value, 12)
    }
    network.zeroGradients()
    for (const { gradient } of network.parameters) expect(Math.max(...gradient.map(Math.abs))).toBe(0)
  })
})
