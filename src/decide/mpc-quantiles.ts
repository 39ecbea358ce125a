/**
 * Exceedance — the chance that a load with the given quantiles is over a capacity.
 *
 *   P(load > x) = 1 − level                          linear between neighbouring quantiles
 *               = (1 − top) · e^{−(x − q_top)/β}     above the top one, β = (q_top − q_below)/ln((1 − below)/(1 − top))
 *
 * The tail is exponential through the two highest quantiles: heavier than a normal one's, so what was never seen is
 * not taken for impossible.
 */
import type { Forecast } from '../roles.ts'

/** Quantiles by rising level: `rows[l][h]` is the level's quantile of forecast step h. */
export interface Levels {
  readonly levels: readonly number[]
  readonly rows: readonly Float64Array[]
}

/** Levels of a forecast in rising order; a forecast without quantiles is its mean, believed to be the median. */
export function levelsOf(forecast: Forecast): Levels {
  const names = Object.keys(forecast.quantiles)
  if (names.length === 0) return { levels: [0.5], rows: [forecast.mean] }
  names.sort((a, b) => Number(a) - Number(b))
  return { levels: names.map(Number), rows: names.map((name) => forecast.quantiles[name]) }
}

/**
 * Writes P(load of step h > x) for `x = offset + perUnit · (least + i)`, i = 0..levels − 1, to `out` from `at` on.
 * x rises with i, so one walk over the quantiles is enough. `NaN` quantiles are passed over.
 */
export function exceedance(
  { levels, rows }: Levels,
  h: number,
  capacity: { readonly offset: number; readonly perUnit: number; readonly least: number },
  out: Float64Array,
  at: number,
  count: number
): void {
  const beta = tailOf(levels, rows, h)
  let l = 0
  let lowLevel = 0
  // Loads are not negative: level 0 lies at 0.
  let low = 0
  let high = NaN
  let highLevel = 1
  const advance = () => {
    while (l < levels.length && Number.isNaN(rows[l][h])) l++
    high = l < levels.length ? Math.max(low, rows[l][h]) : Infinity
    highLevel = l < levels.length ? levels[l] : 1
    l++
  }
  advance()
  for (let i = 0; i < count; i++) {
    const x = capacity.offset + capacity.perUnit * (capacity.least + i)
    while (x >= high) {
      low = high
      lowLevel = highLevel
      advance()
    }
    if (x < 0) out[at + i] = 1
    else if (high === Infinity) out[at + i] = (1 - lowLevel) * (beta > 0 ? Math.exp((low - x) / beta) : 0)
    else out[at + i] = 1 - lowLevel - ((x - low) / (high - low)) * (highLevel - lowLevel)
  }
}

/** Decay length of the upper tail; 0 where it cannot be known: nothing beyond the top quantile. */
function tailOf(levels: readonly number[], rows: readonly Float64Array[], h: number): number {
  const top = levels.length - 1
  for (let l = top - 1; l >= 0; l--) {
    const span = rows[top][h] - rows[l][h]
    // Neighbours can coincide in a discrete sample; a level further down then gives the slope.
    if (span > 0) return span / Math.log((1 - levels[l]) / (1 - levels[top]))
  }
  return 0
}

/** The smallest x with P(load of step h > x) ≤ `chance`. */
export function quantileAt({ levels, rows }: Levels, h: number, chance: number): number {
  const top = levels.length - 1
  const wanted = 1 - chance
  if (wanted >= levels[top]) {
    return rows[top][h] + tailOf(levels, rows, h) * Math.log((1 - levels[top]) / Math.max(chance, 1e-12))
  }
  let low = 0
  let lowLevel = 0
  for (let l = 0; l <= top; l++) {
    const high = rows[l][h]
    if (Number.isNaN(high)) continue
    if (levels[l] >= wanted) return low + ((wanted - lowLevel) / (levels[l] - lowLevel)) * (high - low)
    low = high
    lowLevel = levels[l]
  }
  return low
}
