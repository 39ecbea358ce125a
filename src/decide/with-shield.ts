/**
 * Shield — nothing is reduced because something is unknown.
 *
 *   doubt  →  to = max(to, now)          an answer that is no number → now
 *
 * Doubt is a value that is NaN, missing, stale, partial, invalid or from the future (see doubt.ts), a clock that runs
 * backwards, and the first decision of an empty history. `now` is what is wanted, else what is ready. What is wanted
 * more may still grow: doubt holds, or goes up. A setting that is told among the metrics and not as capacity, such as a storage tier,
 * has no less and more and stays as it is. The bounds that were given stay in force.
 */
import type { Observation, Policy } from '../roles.ts'
import { MOST_UNITS, trusted as trustedValue, usable, wantedNow } from './answer.ts'
import { defaultTrust, doubtsOf, type Trust } from './doubt.ts'
import { type Guarded, guarded } from './guard.ts'

/** When the shield last saw something, `null` before. */
type ShieldMemory = { readonly lastMs: number | null }

/** `trust` says which metrics matter and how old they may be; all of them, 5 min, unless set. */
export function withShield<Memory>(
  policy: Policy<Memory>,
  trust: Partial<Trust> = {}
): Policy<Guarded<Memory, ShieldMemory>> {
  const trusted = { ...defaultTrust, ...trust }
  return guarded(policy, {
    name: 'withShield',
    initial: (): ShieldMemory => ({ lastMs: null }),
    rule: (seen, answer, { lastMs }) => {
      const own = { lastMs: Math.max(seen.nowMs, lastMs ?? seen.nowMs) }
      const doubts = [...doubtsOf(seen, trusted)]
      if (lastMs === null) doubts.push('no history yet')
      else if (seen.nowMs < lastMs) doubts.push('clock ran backwards')
      const from = wantedNow(seen)
      const to: Record<string, number> = {}
      // A resource that the answer forgot is a resource that must not vanish.
      for (const resource in { ...from, ...answer.to }) {
        const now = nowOf(seen, resource, from[resource])
        const asked = answer.to[resource]
        const sound = usable(asked) && asked <= MOST_UNITS
        if (!sound) doubts.push(`answer for ${resource} is ${asked}`)
        const keeps = doubts.length > 0 && (asked < now || isSetting(seen, resource))
        to[resource] = !sound || keeps ? now : asked
      }
      return { to, own, bound: 'doubt', because: doubts.slice(0, 5).join(', ') }
    }
  })
}

function isSetting({ capacity, metrics }: Observation, resource: string): boolean {
  if (Object.hasOwn(capacity.ready, resource) || capacity.wanted?.[resource] !== undefined) return false
  return usable(trustedValue(metrics?.[resource]))
}

/** What is wanted, else what is ready, else what is told as a metric, else the minimum. */
function nowOf(seen: Observation, resource: string, wanted: number | undefined): number {
  if (usable(wanted)) return wanted
  const ready = seen.capacity.ready[resource]
  if (usable(ready)) return ready
  const told = trustedValue(seen.metrics?.[resource])
  return usable(told) ? told : (seen.bounds?.[resource]?.min ?? 0)
}
