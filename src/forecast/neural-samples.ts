/** The windows of a history as samples to train on: each is put together once, and copied from then on. */
import type { Samples } from '../nn/index.ts'
import { baseOf, type Reader, type Target } from './neural-target.ts'
import type { Scaler } from './scaler.ts'
import { inputsOf, type WindowShape } from './windows.ts'

export interface Cut {
  /** Steps behind each window, ascending. */
  readonly ends: readonly number[]
  readonly training: number
  readonly validationFrom: number
}

export interface SampleParts {
  readonly values: Float64Array
  readonly startMs: number
  readonly nodes: readonly number[]
  readonly shape: WindowShape
  readonly scaler: Scaler
  readonly target: Target
  readonly reader: Reader
}

/** Bytes of windows that are kept; what does not fit is put together anew each time. */
const mostKept = 64 * 2 ** 20

export function samplesOf(cut: Cut, parts: SampleParts): Samples {
  const { values, startMs, nodes, shape, scaler, target, reader } = parts
  const { ends } = cut
  const { window, stepMs } = shape
  const inputs = inputsOf(shape)
  const size = window * inputs
  const kept = new Float32Array(4 * size * ends.length <= mostKept ? size * ends.length : size)
  const targets = new Float64Array(nodes.length * ends.length)
  const one = new Float64Array(size)

  function put(i: number, at: number): void {
    const end = ends[i]
    reader.read(values, end)
    reader.write(startMs + end * stepMs, 0, 1, one)
    kept.set(one, at)
    for (let k = 0; k < nodes.length; k++) {
      const away = values[end - 1 + nodes[k]] - baseOf(target, reader, scaler, k)
      targets[i * nodes.length + k] = away / target.sizes[k]
    }
  }

  const keepsAll = kept.length > size || ends.length === 1
  for (let i = 0; i < ends.length; i++) put(i, keepsAll ? i * size : 0)
  return {
    count: ends.length,
    training: cut.training,
    validationFrom: cut.validationFrom,
    targets: nodes.length,
    write(i, row, batch, input, out) {
      if (!keepsAll) put(i, 0)
      let from = keepsAll ? i * size : 0
      for (let t = 0; t < window; t++) {
        const to = (t * batch + row) * inputs
        for (let f = 0; f < inputs; f++) input[to + f] = kept[from++]
      }
      for (let k = 0; k < nodes.length; k++) out[row * nodes.length + k] = targets[i * nodes.length + k]
    }
  }
}
