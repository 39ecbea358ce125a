/** The kernels in WASM do what the reference does, on shapes of every kind. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import type { Activation, Tensor } from './architecture.ts'
import type { Kernels } from './kernels.ts'
import { reference } from './reference/index.ts'
import { canRun, wasmKernels } from './wasm.ts'

const variants = (['simd', 'fma'] as const).filter(canRun)

/** 1, odd, around the tile of 4 × 8 and its multiples. */
const size = (max: number) =>
  fc.oneof(
    fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 33).filter((n) => n <= max),
    fc.integer({ min: 1, max })
  )

/** The same numbers in the memory of each. */
function twins(kernels: Kernels, seed: number) {
  const rng = random(seed, 'kernels')
  return (length: number, scale = 1): readonly [Tensor, Tensor] => {
    const fast = kernels.zeros(length)
    const slow = reference.zeros(length)
    for (let i = 0; i < length; i++) {
      fast[i] = scale * rng.normal()
      slow[i] = fast[i]
    }
    return [fast, slow]
  }
}

/** Within 1e-5 of the largest of them: sums of rounded numbers know no more. */
function same([fast, slow]: readonly [Tensor, Tensor], name: string, length = slow.length): void {
  let scale = 1
  for (let i = 0; i < length; i++) scale = Math.max(scale, Math.abs(slow[i]))
  let worst = 0
  for (let i = 0; i < length; i++) worst = Math.max(worst, Math.abs(fast[i] - slow[i]) / scale)
  expect(worst, name).toBeLessThan(1e-5)
}

const seed = fc.integer()
const make = (variant: 'simd' | 'fma') => wasmKernels(variant, 400_000, 40_000)!

describe.each(variants)('%s', (variant) => {
  it('multiplies, looks through rows and activates as the reference does', () => {
    const activations: readonly Activation[] = ['none', 'relu', 'tanh', 'sigmoid']
    const shape = fc.record({
      rows: size(140),
      inputs: size(40),
      outputs: size(40),
      size: fc.integer({ min: 1, max: 3 }),
      shift: fc.integer({ min: 0, max: 5 })
    })
    fc.assert(
      fc.property(shape, fc.constantFrom(...activations), seed, (it, f, chance) => {
        const kernels = make(variant)
        const tensor = twins(kernels, chance)
        const x = tensor((it.rows + (it.size - 1) * it.shift) * it.inputs)
        const w = tensor(it.size * it.inputs * it.outputs, 0.3)
        const bias = tensor(it.outputs)
        const out = tensor(it.rows * it.outputs)
        const [byW, byBias, byX] = [tensor(w[0].length), tensor(it.outputs), tensor(x[0].length)]
        const byOut = tensor(out[0].length)
        for (const [i, k] of [kernels, reference].entries()) {
          k.conv(x[i], w[i], bias[i], out[i], it, f)
          k.activationBack(out[i], byOut[i], out[i].length, f)
          k.convByWeights(x[i], byOut[i], byW[i], byBias[i], it)
          k.convByInput(byOut[i], w[i], byX[i], it)
        }
        for (const [name, pair] of Object.entries({ out, byOut, byW, byBias, byX })) same(pair, name)
      })
    )
  })

  it('steps a GRU forward and backward as the reference does, with both resets', () => {
    const shape = fc.record({ steps: size(9), batch: size(20), units: size(20) })
    fc.assert(
      fc.property(shape, fc.constantFrom('before', 'after'), seed, (it, reset, chance) => {
        const kernels = make(variant)
        const tensor = twins(kernels, chance)
        const rows = it.steps * it.batch
        const gates = tensor(rows * 3 * it.units)
        const h = tensor((rows + it.batch) * it.units, 0.5)
        const inner = tensor(rows * it.units)
        const [wh, bh] = [tensor(3 * it.units ** 2, 0.3), tensor(3 * it.units)]
        const [byH, byGates] = [tensor(rows * it.units), tensor(rows * 3 * it.units)]
        const [byWh, byBh] = [tensor(3 * it.units ** 2), tensor(3 * it.units)]
        for (const [i, k] of [kernels, reference].entries()) {
          const trace = { gates: gates[i], h: h[i], inner: inner[i] }
          k.gru(trace, wh[i], bh[i], it, reset)
          k.gruBack(trace, wh[i], byH[i], byGates[i], byWh[i], byBh[i], it, reset)
        }
        for (const [name, pair] of Object.entries({ gates, h, inner, byGates, byWh, byBh })) same(pair, name)
      })
    )
  })

  it('steps an LSTM forward and backward as the reference does', () => {
    const shape = fc.record({ steps: size(9), batch: size(20), units: size(20) })
    fc.assert(
      fc.property(shape, seed, (it, chance) => {
        const kernels = make(variant)
        const tensor = twins(kernels, chance)
        const rows = it.steps * it.batch
        const gates = tensor(rows * 4 * it.units)
        const [h, c] = [tensor((rows + it.batch) * it.units, 0.5), tensor((rows + it.batch) * it.units)]
        const [wh, byWh] = [tensor(4 * it.units ** 2, 0.3), tensor(4 * it.units ** 2)]
        const [byH, byGates] = [tensor(rows * it.units), tensor(rows * 4 * it.units)]
        for (const [i, k] of [kernels, reference].entries()) {
          const trace = { gates: gates[i], h: h[i], c: c[i] }
          k.lstm(trace, wh[i], it)
          k.lstmBack(trace, wh[i], byH[i], byGates[i], byWh[i], it)
        }
        for (const [name, pair] of Object.entries({ gates, h, c, byGates, byWh })) same(pair, name)
      })
    )
  })

  it('pools as the reference does, ties and rests included', () => {
    const shape = fc.record({ steps: size(9), row: size(40), size: fc.integer({ min: 1, max: 4 }) })
    fc.assert(
      fc.property(shape, seed, (it, chance) => {
        const kernels = make(variant)
        const tensor = twins(kernels, chance)
        const x = tensor(it.steps * it.size * it.row)
        for (const side of x) for (let i = 0; i < side.length; i++) side[i] = Math.round(side[i])
        const out = tensor(it.steps * it.row)
        const [byOut, byX] = [tensor(out[0].length), tensor(x[0].length)]
        for (const [i, k] of [kernels, reference].entries()) {
          k.maxPool(x[i], out[i], it.steps, it.row, it.size)
          k.maxPoolBack(x[i], byOut[i], byX[i], it.steps, it.row, it.size)
        }
        same(out, 'out')
        same(byX, 'byX')
      })
    )
  })

  it('drops the same places as the reference, adds, and steps Adam alike', () => {
    const rate = fc.double({ min: 0, max: 0.95, noNaN: true })
    fc.assert(
      fc.property(size(200), rate, fc.nat(4294967295), (length, share, chance) => {
        const kernels = make(variant)
        const tensor = twins(kernels, chance)
        const [x, y, out, sum] = [tensor(length), tensor(length), tensor(length), tensor(length)]
        const [value, gradient, m, v] = [tensor(length), tensor(length), tensor(length), tensor(length)]
        const step = { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 3, scale: 0.5 }
        for (const [i, k] of [kernels, reference].entries()) {
          for (let j = 0; j < length; j++) v[i][j] = Math.abs(v[i][j])
          k.dropout(x[i], out[i], length, share, chance)
          k.add(x[i], y[i], length)
          k.addRelu(x[i], y[i], sum[i], length)
          k.adam(value[i], gradient[i], m[i], v[i], length, step)
        }
        expect(Array.from(out[0], (it: number) => it === 0)).toEqual(
          Array.from(out[1], (it: number) => it === 0)
        )
        for (const [name, pair] of Object.entries({ out, x, sum, value, m, v })) same(pair, name)
        const squares = [kernels.sumOfSquares(x[0], length), reference.sumOfSquares(x[1], length)]
        expect(squares[0] / squares[1]).toBeCloseTo(1, 5)
      })
    )
  })

  it('knows tanh and σ to 1e-6, from end to end', () => {
    const kernels = make(variant)
    const at = Float32Array.from({ length: 20_001 }, (_, i) => (i - 10_000) / 500)
    const [x, w, bias, out] = [1, at.length, at.length, at.length].map((length) => kernels.zeros(length))
    bias.set(at)
    const shape = { rows: 1, inputs: 1, outputs: at.length, size: 1, shift: 0 }
    for (const [f, exact] of [
      ['tanh', Math.tanh],
      ['sigmoid', (z: number) => 1 / (1 + Math.exp(-z))]
    ] as const) {
      kernels.conv(x, w, bias, out, shape, f)
      const worst = at.reduce((most, z, i) => Math.max(most, Math.abs(out[i] - exact(z))), 0)
      expect(worst, f).toBeLessThan(1e-6)
    }
  })

  it('writes nothing behind the shape that is worked on', () => {
    const kernels = make(variant)
    const [x, w, bias, out] = [30, 15, 5, 40].map((length) => kernels.zeros(length).fill(7))
    kernels.conv(x, w, bias, out, { rows: 7, inputs: 3, outputs: 5, size: 1, shift: 0 }, 'tanh')
    expect([...out.slice(35)]).toEqual([7, 7, 7, 7, 7])
    kernels.dropout(x, out, 5, 0.5, 1)
    kernels.add(out, x, 6)
    expect([...out.slice(35)]).toEqual([7, 7, 7, 7, 7])
    kernels.adam(out, x, x, x, 3, { rate: 1, beta1: 0.9, beta2: 0.9, epsilon: 1, step: 1, scale: 1 })
    expect(out[6]).toBeCloseTo(1, 5)
  })
})

it('the variants that were built run on this machine', () => expect(variants).toEqual(['simd', 'fma']))
