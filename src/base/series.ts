import { requireOption } from './errors.ts'

/**
 * A regular time series: `values[i]` belongs to the interval [startMs + i·stepMs, startMs + (i+1)·stepMs).
 * `NaN` means *not measured*; zero means *measured, and it was zero*.
 */
export interface Series {
  readonly startMs: number
  readonly stepMs: number
  /** What one value means, such as `events/s`. */
  readonly unit: string
  readonly values: Float64Array
}

/** A series of numbers (events/s from 0 ms unless said otherwise); arrays are copied, a Float64Array is kept. Throws `BAD_OPTION` for no step. */
export function series(
  stepMs: number,
  values: ArrayLike<number>,
  options: { startMs?: number; unit?: string } = {}
): Series {
  requireOption(stepMs > 0 && Number.isFinite(stepMs), 'stepMs', stepMs, 'a positive number of milliseconds')
  const own = values instanceof Float64Array ? values : Float64Array.from(values)
  return { startMs: options.startMs ?? 0, stepMs, unit: options.unit ?? 'events/s', values: own }
}

/** The first moment after the last interval. */
export function endMs(s: Series): number {
  return s.startMs + s.values.length * s.stepMs
}

/** Steps [from, to) as a view on the same numbers. */
export function sliceSteps(s: Series, from: number, to: number = s.values.length): Series {
  const start = Math.max(0, Math.min(from, s.values.length))
  return { ...s, startMs: s.startMs + start * s.stepMs, values: s.values.subarray(start, to) }
}

/** The two parts before and from a step: training and held back. */
export function splitAt(s: Series, step: number): [Series, Series] {
  return [sliceSteps(s, 0, step), sliceSteps(s, step)]
}

/** The other series put directly behind. Steps must agree, and a gap between them becomes `NaN`. */
export function append(s: Series, more: Series): Series {
  requireOption(more.stepMs === s.stepMs, 'stepMs', more.stepMs, `the same step, ${s.stepMs} ms`)
  const offset = Math.round((more.startMs - s.startMs) / s.stepMs)
  requireOption(offset >= s.values.length, 'startMs', more.startMs, `at or after ${endMs(s)}`)
  const values = new Float64Array(offset + more.values.length).fill(NaN)
  values.set(s.values)
  values.set(more.values, offset)
  return { ...s, values }
}

/** Means over groups of `factor` steps. Unmeasured steps are left out; a group with none measured is `NaN`. */
export function coarsen(s: Series, factor: number): Series {
  requireOption(
    Number.isInteger(factor) && factor >= 1,
    'factor',
    factor,
    'a whole number of steps, at least 1'
  )
  if (factor === 1) return s
  const values = new Float64Array(Math.floor(s.values.length / factor))
  for (let i = 0; i < values.length; i++) values[i] = meanOf(s.values.subarray(i * factor, (i + 1) * factor))
  return { ...s, stepMs: s.stepMs * factor, values }
}

/** The same series with every value multiplied. */
export function scale(s: Series, factor: number): Series {
  return { ...s, values: s.values.map((y) => y * factor) }
}

/** The largest measured value; `NaN` when nothing was measured. */
export function peak(values: ArrayLike<number>): number {
  let best = NaN
  for (let i = 0; i < values.length; i++)
    if (!(values[i] <= best) && !Number.isNaN(values[i])) best = values[i]
  return best
}

function meanOf(values: Float64Array): number {
  let sum = 0
  let measured = 0
  for (const y of values) {
    if (Number.isNaN(y)) continue
    sum += y
    measured++
  }
  return measured === 0 ? NaN : sum / measured
}
