/**
 * Long short-term memory — a cell beside the state, written, kept and read through gates.
 *
 *   i = σ(x·wx_i + h·wh_i + b_i)    f = σ(x·wx_f + h·wh_f + b_f)    o = σ(x·wx_o + h·wh_o + b_o)
 *   g = tanh(x·wx_g + h·wh_g + b_g)
 *   c′ = f∘c + i∘g
 *   h′ = o∘tanh(c′)
 *
 * Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000. Shapes: see `LstmTrace`.
 */
import type { Tensor } from '../architecture.ts'
import type { LstmTrace, SequenceShape } from '../kernels.ts'
import { sigmoid } from './activation.ts'
import { dot, dotOfRow } from './dot.ts'

export function lstm({ gates, h, c }: LstmTrace, wh: Tensor, shape: SequenceShape): void {
  const { steps, batch, units } = shape
  const columns = 4 * units
  for (let row = 0; row < steps * batch; row++) {
    const g = row * columns
    const now = row * units
    const next = now + batch * units
    for (let u = 0; u < columns; u++) {
      const sum = gates[g + u] + dot(h, now, wh, u, units, columns)
      gates[g + u] = u >= 2 * units && u < 3 * units ? Math.tanh(sum) : sigmoid(sum)
    }
    for (let u = 0; u < units; u++) {
      const written = gates[g + u] * gates[g + 2 * units + u]
      c[next + u] = gates[g + units + u] * c[now + u] + written
      h[next + u] = gates[g + 3 * units + u] * Math.tanh(c[next + u])
    }
  }
}

export function lstmBack(
  { gates, h, c }: LstmTrace,
  wh: Tensor,
  byH: Tensor,
  byGates: Tensor,
  byWh: Tensor,
  shape: SequenceShape
): void {
  const { steps, batch, units } = shape
  const columns = 4 * units
  const byC = new Float64Array(batch * units)
  for (let row = steps * batch - 1; row >= 0; row--) {
    const g = row * columns
    const now = row * units
    const cell = (row % batch) * units
    for (let u = 0; u < units; u++) {
      const [i, f, n, o] = [0, 1, 2, 3].map((gate) => gates[g + gate * units + u])
      const read = Math.tanh(c[now + batch * units + u])
      byC[cell + u] += byH[now + u] * o * (1 - read * read)
      byGates[g + u] = byC[cell + u] * n * i * (1 - i)
      byGates[g + units + u] = byC[cell + u] * c[now + u] * f * (1 - f)
      byGates[g + 2 * units + u] = byC[cell + u] * i * (1 - n * n)
      byGates[g + 3 * units + u] = byH[now + u] * read * o * (1 - o)
      byC[cell + u] *= f
    }
    for (let k = 0; k < units; k++) {
      for (let u = 0; u < columns; u++) byWh[k * columns + u] += h[now + k] * byGates[g + u]
    }
    if (row < batch) continue
    for (let k = 0; k < units; k++) {
      byH[now - batch * units + k] += dotOfRow(byGates, g, wh, k * columns, columns)
    }
  }
}
