/**
 * Paired differences: the same seeds, the same days, policy against policy.
 *
 * Each measure is cut into whole days (20 equal blocks when the run is under 7 days) and resampled 2,000 times:
 * `pairedDifference` in `math/bootstrap.ts`.
 */
import { MINUTE } from '../base/index.ts'
import { type Blocks, blockStarts, blockSums, pairedDifference } from '../math/index.ts'
import { overloadedFlags, type RunTrack } from './measure.ts'

export interface Pair {
  readonly a: string
  readonly b: string
  readonly metric: string
  /** mean of a − b over seeds */
  readonly difference: number
  /** mean of (a − b) / b over seeds */
  readonly relative: number
  /** 95 % interval of `difference` */
  readonly ci95: readonly [number, number]
  /** 95 % interval of `relative` */
  readonly relativeCi95: readonly [number, number]
}

const metrics: Readonly<Record<string, (track: RunTrack) => Blocks>> = {
  overloadedMinutes: (track) => {
    const flags = overloadedFlags(track)
    return { sum: blockSums(flags, blockStarts(flags.length, MINUTE)) }
  },
  unitHours: (track) => {
    const starts = blockStarts(track.ready.length, track.stepMs)
    const hours = track.stepMs / 3_600_000
    const units = track.ready.map((ready, i) => (ready + track.starting[i]) * hours)
    return { sum: blockSums(units, starts) }
  },
  sloViolationRatio: (track) => {
    const starts = blockStarts(track.ready.length, track.stepMs)
    return { sum: blockSums(track.missed, starts), weight: blockSums(track.arrivals, starts) }
  },
  rescales: (track) => {
    const changed = new Uint8Array(track.ready.length)
    for (const { step } of track.rescales) changed[step] = 1
    return { sum: blockSums(changed, blockStarts(changed.length, track.stepMs)) }
  }
}

/** All measures of `a` against `b`; both lists are in the order of the seeds. */
export function comparePair(
  a: { readonly label: string; readonly tracks: readonly RunTrack[] },
  b: { readonly label: string; readonly tracks: readonly RunTrack[] }
): Pair[] {
  return Object.entries(metrics).map(([metric, blocks]) => ({
    a: a.label,
    b: b.label,
    metric,
    ...pairedDifference(a.tracks.map(blocks), b.tracks.map(blocks))
  }))
}
