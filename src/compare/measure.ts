/**
 * The measures of one run, as every table prints them.
 *
 *   sloViolationRatio = Σ missed / Σ arrivals          missed: latency over the SLO, or dropped
 *   overloaded minute: missed > 5 % of the minute's arrivals, or any dropped
 *   unitHours = Σ (ready + starting) · step            cost = price · unitHours, or by the world's own table
 *   rescale: the wanted capacity changed; flip: in the opposite direction within 10 min of the last one
 *
 * Latency quantiles come from a histogram of 64 bins a decade (each 3.7 % wide), filled from each step's base latency
 * and the exact share of its exponential wait in every bin.
 */
import { MINUTE } from '../base/index.ts'
import type { StepOutcome } from '../roles.ts'
import { OVERLOAD_SHARE } from '../sim/index.ts'

const FLIP_WINDOW_MS = 10 * MINUTE

export interface Latency {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

export interface RunMeasures {
  readonly sloViolationRatio: number
  readonly latencyMs: Latency
  readonly overloadedMinutes: number
  readonly meanUnits: number
  readonly unitHours: number
  readonly cost: number
  readonly rescales: number
  readonly flips: number
  readonly falseStarts: number
  readonly dropped: number
  /** Median over ramps; see `ramps.ts`. */
  readonly leadMinutes: number
}

/** What happened at every step of one run; `measure` and the report read it, nothing else does. */
export interface RunTrack {
  readonly startMs: number
  readonly stepMs: number
  /** Units serving, and units paid but not serving, at the end of each step. */
  readonly ready: Float32Array
  readonly starting: Float32Array
  readonly arrivals: Float64Array
  readonly missed: Float64Array
  readonly dropped: Float64Array
  /** Mean latency of each step's arrivals, ms; `NaN` where nothing arrived. */
  readonly latencyMs: Float32Array
  /** Steps at which the wanted capacity changed, with the change in units. */
  readonly rescales: { readonly step: number; readonly by: number }[]
  /** Arrivals by latency, logarithmic bins. */
  readonly histogram: Float64Array
  /** What the world's own price table made of it; `NaN`: it has none, units × price. */
  readonly bill: { total: number }
}

export function newTrack(startMs: number, stepMs: number, steps: number): RunTrack {
  return {
    startMs,
    stepMs,
    ready: new Float32Array(steps),
    starting: new Float32Array(steps),
    arrivals: new Float64Array(steps),
    missed: new Float64Array(steps),
    dropped: new Float64Array(steps),
    latencyMs: new Float32Array(steps),
    rescales: [],
    histogram: new Float64Array(BINS_PER_DECADE * DECADES),
    bill: { total: NaN }
  }
}

/** Writes one step into the track. Steps whose arrivals are unknown (`NaN`) are paid for and not scored. */
export function record(track: RunTrack, step: number, outcome: StepOutcome): void {
  const known = !Number.isNaN(outcome.arrivals)
  const { cost } = outcome
  if (cost !== undefined) track.bill.total = (Number.isNaN(track.bill.total) ? 0 : track.bill.total) + cost
  track.ready[step] = outcome.ready
  track.starting[step] = outcome.starting
  track.arrivals[step] = outcome.arrivals
  track.missed[step] = known ? outcome.missed : 0
  track.dropped[step] = known ? outcome.dropped : 0
  const { share, meanMs } = outcome.waiting
  track.latencyMs[step] = outcome.arrivals > 0 ? outcome.latencyMs + share * meanMs : NaN
  const served = outcome.arrivals - outcome.dropped
  if (served > 0) addLatency(track.histogram, outcome.latencyMs, share, meanMs, served)
}

/** One flag a minute: 1 overloaded, 0 not. A minute with any unknown step is not scored and stays 0. */
export function overloadedFlags(track: RunTrack): Uint8Array {
  const perMinute = Math.max(1, Math.round(MINUTE / track.stepMs))
  const flags = new Uint8Array(Math.ceil(track.arrivals.length / perMinute))
  for (let m = 0; m < flags.length; m++) {
    let arrivals = 0
    let missed = 0
    let dropped = 0
    for (let i = m * perMinute; i < Math.min((m + 1) * perMinute, track.arrivals.length); i++) {
      arrivals += track.arrivals[i]
      missed += track.missed[i]
      dropped += track.dropped[i]
    }
    if (!Number.isNaN(arrivals) && (missed > OVERLOAD_SHARE * arrivals || dropped > 0)) flags[m] = 1
  }
  return flags
}

export function measure(
  track: RunTrack,
  settings: { readonly unitHour: number; readonly falseStarts: number; readonly leadMinutes: number }
): RunMeasures {
  const hours = (track.arrivals.length * track.stepMs) / 3_600_000
  let arrivals = 0
  let missed = 0
  let dropped = 0
  let units = 0
  for (let i = 0; i < track.arrivals.length; i++) {
    units += track.ready[i] + track.starting[i]
    if (Number.isNaN(track.arrivals[i])) continue
    arrivals += track.arrivals[i]
    missed += track.missed[i]
    dropped += track.dropped[i]
  }
  const unitHours = (units * track.stepMs) / 3_600_000
  return {
    sloViolationRatio: arrivals > 0 ? missed / arrivals : 0,
    latencyMs: {
      p50: latencyQuantile(track.histogram, 0.5),
      p95: latencyQuantile(track.histogram, 0.95),
      p99: latencyQuantile(track.histogram, 0.99)
    },
    overloadedMinutes: overloadedFlags(track).reduce((sum, flag) => sum + flag, 0),
    meanUnits: unitHours / hours,
    unitHours,
    cost: Number.isNaN(track.bill.total) ? unitHours * settings.unitHour : track.bill.total,
    rescales: track.rescales.length,
    flips: flips(track),
    falseStarts: settings.falseStarts,
    dropped,
    leadMinutes: settings.leadMinutes
  }
}

function flips(track: RunTrack): number {
  let count = 0
  for (let i = 1; i < track.rescales.length; i++) {
    const [last, now] = [track.rescales[i - 1], track.rescales[i]]
    if (last.by * now.by < 0 && (now.step - last.step) * track.stepMs <= FLIP_WINDOW_MS) count++
  }
  return count
}

const BINS_PER_DECADE = 64
const LOWEST_MS = 0.01
const DECADES = 10
/** Upper edge of each bin, ms; whatever is longer stands in the last one. */
const EDGES_MS = Float64Array.from(
  { length: BINS_PER_DECADE * DECADES },
  (_, bin) => LOWEST_MS * 10 ** ((bin + 1) / BINS_PER_DECADE)
)
/** A share of the waits too small to move a quantile of any run. */
const TAIL = 1e-5

function binOf(ms: number): number {
  const bin = Math.floor(Math.log(ms / LOWEST_MS) * (BINS_PER_DECADE / Math.LN10))
  return Math.max(0, Math.min(bin, EDGES_MS.length - 1))
}

/** `count` arrivals of latency `baseMs`, of which the share `waiting` has an exponential wait of mean `meanMs` on top. */
function addLatency(
  bins: Float64Array,
  baseMs: number,
  waiting: number,
  meanMs: number,
  count: number
): void {
  // A wait that is short against the base moves nobody into another bin.
  const nobodyWaits = waiting < 1e-6 || meanMs < baseMs * 1e-3
  let bin = binOf(baseMs)
  bins[bin] += nobodyWaits ? count : count * (1 - waiting)
  if (nobodyWaits) return
  const waits = count * waiting
  let beyond = 1
  for (; bin < bins.length - 1 && beyond > TAIL; bin++) {
    const next = Math.exp((baseMs - EDGES_MS[bin]) / meanMs)
    bins[bin] += waits * (beyond - next)
    beyond = next
  }
  bins[bin] += waits * beyond
}

/** Latency in ms that this share of the arrivals stayed below; `NaN` when nothing arrived. */
function latencyQuantile(bins: Float64Array, level: number): number {
  const total = bins.reduce((sum, n) => sum + n, 0)
  if (total === 0) return NaN
  let below = 0
  for (let bin = 0; bin < bins.length; bin++) {
    if (below + bins[bin] >= level * total) {
      return LOWEST_MS * 10 ** ((bin + (level * total - below) / bins[bin]) / BINS_PER_DECADE)
    }
    below += bins[bin]
  }
  return NaN
}
