/**
 * Theil–Sen — the slope of a line through points of which some are far off, with its interval.
 *
 *   slope = median of (yⱼ − yᵢ) / (xⱼ − xᵢ) over all i < j      interval: the slopes of rank (N ∓ 1.96 √(n (n−1) (2n+5) / 18)) / 2
 *
 * Sen 1968, from the variance of Kendall's S. Points that hang together make the interval too narrow: give it medians of minutes, not
 * samples.
 */
import { quantile } from '../../../src/math/index.ts'

export interface Slope {
  readonly slope: number
  /** 95 % interval. */
  readonly low: number
  readonly high: number
}

/** In units of y per unit of x; all `NaN` with fewer than three points. Points that are `NaN` are left out. */
export function theilSen(points: readonly (readonly [x: number, y: number])[]): Slope {
  const known = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
  const n = known.length
  if (n < 3) return { slope: NaN, low: NaN, high: NaN }
  const slopes: number[] = []
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const run = known[j][0] - known[i][0]
      if (run !== 0) slopes.push((known[j][1] - known[i][1]) / run)
    }
  }
  const sorted = Float64Array.from(slopes).sort()
  const wide = 1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const at = (rank: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(rank)))]
  return {
    slope: quantile(sorted, 0.5),
    low: at((sorted.length - wide) / 2 - 1),
    high: at((sorted.length + wide) / 2)
  }
}
