/**
 * Rate limit — at most so many units or percent in a period, each way.
 *
 *   start = now − added + removed in the period;  up to start + value or ⌈start · (1 + value %)⌉, down likewise
 *
 * The scaling policies of the Kubernetes HPA (KEP-853), written as `Percent:100:15+Pods:4:15`, `Min:…` or `Disabled`. A
 * change that was asked for and not carried out is given back.
 */
import type { Policy } from '../roles.ts'
import { MOST_UNITS, usable, wantedNow } from './answer.ts'
import { type Guarded, guarded } from './guard.ts'
import { limited, type Moves, moved, parseRules, settled } from './hpa-behavior.ts'

type RateMemory = { readonly [resource: string]: Moves }

const still: Moves = { added: [], removed: [], asked: null }

/** Rules as for the options `up` and `down` of `hpa`. Throws `BAD_OPTION` for rules that cannot be read. */
export function withRateLimit<Memory>(
  policy: Policy<Memory>,
  {
    up = 'Percent:100:15+Pods:4:15',
    down = 'Percent:100:15'
  }: { readonly up?: string; readonly down?: string } = {}
): Policy<Guarded<Memory, RateMemory>> {
  const rules = { up: parseRules('withRateLimit.up', up), down: parseRules('withRateLimit.down', down) }
  return guarded(policy, {
    name: 'withRateLimit',
    initial: (): RateMemory => ({}),
    rule: (seen, answer, own) => {
      const from = wantedNow(seen)
      const to: Record<string, number> = {}
      const after: Record<string, Moves> = {}
      const bound: string[] = []
      for (const resource in answer.to) {
        const now = from[resource]
        const moves = settled(own[resource] ?? still, seen, resource)
        to[resource] = answer.to[resource]
        after[resource] = moves
        if (!usable(now) || !usable(to[resource])) continue
        const limits = {
          now,
          nowMs: seen.nowMs,
          min: 0,
          max: MOST_UNITS,
          added: moves.added,
          removed: moves.removed
        }
        to[resource] = limited(rules, to[resource], limits, bound)
        after[resource] = moved(rules, moves, seen.nowMs, now, to[resource])
      }
      return { to, own: after, bound: bound[0], because: bound[0] === 'scaleUpLimit' ? up : down }
    }
  })
}
