/**
 * Fallback — when nobody has known for long what is going on, at least a size that is safe.
 *
 *   doubt for failureThreshold · interval   →   to = max(to, now, replicas)
 *
 * As `fallback` of a KEDA ScaledObject with `behavior: currentReplicasIfHigher`: it adds where there is less, and never takes away. Doubt is
 * that of doubt.ts in the load, the metrics, the units or the capacity; rates of a topology that nobody could measure are none here, since a
 * job without traffic has them too. What is there now is what is wanted, else what was known last; a resource of which nothing was ever known
 * is left alone, as its size might be the larger one. The bounds given stay in force.
 *
 * KEDA, ScaledObject specification, `fallback`.
 */
import { formatDuration, requireOption } from '../base/index.ts'
import type { Observation, Policy, Units } from '../roles.ts'
import { usable, wantedNow } from './answer.ts'
import { defaultTrust, doubtsOf, type Trust } from './doubt.ts'
import { type Guarded, guarded } from './guard.ts'

export interface Fallback {
  /** So many intervals of the policy in a row. */
  readonly failureThreshold: number
  /** Of each resource. */
  readonly replicas: number
}

/** `sinceMs`: since when there is doubt, `null` while there is none. `known`: the sizes that were known last. */
export type FallbackMemory = { readonly sinceMs: number | null; readonly known: Units }

/** `trust` is that of `withShield`. Throws `BAD_OPTION` for what is no whole number above 0. */
export function withFallback<Memory>(
  policy: Policy<Memory>,
  { failureThreshold, replicas }: Fallback,
  trust: Partial<Trust> = {}
): Policy<Guarded<Memory, FallbackMemory>> {
  const right = 'a whole number, at least 1'
  requireOption(isCount(failureThreshold), 'withFallback.failureThreshold', failureThreshold, right)
  requireOption(isCount(replicas), 'withFallback.replicas', replicas, right)
  const trusted = { ...defaultTrust, ...trust }
  const patienceMs = failureThreshold * policy.intervalMs
  return guarded(policy, {
    name: 'withFallback',
    initial: (): FallbackMemory => ({ sinceMs: null, known: {} }),
    rule: (seen, { to }, { sinceMs, known }) => {
      const doubts = doubtsOf(seen, trusted).filter((doubt) => !/^(topology\.|forecast )/.test(doubt))
      // A clock that was set back begins to count anew.
      const since = doubts.length === 0 ? null : Math.min(sinceMs ?? seen.nowMs, seen.nowMs)
      const own = { sinceMs: since, known: knownNow(seen, known) }
      if (since === null || seen.nowMs - since < patienceMs) return { to, own }
      const because = `nothing is known for ${formatDuration(seen.nowMs - since)} (${doubts.slice(0, 3).join(', ')}): at least ${replicas}`
      return { to: raised(seen, to, own.known, replicas), own, bound: 'fallback', because }
    }
  })
}

const isCount = (value: number) => Number.isInteger(value) && value >= 1

/** What is wanted or there now, and of what is not told any more what was told last. */
function knownNow(seen: Observation, before: Units): Units {
  const known: Record<string, number> = { ...before }
  const now = wantedNow(seen)
  for (const resource in now) if (usable(now[resource])) known[resource] = now[resource]
  return known
}

/** Only where the floor is above what is there: elsewhere there is nothing to add, and nothing to say. */
function raised(seen: Observation, to: Units, known: Units, replicas: number): Units {
  const units: Record<string, number> = { ...to }
  for (const resource in to) {
    const now = known[resource]
    if (!(now < replicas)) continue
    const asked = usable(to[resource]) ? to[resource] : now
    units[resource] = Math.max(asked, Math.min(replicas, seen.bounds?.[resource]?.max ?? replicas), now)
  }
  return units
}
