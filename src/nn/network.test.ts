import { describe, expect, it } from 'vitest'
import { PrescaleError, random } from '../base/index.ts'
import type { Architecture, LayerSpec, Network } from './architecture.ts'
import { binaries, binariesIn } from './binaries.ts'
import { createNetwork, type KernelName, parameterCount, usableKernels } from './index.ts'
import { networks } from './networks.rows.ts'

const dropout: LayerSpec = { kind: 'dropout', rate: 0.25 }
const gru: Architecture = {
  steps: 6,
  inputs: 1,
  layers: [
    { kind: 'gru', units: 12, sequence: true, reset: 'after' },
    dropout,
    { kind: 'gru', units: 12, sequence: false, reset: 'before' },
    dropout,
    { kind: 'dense', units: 1, activation: 'none' }
  ]
}

/** Some steps on a sine; the weights that come out. */
function trained(kernels: KernelName, seed = 1, samples = 5): readonly number[] {
  const network = createNetwork(gru, { kernels, maxBatch: 8, rng: random(seed) })
  const chance = random(2)
  for (let step = 0; step < 15; step++) {
    for (let i = 0; i < 6 * samples; i++) network.input[i] = Math.sin(i + step)
    network.zeroGradients()
    const y = network.forward(samples, chance)
    network.backward(y.map((value: number) => value - 0.5))
    network.adam({ rate: 0.01, clip: 1 })
  }
  return network.parameters.flatMap(({ value }) => [...value])
}

const mean = (values: Iterable<number>) => {
  const all = [...values]
  return all.reduce((sum, value) => sum + value, 0) / all.length
}

const all: readonly KernelName[] = ['reference', 'simd', 'fma']

describe.each(all)('a network on %s', (kernels) => {
  it.each(networks)('$name: outputs are the same as those of the reference, at every batch', ({ of }) => {
    const [one, two] = (['reference', kernels] as const).map((name) =>
      createNetwork(of, { kernels: name, maxBatch: 9, rng: random(4) })
    )
    expect(two.kernels).toBe(kernels)
    const rng = random(5)
    for (let i = 0; i < one.input.length; i++) one.input[i] = Math.fround(rng.normal())
    two.input.set(one.input)
    for (const batch of [9, 1, 4, 7]) {
      const expected = Array.from(one.forward(batch))
      expect(expected).toHaveLength(batch * one.outputs)
      for (const [i, value] of two.forward(batch).entries()) expect(value).toBeCloseTo(expected[i], 5)
    }
  })

  it('gives the same bytes for the same seed, and others for another', () => {
    expect(trained(kernels)).toEqual(trained(kernels))
    expect(trained(kernels)).not.toEqual(trained(kernels, 9))
  })

  it('forgets what was there before: a larger batch in between changes nothing', () => {
    const network = createNetwork(gru, { kernels, maxBatch: 8, rng: random(1) })
    network.input.fill(0.3)
    const before = [...network.forward(2)]
    network.input.fill(1e3)
    network.forward(8)
    network.input.fill(0.3)
    expect([...network.forward(2)]).toEqual(before)
  })

  it('goes on where another stopped, given its weights and what its Adam remembers', () => {
    const made = (seed: number) => createNetwork(gru, { kernels, rng: random(seed) })
    const step = (network: Network) => {
      network.input.fill(0.3)
      network.zeroGradients()
      network.forward(1)
      network.backward(Float64Array.of(1))
      network.adam({ rate: 0.01 })
    }
    const [first, second] = [made(1), made(2)]
    for (let i = 0; i < 3; i++) step(first)
    second.parameters.forEach(({ value }, i) => void value.set(first.parameters[i].value))
    second.adamMemory.mean.set(first.adamMemory.mean)
    second.adamMemory.square.set(first.adamMemory.square)
    second.adamMemory.steps = first.adamMemory.steps
    for (const network of [first, second]) step(network)
    expect(second.parameters.map(({ value }) => [...value])).toEqual(
      first.parameters.map(({ value }) => [...value])
    )
  })

  it('keeps its parameters where they are while it learns', () => {
    const network = createNetwork(gru, { kernels, rng: random(1) })
    const { value, gradient } = network.parameters[0]
    const first = value[0]
    network.input.fill(1)
    network.forward(1)
    network.backward(Float64Array.of(1))
    network.adam({ rate: 0.5 })
    expect(network.parameters[0].value).toBe(value)
    expect(value[0]).not.toBe(first)
    expect(gradient.some((it: number) => it !== 0)).toBe(true)
  })

  it('takes a gradient scaled down to the norm that is allowed', () => {
    const steep = createNetwork(gru, { kernels, rng: random(1) })
    for (const { gradient } of steep.parameters) gradient.fill(1e6)
    steep.adam({ rate: 0.1, epsilon: 1, clip: 1e-3 })
    const flat = createNetwork(gru, { kernels, rng: random(1) })
    // A short gradient hardly moves when ε is large.
    for (const [i, { value }] of steep.parameters.entries()) {
      for (const [k, moved] of value.entries()) expect(moved).toBeCloseTo(flat.parameters[i].value[k], 4)
    }
  })

  it.each([NaN, Infinity, -Infinity, 3e38])('comes to an end when %s is put in, and recovers', (odd) => {
    for (const { of } of networks) {
      const network = createNetwork(of, { kernels, rng: random(1) })
      network.input.fill(0.5)
      const before = [...network.forward(2)]
      network.input.fill(odd)
      network.forward(2, random(1))
      network.backward(new Float32Array(2 * network.outputs).fill(1))
      network.input.fill(0.5)
      expect([...network.forward(2)]).toEqual(before)
    }
  })
})

describe('dropout', () => {
  const only: Architecture = { steps: 1, inputs: 4000, layers: [{ kind: 'dropout', rate: 0.25 }] }
  const made = (kernels: KernelName): Network => {
    const network = createNetwork(only, { kernels, maxBatch: 4 })
    network.input.fill(1)
    return network
  }

  it.each(all)('%s: drops its share and keeps the mean', (kernels) => {
    const out = made(kernels).forward(4, random(3))
    const dropped = out.filter((value: number) => value === 0).length
    expect(dropped / out.length).toBeCloseTo(0.25, 1)
    expect(mean(out)).toBeCloseTo(1, 1)
  })

  it.each(all)('%s: is off in prediction', (kernels) => {
    expect(new Set(made(kernels).forward(4))).toEqual(new Set([1]))
  })

  it('drops the same places on all kernels for the same chance, and others at the next call', () => {
    const places = all.map((kernels) => {
      const network = made(kernels)
      const chance = random(3)
      const [one, two] = [0, 1].map(() =>
        Array.from(network.forward(4, chance), (value: number) => value > 0)
      )
      expect(one).not.toEqual(two)
      return one
    })
    expect(places[1]).toEqual(places[0])
    expect(places[2]).toEqual(places[0])
  })

  it('drops neighbours, samples and seeds independently', () => {
    const out = made('simd').forward(4, random(8))
    let both = 0
    for (let i = 0; i + 1 < out.length; i++) both += Number(out[i] === 0 && out[i + 1] === 0)
    expect(both / out.length).toBeCloseTo(0.0625, 2)
  })
})

describe('an architecture', () => {
  const of = (layers: readonly LayerSpec[], steps = 24): Architecture => ({ steps, inputs: 1, layers })

  it('counts what it learns: GRU 2×64 and a dense layer', () => {
    const layer = (sequence: boolean): LayerSpec => ({ kind: 'gru', units: 64, sequence, reset: 'after' })
    const dense: LayerSpec = { kind: 'dense', units: 1, activation: 'none' }
    // 3·64·(1 + 64 + 2) + 3·64·(64 + 64 + 2) + 65, as PyTorch counts
    expect(parameterCount(of([layer(true), layer(false), dense]))).toBe(12_864 + 24_960 + 65)
  })

  it('begins as PyTorch does: uniform within the bound, different everywhere', () => {
    const network = createNetwork(gru, { kernels: 'reference', rng: random(1) })
    const { value } = network.parameters[1]
    expect(Math.max(...value.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(12))
    expect(Math.max(...value.map(Math.abs))).toBeGreaterThan(0.98 / Math.sqrt(12))
    expect(new Set(value).size).toBe(value.length)
  })

  it('lets an LSTM remember at first', () => {
    const layers: readonly LayerSpec[] = [{ kind: 'lstm', units: 100, sequence: false }]
    const { value } = createNetwork(of(layers), { rng: random(1) }).parameters[2]
    const means = [0, 100, 200, 300].map((from) => mean(value.subarray(from, from + 100)))
    expect(means.map(Math.round)).toEqual([0, 1, 0, 0])
  })

  it.each([
    {
      what: 'a pool larger than what is left',
      layers: [{ kind: 'max-pool', size: 25 }],
      says: /at most the 24/
    },
    { what: 'a rate of 1', layers: [{ kind: 'dropout', rate: 1 }], says: /rate of a dropout .* below 1/ },
    {
      what: 'a convolution that reaches too far',
      layers: [{ kind: 'conv', filters: 1, size: 4, dilation: 8, causal: false, activation: 'none' }],
      says: /reaches over 25 steps cannot see 24/
    },
    {
      what: 'no units',
      layers: [{ kind: 'dense', units: 0, activation: 'none' }],
      says: /units of a dense layer/
    }
  ] as const)('is refused with $what', ({ layers, says }) => {
    expect(() => createNetwork(of(layers))).toThrow(PrescaleError)
    expect(() => createNetwork(of(layers))).toThrow(says)
  })

  it('is refused with a layer that nobody knows', () => {
    const odd: Architecture = JSON.parse('{"steps":1,"inputs":1,"layers":[{"kind":"attention"}]}')
    expect(() => createNetwork(odd)).toThrow(/layer 0 must be one of gru, lstm, .* was 'attention'/)
  })

  it('refuses a batch that is larger than its memory, and a loss that is shorter than the output', () => {
    const network = createNetwork(gru, { maxBatch: 2, rng: random(1) })
    expect(() => network.forward(3)).toThrow(/batch must be at most 2, was 3/)
    expect(() => network.forward(0)).toThrow(/batch must be a whole number/)
    network.forward(2)
    expect(() => network.backward(Float64Array.of(1))).toThrow(/backward needs 2 × 1 values, got 1/)
  })
})

it('without the built kernels there are none, and nothing fails', async () => {
  expect(await binariesIn('./nowhere.generated.ts')).toEqual({})
  expect(Object.keys(binaries)).toEqual(['simd', 'fma'])
})

it('kernels that are asked for are those that work', () => {
  expect(all.map(usableKernels)).toEqual(all)
  expect(usableKernels()).toBe('simd')
})
