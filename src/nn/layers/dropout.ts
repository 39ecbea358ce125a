/** Dropout layer: see `reference/dropout.ts`. On in training passes only; one draw of chance seeds a whole pass. */
import { requireOption } from '../../base/index.ts'
import type { LayerKind, SpecOf } from './layer.ts'

export const dropout: LayerKind<SpecOf<'dropout'>> = {
  shape({ rate }, input) {
    requireOption(rate >= 0 && rate < 1, 'rate of a dropout', rate, 'at least 0 and below 1')
    return input
  },
  parameters: () => [],
  make({ rate }, { steps, features }, _, { kernels, maxBatch }) {
    const out = kernels.zeros(steps * maxBatch * features)
    const byX = kernels.zeros(steps * maxBatch * features)
    let seed: number | undefined
    return {
      forward(x, batch, chance) {
        seed = chance && rate > 0 ? Math.floor(chance.next() * 4294967296) : undefined
        if (seed === undefined) return x
        kernels.dropout(x, out, steps * batch * features, rate, seed)
        return out
      },
      backward(byOut, batch, byInput) {
        if (seed === undefined || !byInput) return byOut
        kernels.dropout(byOut, byX, steps * batch * features, rate, seed)
        return byX
      }
    }
  }
}
