/**
 * What a contender of the tournament lost, block by block, and how sure a difference is.
 *
 *   loss       of a forecast for h steps ahead, over the scored horizons and divided by what naive loses there:
 *              mae |y − ŷ| / nₕ · rmse (y − ŷ)² / nₕ² · pinball Σ_p 2·ρ_p(y − q_p) / nₕ over p = 0.1, 0.5, 0.9, / 3
 *   score      mean loss over the origins, its root for rmse; below 1 is better than naive (mae: a MASE)
 *   behind     mean over blocks of (loss − loss of the other), origins being the same
 *   se         its standard error: sd over blocks / √blocks
 *
 * Neighbouring origins are wrong together, so origins are put into blocks and the blocks taken for independent (batch
 * means, Schmeiser 1982). Differences are paired: what made the night hard for one made it hard for all.
 */
import { naiveError } from '../math/index.ts'
import type { Forecast } from '../roles.ts'

export type Metric = 'mae' | 'rmse' | 'pinball'

export interface Scoring {
  readonly metric: Metric
  /** Steps ahead that are scored, ascending. */
  readonly horizons: readonly number[]
  /** Levels a contender must give for it. */
  readonly levels: readonly number[]
  /** The first origin: the step behind what the contenders are first fitted to. */
  readonly from: number
  readonly blocks: number
  readonly blockSteps: number
  /** nₕ per horizon. */
  readonly scales: readonly number[]
}

/** Losses by block; a block in which nothing was measured counts for nobody. */
export interface Losses {
  readonly sums: Float64Array
  readonly counts: Float64Array
}

export interface Behind {
  readonly mean: number
  /** `NaN` with fewer than two blocks. */
  readonly se: number
}

/** Blocks: enough for a standard error, few enough to be longer than what goes wrong together. */
const mostBlocks = 20
const pinballLevels = [0.1, 0.5, 0.9] as const

/** How `values` will be scored, or nothing when they are too few to tell anybody apart. */
export function scoringOf(values: Float64Array, metric: Metric, horizon: number): Scoring | undefined {
  const n = values.length
  // A fifth as in a backtest, more where that would not hold the horizon a few times, at most a week of minutes.
  const tail = Math.min(Math.floor(n / 2), 10_080, Math.max(Math.floor(n / 5), 4 * horizon, 40))
  const last = Math.min(horizon, Math.floor(tail / 4))
  const origins = tail - last + 1
  const blocks = Math.min(mostBlocks, Math.floor(origins / Math.max(last, 4)))
  if (last < 1 || blocks < 2) return undefined
  const blockSteps = Math.floor(origins / blocks)
  const horizons = [...new Set([1, last])]
  return {
    metric,
    horizons,
    levels: metric === 'pinball' ? pinballLevels : [0.5],
    from: n - last + 1 - blocks * blockSteps,
    blocks,
    blockSteps,
    scales: horizons.map((h) => naiveError(values, h) || 1)
  }
}

export function noLosses({ blocks }: Scoring): Losses {
  return { sums: new Float64Array(blocks), counts: new Float64Array(blocks) }
}

/** The forecast made at an origin, against what came from there on. */
export function scoreOne(
  { metric, horizons, scales, from, blockSteps }: Scoring,
  losses: Losses,
  values: Float64Array,
  origin: number,
  forecast: Forecast
): void {
  const block = Math.floor((origin - from) / blockSteps)
  for (let i = 0; i < horizons.length; i++) {
    const h = horizons[i]
    const y = values[origin + h - 1]
    if (Number.isNaN(y)) continue
    losses.sums[block] += lossOf(metric, y, forecast, h - 1, scales[i])
    losses.counts[block]++
  }
}

function lossOf(metric: Metric, y: number, { mean, quantiles }: Forecast, at: number, scale: number): number {
  if (metric !== 'pinball') {
    const error = Math.abs(y - mean[at]) / scale
    return metric === 'mae' ? error : error * error
  }
  let sum = 0
  for (const p of pinballLevels) {
    const miss = (y - quantiles[p][at]) / scale
    sum += 2 * Math.max(p * miss, (p - 1) * miss)
  }
  return sum / pinballLevels.length
}

/** Mean loss over the first blocks; `NaN` where nothing was measured in them. */
export function meanLoss({ sums, counts }: Losses, blocks: number): number {
  let [sum, count] = [0, 0]
  for (let b = 0; b < blocks; b++) {
    sum += sums[b]
    count += counts[b]
  }
  return sum / count
}

/** How far the one is behind the other over the first blocks. */
export function behind(one: Losses, other: Losses, blocks: number): Behind {
  let [sum, squares, n] = [0, 0, 0]
  for (let b = 0; b < blocks; b++) {
    const d = one.sums[b] / one.counts[b] - other.sums[b] / other.counts[b]
    if (Number.isNaN(d)) continue
    n++
    const before = sum / Math.max(1, n - 1)
    sum += d
    squares += (d - before) * (d - sum / n)
  }
  return { mean: sum / n, se: n < 2 ? NaN : Math.sqrt(squares / (n - 1) / n) }
}
