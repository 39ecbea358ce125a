/**
 * LSTM layer: see `reference/lstm.ts` for the formula of one step. State and cell begin with zeros.
 *
 * wx (I, 4U) and wh (U, 4U), columns in the order i, f, g, o (PyTorch's); one bias. Begins uniform in ±1/√U (PyTorch's
 * default), the forget gate's bias at 1 so that it remembers at first (Jozefowicz et al. 2015).
 */
import { type LayerKind, noTensor, requireCount, type SpecOf } from './layer.ts'

export const lstm: LayerKind<SpecOf<'lstm'>> = {
  shape({ units, sequence }, { steps }) {
    requireCount(units, 'units of an LSTM')
    return { steps: sequence ? steps : 1, features: units }
  },

  parameters({ units }, { features }) {
    const bound = 1 / Math.sqrt(units)
    const isForget = (column: number) => column >= units && column < 2 * units
    return [
      { name: 'lstm.wx', shape: [features, 4 * units], bound },
      { name: 'lstm.wh', shape: [units, 4 * units], bound },
      { name: 'lstm.bias', shape: [4 * units], bound, offset: (column) => (isForget(column) ? 1 : 0) }
    ]
  },

  make({ units, sequence }, { steps, features }, [wx, wh, bias], { kernels, maxBatch }) {
    const rows = steps * maxBatch
    const gates = kernels.zeros(rows * 4 * units)
    const h = kernels.zeros((rows + maxBatch) * units)
    const c = kernels.zeros((rows + maxBatch) * units)
    const trace = { gates, h, c }
    const byGates = kernels.zeros(rows * 4 * units)
    const byH = kernels.zeros(rows * units)
    const byX = kernels.zeros(rows * features)
    const product = (batch: number) => ({
      rows: steps * batch,
      inputs: features,
      outputs: 4 * units,
      size: 1,
      shift: 0
    })
    let seen = noTensor
    return {
      forward(x, batch) {
        seen = x
        h.fill(0, 0, batch * units)
        c.fill(0, 0, batch * units)
        kernels.conv(x, wx.value, bias.value, gates, product(batch), 'none')
        kernels.lstm(trace, wh.value, { steps, batch, units })
        return h.subarray((sequence ? 1 : steps) * batch * units)
      },
      backward(byOut, batch, byInput) {
        const size = batch * units
        if (!sequence) byH.fill(0, 0, (steps - 1) * size)
        byH.set(byOut.subarray(0, (sequence ? steps : 1) * size), sequence ? 0 : (steps - 1) * size)
        kernels.lstmBack(trace, wh.value, byH, byGates, wh.gradient, { steps, batch, units })
        kernels.convByWeights(seen, byGates, wx.gradient, bias.gradient, product(batch))
        if (byInput) kernels.convByInput(byGates, wx.value, byX, product(batch))
        return byX
      }
    }
  }
}
