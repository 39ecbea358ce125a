/**
 * A guard is caution as a policy made of a policy: one worry each, `withCooldown(withBounds(policy, 2, 20), 60_000)`.
 *
 * The inner policy decides as if it were alone; the guard looks at its answer and says in `why.changed` what it changed
 * and in `why.bound` what held it back. The outermost guard has the last word, so the worry that must never lose goes
 * outside. Memory is `{ inner, own }`, plain JSON like any policy's.
 */
import type { Decision, Observation, Policy, Units } from '../roles.ts'
import { standingNow } from './answer.ts'

export type Guarded<Memory, Own> = { readonly inner: Memory; readonly own: Own }

/** What a guard makes of an answer. `bound` and `because` are given when it changed something. */
export interface Ruling<Own> {
  readonly to: Units
  readonly own: Own
  readonly bound?: string
  readonly because?: string
}

export interface Guard<Own> {
  readonly name: string
  readonly initial: () => Own
  readonly rule: (seen: Observation, answer: Decision, own: Own) => Ruling<Own>
}

/** The policy with this guard around it; an answer that the guard leaves alone is handed on as it is. */
export function guarded<Memory, Own>(
  policy: Policy<Memory>,
  guard: Guard<Own>
): Policy<Guarded<Memory, Own>> {
  return {
    name: `${guard.name}(${policy.name})`,
    intervalMs: policy.intervalMs,
    initial: () => ({ inner: policy.initial(), own: guard.initial() }),
    decide: (seen, memory) => {
      const { decision, memory: inner } = policy.decide(seen, memory.inner)
      const { to, own, bound, because } = guard.rule(seen, decision, memory.own)
      const after = { inner, own }
      if (sameUnits(to, decision.to)) return { decision, memory: after }
      return { decision: changed(seen, decision, to, guard.name, bound, because), memory: after }
    }
  }
}

/** The answer with other units, and who changed it. */
export function changed(
  seen: Observation,
  { to: from, why }: Decision,
  to: Units,
  by: string,
  bound = by,
  because = bound
): Decision {
  return {
    kind: sameUnits(to, standingNow(seen, to)) ? 'hold' : 'scale',
    to,
    why: {
      ...why,
      bound: why.bound.includes(bound) ? why.bound : [...why.bound, bound],
      changed: [...why.changed, { by, from, to, because }]
    }
  }
}

/** Every resource of `a` has the same units in `b`. Unknown equals unknown. */
export function sameUnits(a: Units, b: Units): boolean {
  for (const resource in a) if (!Object.is(a[resource], b[resource])) return false
  return true
}

/** Some resource would grow. */
export function isUp(now: Units, to: Units): boolean {
  for (const resource in to) if (to[resource] > (now[resource] ?? 0)) return true
  return false
}

/** What is wanted now, for the resources of the answer. */
export function keep(now: Units, to: Units): Units {
  const kept: Record<string, number> = {}
  for (const resource in to) kept[resource] = now[resource] ?? to[resource]
  return kept
}
