/**
 * Hold — somebody said: not this, not now.
 *
 *   to = now   for the named resources, and for changes in a direction that is held
 *
 * For operators that are never scaled, and for a target that is paused, whole or one way (KEDA's paused-scale-in and -out).
 */
import type { Policy } from '../roles.ts'
import { usable, wantedNow } from './answer.ts'
import { type Guarded, guarded } from './guard.ts'

export interface Held {
  /** Resources that stay as they are. */
  readonly resources?: readonly string[]
  /** No change up. */
  readonly up?: boolean
  /** No change down. */
  readonly down?: boolean
  /** Who said so, for `why`. */
  readonly because: string
}

/** Where it is not known what is wanted now, the answer goes through: this guard has nothing to hold it at. */
export function withHold<Memory>(policy: Policy<Memory>, held: Held): Policy<Guarded<Memory, null>> {
  const { resources = [], up = false, down = false, because } = held
  const named = new Set(resources)
  return guarded(policy, {
    name: 'withHold',
    initial: () => null,
    rule: (seen, answer) => {
      const now = wantedNow(seen)
      const to: Record<string, number> = {}
      for (const resource in answer.to) {
        const wish = answer.to[resource]
        const current = now[resource]
        const isHeld = named.has(resource) || (wish > current && up) || (wish < current && down)
        to[resource] = isHeld && usable(current) ? current : wish
      }
      return { to, own: null, bound: 'held', because }
    }
  })
}
