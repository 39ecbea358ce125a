/** Policies of the Spark world that were sabotaged, on a day with accidents: bare, and in a shadow that is to find them out. */
import { DAY, MINUTE } from '../base/index.ts'
import { policies, sparkSizing, withReactiveFloor, withShadow, withShield } from '../decide/index.ts'
import type { Observation, Policy, Units } from '../roles.ts'
import { accidents, usualSettings } from '../sim/index.ts'
import type { RunMeasures } from './measure.ts'
import { measuresOf } from './measures-of.ts'
import { fateOf, needOf, type Plan, planSpark } from './plan.ts'
import { rehearse } from './rehearse.ts'

/** Half a day is scored, behind a day that came before. */
export const SCORED_HOURS = 12
const SOUND_HOURS = 1

export interface SabotageDay {
  readonly plan: Plan
  /** Until an hour into the part that is scored they decide as the reference does. */
  readonly fromMs: number
}

export function sabotageDay(seed: number): SabotageDay {
  const trace = accidents({ durationMs: 1.5 * DAY, stepMs: MINUTE, perDay: 48 }, seed).total
  const steps = trace.values.length
  const scoreFrom = steps - SCORED_HOURS * 60
  const plan = planSpark('accidents', trace, { fitFrom: 0, scoreFrom, scoreTo: steps })
  return { plan, fromMs: trace.startMs + (scoreFrom + SOUND_HOURS * 60) * MINUTE }
}

/** What somebody could have done to a model's weights. */
export const sabotage: Readonly<Record<string, (seen: Observation) => Units>> = {
  'wants the least of everything': () => ({ executors: 1, memory: 1, storage: 0, compression: 0 }),
  'wants the most of everything': () => ({ executors: 20, memory: 8, storage: 0, compression: 0 }),
  'writes to the slowest tier': () => ({ executors: 8, memory: 4, storage: 3, compression: 0 }),
  'does the opposite': (seen) => ({
    executors: Math.max(1, 20 - 3 * Math.round((seen.metrics?.cpu.value ?? 0.5) * 6)),
    memory: 4,
    storage: 1,
    compression: 0
  })
}

/** Decides as the reference does until then, and as the rule from then on. */
export function sabotaged(rule: (seen: Observation) => Units, fromMs: number): Policy {
  const before = reference()
  return {
    ...before,
    name: 'sabotaged',
    decide: (seen, memory) => {
      const sound = before.decide(seen, memory)
      if (seen.nowMs < fromMs) {
        return { ...sound, decision: { ...sound.decision, to: { ...usualSettings, ...sound.decision.to } } }
      }
      const why = { rule: 'sabotaged', inputs: {}, bound: [], changed: [] }
      return { decision: { kind: 'scale', to: rule(seen), why }, memory: sound.memory }
    }
  }
}

export const reference = (): Policy => policies.hpa.make({ target: 0.7 })

/** In shield, floor and shadow, as a trained policy is with `shadow=hpa`; the shadow sizes for what the reference sizes for. */
export function inShadow(policy: Policy): Policy {
  const sizing = sparkSizing()
  const shadowed = withShadow(policy, reference(), { target: 0.7 }, { sizing, usual: usualSettings })
  return withShield(withReactiveFloor(shadowed, { sizing }))
}

/** All of them under one fate. */
export function livedBy(
  { plan }: SabotageDay,
  seed: number,
  rules: Readonly<Record<string, Policy>>
): Readonly<Record<string, RunMeasures>> {
  const minds = Object.entries(rules).map(([label, policy]) => ({ label, policy, options: {} }))
  const fate = fateOf(plan, seed)
  const need = needOf(plan, fate)
  return Object.fromEntries(
    rehearse(fate, minds, {}).map(({ label, track }) => [label, measuresOf(plan, track, need)])
  )
}
