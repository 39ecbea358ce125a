/**
 * Fixed — the same size whatever happens.
 *
 *   to = units
 *
 * The line every autoscaler has to beat, and what most people really run. Without `units` it keeps what is wanted.
 */
import type { GivenOptions, OptionTable } from '../base/index.ts'
import { readOptions } from '../base/index.ts'
import type { Decided, Observation, Policy, Units } from '../roles.ts'
import { scale, wantedNow, withinBounds } from './answer.ts'

export const fixedOptions = {
  units: { kind: 'integer', min: 0, says: 'units of every resource; without it, what is wanted already' },
  interval: { kind: 'duration', default: 60_000, min: 1, says: 'how often it is asked' }
} satisfies OptionTable

export function fixed(given: GivenOptions = {}): Policy {
  const { units, interval } = readOptions('fixed', fixedOptions, given)
  return { name: 'fixed', intervalMs: interval, initial: () => null, decide: (seen) => decide(seen, units) }
}

function decide(seen: Observation, units: number | undefined): Decided {
  const from = wantedNow(seen)
  const to: Record<string, number> = {}
  const bound: string[] = []
  for (const resource in from) to[resource] = withinBounds(seen, resource, units ?? from[resource], bound)
  const inputs = { units: units ?? (from as Units) }
  return { decision: scale(from, to, 'fixed', inputs, bound), memory: null }
}
