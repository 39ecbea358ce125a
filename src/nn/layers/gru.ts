/**
 * GRU layer: see `reference/gru.ts` for the formula of one step. The state begins with zeros.
 *
 * wx (I, 3U) and wh (U, 3U), columns in the order r, z, n (PyTorch's); both products have a bias. Begins uniform in
 * ±1/√U (PyTorch's default).
 */
import { type LayerKind, noTensor, requireCount, type SpecOf } from './layer.ts'

export const gru: LayerKind<SpecOf<'gru'>> = {
  shape({ units, sequence }, { steps }) {
    requireCount(units, 'units of a GRU')
    return { steps: sequence ? steps : 1, features: units }
  },

  parameters({ units }, { features }) {
    const bound = 1 / Math.sqrt(units)
    return [
      { name: 'gru.wx', shape: [features, 3 * units], bound },
      { name: 'gru.wh', shape: [units, 3 * units], bound },
      { name: 'gru.bx', shape: [3 * units], bound },
      { name: 'gru.bh', shape: [3 * units], bound }
    ]
  },

  make({ units, sequence, reset }, { steps, features }, [wx, wh, bx, bh], { kernels, maxBatch }) {
    const rows = steps * maxBatch
    const gates = kernels.zeros(rows * 3 * units)
    const h = kernels.zeros((rows + maxBatch) * units)
    const inner = kernels.zeros(rows * units)
    const trace = { gates, h, inner }
    const byGates = kernels.zeros(rows * 3 * units)
    const byH = kernels.zeros(rows * units)
    const byX = kernels.zeros(rows * features)
    const product = (batch: number) => ({
      rows: steps * batch,
      inputs: features,
      outputs: 3 * units,
      size: 1,
      shift: 0
    })
    let seen = noTensor
    return {
      forward(x, batch) {
        seen = x
        h.fill(0, 0, batch * units)
        kernels.conv(x, wx.value, bx.value, gates, product(batch), 'none')
        kernels.gru(trace, wh.value, bh.value, { steps, batch, units }, reset)
        return h.subarray((sequence ? 1 : steps) * batch * units)
      },
      backward(byOut, batch, byInput) {
        const size = batch * units
        if (!sequence) byH.fill(0, 0, (steps - 1) * size)
        byH.set(byOut.subarray(0, (sequence ? steps : 1) * size), sequence ? 0 : (steps - 1) * size)
        kernels.gruBack(
          trace,
          wh.value,
          byH,
          byGates,
          wh.gradient,
          bh.gradient,
          { steps, batch, units },
          reset
        )
        kernels.convByWeights(seen, byGates, wx.gradient, bx.gradient, product(batch))
        if (byInput) kernels.convByInput(byGates, wx.value, byX, product(batch))
        return byX
      }
    }
  }
}
