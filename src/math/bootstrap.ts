/**
 * Block bootstrap — how far a number may be off, when neighbouring minutes are alike.
 *
 *   blocks are drawn with replacement, as many as there are; the statistic of each draw is one resample;
 *   the 95 % interval is the 2.5th and 97.5th percentile of the resamples
 *
 * A block is a whole day; a run under seven days is cut into 20 equal blocks. Efron & Tibshirani 1993 ch. 8,
 * Künsch 1989. Seeded: the same inputs give the same interval.
 */
import { DAY, random, requireOption } from '../base/index.ts'
import { quantileSorted, sortedMeasured } from './quantile.ts'

export interface BootstrapOptions {
  readonly seed?: number
  readonly resamples?: number
  /** Probability inside the interval. */
  readonly level?: number
}

export interface Estimate {
  readonly estimate: number
  readonly ci95: readonly [number, number]
}

/** Start steps of the blocks, and behind the last one the length: block b is [starts[b], starts[b + 1]). */
export function blockStarts(steps: number, stepMs: number): number[] {
  const perDay = DAY / stepMs
  const days = Math.floor(steps / perDay + 1e-9)
  const count = days >= 7 ? days : Math.min(20, steps)
  const size = days >= 7 ? perDay : steps / count
  const starts = Array.from({ length: count }, (_, b) => Math.round(b * size))
  // The rest of a last, unfinished day belongs to the last whole one.
  return [...starts, steps]
}

/** Sums of per-step values over blocks; unmeasured steps add nothing. */
export function blockSums(values: ArrayLike<number>, starts: readonly number[]): Float64Array {
  const sums = new Float64Array(Math.max(0, starts.length - 1))
  for (let b = 0; b < sums.length; b++) {
    for (let i = starts[b]; i < starts[b + 1]; i++) if (!Number.isNaN(values[i])) sums[b] += values[i]
  }
  return sums
}

/** The interval of any statistic of `blocks` blocks: `statistic(times)` gets how often each block was drawn. */
export function bootstrap(
  blocks: number,
  statistic: (times: Uint32Array) => number,
  { seed = 0, resamples = 2_000, level = 0.95 }: BootstrapOptions = {}
): Estimate {
  requireOption(Number.isInteger(blocks) && blocks >= 1, 'blocks', blocks, 'a whole number, at least 1')
  requireOption(
    Number.isInteger(resamples) && resamples >= 1,
    'resamples',
    resamples,
    'a whole number, at least 1'
  )
  const times = new Uint32Array(blocks).fill(1)
  const estimate = statistic(times)
  const rng = random(seed, 'bootstrap', blocks)
  const drawn = new Float64Array(resamples)
  for (let r = 0; r < resamples; r++) {
    times.fill(0)
    for (let i = 0; i < blocks; i++) times[rng.integer(blocks)]++
    drawn[r] = statistic(times)
  }
  const sorted = sortedMeasured(drawn)
  const tail = (1 - level) / 2
  return { estimate, ci95: [quantileSorted(sorted, tail), quantileSorted(sorted, 1 - tail)] }
}

/**
 * What a run adds up to, block by block. Its measure is Σ sum / Σ weight; without `weight` (per block) Σ sum, so
 * counts stay counts and ratios are ratios of sums, not means of ratios.
 */
export interface Blocks {
  readonly sum: ArrayLike<number>
  readonly weight?: ArrayLike<number>
}

export interface Difference {
  /** mean over seeds of a − b */
  readonly difference: number
  /** mean over seeds of (a − b) / b; `NaN` when b is 0 in every seed */
  readonly relative: number
  readonly ci95: readonly [number, number]
  readonly relativeCi95: readonly [number, number]
}

/**
 * Paired difference of two policies over the same seeds: `a[s]` and `b[s]` met the same load. Seeds are pooled by
 * drawing a block for all of them at once, because they share the trace's days.
 */
export function pairedDifference(
  a: readonly Blocks[],
  b: readonly Blocks[],
  options: BootstrapOptions = {}
): Difference {
  requireOption(
    a.length === b.length && a.length > 0,
    'b',
    b.length,
    `as many seeds as a, ${a.length}, and at least 1`
  )
  const blocks = a[0].sum.length
  for (const run of [...a, ...b]) {
    requireOption(run.sum.length === blocks, 'blocks', run.sum.length, `the same in every run, ${blocks}`)
  }
  const over = (each: (a: number, b: number) => number) => (times: Uint32Array) => {
    let sum = 0
    let seeds = 0
    for (let s = 0; s < a.length; s++) {
      const value = each(measure(a[s], times), measure(b[s], times))
      if (!Number.isFinite(value)) continue
      sum += value
      seeds++
    }
    return seeds === 0 ? NaN : sum / seeds
  }
  const difference = bootstrap(
    blocks,
    over((x, y) => x - y),
    options
  )
  const relative = bootstrap(
    blocks,
    over((x, y) => (x - y) / y),
    options
  )
  return {
    difference: difference.estimate,
    relative: relative.estimate,
    ci95: difference.ci95,
    relativeCi95: relative.ci95
  }
}

function measure({ sum, weight }: Blocks, times: Uint32Array): number {
  let total = 0
  let weights = 0
  for (let i = 0; i < times.length; i++) {
    total += times[i] * sum[i]
    if (weight) weights += times[i] * weight[i]
  }
  return weight ? total / weights : total
}
