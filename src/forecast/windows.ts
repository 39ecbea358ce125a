/**
 * Windows — the last steps before a moment as the input of a network, and what came behind as its target.
 *
 *   channel 0         the window: x[i] = scaled y[t−W+1+i],  i = 0..W−1
 *   channel 1         with a season m: the window of last season, y[t−W+1+i + lead − m], which ends with what came
 *                     `lead` steps behind this moment then
 *   channel 2         the mean of the same window in the (up to) six seasons before that one
 *   channels behind   calendar features of step t−W+1+i
 *
 * Gaps inside a window are bridged by straight lines, at its ends by the nearest measured value; of each channel at least
 * half must have been measured. Training prefers windows without any gap and takes bridged ones only where those are too few.
 */
import type { Tensor } from '../nn/architecture.ts'
import type { Calendar } from './calendar.ts'
import { type Scaler, scaled } from './scaler.ts'

export interface WindowShape {
  /** W, steps. */
  readonly window: number
  /** m, steps; 0 = no channels 1 and 2. */
  readonly season: number
  /** Steps that they look ahead of the same moment last season, 1..m. */
  readonly lead: number
  readonly calendar: Calendar
  readonly stepMs: number
  /** Inputs of −1..1 in place of 0..1: layers learn more easily around zero. */
  readonly centred: boolean
}

/** Seasons before the last one whose mean is channel 2. */
const olderSeasons = 6
/** Scaled values are cut off here: what lies further out is no matter for a network. */
export const largest = 4

export const inputsOf = ({ season, calendar }: WindowShape): number =>
  1 + (season > 0 ? 2 : 0) + calendar.width

/** Steps before a moment that its windows look at. */
export const spanOf = ({ window, season, lead }: WindowShape): number =>
  season > 0 ? window - lead + (1 + olderSeasons) * season : window

/** Measured, at least half of it. */
const enough = (missing: number, window: number) => 2 * missing <= window

/** Reads windows out of values; one reader has its own scratch space and must not be shared. */
export function windowReader(shape: WindowShape, scaler: Scaler) {
  const { window, season, lead, calendar, stepMs, centred } = shape
  const inputs = inputsOf(shape)
  const own = new Float64Array(window)
  const last = new Float64Array(season > 0 ? window : 0)
  const older = new Float64Array(season > 0 ? window : 0)
  const features = new Float64Array(calendar.width)

  /** Reads the windows that end before `end`; false where too little of them was measured. */
  function read(values: Float64Array, end: number): boolean {
    if (!enough(bridged(values, end - window, own), window)) return false
    if (season === 0) return true
    const from = end - window + lead - season
    if (!enough(bridged(values, from, last), window)) return false
    for (let i = 0; i < window; i++) older[i] = olderMean(values, from + i, season, last[i])
    return true
  }

  function inputOf(y: number): number {
    const x = Math.max(-largest, Math.min(largest, scaled(scaler, y)))
    return centred ? 2 * x - 1 : x
  }

  /** Writes what was read as row `row` of `input` [steps, batch, inputs]; `endMs` is the time of step `end`. */
  function write(endMs: number, row: number, batch: number, input: Tensor): void {
    for (let i = 0; i < window; i++) {
      let at = (i * batch + row) * inputs
      input[at++] = inputOf(own[i])
      if (season > 0) {
        input[at++] = inputOf(last[i])
        input[at++] = inputOf(older[i])
      }
      if (calendar.width === 0) continue
      calendar.write(endMs + (i - window) * stepMs, features, 0)
      for (let f = 0; f < features.length; f++) input[at++] = features[f]
    }
  }

  return { own, last, older, read, write }
}

/** The mean of the measured values some seasons before `at`; where there is none, last season's value. */
function olderMean(values: Float64Array, at: number, season: number, last: number): number {
  let mean = last
  let count = 0
  for (let k = 1, i = at - season; k <= olderSeasons && i >= 0; k++, i -= season) {
    if (Number.isNaN(values[i])) continue
    count++
    mean += (values[i] - mean) / count
  }
  return mean
}

/** Copies out.length values from `from` on, gaps bridged; gives how many were missing (all of them: nothing is written). */
export function bridged(values: Float64Array, from: number, out: Float64Array): number {
  let known = -1
  let missing = 0
  for (let i = 0; i < out.length; i++) {
    const y = from + i < 0 || from + i >= values.length ? NaN : values[from + i]
    if (Number.isNaN(y)) {
      missing++
      continue
    }
    // Everything since the last known value lies on a line to this one.
    for (let k = known + 1; k < i; k++) {
      const share = known < 0 ? 1 : (k - known) / (i - known)
      out[k] = known < 0 ? y : (1 - share) * out[known] + share * y
    }
    out[i] = y
    known = i
  }
  if (known >= 0) for (let k = known + 1; k < out.length; k++) out[k] = out[known]
  return missing
}

/** The moments (steps behind the window) that can be trained on, ascending: `horizon` steps of targets lie behind each. */
export function usableEnds(
  values: Float64Array,
  shape: WindowShape,
  horizon: number,
  fewest: number
): number[] {
  const complete = endsWith(values, shape, horizon, () => 0)
  return complete.length >= fewest ? complete : endsWith(values, shape, horizon, (w) => Math.floor(w / 2))
}

function endsWith(
  values: Float64Array,
  { window, season, lead }: WindowShape,
  horizon: number,
  allowed: (window: number) => number
): number[] {
  // missing[i]: unmeasured steps before step i.
  const missing = new Uint32Array(values.length + 1)
  for (let i = 0; i < values.length; i++) missing[i + 1] = missing[i] + (Number.isNaN(values[i]) ? 1 : 0)
  const between = (from: number, to: number) => missing[to] - missing[from]
  const most = allowed(window)
  const ends: number[] = []
  const first = season > 0 ? Math.max(window, window + season - lead) : window
  for (let end = first; end + horizon <= values.length; end++) {
    if (between(end - window, end) > most) continue
    const from = end - window + lead - season
    if (season > 0 && between(from, from + window) > most) continue
    // At least one of the targets was measured.
    if (between(end, end + horizon) < horizon) ends.push(end)
  }
  return ends
}
