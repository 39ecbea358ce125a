/**
 * Proportional — as many units as the load of this moment needs at the wanted utilisation.
 *
 *   to = ⌈ load / (target · unitRate) ⌉
 *
 * The plainest sizing rule there is, fed with the last observed load and the estimated unit rate, unsmoothed. It knows
 * no lead time: whatever starts, starts after the load came. Doubt holds: no measured load or no unit rate, no change.
 */
import type { GivenOptions, OptionTable } from '../base/index.ts'
import { readOptions } from '../base/index.ts'
import type { Decided, Observation, Policy } from '../roles.ts'
import { hold, latestLoad, leastUnits, MOST_UNITS, scale, usable, wantedNow, withinBounds } from './answer.ts'
import { withStabilization } from './with-stabilization.ts'

export const proportionalOptions = {
  target: { kind: 'number', default: 0.8, min: 0.01, max: 1, says: 'utilisation to size for, 0..1' },
  downStabilization: {
    kind: 'duration',
    default: 0,
    min: 0,
    says: 'goes down only to the most it asked for in this time'
  },
  interval: { kind: 'duration', default: 15_000, min: 1, says: 'how often it is asked' }
} satisfies OptionTable

/** The policy; options (target) as in `proportionalOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function proportional(given: GivenOptions = {}): Policy {
  const { target, interval, downStabilization } = readOptions('proportional', proportionalOptions, given)
  const policy: Policy = {
    name: 'proportional',
    intervalMs: interval,
    initial: () => null,
    decide: (seen) => decide(seen, target)
  }
  if (downStabilization === 0) return policy
  return { ...withStabilization(policy, { downMs: downStabilization }), name: policy.name }
}

function decide(seen: Observation, target: number): Decided {
  const from = wantedNow(seen)
  const load = latestLoad(seen)
  const unitRate = seen.service?.unitRate ?? NaN
  const inputs = { load, unitRate, target }
  if (Number.isNaN(load)) return { decision: hold(from, 'load-unknown', inputs), memory: null }
  if (!usable(unitRate) || unitRate === 0) {
    return { decision: hold(from, 'unit-rate-unknown', inputs), memory: null }
  }
  const units = Math.ceil(load / (target * unitRate))
  if (units > MOST_UNITS) return { decision: hold(from, 'load-invalid', inputs), memory: null }
  const to: Record<string, number> = {}
  const bound: string[] = []
  for (const resource in from) {
    to[resource] = withinBounds(seen, resource, Math.max(units, leastUnits(seen, resource)), bound)
  }
  return { decision: scale(from, to, 'proportional', inputs, bound), memory: null }
}
