/**
 * Trouble — how often a job stops without having been rescaled, and how much work that loses.
 *
 *   rate = stops / time watched      lost = mean over stops of the largest  T − (load · T − lag) / (ready · unitRate)
 *
 * T is the time since the job was last seen running; `lost` is what is missing at full capacity, warm-up and replay
 * included, as in `loop/estimate-restart.ts`.
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
  /** The stop that lasts: since when, and what is missing so far; `own` = a rescale explains it. */
  readonly open: { readonly sinceMs: number; readonly lostMs: number; readonly own: boolean } | null
  /** Last moment at which the job was seen running without a lag. */
  readonly fineMs: number
  readonly ready: number
  readonly changedMs: number
}

export const noTrouble: Trouble = {
  sinceMs: null,
  stops: 0,
  lostMs: 0,
  open: null,
  fineMs: 0,
  ready: 0,
  changedMs: 0
}

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
  if (open === null && lagMs < OPENS_MS) return { ...now, fineMs: nowMs }
  if (open !== null && lagMs < CLOSES_MS) return { ...now, ...closed(before, open), fineMs: nowMs }
  const own = before.sinceMs !== null && changedMs > 0 && nowMs - changedMs < EXPLAINS_MS
  const {
    sinceMs: beganMs,
    lostMs,
    own: explained
  } = open ?? {
    sinceMs: before.fineMs,
    lostMs: 0,
    own: own || load > ready * unitRate
  }
  const passedMs = nowMs - (gauge.ageMs ?? 0) - beganMs
  const lost = passedMs - (load * passedMs - 1_000 * lag) / (ready * unitRate)
  return { ...now, open: { sinceMs: beganMs, lostMs: Math.max(lostMs, lost), own: explained } }
}

function closed({ stops, lostMs }: Trouble, open: NonNullable<Trouble['open']>) {
  if (open.own || !(open.lostMs > 0)) return { open: null }
  return { open: null, stops: stops + 1, lostMs: lostMs + (open.lostMs - lostMs) / (stops + 1) }
}

/** Stops a millisecond. */
export function troubleRate({ stops, sinceMs }: Trouble, nowMs: number): number {
  return sinceMs === null || nowMs <= sinceMs ? 0 : stops / (nowMs - sinceMs)
}
