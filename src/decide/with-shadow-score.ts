/**
 * The score of a policy that is not in charge: what it wanted, a lead time before, against the load that really came.
 *
 *   v(t)  = min over [t − lead, t] of what it wanted              grown units serve a lead time later, fewer serve at once
 *   need  = load / (unitRate · target)                             the unit rate of a unit that has all it needs (sizing.ts)
 *   cost  = v_paid(t) + lateWeight · max(0, need − v(t))           units, at the middle of the load's newest steps
 *
 * Nothing but Observations is needed: what was wanted is kept in a ring, and what came is the load series a little later. Nothing is
 * scored that is not known: a step of the load that was not measured, an observation with anything to doubt, an answer that was given in
 * doubt, a lead time that is not covered, an unknown unit rate.
 */
import type { Observation, Units } from '../roles.ts'
import { usable } from './answer.ts'
import { doubtsOf, type Trust } from './doubt.ts'
import type { FullRate, Sizing } from './sizing.ts'

/** What both wanted from a moment on. `null`: an answer that does not count. */
export type Wanted = {
  readonly ms: number
  readonly learned: Amount | null
  readonly reference: Amount | null
}

export type Amount = {
  readonly serves: number
  readonly costs: number
}

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

/** No ring is longer: at one entry each 15 s, an hour and more of lead time. */
const MOST_WANTED = 300
/** The newest steps of the load stand for so many intervals at most: behind a gap only what came after it. */
const MOST_INTERVALS = 2

export function leadOf({ service }: Observation, otherwise: number): number {
  const told = service?.leadTimeMs?.p50
  return usable(told) ? told : otherwise
}

export function amountOf({ serves, costs }: Sizing, to: Units, seen: Observation): Amount | null {
  const amount = { serves: serves(to, seen), costs: costs(to, seen) }
  return usable(amount.serves) && usable(amount.costs) ? amount : null
}

/** The ring with one entry more, and without those that no later load can be measured against. */
export function remembered(
  ring: readonly Wanted[],
  entry: Wanted,
  seen: Observation,
  { leadMs, intervalMs }: ScoreOptions
): readonly Wanted[] {
  // A clock that ran backwards makes what was remembered worthless.
  const before = ring.filter(({ ms }) => ms < entry.ms)
  const backwards = before.length < ring.length && ring[ring.length - 1].ms > entry.ms
  const longMs = leadOf(seen, leadMs) + 4 * Math.max(intervalMs, seen.load?.stepMs ?? 0) + 60_000
  const from = entry.ms - longMs
  let first = Math.max(0, before.length + 1 - MOST_WANTED)
  while (first + 1 < before.length && before[first + 1].ms <= from) first++
  return backwards ? [entry] : [...before.slice(first), entry]
}

/** What has come since `scoredMs`, scored where everything is known; and until when it now is. */
export function scoreOf(
  seen: Observation,
  ring: readonly Wanted[],
  scoredMs: number | null,
  full: FullRate,
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
  const learned = costAt(ring, 'learned', atMs, leadOf(seen, options.leadMs), need, options.lateWeight)
  const reference = costAt(ring, 'reference', atMs, leadOf(seen, options.leadMs), need, options.lateWeight)
  if (Number.isNaN(learned) || Number.isNaN(reference)) return { scoredMs: endMs }
  return { scored: { ms: spanMs, learned, reference }, scoredMs: endMs }
}

/** `NaN` where the ring does not cover the lead time, or an answer in it does not count. */
function costAt(
  ring: readonly Wanted[],
  who: 'learned' | 'reference',
  atMs: number,
  leadMs: number,
  need: number,
  lateWeight: number
): number {
  let serves = Number.POSITIVE_INFINITY
  let costs = NaN
  for (let i = ring.length - 1; i >= 0; i--) {
    const { ms, [who]: wanted } = ring[i]
    if (ms > atMs) continue
    if (wanted === null) return NaN
    if (Number.isNaN(costs)) costs = wanted.costs
    serves = Math.min(serves, wanted.serves)
    if (ms <= atMs - leadMs) return costs + lateWeight * Math.max(0, need - serves)
  }
  return NaN
}

/** An answer that is no number is none: it is not remembered, and does not count. */
export function sound(to: Units): boolean {
  for (const resource in to) if (!usable(to[resource])) return false
  return true
}
