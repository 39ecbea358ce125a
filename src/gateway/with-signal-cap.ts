/**
 * Signal cap — what warnings of gateways may add is bounded by how far those gateways are trusted.
 *
 *   without = the answer to the same observation without signals            with = the answer with them
 *   to = max(without, min(with, without + allowed))            allowed = Σ over the alarms of allowance(trust)
 *
 *   allowance(t) = maxExtra · t / trusted        below `trusted`; above, `most`
 *
 * `maxExtra` and `most` are units, or shares of `without`, rounded up. So a gateway gone wild costs at most that, whatever it claims, and none
 * takes anything away that would stay without it. Both answers come from the same memory, and what is remembered is that of the one with signals.
 */
import { requireOption } from '../base/index.ts'
import { wantedNow } from '../decide/answer.ts'
import { sameUnits } from '../decide/guard.ts'
import type { Change, Decision, EdgeSignal, Observation, Policy, Units } from '../roles.ts'

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

/** Throws `BAD_OPTION` for amounts that cannot be. */
export function withSignalCap<Memory>(
  policy: Policy<Memory>,
  options: SignalCapOptions = {}
): Policy<Memory> {
  const { maxExtra, maxExtraOf = {}, trusted = 0.75, most } = options
  requireOption(trusted > 0 && trusted <= 1, 'withSignalCap.trusted', trusted, 'above 0, at most 1')
  for (const extra of [maxExtra, most, ...Object.values(maxExtraOf)]) {
    requireOption(extra === undefined || unitsOf(extra, 1) >= 0, 'withSignalCap', extra, 'at least 0')
  }
  return {
    name: `withSignalCap(${policy.name})`,
    intervalMs: policy.intervalMs,
    initial: policy.initial,
    decide: (seen, memory) => {
      const decided = policy.decide(seen, memory)
      const { signals = [], ...rest } = seen
      if (signals.length === 0) return decided
      const alone = policy.decide(rest, memory).decision
      const decision = capped(seen, signals, decided.decision, alone.to, options)
      return { decision, memory: decided.memory }
    }
  }
}

function capped(
  seen: Observation,
  signals: readonly EdgeSignal[],
  answer: Decision,
  without: Units,
  options: SignalCapOptions
): Decision {
  const { trusted = 0.75, maxExtraOf = {} } = options
  const alarms = signals.filter(({ burstAlarm }) => burstAlarm)
  const isTrusted = signals.every(({ trust = 0 }) => trust >= trusted)
  const to: Record<string, number> = {}
  let because = ''
  for (const resource in answer.to) {
    const wanted = answer.to[resource]
    const base = without[resource] ?? wanted
    let allowed = 0
    for (const { gateway, trust } of alarms) {
      const own = Object.hasOwn(maxExtraOf, gateway) ? { ...options, maxExtra: maxExtraOf[gateway] } : options
      allowed += allowance(trust, base, own)
    }
    // Unknown stays unknown: a comparison with it changes nothing.
    to[resource] = wanted
    if (wanted > base + allowed) to[resource] = base + allowed
    else if (wanted < base && !isTrusted) to[resource] = base
    if (!Object.is(to[resource], wanted)) because = reason(wanted, base, allowed, signals)
  }
  return because === '' ? answer : changed(seen, answer, to, because)
}

function reason(wanted: number, base: number, allowed: number, signals: readonly EdgeSignal[]): string {
  const who = signals
    .map(({ gateway, trust }) => `${gateway} (trust ${trust?.toFixed(2) ?? 'none'})`)
    .join(', ')
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
