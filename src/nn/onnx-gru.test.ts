/**
 * The GRU of ONNX, both resets: inputs and outputs of onnxruntime's own test (microsoft/onnxruntime,
 * onnxruntime/test/providers/cpu/rnn/deep_cpu_gru_op_test.cc, MIT). ONNX has the gates in the order z, r, h; ours is
 * r, z, n. One feature, three units, every recurrent weight 0.1.
 */
import { describe, expect, it } from 'vitest'
import { createNetwork, type KernelName } from './index.ts'

interface Gates {
  readonly z: readonly number[]
  readonly r: readonly number[]
  readonly h: readonly number[]
}

const none: Gates = { z: [0, 0, 0], r: [0, 0, 0], h: [0, 0, 0] }
const biases = {
  w: { z: [-0.01, 0.1, 0.01], r: [-0.2, -0.02, 0.02], h: [0.3, -0.3, -0.3] },
  r: { z: [-0.03, 0.5, -0.7], r: [0.05, -0.7, 0.3], h: [0.07, -0.03, 0.5] }
}
const small = { z: [0.1, 0.2, 0.3], r: [0.2, 0.3, 0.1], h: [0.3, 0.1, 0.2] }

const rows = [
  {
    when: 'no biases',
    reset: 'before',
    x: [1, 2, 10, 11],
    w: { z: [0.1, 0.2, 0.3], r: [1, 2, 3], h: [10, 11, 12] },
    wBias: none,
    rBias: none,
    y: [
      0.4750208, 0.450166, 0.4255575, 0.45016602, 0.40131235, 0.35434368, 0.6027093, 0.5083023, 0.44950223,
      0.5754369, 0.45485455, 0.3747841
    ]
  },
  {
    when: 'biases, reset before',
    reset: 'before',
    x: [-0.1, 0.2, -0.3, 0.4],
    w: small,
    wBias: biases.w,
    rBias: biases.r,
    y: [
      0.16783132, -0.11754231, 0.11977843, 0.2046872, -0.10372487, 0.15365849, 0.22688604, -0.19698407,
      0.14017843, 0.33386092, -0.15799662, 0.2381169
    ]
  },
  {
    when: 'biases, reset after',
    reset: 'after',
    x: [-0.1, 0.2, -0.3, 0.4],
    w: small,
    wBias: biases.w,
    rBias: biases.r,
    y: [
      0.15024948, -0.11097029, -0.02121867, 0.18887489, -0.09747667, 0.02093463, 0.19538902, -0.19016478,
      -0.05644283, 0.30856851, -0.15190377, 0.05999807
    ]
  }
] as const

const inOurOrder = ({ z, r, h }: Gates) => [...r, ...z, ...h]

describe.each<KernelName>(['reference', 'simd', 'fma'])('%s', (kernels) => {
  it.each(rows)('gives what ONNX gives: $when', ({ reset, x, w, wBias, rBias, y }) => {
    const layers = [{ kind: 'gru', units: 3, sequence: true, reset }] as const
    const network = createNetwork({ steps: 2, inputs: 1, layers }, { kernels, maxBatch: 2 })
    const [wx, wh, bx, bh] = network.parameters
    wx.value.set(inOurOrder(w))
    wh.value.fill(0.1)
    bx.value.set(inOurOrder(wBias))
    bh.value.set(inOurOrder(rBias))
    network.input.set(x)
    // An output is [batch, steps·units]; the rows are [steps, batch, units].
    const out = network.forward(2)
    for (const [i, wanted] of y.entries()) {
      const [step, sample, unit] = [Math.floor(i / 6), Math.floor(i / 3) % 2, i % 3]
      expect(out[sample * 6 + step * 3 + unit]).toBeCloseTo(wanted, 6)
    }
  })
})
