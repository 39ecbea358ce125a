/**
 * The loss of PPO, and its slope by logits and values.
 *
 *   L = mean max(−A·r, −A·clip(r, 1 ± ε))  +  c_v · mean (V − R)²  −  c_e · mean H,     r = π(a|s) / π_old(a|s)
 *
 * An action has one choice per head; heads are independent categoricals, so log π and the entropy H are sums over heads. With
 * `clipValue` ε_v the value's error is max((V − R)², (V_old + clip(V − V_old, ±ε_v) − R)²). Schulman et al. 2017, "Proximal
 * policy optimization algorithms"; details as in Huang et al. 2022, "The 37 implementation details of PPO".
 */
import type { Tensor } from '../nn/index.ts'

/** A minibatch. `actions` (rows, heads). */
export interface LossBatch {
  readonly rows: number
  readonly actions: Float64Array
  /** log π_old(a|s). */
  readonly logProbabilities: Float64Array
  readonly advantages: Float64Array
  readonly returns: Float64Array
  /** V_old(s). */
  readonly values: Float64Array
}

export interface LossWeights {
  readonly clip: number
  /** Absent: the value's step is not clipped. */
  readonly clipValue?: number
  readonly valueWeight: number
  readonly entropyWeight: number
}

/** Means over the minibatch. */
export interface LossParts {
  readonly loss: number
  readonly policy: number
  /** Without its weight. */
  readonly value: number
  readonly entropy: number
  /** mean (r − 1) − log r: how far the policy has moved; Schulman 2020, "Approximating KL divergence" (k3). */
  readonly kl: number
  /** Share of rows whose r is outside 1 ± ε. */
  readonly clipFraction: number
}

/** `logits` (rows, Σ sizes), `values` (rows); writes the slopes into tensors of the same shapes. */
export function ppoLoss(
  logits: Tensor,
  values: Tensor,
  batch: LossBatch,
  sizes: readonly number[],
  weights: LossWeights,
  byLogits: Tensor,
  byValues: Tensor
): LossParts {
  const { rows, actions, advantages } = batch
  const { clip, valueWeight, entropyWeight } = weights
  const heads = sizes.length
  const width = sizes.reduce((sum, size) => sum + size, 0)
  const [logs, likely, entropies] = [width, width, heads].map((length) => new Float64Array(length))
  let [policy, value, entropy, kl, clipped] = [0, 0, 0, 0, 0]
  for (let row = 0; row < rows; row++) {
    const from = row * width
    logProbabilities(logits, from, sizes, logs, likely)
    let logRatio = -batch.logProbabilities[row]
    for (let head = 0, at = 0; head < heads; at += sizes[head++]) {
      logRatio += logs[at + actions[row * heads + head]]
      entropies[head] = 0
      for (let i = at; i < at + sizes[head]; i++) entropies[head] -= likely[i] * logs[i]
      entropy += entropies[head]
    }
    const ratio = Math.exp(logRatio)
    const held = Math.min(1 + clip, Math.max(1 - clip, ratio))
    const free = -advantages[row] * ratio
    policy += Math.max(free, -advantages[row] * held)
    kl += ratio - 1 - logRatio
    if (ratio !== held) clipped++
    // Where the clipped term is the larger one it does not depend on the ratio any more.
    const byLog = free >= -advantages[row] * held ? free / rows : 0
    for (let head = 0, at = 0; head < heads; at += sizes[head++]) {
      const chosen = at + actions[row * heads + head]
      for (let i = at; i < at + sizes[head]; i++) {
        const byEntropy = (entropyWeight / rows) * likely[i] * (logs[i] + entropies[head])
        byLogits[from + i] = byLog * ((i === chosen ? 1 : 0) - likely[i]) + byEntropy
      }
    }
    value += valueLoss(values, batch, row, weights, byValues)
  }
  const parts = { policy: policy / rows, value: value / rows, entropy: entropy / rows }
  const loss = parts.policy + valueWeight * parts.value - entropyWeight * parts.entropy
  return { loss, ...parts, kl: kl / rows, clipFraction: clipped / rows }
}

function valueLoss(
  values: Tensor,
  { rows, returns, values: before }: LossBatch,
  row: number,
  { clipValue, valueWeight }: LossWeights,
  byValues: Tensor
): number {
  const slope = (2 * valueWeight) / rows
  const error = values[row] - returns[row]
  byValues[row] = slope * error
  if (clipValue === undefined) return error * error
  const moved = values[row] - before[row]
  const held = Math.min(clipValue, Math.max(-clipValue, moved))
  const heldError = before[row] + held - returns[row]
  if (error * error >= heldError * heldError) return error * error
  byValues[row] = moved === held ? slope * heldError : 0
  return heldError * heldError
}

/** log softmax of every head of one row of logits, which begins at `from`; into `out` (Σ sizes), and softmax into `likely`. */
export function logProbabilities(
  logits: ArrayLike<number>,
  from: number,
  sizes: readonly number[],
  out: Float64Array,
  likely = out
): Float64Array {
  for (let head = 0, at = 0; head < sizes.length; at += sizes[head++]) {
    const to = at + sizes[head]
    let highest = -Infinity
    for (let i = at; i < to; i++) if (logits[from + i] > highest) highest = logits[from + i]
    let sum = 0
    for (let i = at; i < to; i++) {
      likely[i] = Math.exp(logits[from + i] - highest)
      sum += likely[i]
    }
    const shift = highest + Math.log(sum)
    for (let i = at; i < to; i++) {
      likely[i] /= sum
      out[i] = logits[from + i] - shift
    }
  }
  return out
}

/** One choice: the likeliest, or with chance the one that a uniform number falls on. */
export function choose(logs: Float64Array, at: number, size: number, uniform?: number): number {
  if (uniform === undefined) {
    let best = 0
    for (let i = 1; i < size; i++) if (logs[at + i] > logs[at + best]) best = i
    return best
  }
  let left = uniform
  for (let i = 0; i < size - 1; i++) {
    left -= Math.exp(logs[at + i])
    if (left < 0) return i
  }
  return size - 1
}
