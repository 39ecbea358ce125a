/**
 * What a network is asked for: z[k] = (y[t+h] − base[k]) / size[k] for every learned horizon h = nodes[k].
 *
 *   value    base = min of the training part, size = its range: the min-max scaled value itself, as papers have it
 *   change   base = y[t], size = root mean square of y[t+h] − y[t]: the network starts as the naive forecast
 *   linear   base = y[t] + Σ w[k,j] (x[j] − y[t]) over everything in the window, size = root mean square of what is left:
 *            the linear part runs beside the network, which learns what is not linear (LSTNet, Lai et al. 2018)
 *
 * The linear part has no constant, so it follows a load of any size. Its weights are ridge regression in closed form.
 */
import { solvePositive } from '../math/index.ts'
import type { Scaler } from './scaler.ts'
import type { WindowShape, windowReader } from './windows.ts'

export const targetForms = ['value', 'change', 'linear'] as const
export type TargetForm = (typeof targetForms)[number]

export interface Target {
  readonly form: TargetForm
  /** (nodes) */
  readonly sizes: Float64Array
  /** (nodes, window − 1 + values of channels 1 and 2); empty unless linear. */
  readonly weights: Float64Array
}

export type Reader = ReturnType<typeof windowReader>

/** Weights of the linear part for one node. */
export const linearInputs = ({ window, season }: WindowShape): number =>
  window - 1 + (season > 0 ? 2 * window : 0)

/** Share of the mean square of the inputs that is added to the diagonal. */
const ridge = 1e-5

/** Fitted on the windows that end at `ends`. */
export function fitTarget(
  form: TargetForm,
  reader: Reader,
  scaler: Scaler,
  values: Float64Array,
  ends: readonly number[],
  nodes: readonly number[]
): Target {
  if (form === 'value') {
    return { form, sizes: new Float64Array(nodes.length).fill(scaler.size), weights: new Float64Array(0) }
  }
  const weights = form === 'linear' ? linearWeights(reader, scaler, values, ends, nodes) : new Float64Array(0)
  const target: Target = { form, sizes: new Float64Array(nodes.length), weights }
  const counts = new Float64Array(nodes.length)
  for (const end of ends) {
    reader.read(values, end)
    for (let k = 0; k < nodes.length; k++) {
      const left = (values[end - 1 + nodes[k]] - baseOf(target, reader, scaler, k)) / scaler.size
      if (Number.isNaN(left)) continue
      counts[k]++
      target.sizes[k] += (left * left - target.sizes[k]) / counts[k]
    }
  }
  // What the linear part says exactly leaves nothing; a billionth of the range keeps the division.
  for (let k = 0; k < nodes.length; k++) {
    target.sizes[k] = Math.max(1e-9, Math.sqrt(target.sizes[k])) * scaler.size
  }
  return target
}

/** What the forecast for node k is without the network, given the window that was read. */
export function baseOf(
  { form, weights }: Target,
  { own, last, older }: Reader,
  scaler: Scaler,
  k: number
): number {
  if (form === 'value') return scaler.shift
  const now = own[own.length - 1]
  if (form === 'change') return now
  const inputs = own.length - 1 + last.length + older.length
  let sum = 0
  let at = k * inputs
  for (let j = 0; j < own.length - 1; j++) sum += weights[at++] * (own[j] - now)
  for (let j = 0; j < last.length; j++) sum += weights[at++] * (last[j] - now)
  for (let j = 0; j < older.length; j++) sum += weights[at++] * (older[j] - now)
  return now + sum
}

function linearWeights(
  reader: Reader,
  scaler: Scaler,
  values: Float64Array,
  ends: readonly number[],
  nodes: readonly number[]
): Float64Array {
  const { own, last, older } = reader
  const p = own.length - 1 + last.length + older.length
  const gram = new Float64Array(p * p)
  const right = nodes.map(() => new Float64Array(p))
  const x = new Float64Array(p)
  for (const end of ends) {
    reader.read(values, end)
    const now = own[own.length - 1]
    let at = 0
    for (let j = 0; j < own.length - 1; j++) x[at++] = (own[j] - now) / scaler.size
    for (let j = 0; j < last.length; j++) x[at++] = (last[j] - now) / scaler.size
    for (let j = 0; j < older.length; j++) x[at++] = (older[j] - now) / scaler.size
    for (let i = 0; i < p; i++) for (let j = 0; j <= i; j++) gram[i * p + j] += x[i] * x[j]
    for (let k = 0; k < nodes.length; k++) {
      const change = (values[end - 1 + nodes[k]] - now) / scaler.size
      if (!Number.isNaN(change)) for (let i = 0; i < p; i++) right[k][i] += x[i] * change
    }
  }
  let trace = 0
  for (let i = 0; i < p; i++) trace += gram[i * p + i]
  for (let i = 0; i < p; i++) gram[i * p + i] += (ridge * trace) / p + 1e-12
  const weights = new Float64Array(nodes.length * p)
  right.forEach((b, k) => {
    // Where nothing in the window tells anything, the last value alone is the linear part.
    if (solvePositive(gram.slice(), b)) weights.set(b, k * p)
  })
  return weights
}
