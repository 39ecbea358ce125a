/**
 * Trouble — how often a job stops without having been rescaled, and how much work that loses.
 *
 *   rate = stops / time watched      lost = mean of the highest lag of a stop, in ms of the load at that time
 *
 * A stop is a lag of more than 5 s that nobody's rescale explains (none in the 2 min before), under a load that the ready
 * units could serve. Until the first one nothing is known of failures, and nothing is spent on them.
 */
import type { Observation } from '../roles.ts'
import { trusted } from './answer.ts'

/** Plain JSON. */
export type Trouble = {
  /** When watching began; `null` before the first lag was seen. */
  readonly sinceMs: number | null
  readonly stops: number
  readonly lostMs: number
  /** The stop that lasts: its highest lag so far, ms of load; `own` = a rescale explains it. */
  readonly open: { readonly peakMs: number; readonly own: boolean } | null
  readonly ready: number
  readonly changedMs: number
}

export const noTrouble: Trouble = { sinceMs: null, stops: 0, lostMs: 0, open: null, ready: 0, changedMs: 0 }

/** A lag gauge of 30 s steps shows some seconds of load that is only not fetched yet. */
const OPENS_MS = 5_000
const CLOSES_MS = 2_000
/** A rescale explains a lag for as long as the longest outages of the published Flink runs, 106 s. */
const EXPLAINS_MS = 120_000

export function watchTrouble(
  before: Trouble,
  seen: Observation,
  resource: string,
  load: number,
  unitRate: number
): Trouble {
  const gauge = seen.metrics?.lag
  if (gauge === undefined) return before
  const ready = seen.capacity.ready[resource] ?? 0
  const { nowMs } = seen
  const changedMs = ready === before.ready || before.sinceMs === null ? before.changedMs : nowMs
  const sinceMs = before.sinceMs ?? nowMs
  const lag = trusted(gauge)
  const now = { ...before, sinceMs, ready, changedMs }
  if (Number.isNaN(lag) || !(load > 0)) return now
  const lagMs = (1_000 * lag) / load
  const { open } = before
  if (open === null) {
    if (lagMs < OPENS_MS) return now
    const own = before.sinceMs !== null && changedMs > 0 && nowMs - changedMs < EXPLAINS_MS
    return { ...now, open: { peakMs: lagMs, own: own || load > ready * unitRate } }
  }
  if (lagMs >= CLOSES_MS) return { ...now, open: { ...open, peakMs: Math.max(open.peakMs, lagMs) } }
  if (open.own) return { ...now, open: null }
  const stops = before.stops + 1
  return { ...now, open: null, stops, lostMs: before.lostMs + (open.peakMs - before.lostMs) / stops }
}

/** Stops a millisecond. */
export function troubleRate({ stops, sinceMs }: Trouble, nowMs: number): number {
  return sinceMs === null || nowMs <= sinceMs ? 0 : stops / (nowMs - sinceMs)
}
