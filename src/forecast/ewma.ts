/**
 * Exponentially weighted moving average — the mean of everything, the newest counting most.
 *
 *   ℓ[t] = α y[t] + (1 − α) ℓ[t−1],   ŷ[t+h] = ℓ[t],   ℓ[first] = y[first]
 *
 * Also called simple exponential smoothing. Brown 1959; FPP3 §8.1. A gap keeps ℓ. Without `alpha` it is the one with
 * the least squared one-step error on the history.
 *
 *   alpha   weight of the newest value, 0..1
 */
import { PrescaleError, requireOption, type Series } from '../base/index.ts'
import { nelderMead } from '../math/index.ts'
import type { FitOptions, Forecaster, Json } from '../roles.ts'
import { readLearned } from './learned.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'

export function ewma({ alpha }: { readonly alpha?: number } = {}): Forecaster {
  requireOption(alpha === undefined || (alpha > 0 && alpha <= 1), 'alpha', alpha, 'above 0, at most 1')
  const method: Method = {
    name: 'ewma',
    version: '1',
    needs: 1,
    start: (history, _, { learned }) =>
      start(learned === undefined ? (alpha ?? fitAlpha(history.values)) : known(learned))
  }
  return { name: 'ewma', fit: (history: Series, options?: FitOptions) => fitOnline(method, history, options) }
}

function known(learned: Json): number {
  const alpha = readLearned('ewma', learned).number('alpha')
  if (alpha > 0 && alpha <= 1) return alpha
  throw new PrescaleError(
    'BAD_MODEL',
    `ewma: alpha of what was learned must be above 0, at most 1, was ${alpha}`
  )
}

function start(alpha: number): PointModel {
  let level = NaN
  return {
    observe(y) {
      if (!Number.isNaN(y)) level = Number.isNaN(level) ? y : level + alpha * (y - level)
    },
    ahead: (out) => void out.fill(level),
    parameters: () => ({ alpha, level })
  }
}

/** Searched as α = 1 / (1 + e^(−z)), which keeps it inside 0..1. */
function fitAlpha(values: Float64Array): number {
  const logistic = (z: number) => 1 / (1 + Math.exp(-z))
  const loss = ([z]: readonly number[]) => squaredError(values, logistic(z))
  // From both ends, because the error of a drifting and noisy load may have two valleys.
  const [low, high] = [-2, 2].map((z) =>
    nelderMead(loss, [z], { step: 1, maxEvaluations: 60, tolerance: 1e-8 })
  )
  return logistic((low.value <= high.value ? low : high).x[0])
}

function squaredError(values: Float64Array, alpha: number): number {
  let level = NaN
  let sum = 0
  for (const y of values) {
    if (Number.isNaN(y)) continue
    const error = Number.isNaN(level) ? 0 : y - level
    sum += error * error
    level = Number.isNaN(level) ? y : level + alpha * error
  }
  return sum
}
