/**
 * Conformal quantiles — how wrong it was lately is how wrong it may be next.
 *
 *   score     s = (y[t+h] − ŷ[t+h|t]) / spread[t+h|t]              the last `window` of them per horizon h
 *   quantile  q[h, level] = ŷ[t+h|t] + spread[t+h|t] · S_h(a)      S_h: order statistic at a · (n + 1)
 *   adaptive  a ← a + rate · 4·level·(1 − level) · (level − 1{y < q}),  unchanged on y = q
 *
 * Split conformal prediction on rolling residuals (Vovk et al. 2005, Lei et al. 2018) with the online correction of
 * the level (adaptive conformal inference, Gibbs & Candès 2021), which keeps coverage when the load drifts. A value
 * equal to its quantile moves nothing: loads that idle at exactly zero would otherwise push every low level to 0.
 * With fewer than 1 / level scores the outermost score stands in, where the strict theory would say infinity; with
 * fewer than 2 the quantile is not known.
 */
import type { ForecastRecord } from '../roles.ts'
import { horizonNodes } from './horizons.ts'
import { rollingRecord } from './record.ts'
import { sortedWindow } from './sorted-window.ts'

export interface ConformalOptions {
  /** Horizons 1..horizon are asked for; scored are all up to 32 and from there on one in ten. */
  readonly horizon: number
  /** Ascending. */
  readonly levels: readonly number[]
  /** Scores kept per horizon: enough for the 99 % level, few enough to forget last week's storm. */
  readonly window?: number
  /** Step of the online correction at the median, 0 = plain split conformal. */
  readonly rate?: number
  /** No quantile below this: 0 for rates. */
  readonly least?: number
}

export interface Conformal {
  /** One more value: scores every forecast that was made for its step. `NaN` scores nothing. */
  score(y: number): void
  /** Remembers the forecast made behind the last scored value and makes its quantiles. Both (horizon). */
  issue(mean: Float64Array, spread: Float64Array | undefined): void
  /** The newest forecast's quantile of the level with this index, (horizon); a view. */
  quantiles(level: number): Float64Array
  record(levels: readonly string[]): ForecastRecord
}

export function conformal(options: ConformalOptions): Conformal {
  const { horizon, levels, window = 500, rate = 0.02, least = -Infinity } = options
  const { nodes, below, above, share } = horizonNodes(horizon, 32, 1.1)
  const scores = nodes.map(() => sortedWindow(window))
  // Smaller towards the tails, where one miss would otherwise move the level by more than all that is left of it.
  const steps = levels.map((level) => rate * 4 * level * (1 - level))
  const effective = levels.map((level) => new Float64Array(nodes.length).fill(level))
  // A ring of the last `horizon` forecasts at the nodes: row (made mod horizon) · nodes.
  const size = horizon * nodes.length
  const means = new Float64Array(size).fill(NaN)
  const spreads = new Float64Array(size).fill(1)
  const bounds = levels.map(() => new Float64Array(size).fill(NaN))
  const naive = new Float64Array(horizon).fill(NaN)
  const offsets = levels.map(() => new Float64Array(nodes.length))
  const current = levels.map(() => new Float64Array(horizon))
  const record = rollingRecord(levels.length)
  let made = 0
  let last = NaN

  function score(y: number): void {
    if (Number.isNaN(y)) return
    record.open()
    for (let k = 0; k < nodes.length && nodes[k] <= made; k++) {
      const row = (made - nodes[k]) % horizon
      const at = row * nodes.length + k
      const mean = means[at]
      if (Number.isNaN(mean)) continue
      scores[k].push((y - mean) / spreads[at])
      record.errors(Math.abs(y - mean), Math.abs(y - naive[row]))
      if (Number.isNaN(bounds[0]?.[at] ?? NaN)) continue
      record.pair()
      for (let l = 0; l < levels.length; l++) {
        const bound = bounds[l][at]
        if (y <= bound) record.hit(l)
        if (y !== bound) {
          const a = effective[l][k] + steps[l] * (levels[l] - (y < bound ? 1 : 0))
          effective[l][k] = Math.min(1, Math.max(0, a))
        }
      }
    }
    record.close()
    last = y
  }

  function issue(mean: Float64Array, spread: Float64Array | undefined): void {
    const row = made % horizon
    naive[row] = last
    setOffsets()
    for (let h = 0; h < horizon; h++) {
      const width = spread === undefined ? 1 : spread[h]
      let lowest = least
      for (let l = 0; l < levels.length; l++) {
        const offset = offsets[l]
        const z = offset[below[h]] + share[h] * (offset[above[h]] - offset[below[h]])
        // Each level is corrected alone; the running maximum keeps the quantiles in order.
        lowest = Math.max(lowest, mean[h] + width * z)
        current[l][h] = lowest
      }
    }
    for (let k = 0; k < nodes.length; k++) {
      const at = row * nodes.length + k
      const h = nodes[k] - 1
      means[at] = mean[h]
      spreads[at] = spread === undefined ? 1 : spread[h]
      for (let l = 0; l < levels.length; l++) bounds[l][at] = current[l][h]
    }
    made++
  }

  /** Normalised distance from the mean per level and node. */
  function setOffsets(): void {
    let known = -1
    for (let k = 0; k < nodes.length; k++) {
      if (scores[k].count() >= 2) known = k
      // A horizon never scored yet borrows from the longest scored one, wider as a random walk is.
      const wider = known < 0 ? NaN : Math.sqrt(nodes[k] / nodes[known])
      for (let l = 0; l < levels.length; l++) {
        offsets[l][k] = known < 0 ? NaN : wider * scores[known].at(effective[l][known])
      }
    }
  }

  return { score, issue, quantiles: (level) => current[level], record: (names) => record.summary(names) }
}
