/**
 * Conformal quantiles — how wrong it was lately is how wrong it may be next.
 *
 *   score     s = (y[t+h] − ŷ[t+h|t]) / spread[t+h|t]              the last `window` of them per horizon h
 *   quantile  q[h, level] = ŷ[t+h|t] + spread[t+h|t] · S_h(a)      S_h: order statistic at a · (n + 1)
 *   adaptive  a ← a + rate · (level − 1{y < q}),  unchanged on y = q
 *
 * Split conformal prediction on rolling residuals (Vovk et al. 2005, Lei et al. 2018) with the online correction of
 * the level (adaptive conformal inference, Gibbs & Candès 2021), which keeps coverage when the load drifts. A value
 * equal to its quantile moves nothing: loads that idle at exactly zero would otherwise push every low level to 0.
 * With fewer than 1 / level scores the outermost score stands in, where the strict theory would say infinity.
 */
import type { ForecastRecord } from '../roles.ts'

export interface ConformalOptions {
  /** Horizons 1..horizon are scored. */
  readonly horizon: number
  readonly levels: readonly number[]
  /** Scores kept per horizon. */
  readonly window?: number
  /** Step of the online correction, 0 = plain split conformal. */
  readonly rate?: number
  /** No quantile below this: 0 for rates. */
  readonly least?: number
}

export interface Conformal {
  /** One more value: scores every forecast that was made for its step. `NaN` scores nothing. */
  score(y: number): void
  /** Remembers the forecast made after the last scored value; makes its quantiles. Both (horizon). */
  issue(mean: Float64Array, spread: Float64Array | undefined): void
  /** The newest forecast's quantile of a level (by index), (horizon); a view. */
  quantiles(level: number): Float64Array
  record(levels: readonly string[]): ForecastRecord
}

/** Steps over which the record looks back. */
const recordSteps = 500

export function conformal(options: ConformalOptions): Conformal {
  const { horizon, levels, window = 500, rate = 0.01, least = -Infinity } = options
  const scores = Array.from({ length: horizon }, () => sortedWindow(window))
  const current = levels.map(() => new Float64Array(horizon))
  // A ring of the last `horizon` forecasts: row (t mod horizon) was made after step t.
  const means = new Float64Array(horizon * horizon).fill(NaN)
  const spreads = new Float64Array(horizon * horizon).fill(1)
  const bounds = levels.map(() => new Float64Array(horizon * horizon).fill(NaN))
  const naive = new Float64Array(horizon).fill(NaN)
  const effective = levels.map((level) => new Float64Array(horizon).fill(level))
  const past = pastRecord(levels.length)
  let made = 0
  let last = NaN

  function score(y: number): void {
    if (!Number.isNaN(y)) {
      let error = 0
      let naiveError = 0
      let pairs = 0
      past.open()
      for (let h = 0; h < Math.min(horizon, made); h++) {
        const row = (made - 1 - h) % horizon
        const at = row * horizon + h
        const mean = means[at]
        if (Number.isNaN(mean)) continue
        scores[h].push((y - mean) / spreads[at])
        if (!Number.isNaN(naive[row])) {
          error += Math.abs(y - mean)
          naiveError += Math.abs(y - naive[row])
          pairs++
        }
        for (let l = 0; l < levels.length; l++) {
          const bound = bounds[l][at]
          if (Number.isNaN(bound)) continue
          past.hit(l, y <= bound)
          if (y !== bound) effective[l][h] = clamp(effective[l][h] + rate * (levels[l] - (y < bound ? 1 : 0)))
        }
      }
      past.close(error, naiveError, pairs)
      last = y
    }
  }

  function issue(mean: Float64Array, spread: Float64Array | undefined): void {
    const row = made % horizon
    const base = row * horizon
    naive[row] = last
    let known = -1
    for (let h = 0; h < horizon; h++) {
      means[base + h] = mean[h]
      const width = spread === undefined ? 1 : spread[h]
      spreads[base + h] = width
      if (scores[h].count() >= 2) known = h
      // A horizon never scored yet borrows from the longest scored one, wider as a random walk is.
      const wider = known === h ? 1 : Math.sqrt((h + 1) / (known + 1))
      let below = least
      for (let l = 0; l < levels.length; l++) {
        const offset = known < 0 ? NaN : scores[known].at(effective[l][known])
        // Levels are corrected one by one; sorting them again keeps the quantiles in order.
        const bound = Math.max(below, mean[h] + width * wider * offset)
        if (!Number.isNaN(bound)) below = bound
        current[l][h] = bound
        bounds[l][base + h] = bound
      }
    }
    made++
  }

  return {
    score,
    issue,
    quantiles: (level) => current[level],
    record: (names) => past.summary(names)
  }
}

const clamp = (p: number) => Math.min(1, Math.max(0, p))

interface SortedWindow {
  push(value: number): void
  /** The order statistic at p · (n + 1), linear between neighbours, the outermost beyond; `NaN` of none. */
  at(p: number): number
  count(): number
}

/** The last `size` values, kept sorted: O(log n) to find a place and one short memory move to take it. */
export function sortedWindow(size: number): SortedWindow {
  const ring = new Float64Array(size)
  const sorted = new Float64Array(size)
  let n = 0
  let next = 0
  const place = (value: number) => {
    let low = 0
    let high = n
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sorted[middle] < value) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    push(value) {
      if (n === size) {
        const gone = place(ring[next])
        sorted.copyWithin(gone, gone + 1, n)
        n--
      }
      const at = place(value)
      sorted.copyWithin(at + 1, at, n)
      sorted[at] = value
      n++
      ring[next] = value
      next = (next + 1) % size
    },
    at(p) {
      if (n === 0) return NaN
      const position = Math.min(n - 1, Math.max(0, p * (n + 1) - 1))
      const below = Math.floor(position)
      const above = Math.min(n - 1, below + 1)
      return sorted[below] + (position - below) * (sorted[above] - sorted[below])
    },
    count: () => n
  }
}

/** Sums over the last `recordSteps` scored steps: absolute errors, the naive ones, and hits per level. */
function pastRecord(levels: number) {
  const columns = 4 + levels
  const rows = new Float64Array(recordSteps * columns)
  const sums = new Float64Array(columns)
  let steps = 0
  let base = 0
  return {
    open() {
      base = (steps % recordSteps) * columns
      for (let c = 0; c < columns; c++) {
        sums[c] -= rows[base + c]
        rows[base + c] = 0
      }
    },
    hit(level: number, inside: boolean) {
      if (inside) rows[base + 4 + level]++
      if (level === 0) rows[base + 3]++
    },
    close(error: number, naiveError: number, pairs: number) {
      rows[base] = error
      rows[base + 1] = naiveError
      rows[base + 2] = pairs
      for (let c = 0; c < columns; c++) sums[c] += rows[base + c]
      if (pairs > 0) steps++
    },
    summary(names: readonly string[]): ForecastRecord {
      const scored = sums[3]
      const coverage = names.map((name, l) => [name, scored === 0 ? NaN : sums[4 + l] / scored])
      const [error, naiveError] = [Math.max(0, sums[0]), Math.max(0, sums[1])]
      // Worse than a naive forecast without any error has no finite ratio, and JSON has no infinity.
      const mase = naiveError > 0 ? error / naiveError : error > 0 ? Number.MAX_VALUE : NaN
      return { coverage: Object.fromEntries(coverage), mase, steps: Math.min(steps, recordSteps) }
    }
  }
}
