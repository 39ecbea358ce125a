/**
 * Signal cap — what warnings of gateways may add is bounded by how far those gateways are trusted.
 *
 *   without = the answer to the same observation without signals            with = the answer with them
 *   to = max(without, min(with, without + allowed))            allowed = Σ over the alarms of allowance(trust)
 *
 *   allowance(t) = maxExtra · t / trusted        below `trusted`; above, `most`
 *
 * `maxExtra` and `most` are units, or shares of `without`, rounded up. So a gateway gone wild costs at most that, whatever it claims, and none
 * takes anything away that would stay without it. From an alarm on until what it added is gone, the answer without signals has a memory of its
 * own and is shown what it wanted itself: otherwise each turn would add to what the last one added. An alarm's allowance lasts for its horizon,
 * also where its gateway is trusted less meanwhile: units on their way are not called back just before the burst.
 */
import { requireOption } from '../base/index.ts'
import { wantedNow } from '../decide/answer.ts'
import { isUp, sameUnits } from '../decide/guard.ts'
import type { Change, Decision, EdgeSignal, Observation, Policy, Units } from '../roles.ts'
import { newest } from './newest.ts'

/** A share of what is wanted without signals, or units. */
export type Extra = { readonly ratio: number } | { readonly units: number }

export interface SignalCapOptions {
  /** Of a gateway that is not trusted yet: all of it at `trusted`, less below. `{ ratio: 0.5 }` when absent. */
  readonly maxExtra?: Extra
  /** Its own, by gateway. */
  readonly maxExtraOf?: Readonly<Record<string, Extra>>
  /** From this trust on a gateway is trusted; 0.75. */
  readonly trusted?: number
  /** Of one that is trusted; `{ ratio: 4 }`. */
  readonly most?: Extra
}

/** Units that an alarm with this trust may add to `base`. A signal without trust has none. */
export function allowance(
  trust: number | undefined,
  base: number,
  { maxExtra = { ratio: 0.5 }, trusted = 0.75, most = { ratio: 4 } }: SignalCapOptions = {}
): number {
  if (trust === undefined || !(trust > 0)) return 0
  if (trust >= trusted) return Math.ceil(unitsOf(most, base))
  return Math.ceil(Math.min(unitsOf(most, base), (unitsOf(maxExtra, base) * trust) / trusted))
}

/** `apart`: how it goes on without signals while an alarm has an effect; null: as with them. Plain JSON. */
export type CapMemory<Memory> = { readonly inner: Memory; readonly apart: Apart<Memory> | null }

type Apart<Memory> = {
  readonly memory: Memory
  /** What it wanted last. */
  readonly wanted: Units
  readonly granted: Granted
}

/** What alarms may add, by resource, and until when. */
type Granted = Readonly<Record<string, { readonly units: number; readonly untilMs: number }>>

/** Throws `BAD_OPTION` for amounts that cannot be. */
export function withSignalCap<Memory>(
  policy: Policy<Memory>,
  options: SignalCapOptions = {}
): Policy<CapMemory<Memory>> {
  const { maxExtra, maxExtraOf = {}, trusted = 0.75, most } = options
  requireOption(trusted > 0 && trusted <= 1, 'withSignalCap.trusted', trusted, 'above 0, at most 1')
  for (const extra of [maxExtra, most, ...Object.values(maxExtraOf)]) {
    requireOption(extra === undefined || unitsOf(extra, 1) >= 0, 'withSignalCap', extra, 'at least 0')
  }
  return {
    name: `withSignalCap(${policy.name})`,
    intervalMs: policy.intervalMs,
    initial: () => ({ inner: policy.initial(), apart: null }),
    decide: (seen, { inner, apart }) => {
      const decided = policy.decide(seen, inner)
      const { signals: shown, ...rest } = seen
      const signals = newest(shown)
      if (signals.length === 0 && apart === null) {
        return { decision: decided.decision, memory: { inner: decided.memory, apart } }
      }
      const alone = policy.decide(asItWanted(rest, apart), apart?.memory ?? inner)
      const { to: without } = alone.decision
      const alarms = signals.filter(({ burstAlarm }) => burstAlarm)
      const granted = grantedNow(seen, alarms, without, apart?.granted ?? {}, options)
      const decision = capped(seen, signals, decided.decision, without, granted, trusted)
      // What an alarm added is gone, and none is on.
      const isOver = Object.keys(granted).length === 0 && !isUp(without, decision.to)
      const isApart = alarms.length > 0 || (apart !== null && !isOver)
      return {
        decision,
        memory: {
          inner: decided.memory,
          apart: isApart ? { memory: alone.memory, wanted: without, granted } : null
        }
      }
    }
  }
}

/** Of each resource the more of what was allowed and of what is allowed now, as long as that was said to be for. */
function grantedNow(
  { nowMs }: Observation,
  alarms: readonly EdgeSignal[],
  without: Units,
  before: Granted,
  options: SignalCapOptions
): Granted {
  const kept = Object.entries(before).filter(([, { untilMs }]) => nowMs <= untilMs)
  const granted = Object.fromEntries(kept)
  if (alarms.length === 0) return granted
  const endsMs = Math.max(...alarms.map(({ sentMs, horizonMs }) => Math.min(sentMs, nowMs) + horizonMs))
  for (const [resource, units] of Object.entries(allowedBy(alarms, without, options))) {
    const { units: had = 0, untilMs = endsMs } = granted[resource] ?? {}
    if (units >= had) granted[resource] = { units, untilMs: Math.max(endsMs, untilMs) }
  }
  return granted
}

/** The observation as it would be if nothing had been added: no more is wanted than it wanted itself. */
function asItWanted<Memory>(seen: Observation, apart: Apart<Memory> | null): Observation {
  if (apart === null) return seen
  const now = wantedNow(seen)
  const wanted: Record<string, number> = { ...seen.capacity.wanted }
  for (const resource in apart.wanted) {
    if (apart.wanted[resource] < now[resource]) wanted[resource] = apart.wanted[resource]
  }
  return { ...seen, capacity: { ...seen.capacity, wanted } }
}

function allowedBy(alarms: readonly EdgeSignal[], without: Units, options: SignalCapOptions): Units {
  const { maxExtraOf = {} } = options
  const allowed: Record<string, number> = {}
  for (const resource in without) {
    allowed[resource] = 0
    for (const { gateway, trust } of alarms) {
      const own = Object.hasOwn(maxExtraOf, gateway) ? { ...options, maxExtra: maxExtraOf[gateway] } : options
      allowed[resource] += allowance(trust, without[resource], own)
    }
  }
  return allowed
}

function capped(
  seen: Observation,
  signals: readonly EdgeSignal[],
  answer: Decision,
  without: Units,
  granted: Granted,
  trusted: number
): Decision {
  const isTrusted = signals.every(({ trust = 0 }) => trust >= trusted)
  const to: Record<string, number> = {}
  let because = ''
  for (const resource in answer.to) {
    const wanted = answer.to[resource]
    const base = without[resource] ?? wanted
    const { units: allowed = 0 } = granted[resource] ?? {}
    const most = base + allowed
    // Unknown stays unknown: a comparison with it changes nothing.
    to[resource] = wanted
    if (wanted > most) to[resource] = most
    else if (wanted < base && !isTrusted) to[resource] = base
    if (!Object.is(to[resource], wanted)) because = reason(wanted, base, allowed, signals)
  }
  return because === '' ? answer : changed(seen, answer, to, because)
}

function reason(wanted: number, base: number, allowed: number, signals: readonly EdgeSignal[]): string {
  const who = signals
    .map(({ gateway, trust }) => `${gateway} (trust ${trust?.toFixed(2) ?? 'none'})`)
    .join(', ')
  if (signals.length === 0)
    return `what was announced is over: ${base} without it, asked for ${wanted - base} more`
  return wanted > base
    ? `${who} may add ${allowed} to ${base}, asked for ${wanted - base}`
    : `${who} may not take ${base - wanted} of ${base} away`
}

function changed(seen: Observation, { to: from, why }: Decision, to: Units, because: string): Decision {
  const change: Change = { by: 'withSignalCap', from, to, because }
  return {
    kind: sameUnits(to, wantedNow(seen)) ? 'hold' : 'scale',
    to,
    why: {
      ...why,
      bound: why.bound.includes('signalTrust') ? why.bound : [...why.bound, 'signalTrust'],
      changed: [...why.changed, change]
    }
  }
}

function unitsOf(extra: Extra, base: number): number {
  return 'units' in extra ? extra.units : extra.ratio * base
}
