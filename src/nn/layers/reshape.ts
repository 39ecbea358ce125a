/**
 * Layers that only move values: `flatten` makes one step of all, [steps, batch, features] → [1, batch, steps·features];
 * `last` keeps the last step.
 */
import type { LayerKind, SpecOf } from './layer.ts'

export const flatten: LayerKind<SpecOf<'flatten'>> = {
  shape: (_, { steps, features }) => ({ steps: 1, features: steps * features }),
  parameters: () => [],
  make(_, { steps, features }, __, { kernels, maxBatch }) {
    const out = kernels.zeros(steps * maxBatch * features)
    const byX = kernels.zeros(steps * maxBatch * features)
    return {
      forward(x, batch) {
        if (steps === 1) return x
        swapOuter(x, out, steps, batch, features)
        return out
      },
      backward(byOut, batch, byInput) {
        if (steps === 1 || !byInput) return byOut
        swapOuter(byOut, byX, batch, steps, features)
        return byX
      }
    }
  }
}

/** [a, b, c] → [b, a, c]. */
function swapOuter(
  x: ArrayLike<number>,
  out: Float32Array | Float64Array,
  a: number,
  b: number,
  c: number
): void {
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      const from = (i * b + j) * c
      const to = (j * a + i) * c
      for (let k = 0; k < c; k++) out[to + k] = x[from + k]
    }
  }
}

export const last: LayerKind<SpecOf<'last'>> = {
  shape: (_, { features }) => ({ steps: 1, features }),
  parameters: () => [],
  make(_, { steps, features }, __, { kernels, maxBatch }) {
    const byX = kernels.zeros(steps * maxBatch * features)
    return {
      forward: (x, batch) => x.subarray((steps - 1) * batch * features),
      backward(byOut, batch, byInput) {
        if (!byInput) return byOut
        const row = batch * features
        byX.fill(0, 0, (steps - 1) * row)
        byX.set(byOut.subarray(0, row), (steps - 1) * row)
        return byX
      }
    }
  }
}
