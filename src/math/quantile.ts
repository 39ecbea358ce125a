/**
 * Quantiles of measured values; `NaN` is left out everywhere.
 *
 *   position = p · (n − 1), linear between the two nearest order statistics
 *
 * Type 7 of Hyndman & Fan 1996, the default of R, NumPy and spreadsheets.
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  return quantileSorted(sortedMeasured(values), p)
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5)
}

/** The same of values that are sorted and measured already; `NaN` of none. */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  const last = sorted.length - 1
  if (last < 0 || Number.isNaN(p)) return NaN
  const position = Math.min(1, Math.max(0, p)) * last
  const below = Math.floor(position)
  const above = Math.min(last, below + 1)
  // Written as a sum of shares: stays finite and exact where both neighbours are equal.
  return sorted[below] + (position - below) * (sorted[above] - sorted[below])
}

/** The measured values, ascending, in an array of their own. */
export function sortedMeasured(values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(values.length)
  let n = 0
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) out[n++] = values[i]
  return out.subarray(0, n).sort()
}
