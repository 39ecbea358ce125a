/**
 * Stabilization — down only to the highest answer of a while, up only to the lowest.
 *
 *   floor = min of the answers of the last `upMs`,  ceiling = max of those of the last `downMs`
 *   to    = min(max(now, floor), ceiling)
 *
 * As in the behavior of the Kubernetes HPA (KEP-853). What is wanted when a resource is first seen counts as an answer,
 * so that an empty history cannot scale down.
 */
import { requireOption } from '../base/index.ts'
import type { Policy } from '../roles.ts'
import { usable, wantedNow } from './answer.ts'
import { type Guarded, guarded } from './guard.ts'
import { push, type Timed } from './timed.ts'

type StabilizationMemory = {
  readonly [resource: string]: { readonly highest: Timed; readonly lowest: Timed }
}

/** Windows in milliseconds: up none, down 5 min, unless set. Throws `BAD_OPTION` when negative. */
export function withStabilization<Memory>(
  policy: Policy<Memory>,
  { upMs = 0, downMs = 300_000 }: { readonly upMs?: number; readonly downMs?: number } = {}
): Policy<Guarded<Memory, StabilizationMemory>> {
  requireOption(upMs >= 0 && downMs >= 0, 'withStabilization', { upMs, downMs }, 'windows of at least 0 ms')
  return guarded(policy, {
    name: 'withStabilization',
    initial: (): StabilizationMemory => ({}),
    rule: (seen, answer, own) => {
      const now = wantedNow(seen)
      const to: Record<string, number> = {}
      const after: Record<string, StabilizationMemory[string]> = {}
      let bound: string | undefined
      for (const resource in answer.to) {
        const wish = answer.to[resource]
        const current = now[resource] ?? wish
        const first: Timed = usable(current) ? [seen.nowMs, current] : []
        const before = own[resource] ?? { highest: first, lowest: first }
        to[resource] = wish
        after[resource] = before
        if (!usable(wish) || !usable(current)) continue
        const highest = push(before.highest, seen.nowMs, wish, downMs, 1)
        const lowest = push(before.lowest, seen.nowMs, wish, upMs, -1)
        after[resource] = { highest, lowest }
        to[resource] = Math.min(Math.max(current, lowest[1]), highest[1])
        if (to[resource] > wish) bound = 'downStabilization'
        else if (to[resource] < wish) bound ??= 'upStabilization'
      }
      return { to, own: after, bound, because: 'higher or lower answers within the window' }
    }
  })
}
