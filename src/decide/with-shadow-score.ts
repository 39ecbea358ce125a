/**
 * The score of a policy that is not in charge: what it wanted, a lead time before, against the load that really came.
 *
 *   v(t)  = min over [t − lead, t] of what it wanted              grown units serve a lead time later, fewer serve at once
 *   need  = load / (unitRate · target)                             the unit rate of a unit that has all it needs (sizing.ts)
 *   late  = max(0, need − v(t)) + min(need, backlog / (unitRate · 60 s))       its own backlog (with-shadow-twin.ts)
 *   cost  = v_paid(t) + lateWeight · late                          units, at the middle of the load's newest steps
 *
 * Nothing but Observations is needed: what was wanted is kept in a ring, and what came is the load series a little later. Nothing is
 * scored that is not known: a step of the load that was not measured, an observation with anything to doubt, an answer that was given in
 * doubt, a lead time that is not covered, an unknown unit rate.
 */
import type { Observation } from '../roles.ts'
import { usable } from './answer.ts'
import { doubtsOf, type Trust } from './doubt.ts'
import type { FullRate, Sizing } from './sizing.ts'
import { leadOf, standAt, type Wanted, type Who } from './with-shadow-wanted.ts'

/** One scored turn: the cost of each in units, and how long it stands for. */
export interface Scored {
  readonly ms: number
  readonly learned: number
  readonly reference: number
}

export interface ScoreOptions {
  readonly sizing: Sizing
  readonly target: number
  readonly lateWeight: number
  /** Where the lead time is not estimated. */
  readonly leadMs: number
  readonly intervalMs: number
  readonly trust: Trust
}

/** A backlog is told in units that would work it off in this time. */
const DRAIN_S = 60
/** The newest steps of the load stand for so many intervals at most: behind a gap only what came after it. */
const MOST_INTERVALS = 2

/** What has come since `scoredMs`, scored where everything is known; and until when it now is. */
export function scoreOf(
  seen: Observation,
  ring: readonly Wanted[],
  scoredMs: number | null,
  full: FullRate,
  backlog: Readonly<Record<Who, number>>,
  options: ScoreOptions
): { readonly scored?: Scored; readonly scoredMs: number | null } {
  const { load, nowMs } = seen
  if (load === undefined || load.values.length === 0) return { scoredMs }
  const { startMs, stepMs, values } = load
  // The running step is not over yet.
  const ended = Math.min(values.length, Math.floor((nowMs - startMs) / stepMs + 1e-6))
  const endMs = startMs + ended * stepMs
  if (ended < 1 || (scoredMs !== null && endMs <= scoredMs && endMs > scoredMs - 10 * stepMs))
    return { scoredMs }
  const longest = Math.max(
    1,
    Math.ceil((MOST_INTERVALS * Math.max(options.intervalMs, stepMs)) / stepMs - 1e-6)
  )
  const fresh = scoredMs === null || endMs <= scoredMs ? 1 : Math.round((endMs - scoredMs) / stepMs)
  const first = Math.max(0, ended - (fresh > longest ? 1 : fresh))
  let sum = 0
  for (let i = first; i < ended; i++) sum += usable(values[i]) ? values[i] : NaN
  const rate = sum / (ended - first)
  const spanMs = (ended - first) * stepMs
  const unitRate = seen.service?.unitRate
  const isKnown = !Number.isNaN(rate) && usable(unitRate) && unitRate > 0
  if (!isKnown || full === null || doubtsOf(seen, options.trust).length > 0) return { scoredMs: endMs }
  const need = rate / (full.rate * options.target)
  const atMs = endMs - spanMs / 2
  const lead = leadOf(seen, options.leadMs)
  const cost = (who: Who) => {
    const stand = standAt(ring, who, atMs, lead)
    if (stand === null) return NaN
    // What waits makes what comes late, all of it at most; what is not served at all comes on top.
    const waiting = Math.min(need, backlog[who] / (full.rate * DRAIN_S))
    const late = waiting + Math.max(0, need - stand.ready.serves)
    return stand.wanted.costs + options.lateWeight * late
  }
  const [learned, reference] = [cost('learned'), cost('reference')]
  if (Number.isNaN(learned) || Number.isNaN(reference)) return { scoredMs: endMs }
  return { scored: { ms: spanMs, learned, reference }, scoredMs: endMs }
}
