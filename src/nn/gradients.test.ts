/**
 * Backward agrees with central differences of forward, which are always taken in float64: every layer, and whole
 * networks, on every set of kernels.
 */
import { describe, expect, it } from 'vitest'
import { type Random, random } from '../base/index.ts'
import type { Architecture, Network, Tensor } from './architecture.ts'
import { createNetwork, type KernelName, usableKernels } from './index.ts'
import { networks } from './networks.rows.ts'

const batch = 3

/** A chance that drops the same places whenever it is asked again. */
const chance = (): Random => random(5, 'dropout')

/** A network with its data, made alike for all kernels: numbers are rounded to float32 first. */
function prepared(of: Architecture, kernels: KernelName): Network {
  const network = createNetwork(of, { kernels, maxBatch: 4, rng: random(1, 'weights') })
  const rng = random(2, 'data')
  for (let i = 0; i < network.input.length; i++) network.input[i] = Math.fround(rng.normal())
  for (const { value } of network.parameters) {
    for (let i = 0; i < value.length; i++) value[i] = Math.fround(value[i])
  }
  return network
}

/** Weights of the outputs: the loss is their weighted sum. */
function weightsOf(network: Network): Float32Array {
  const rng = random(3, 'loss')
  return Float32Array.from({ length: batch * network.outputs }, () => rng.normal())
}

function difference(network: Network, weights: Float32Array, tensor: Tensor, i: number): number {
  const loss = () => {
    const y = network.forward(batch, chance())
    return weights.reduce((sum, weight, k) => sum + weight * y[k], 0)
  }
  const at = tensor[i]
  const h = 1e-5
  tensor[i] = at + h
  const up = loss()
  tensor[i] = at - h
  const down = loss()
  tensor[i] = at
  return (up - down) / (2 * h)
}

/** All that has a gradient: the parameters and the input. */
const tensorsOf = ({ input, architecture, parameters }: Network): readonly Tensor[] => [
  input.subarray(0, architecture.steps * batch * architecture.inputs),
  ...parameters.map(({ value }) => value)
]

describe.each([
  { kernels: 'reference', within: 1e-5 },
  { kernels: 'simd', within: 1e-4 },
  { kernels: 'fma', within: 1e-4 }
] as const)('$kernels', ({ kernels, within }) => {
  it.each(networks)(`$name: gradients are those of central differences, to ${within}`, ({ of }) => {
    expect(usableKernels(kernels)).toBe(kernels)
    const exact = prepared(of, 'reference')
    const weights = weightsOf(exact)
    const network = prepared(of, kernels)
    network.zeroGradients()
    network.forward(batch, chance())
    const byInput = network.backward(weights, true)
    const gradients = [byInput, ...network.parameters.map(({ gradient }) => gradient)]
    for (const [k, tensor] of tensorsOf(exact).entries()) {
      const expected = Float64Array.from(tensor, (_, i) => difference(exact, weights, tensor, i))
      const scale = Math.max(...expected.map(Math.abs), 1e-3)
      const name = k === 0 ? 'input' : exact.parameters[k - 1].name
      for (const [i, wanted] of expected.entries()) {
        expect(Math.abs(gradients[k][i] - wanted) / scale, `${name}[${i}]`).toBeLessThan(within)
      }
    }
  })

  it('adds to the gradients until they are zeroed', () => {
    const network = prepared(networks[12].of, kernels)
    network.forward(1, chance())
    network.backward(Float64Array.of(1))
    const once = network.parameters.map(({ gradient }) => gradient.slice())
    network.backward(Float64Array.of(1))
    for (const [i, { gradient }] of network.parameters.entries()) {
      for (const [k, value] of once[i].entries()) expect(gradient[k]).toBeCloseTo(2 * value, 6)
    }
    network.zeroGradients()
    for (const { gradient } of network.parameters) expect(Math.max(...gradient.map(Math.abs))).toBe(0)
  })
})
