/**
 * Tolerance — a change that is small against what is there is not made.
 *
 *   to = now   while   |to − now| / now ≤ tolerance of that direction
 *
 * The `tolerance` of a behavior in autoscaling/v2 (KEP-4951), put on the answer instead of on the ratio of the metric, so that it
 * serves policies without one. From nothing every change is large.
 */
import { requireOption } from '../base/index.ts'
import type { Policy } from '../roles.ts'
import { usable, wantedNow } from './answer.ts'
import { type Guarded, guarded } from './guard.ts'

/** Shares 0..1 of what is wanted now, 0 unless set. Throws `BAD_OPTION` for another. */
export function withTolerance<Memory>(
  policy: Policy<Memory>,
  { up = 0, down = 0 }: { readonly up?: number; readonly down?: number }
): Policy<Guarded<Memory, null>> {
  for (const [name, share] of Object.entries({ up, down })) {
    requireOption(share >= 0 && share <= 1, `withTolerance.${name}`, share, 'a share, 0..1')
  }
  return guarded(policy, {
    name: 'withTolerance',
    initial: () => null,
    rule: (seen, answer) => {
      const now = wantedNow(seen)
      const to: Record<string, number> = {}
      for (const resource in answer.to) {
        const wish = answer.to[resource]
        const current = now[resource]
        const most = current * (wish > current ? up : down)
        const isSmall = usable(wish) && usable(current) && Math.abs(wish - current) <= most
        to[resource] = isSmall ? current : wish
      }
      return { to, own: null, bound: 'tolerance', because: `a change within ${up} up, ${down} down` }
    }
  })
}
