/**
 * The offered load, found again: ordinary least squares of a run's throughput on the trace.
 *
 *   throughput(t) = a · mean of trace over (t + shift − 60 s, t + shift] + b
 *
 * The gauge is a mean of the trailing minute, so the trace is taken as one too. Quiet samples only: no failure or rescale in
 * the last 400 s or the next 100 s, lag gauge under 3,000 records per partition. The shift with the highest correlation wins.
 */
import { SECOND } from '../../../src/base/index.ts'
import { BIN_S, FAILURES_MS, type RecordedRun, TURN_S } from '../worlds.ts'
import type { Rescale } from './replay.ts'

export interface LoadFit {
  readonly slope: number
  readonly offset: number
  readonly shiftS: number
  readonly r: number
  /** Standard deviation of the residuals over the mean. */
  readonly residual: number
  readonly samples: number
}

const WINDOW_S = 60
const QUIET_LAG = 3_000

export function fitLoad(run: RecordedRun, rescales: readonly Rescale[], trace: Float64Array): LoadFit {
  const samples = quietSamples(run, rescales)
  const fits = Array.from({ length: 121 }, (_, shift) => regress(run, trace, samples, shift))
  return fits.reduce((best, fit) => (fit.r > best.r ? fit : best))
}

function quietSamples({ throughput, lag }: RecordedRun, rescales: readonly Rescale[]): number[] {
  const events = [...FAILURES_MS.map((ms) => ms / SECOND), ...rescales.map((rescale) => rescale.atS)]
  const out: number[] = []
  for (let i = WINDOW_S / BIN_S; i < throughput.length; i++) {
    const atS = i * BIN_S
    const disturbed = events.some((event) => atS > event - 100 && atS < event + 400)
    if (!disturbed && throughput[i] > 0 && lag[i] < QUIET_LAG) out.push(i)
  }
  return out
}

function regress(
  { throughput }: RecordedRun,
  trace: Float64Array,
  samples: readonly number[],
  shiftS: number
): LoadFit {
  const x = samples.map((i) => trailingMean(trace, i * BIN_S + shiftS))
  const y = samples.map((i) => throughput[i])
  const n = samples.length
  const meanX = x.reduce((a, b) => a + b, 0) / n
  const meanY = y.reduce((a, b) => a + b, 0) / n
  let xx = 0
  let xy = 0
  let yy = 0
  for (let i = 0; i < n; i++) {
    xx += (x[i] - meanX) ** 2
    xy += (x[i] - meanX) * (y[i] - meanY)
    yy += (y[i] - meanY) ** 2
  }
  const slope = xy / xx
  return {
    slope,
    offset: meanY - slope * meanX,
    // What the gauge means by now is half a window ago.
    shiftS: shiftS - WINDOW_S / 2,
    r: xy / Math.sqrt(xx * yy),
    residual: Math.sqrt((yy - slope * xy) / n) / meanY,
    samples: n
  }
}

function trailingMean(trace: Float64Array, atS: number): number {
  let sum = 0
  for (let k = 0; k < WINDOW_S; k++) sum += trace[(atS - k + TURN_S) % TURN_S]
  return sum / WINDOW_S
}

/** Failures that the record itself shows: slot counts that dip by a slot and come back, at the scheduled moment. */
export function failuresSeen({ slots }: RecordedRun): number {
  return FAILURES_MS.filter((ms) => {
    const at = Math.floor(ms / SECOND / BIN_S)
    const around = Array.from(slots.subarray(at - 1, at + 4))
    return Math.min(...around) < slots[at - 3]
  }).length
}
