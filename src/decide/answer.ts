import type { Decision, Observation, Units } from '../roles.ts'

/** Doubt holds: keeps what is wanted, or what is ready where nothing was ever asked for. */
export function hold(to: Units, rule: string, inputs: Readonly<Record<string, unknown>> = {}): Decision {
  return { kind: 'hold', to, why: { rule, inputs, bound: [], changed: [] } }
}

/** Asks for `to`; says `hold` when that is what is wanted already. */
export function scale(
  from: Units,
  to: Units,
  rule: string,
  inputs: Readonly<Record<string, unknown>> = {},
  bound: readonly string[] = []
): Decision {
  const same = Object.keys(to).every((resource) => to[resource] === from[resource])
  return { kind: same ? 'hold' : 'scale', to, why: { rule, inputs, bound, changed: [] } }
}

/** What the target has now in the eyes of a policy: the last applied request, else what is ready. */
export function wantedNow(seen: Observation): Units {
  return seen.capacity.wanted ?? seen.capacity.ready
}

/** The bounds of one resource; absent ones do not bind: at least 0, no upper limit. */
export function boundsOf(seen: Observation, resource: string): { min: number; max: number } {
  const given = seen.bounds?.[resource]
  return { min: given?.min ?? 0, max: given?.max ?? Number.POSITIVE_INFINITY }
}
