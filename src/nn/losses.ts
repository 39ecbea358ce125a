/**
 * Losses — how wrong outputs are, and which way each must move. Means over rows and targets; a target that was not
 * measured (`NaN`) counts nothing.
 *
 *   mse       (p − y)²                 the mean is learned
 *   mae       |p − y|                  the median
 *   pinball   max(τ e, (τ − 1) e),  e = y − q_τ       the quantile τ: Koenker & Bassett 1978
 *
 * A quantile head has `levels` outputs for each target, in order by construction: q₀ = r₀, qᵢ = qᵢ₋₁ + log(1 + exp rᵢ).
 */
import { requireOption } from '../base/index.ts'
import type { Tensor } from './architecture.ts'

export interface Loss {
  readonly name: string
  /** Outputs of the network per target: levels of a quantile head, else 1. */
  readonly perTarget: number
  /**
   * `weight` times the sum of the losses of the first `count` targets: output (count · perTarget), target (count).
   * Writes the loss by the output, same shape, unless `byOutput` is left out.
   */
  evaluate(output: Tensor, target: Float64Array, count: number, weight: number, byOutput?: Tensor): number
}

export const mse: Loss = pointLoss(
  'mse',
  (e) => e * e,
  (e) => 2 * e
)
export const mae: Loss = pointLoss('mae', Math.abs, Math.sign)

function pointLoss(name: string, loss: (e: number) => number, slope: (e: number) => number): Loss {
  return {
    name,
    perTarget: 1,
    evaluate(output, target, count, weight, byOutput) {
      let sum = 0
      for (let i = 0; i < count; i++) {
        const e = output[i] - target[i]
        const known = !Number.isNaN(target[i])
        if (known) sum += loss(e)
        if (byOutput) byOutput[i] = known ? weight * slope(e) : 0
      }
      return weight * sum
    }
  }
}

/** `levels` ascending, 0..1. */
export function pinball(levels: readonly number[]): Loss {
  requireOption(
    levels.length > 0 && levels.every((p, i) => p > (levels[i - 1] ?? 0) && p < 1),
    'levels',
    levels,
    'probabilities in ascending order, between 0 and 1'
  )
  const n = levels.length
  const q = new Float64Array(n)
  return {
    name: 'pinball',
    perTarget: n,
    evaluate(output, target, count, weight, byOutput) {
      // The mean over levels, so that a rate that suits one level suits three.
      const each = weight / n
      let sum = 0
      for (let i = 0; i < count; i++) {
        const at = i * n
        quantilesOf(output, at, q)
        // The slopes of the levels above pass through every step below them.
        let above = 0
        for (let l = n - 1; l >= 0; l--) {
          const e = target[i] - q[l]
          if (!Number.isNaN(e)) {
            sum += e >= 0 ? levels[l] * e : (levels[l] - 1) * e
            above += e >= 0 ? -levels[l] : 1 - levels[l]
          }
          if (byOutput) byOutput[at + l] = each * above * (l === 0 ? 1 : sigmoid(output[at + l]))
        }
      }
      return each * sum
    }
  }
}

/** The quantiles that the outputs from `at` on mean, (levels), ascending. */
export function quantilesOf(output: Tensor, at: number, out: Float64Array): void {
  out[0] = output[at]
  for (let l = 1; l < out.length; l++) out[l] = out[l - 1] + softplus(output[at + l])
}

/** log(1 + exp x) without overflow. */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
