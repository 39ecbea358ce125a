/**
 * Accuracy of forecasts. A pair in which either side was not measured (`NaN`) is left out; with no pair left a
 * measure is `NaN`. Hyndman & Koehler 2006; Gneiting & Raftery 2007 for the pinball loss.
 */

/** sqrt(mean (a − p)²), in the unit of the series. */
export function rmse(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  return Math.sqrt(meanOver(actual, predicted, (a, p) => (a - p) ** 2))
}

/** mean |a − p|, in the unit of the series. */
export function mae(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  return meanOver(actual, predicted, (a, p) => Math.abs(a - p))
}

/** mae / `scale`, where `scale` is `naiveError(training, horizon)`: below 1 is better than the naive forecast there. */
export function mase(actual: ArrayLike<number>, predicted: ArrayLike<number>, scale: number): number {
  return scale > 0 ? mae(actual, predicted) / scale : NaN
}

/** mean |y[t] − y[t−h]|: what the naive forecast loses on these values at this horizon (steps). */
export function naiveError(values: ArrayLike<number>, horizon: number): number {
  let sum = 0
  let pairs = 0
  for (let t = horizon; t < values.length; t++) {
    const error = Math.abs(values[t] - values[t - horizon])
    if (Number.isNaN(error)) continue
    sum += error
    pairs++
  }
  return pairs === 0 ? NaN : sum / pairs
}

/** mean of |a − p| / ((|a| + |p|) / 2), a ratio 0..2; a pair of two zeros counts 0. */
export function smape(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  return 2 * smape2(actual, predicted)
}

/** mean of |a − p| / (|a| + |p|), a ratio 0..1: the form that some papers print. */
export function smape2(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  return meanOver(actual, predicted, (a, p) => (a === p ? 0 : Math.abs(a - p) / (Math.abs(a) + Math.abs(p))))
}

/** mean of level · (a − q) where a ≥ q, else (1 − level) · (q − a): least when q is the quantile of that level. */
export function pinball(actual: ArrayLike<number>, quantile: ArrayLike<number>, level: number): number {
  return meanOver(actual, quantile, (a, q) => (a >= q ? level * (a - q) : (1 - level) * (q - a)))
}

/** The levels of a whole distribution: midpoints of twenty equal parts, 0.025 … 0.975. */
export const crpsLevels: readonly number[] = Array.from({ length: 20 }, (_, k) => (25 + 50 * k) / 1_000)

/**
 * Continuous ranked probability score, in the unit of the series: how far the whole predicted distribution lies from
 * what came; for a distribution that is a single number its mean absolute error.
 *
 *   CRPS = ∫ (F(x) − 1{x ≥ a})² dx = 2 ∫₀¹ pinball(a, F⁻¹(p), p) dp ≈ 2 · mean over `crpsLevels` of pinball
 *
 * Gneiting & Raftery 2007 §4.2; the integral over quantiles: Laio & Tamea 2007, Gneiting & Ranjan 2011. `quantiles` by
 * level, those of `crpsLevels` at least.
 */
export function crps(
  actual: ArrayLike<number>,
  quantiles: Readonly<Record<string, ArrayLike<number>>>
): number {
  const losses = crpsLevels.map((level) => pinball(actual, quantiles[level], level))
  return (2 * losses.reduce((sum, loss) => sum + loss, 0)) / losses.length
}

/** Share of the measured values inside [lower, upper], both ends included. */
export function coverage(
  actual: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>
): number {
  let inside = 0
  let measured = 0
  for (let i = 0; i < actual.length; i++) {
    if (Number.isNaN(actual[i] + lower[i] + upper[i])) continue
    measured++
    if (actual[i] >= lower[i] && actual[i] <= upper[i]) inside++
  }
  return measured === 0 ? NaN : inside / measured
}

/** Share of the measured values at or below the quantile. */
export function coverageBelow(actual: ArrayLike<number>, quantile: ArrayLike<number>): number {
  return meanOver(actual, quantile, (a, q) => (a <= q ? 1 : 0))
}

function meanOver(
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
  loss: (a: number, p: number) => number
): number {
  let sum = 0
  let pairs = 0
  for (let i = 0; i < actual.length; i++) {
    const a = actual[i]
    const p = predicted[i]
    if (Number.isNaN(a) || Number.isNaN(p)) continue
    sum += loss(a, p)
    pairs++
  }
  return pairs === 0 ? NaN : sum / pairs
}
