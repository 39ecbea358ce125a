/**
 * Load log — the load of one target on a grid of steps, as it comes in: ranges of a metrics server, or single readings.
 *
 *   value of a step = mean of the readings that fell into it        no reading: NaN, which is not zero
 *
 * The running step is not told before it is over. What is told again replaces what was there, but *not measured* never replaces a
 * number. Kept in place in one array that doubles; what is older than `keepMs` is forgotten.
 */
import { PrescaleError, type Series, series } from '../base/index.ts'

export interface LoadLog {
  /** Steps of a range, on the grid of this log. Throws `BAD_INPUT` for other steps. */
  put(part: Series): void
  /** One reading, events/s, of the moment it was taken. */
  sample(atMs: number, rate: number): void
  /** All whole steps before a moment, from `fromMs` on. They end with the last one that was told: how old that is, is for whoever reads. */
  read(fromMs: number, untilMs: number): Series
  /** Start of the first step that is kept; `NaN` before anything was told. */
  readonly startMs: number
}

export interface LoadLogOptions {
  readonly stepMs: number
  readonly keepMs: number
  readonly unit?: string
}

/** No load goes on for longer than this many steps: a clock that jumps must not become memory. */
const MOST_STEPS = 4_000_000

export function loadLog({ stepMs, keepMs, unit = 'events/s' }: LoadLogOptions): LoadLog {
  /** First step, counted from the epoch. */
  let first = NaN
  let length = 0
  let values = new Float64Array(64)
  /** The step that readings fall into now. */
  const open = { step: NaN, sum: 0, count: 0 }
  const mostKept = Math.max(1, Math.ceil(keepMs / stepMs))

  function put(part: Series): void {
    const offset = part.startMs / stepMs
    if (part.stepMs !== stepMs || Math.abs(offset - Math.round(offset)) > 1e-9) {
      throw new PrescaleError(
        'BAD_INPUT',
        `a load in steps of ${part.stepMs} ms from ${part.startMs} does not fit a log in steps of ${stepMs} ms`
      )
    }
    const from = Math.round(offset)
    for (let i = 0; i < part.values.length; i++) set(from + i, part.values[i])
  }

  function sample(atMs: number, rate: number): void {
    const step = Math.floor(atMs / stepMs)
    if (step !== open.step) {
      open.step = step
      open.sum = 0
      open.count = 0
    }
    if (!Number.isNaN(rate)) {
      open.sum += rate
      open.count++
    }
    set(step, open.count === 0 ? NaN : open.sum / open.count)
  }

  function set(step: number, value: number): void {
    if (length === 0 || step >= first + length + mostKept) {
      // Behind a gap that is longer than all that is kept, everything before is forgotten.
      first = step
      length = 0
    }
    // Older than what is kept.
    if (step < first) return
    if (step - first >= MOST_STEPS) return
    makeRoom(step)
    if (step - first >= length) {
      values.fill(NaN, length, step - first)
      values[step - first] = value
      length = step - first + 1
    } else if (!Number.isNaN(value)) values[step - first] = value
  }

  function makeRoom(step: number): void {
    if (step - first < values.length) return
    const drop = Math.max(0, Math.min(length, step - first + 1 - mostKept))
    const kept = values.subarray(drop, length)
    first += drop
    length -= drop
    const needed = Math.max(length, step - first + 1)
    const room = needed > values.length / 2 ? new Float64Array(2 * Math.max(needed, 32)) : values
    if (room === values) values.copyWithin(0, drop, drop + length)
    else room.set(kept)
    values = room
  }

  function read(fromMs: number, untilMs: number): Series {
    if (length === 0) return series(stepMs, [], { startMs: Math.floor(untilMs / stepMs) * stepMs, unit })
    const end = Math.max(first, Math.min(first + length, Math.floor(untilMs / stepMs)))
    const from = Math.min(end, Math.max(first, Math.ceil(fromMs / stepMs), end - mostKept))
    return series(stepMs, values.slice(from - first, end - first), { startMs: from * stepMs, unit })
  }

  return {
    put,
    sample,
    read,
    get startMs() {
      return first * stepMs
    }
  }
}
