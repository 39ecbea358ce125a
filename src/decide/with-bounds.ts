/**
 * Bounds — never fewer than `min` units of a resource, never more than `max`.
 *
 *   to = min(max(to, min), max)
 *
 * A resource may have bounds of its own instead (`own`). The bounds of the observation hold as well. Where a minimum is above a
 * maximum the maximum wins: it is the one that costs money.
 */
import { requireOption } from '../base/index.ts'
import type { Observation, Policy } from '../roles.ts'
import { type Guarded, guarded } from './guard.ts'

/** `min` and `max` in units of each resource. Throws `BAD_OPTION` when they are no whole numbers in this order. */
export function withBounds<Memory>(
  policy: Policy<Memory>,
  min = 0,
  max = Number.POSITIVE_INFINITY,
  own: Observation['bounds'] = {}
): Policy<Guarded<Memory, null>> {
  requireOption(Number.isInteger(min) && min >= 0, 'withBounds.min', min, 'a whole number, at least 0')
  const isLimit = Number.isInteger(max) || max === Number.POSITIVE_INFINITY
  requireOption(isLimit && max >= min, 'withBounds.max', max, `a whole number, at least min, ${min}`)
  return guarded(policy, {
    name: 'withBounds',
    initial: () => null,
    rule: (seen, { to }) => {
      const held: Record<string, number> = {}
      let bound: string | undefined
      for (const resource in to) {
        const given = seen.bounds?.[resource]
        const [lowest, highest] = [own[resource]?.min ?? min, own[resource]?.max ?? max]
        const most = Math.min(highest, given?.max ?? highest)
        const least = Math.min(Math.max(lowest, given?.min ?? lowest), most)
        held[resource] = Math.min(Math.max(to[resource], least), most)
        if (held[resource] < to[resource]) bound = 'maxReplicas'
        else if (held[resource] > to[resource]) bound ??= 'minReplicas'
      }
      return { to: held, own: null, bound, because: `min ${min}, max ${max} and the bounds given` }
    }
  })
}
