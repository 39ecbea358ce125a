/** Max-pooling over time: see `reference/max-pool.ts`. Steps at the end that do not fill a pool are left out. */
import { requireOption } from '../../base/index.ts'
import { type LayerKind, noTensor, requireCount, type SpecOf } from './layer.ts'

export const maxPool: LayerKind<SpecOf<'max-pool'>> = {
  shape({ size }, { steps, features }) {
    requireCount(size, 'size of a max-pool')
    requireOption(size <= steps, 'size of a max-pool', size, `at most the ${steps} steps it gets`)
    return { steps: Math.floor(steps / size), features }
  },
  parameters: () => [],
  make({ size }, input, _, { kernels, maxBatch }) {
    const { features } = input
    const steps = Math.floor(input.steps / size)
    const out = kernels.zeros(steps * maxBatch * features)
    const byX = kernels.zeros(input.steps * maxBatch * features)
    let seen = noTensor
    return {
      forward(x, batch) {
        seen = x
        kernels.maxPool(x, out, steps, batch * features, size)
        return out
      },
      backward(byOut, batch, byInput) {
        if (!byInput) return noTensor
        const row = batch * features
        kernels.maxPoolBack(seen, byOut, byX, steps, row, size)
        byX.fill(0, steps * size * row, input.steps * row)
        return byX
      }
    }
  }
}
