/**
 * Fixed — the same size whatever happens.
 *
 *   to = units
 *
 * The line every autoscaler has to beat, and what most people really run. Without `units` it keeps what is wanted.
 */
import type { GivenOptions, OptionTable } from '../base/index.ts'
import { readOptions, requireOption } from '../base/index.ts'
import type { Decided, Observation, Policy } from '../roles.ts'
import { scale, wantedNow, withinBounds } from './answer.ts'

export const fixedOptions = {
  units: {
    kind: 'text',
    says: 'units of every resource, or of each such as `map=3;sink=2`; what is not named keeps what is wanted'
  },
  interval: { kind: 'duration', default: 60_000, min: 1, says: 'how often it is asked' }
} satisfies OptionTable

/** The policy; options (units) as in `fixedOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function fixed(given: GivenOptions = {}): Policy {
  const { units, interval } = readOptions('fixed', fixedOptions, given)
  const size = sizeOf(units)
  return { name: 'fixed', intervalMs: interval, initial: () => null, decide: (seen) => decide(seen, size) }
}

/** Units of a resource, undefined where none were given. */
function sizeOf(text: string | undefined): (resource: string) => number | undefined {
  if (text === undefined) return () => undefined
  if (!text.includes('=')) {
    const units = wholeNumber(text)
    return () => units
  }
  const named = new Map(
    text.split(/[;,]/).map((part) => {
      const at = part.indexOf('=')
      requireOption(at > 0, 'fixed.units', text, 'a number, or named ones such as map=3;sink=2')
      return [part.slice(0, at).trim(), wholeNumber(part.slice(at + 1))]
    })
  )
  return (resource) => named.get(resource)
}

function wholeNumber(text: string): number {
  const units = text.trim() === '' ? NaN : Number(text)
  requireOption(Number.isInteger(units) && units >= 0, 'fixed.units', text, 'a whole number, at least 0')
  return units
}

function decide(seen: Observation, size: (resource: string) => number | undefined): Decided {
  const from = wantedNow(seen)
  const to: Record<string, number> = {}
  const bound: string[] = []
  for (const resource in from) {
    to[resource] = withinBounds(seen, resource, size(resource) ?? from[resource], bound)
  }
  return { decision: scale(from, to, 'fixed', { units: to }, bound), memory: null }
}
