/** PyTorch's outputs, gradients and Adam steps: test/golden/nn-torch.json, made by tools/golden/nn-torch.py. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { AdamOptions, Architecture, Network, Tensor } from './architecture.ts'
import { createNetwork, type KernelName } from './index.ts'

type Tensors = Readonly<Record<string, readonly number[]>>

interface Case {
  readonly name: string
  readonly architecture: Architecture
  readonly batch: number
  readonly parameters: Tensors
  readonly input: readonly number[]
  readonly output: readonly number[]
  readonly byOutput: readonly number[]
  readonly byInput: readonly number[]
  readonly gradients: Tensors
  readonly adam?: AdamOptions & {
    readonly target: readonly number[]
    readonly lastLoss: number
    readonly parameters: Tensors
  }
}

const golden: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('../../test/golden/nn-torch.json', import.meta.url), 'utf8')
)

function networkOf(row: Case, kernels: KernelName): Network {
  const network = createNetwork(row.architecture, { kernels, maxBatch: row.batch })
  expect(network.parameters.map(({ name }) => name)).toEqual(Object.keys(row.parameters))
  for (const { name, value } of network.parameters) value.set(row.parameters[name])
  network.input.set(row.input)
  return network
}

function close(actual: Tensor, expected: readonly number[], within: number, name: string): void {
  expect(actual.length, name).toBe(expected.length)
  for (const [i, wanted] of expected.entries()) {
    const error = Math.abs(actual[i] - wanted) / Math.max(1, Math.abs(wanted))
    expect(error, `${name}[${i}]`).toBeLessThan(within)
  }
}

describe.each([
  { kernels: 'reference', within: 1e-10 },
  { kernels: 'simd', within: 2e-6 },
  { kernels: 'fma', within: 2e-6 }
] as const)('$kernels', ({ kernels, within }) => {
  it.each(golden.cases)('$name: outputs and gradients are those of PyTorch', (row) => {
    const network = networkOf(row, kernels)
    close(network.forward(row.batch), row.output, within, 'output')
    close(network.backward(Float64Array.from(row.byOutput), true), row.byInput, within, 'byInput')
    for (const { name, gradient } of network.parameters) close(gradient, row.gradients[name], within, name)
  })

  it.each(golden.cases.filter((row) => row.adam))('$name: 20 steps of Adam are those of PyTorch', (row) => {
    const network = networkOf(row, kernels)
    const { target, lastLoss, parameters, ...options } = row.adam!
    let loss = NaN
    for (let step = 0; step < 20; step++) {
      const errors = Float64Array.from(network.forward(row.batch), (y: number, i: number) => y - target[i])
      loss = errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length
      network.zeroGradients()
      network.backward(errors.map((error) => (2 * error) / errors.length))
      network.adam(options)
    }
    // PyTorch divides by norm + 1e-6 when it clips, and Adam's root makes more of a small difference.
    const loose = Math.max(within, 1e-5)
    expect(Math.abs(loss - lastLoss)).toBeLessThan(loose)
    for (const { name, value } of network.parameters) close(value, parameters[name], loose, name)
  })
})
