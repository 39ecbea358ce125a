/**
 * Resampling by spline — a coarse load seen finer, scaled and made noisy again (Algorithm 1 of arXiv 2507.14597).
 *
 *   τ = t − t₁        S = cubic spline through (τ, load), gaps left out
 *   load'(τ') = ⌊ α · S(τ') · U(0.9, 1.1) ⌋      at τ' = 0, step', 2·step', … up to the last point
 *
 * Its §V-A. The paper does not say how α follows from the sampling rate; counts per step shrink with the
 * step, so α = step'/step unless given. Its ±10 % is read as uniform: that alone is a SMAPE of 4.97 % that no forecast gets
 * below. "Replace NaN" is done by the spline itself; a load below zero between points becomes zero.
 */
import { PrescaleError, random, requireOption, type Series } from '../../base/index.ts'
import { cubicSpline } from '../../math/spline.ts'

export interface SplineResampling {
  readonly stepMs: number
  readonly seed: number
  /** Factor on every value: step'/step unless given. */
  readonly alpha?: number
  /** Half the width of the uniform noise as a share of the value: 0.1 unless given, 0 for none. */
  readonly noise?: number
}

/** Counts per new step, whole numbers. Throws `TOO_SHORT` below two measured values. */
export function resampleSpline(counts: Series, options: SplineResampling): Series {
  const { stepMs, seed, alpha = stepMs / counts.stepMs, noise = 0.1 } = options
  requireOption(stepMs > 0 && Number.isFinite(stepMs), 'stepMs', stepMs, 'a positive number of milliseconds')
  requireOption(alpha > 0 && Number.isFinite(alpha), 'alpha', alpha, 'a positive factor')
  requireOption(noise >= 0 && noise < 1, 'noise', noise, 'a share from 0 to below 1')
  const seconds: number[] = []
  const loads: number[] = []
  counts.values.forEach((y, i) => {
    if (Number.isNaN(y)) return
    seconds.push((i * counts.stepMs) / 1_000)
    loads.push(y)
  })
  if (loads.length < 2) {
    throw new PrescaleError('TOO_SHORT', `resampling by spline needs 2 measured values, got ${loads.length}`)
  }
  const spline = cubicSpline(seconds, loads)
  const rng = random(seed, 'resample-spline')
  // From the first to the last point measured, the ends included: outside, a spline knows nothing.
  const fromMs = seconds[0] * 1_000
  const length = Math.floor((seconds[seconds.length - 1] * 1_000 - fromMs) / stepMs) + 1
  const values = Float64Array.from({ length }, (_, j) => {
    const noisy = alpha * spline((fromMs + j * stepMs) / 1_000) * (1 + noise * (2 * rng.next() - 1))
    return Math.max(0, Math.trunc(noisy))
  })
  return { startMs: counts.startMs + fromMs, stepMs, unit: 'events/step', values }
}

/**
 * The SMAPE (ratio, the usual definition with the halving) of a forecast that knows everything but the noise:
 *
 *   E |e| / (1 + e/2), e uniform in ±a      = −(2/a) · ln(1 − a²/4)      ≈ a/2
 *
 * 5.006 % at ±10 %, whatever the load and the step; that of a sample of n values lies within about 6/√n percentage points.
 */
export function noiseFloor(noise: number): number {
  requireOption(noise > 0 && noise < 1, 'noise', noise, 'a share between 0 and 1')
  return (-2 / noise) * Math.log1p((-noise * noise) / 4)
}
