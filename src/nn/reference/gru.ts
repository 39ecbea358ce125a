/**
 * Gated recurrent unit — a state that is kept or renewed, step after step.
 *
 *   r = σ(x·wx_r + bx_r + h·wh_r + bh_r)
 *   z = σ(x·wx_z + bx_z + h·wh_z + bh_z)
 *   n = tanh(x·wx_n + bx_n + r∘(h·wh_n + bh_n))      reset after  (PyTorch, Keras, cuDNN)
 *   n = tanh(x·wx_n + bx_n + (r∘h)·wh_n + bh_n)      reset before (Cho et al. 2014, ONNX's default)
 *   h′ = (1 − z)∘n + z∘h
 *
 * Cho et al. 2014, arXiv:1406.1078. Shapes: see `GruTrace`.
 */
import type { Tensor } from '../architecture.ts'
import type { GruTrace, Reset, SequenceShape } from '../kernels.ts'
import { sigmoid } from './activation.ts'
import { dot, dotOfRow } from './dot.ts'

export function gru(trace: GruTrace, wh: Tensor, bh: Tensor, shape: SequenceShape, reset: Reset): void {
  const { gates, h, inner } = trace
  const { steps, batch, units } = shape
  const columns = 3 * units
  for (let row = 0; row < steps * batch; row++) {
    const g = row * columns
    const now = row * units
    const next = now + batch * units
    for (let u = 0; u < 2 * units; u++) {
      gates[g + u] = sigmoid(gates[g + u] + bh[u] + dot(h, now, wh, u, units, columns))
    }
    for (let u = 0; u < units; u++) {
      inner[now + u] =
        reset === 'before'
          ? gates[g + u] * h[now + u]
          : bh[2 * units + u] + dot(h, now, wh, 2 * units + u, units, columns)
    }
    for (let u = 0; u < units; u++) {
      const n = 2 * units + u
      const fromState =
        reset === 'before' ? bh[n] + dot(inner, now, wh, n, units, columns) : gates[g + u] * inner[now + u]
      gates[g + n] = Math.tanh(gates[g + n] + fromState)
      const z = gates[g + units + u]
      h[next + u] = (1 - z) * gates[g + n] + z * h[now + u]
    }
  }
}

export function gruBack(
  trace: GruTrace,
  wh: Tensor,
  byH: Tensor,
  byGates: Tensor,
  byWh: Tensor,
  byBh: Tensor,
  shape: SequenceShape,
  reset: Reset
): void {
  const { gates, h, inner } = trace
  const { steps, batch, units } = shape
  const columns = 3 * units
  const before = reset === 'before'
  // The loss by h·wh + bh, one row: as that by x·wx + bx, but for n where the reset gate is between.
  const byProduct = new Float64Array(columns)
  const byReset = new Float64Array(units)
  for (let row = steps * batch - 1; row >= 0; row--) {
    const g = row * columns
    const now = row * units
    for (let u = 0; u < units; u++) {
      const [z, n] = [gates[g + units + u], gates[g + 2 * units + u]]
      byGates[g + units + u] = byH[now + u] * (h[now + u] - n) * z * (1 - z)
      byGates[g + 2 * units + u] = byH[now + u] * (1 - z) * (1 - n * n)
    }
    for (let u = 0; u < units; u++) {
      const [r, byN] = [gates[g + u], byGates[g + 2 * units + u]]
      // Reset before: the loss by r∘h. Reset after: r is multiplied with what is kept in `inner`.
      byReset[u] = before ? dotOfRow(byGates, g + 2 * units, wh, u * columns + 2 * units, units) : 0
      byGates[g + u] = (before ? byReset[u] * h[now + u] : byN * inner[now + u]) * r * (1 - r)
      byProduct[2 * units + u] = before ? byN : byN * r
    }
    for (let u = 0; u < 2 * units; u++) byProduct[u] = byGates[g + u]
    for (let u = 0; u < columns; u++) byBh[u] += byProduct[u]
    for (let k = 0; k < units; k++) {
      for (let u = 0; u < columns; u++) {
        const state = before && u >= 2 * units ? inner[now + k] : h[now + k]
        byWh[k * columns + u] += state * byProduct[u]
      }
    }
    if (row < batch) continue
    const [r0, previous] = [g, now - batch * units]
    for (let k = 0; k < units; k++) {
      const through = before
        ? dotOfRow(byProduct, 0, wh, k * columns, 2 * units) + byReset[k] * gates[r0 + k]
        : dotOfRow(byProduct, 0, wh, k * columns, columns)
      byH[previous + k] += byH[now + k] * gates[g + units + k] + through
    }
  }
}
