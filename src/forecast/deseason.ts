/**
 * Classical decomposition — how high each phase of the season stands over or under the moving average of one season.
 *
 *   trend[t]   mean of the m values around t (m even: m + 1 with half weight at both ends)
 *   s[phase]   mean of y / trend, scaled to mean 1           multiplicative
 *              mean of y − trend, shifted to mean 0          additive
 *
 * FPP3 §3.4. Steps that were not measured are left out; a moving average needs half of its season measured.
 */

/** One number a phase, (season); phase 0 is the first value's. */
export function seasonIndices(values: Float64Array, season: number, multiplicative: boolean): Float64Array {
  const sums = new Float64Array(season)
  const counts = new Float64Array(season)
  const trend = movingAverage(values, season)
  for (let t = 0; t < values.length; t++) {
    const distance = multiplicative ? values[t] / trend[t] : values[t] - trend[t]
    if (!Number.isFinite(distance)) continue
    sums[t % season] += distance
    counts[t % season]++
  }
  const neutral = Number(multiplicative)
  const means = sums.map((sum, phase) => (counts[phase] > 0 ? sum / counts[phase] : neutral))
  const mean = means.reduce((sum, s) => sum + s, 0) / season
  return means.map((s) => (multiplicative ? s / mean : s - mean))
}

/** Centred; `NaN` where less than half of its window was measured, or where it would reach over an end. */
function movingAverage(values: Float64Array, season: number): Float64Array {
  const out = new Float64Array(values.length).fill(NaN)
  const half = season >> 1
  const sums = new Float64Array(values.length + 1)
  const counts = new Float64Array(values.length + 1)
  for (let t = 0; t < values.length; t++) {
    const measured = !Number.isNaN(values[t])
    sums[t + 1] = sums[t] + (measured ? values[t] : 0)
    counts[t + 1] = counts[t] + Number(measured)
  }
  const even = season % 2 === 0
  for (let t = half; t + half < values.length; t++) {
    let sum = sums[t + half + 1] - sums[t - half]
    let count = counts[t + half + 1] - counts[t - half]
    for (const end of even ? [t - half, t + half] : []) {
      if (Number.isNaN(values[end])) continue
      sum -= values[end] / 2
      count -= 0.5
    }
    if (2 * count >= season) out[t] = sum / count
  }
  return out
}
