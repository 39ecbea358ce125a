/**
 * Resampling by counts — events' own timestamps as a load of a given mean and spread (Algorithm 2 of arXiv 2507.14597).
 *
 *   ϖ_i = events in [start + i·step, start + (i+1)·step)
 *   z_i = (ϖ_i − mean ϖ)/sd ϖ        load_i = z_i·σ_t + μ_t
 *
 * Its §V-A: real taxi pick-ups get mean and standard deviation of the synthetic load, so that both can be
 * compared. sd is that of the whole, divided by n, on both sides. The result may be fractional, and negative where μ_t is
 * below the deepest dip; it is not cut, or the moments would not be met.
 */
import { PrescaleError, requireOption, type Series } from '../../base/index.ts'

export interface Moments {
  readonly mean: number
  readonly sd: number
}

export interface CountResampling {
  readonly stepMs: number
  /** Mean and standard deviation that the load shall have; absent: the counts as they are. */
  readonly target?: Moments
  /** Start of the first interval: the multiple of the step at or before the first event unless given. */
  readonly startMs?: number
  /** End of the last interval: the one that holds the last event unless given. Events outside are not counted. */
  readonly endMs?: number
}

/**
 * Events per step, shifted and scaled. `timestampsMs` in any order. Throws `TOO_SHORT` without a finite timestamp and
 * `BAD_INPUT` when every interval has the same count: nothing can be scaled to a spread.
 */
export function resampleCounts(timestampsMs: ArrayLike<number>, options: CountResampling): Series {
  const { stepMs, target } = options
  requireOption(stepMs > 0 && Number.isFinite(stepMs), 'stepMs', stepMs, 'a positive number of milliseconds')
  const [first, last] = range(timestampsMs)
  if (!(first <= last)) throw new PrescaleError('TOO_SHORT', 'counting events needs 1 timestamp, got 0')
  const startMs = options.startMs ?? Math.floor(first / stepMs) * stepMs
  const endMs = options.endMs ?? startMs + (Math.floor((last - startMs) / stepMs) + 1) * stepMs
  requireOption(endMs - startMs >= stepMs, 'endMs', endMs, `at least a step behind the start, ${startMs}`)
  const counts = new Float64Array(Math.floor((endMs - startMs) / stepMs))
  for (let i = 0; i < timestampsMs.length; i++) {
    const step = Math.floor((timestampsMs[i] - startMs) / stepMs)
    if (step >= 0 && step < counts.length) counts[step]++
  }
  return { startMs, stepMs, unit: 'events/step', values: target ? withMoments(counts, target) : counts }
}

/** Mean and standard deviation (of the whole, divided by n) of the measured values; `NaN` when there are none. */
export function momentsOf(values: ArrayLike<number>): Moments {
  let n = 0
  let mean = 0
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue
    n++
    const step = values[i] - mean
    mean += step / n
    squares += step * (values[i] - mean)
  }
  return n === 0 ? { mean: NaN, sd: NaN } : { mean, sd: Math.sqrt(squares / n) }
}

/**
 * The same values shifted and scaled: z-scores times σ_t plus μ_t. Throws `BAD_INPUT` when all are the same: nothing can be
 * scaled to a spread.
 */
export function withMoments(counts: Float64Array, target: Moments): Float64Array {
  requireOption(Number.isFinite(target.mean), 'target.mean', target.mean, 'a number')
  requireOption(
    target.sd >= 0 && Number.isFinite(target.sd),
    'target.sd',
    target.sd,
    'a number of at least 0'
  )
  const { mean, sd } = momentsOf(counts)
  if (sd === 0) {
    throw new PrescaleError(
      'BAD_INPUT',
      `all ${counts.length} intervals hold ${mean} events, no spread to scale`
    )
  }
  return counts.map((count) => ((count - mean) / sd) * target.sd + target.mean)
}

function range(values: ArrayLike<number>): [number, number] {
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    if (values[i] < lowest) lowest = values[i]
    if (values[i] > highest) highest = values[i]
  }
  return [lowest, highest]
}
