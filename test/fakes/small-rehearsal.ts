/** Small loads, plans and policies for tests of the rehearsal. */
import { type GivenOptions, MINUTE, random, type Series, series } from '../../src/base/index.ts'
import { type Plan, planService, planSpark, planStream, type StreamWorld } from '../../src/compare/plan.ts'
import { mindOf } from '../../src/compare/policy-spec.ts'
import type { Mind } from '../../src/compare/rehearse.ts'
import { policies } from '../../src/decide/index.ts'
import type { Decision, Json, Observation, Policy } from '../../src/roles.ts'

export const START = Date.UTC(2026, 0, 5)
export const LEVEL = 100

/** A wave of `periodMin` minutes with noise and a burst in each, events/s. */
export function wave(minutes: number, { periodMin = 120, seed = 1 } = {}): Series {
  const rng = random(seed, 'wave')
  const values = Array.from({ length: minutes }, (_, i) => {
    const phase = (i % periodMin) / periodMin
    const burst = phase > 0.6 && phase < 0.65 ? 1.8 : 1
    return Math.max(0, LEVEL * (1 + 0.6 * Math.sin(2 * Math.PI * phase)) * burst * (1 + 0.05 * rng.normal()))
  })
  return series(MINUTE, values, { startMs: START })
}

export type Kind = 'service' | 'stream' | 'chain' | 'spark'

const chain: StreamWorld = {
  operators: [
    { id: 'src', rate: 60 },
    { id: 'map', rate: 15, selectivity: 0.5 },
    { id: 'sink', rate: 30 }
  ]
}

/** A plan that is fitted on all but the last `scored` minutes. */
export function planOf(
  kind: Kind,
  trace: Series,
  scored: number,
  given: Parameters<typeof planService>[3] = {}
): Plan {
  const steps = trace.values.length
  const span = { fitFrom: 0, scoreFrom: steps - scored, scoreTo: steps }
  if (kind === 'service') return planService(kind, trace, span, given)
  if (kind === 'spark') return planSpark(kind, trace, span, given)
  return planStream(kind, trace, span, given, kind === 'chain' ? chain : undefined)
}

/** Options for those policies that are nothing without. */
const needed: Readonly<Record<string, GivenOptions>> = {
  fixed: { units: 6 },
  scheduled: { schedule: '0 * * * *=8;30 * * * *=4' }
}

export const policyNames = Object.keys(policies) as (keyof typeof policies)[]

export function mind(name: string, options: GivenOptions = {}, forecaster = 'naive'): Mind {
  return mindOf(name, { ...needed[name], ...options }, forecaster)
}

export const everyMind = (forecaster = 'naive') => policyNames.map((name) => mind(name, {}, forecaster))

export interface Seen {
  readonly observation: Observation
  readonly decision: Decision
}

/** The same mind, writing down what it saw and said. */
export function watched(given: Mind): { readonly mind: Mind; readonly seen: Seen[] } {
  const seen: Seen[] = []
  const policy: Policy<Json> = {
    ...given.policy,
    decide(observation, memory) {
      const decided = given.policy.decide(observation, memory)
      seen.push({ observation, decision: decided.decision })
      return decided
    }
  }
  return { mind: { ...given, policy }, seen }
}
