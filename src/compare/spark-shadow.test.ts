/** What a shadow saves: policies that were sabotaged, in charge until they are found out, beside the plain reference. */
import { describe, expect, it } from 'vitest'
import { DAY, MINUTE } from '../base/index.ts'
import {
  policies,
  sparkEffects,
  sparkSizing,
  withReactiveFloor,
  withShadow,
  withShield
} from '../decide/index.ts'
import type { Observation, Policy, Units } from '../roles.ts'
import {
  accidents,
  compressions,
  executorPrice,
  fullMemoryGb,
  memoryPriceGb,
  storageTiers,
  usualSettings
} from '../sim/index.ts'
import { measuresOf } from './measures-of.ts'
import { fateOf, needOf, planSpark } from './plan.ts'
import { type Fate, rehearse } from './rehearse.ts'

const trace = accidents({ durationMs: 1.5 * DAY, stepMs: MINUTE, perDay: 48 }, 5).total
const steps = trace.values.length
const plan = planSpark('accidents', trace, { fitFrom: 0, scoreFrom: steps - 12 * 60, scoreTo: steps })

/** Until an hour into the part that is scored they decide as the reference does. */
const sabotagedFromMs = trace.startMs + (steps - 11 * 60) * MINUTE

/** What somebody could have done to a model's weights. */
const sabotage: Readonly<Record<string, (seen: Observation) => Units>> = {
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

function ruled(rule: (seen: Observation) => Units): Policy {
  const before = reference()
  return {
    ...before,
    name: 'sabotaged',
    decide: (seen, memory) => {
      const sound = before.decide(seen, memory)
      if (seen.nowMs < sabotagedFromMs) {
        return { ...sound, decision: { ...sound.decision, to: { ...usualSettings, ...sound.decision.to } } }
      }
      const why = { rule: 'sabotaged', inputs: {}, bound: [], changed: [] }
      return { decision: { kind: 'scale', to: rule(seen), why }, memory: sound.memory }
    }
  }
}

const reference = (): Policy => policies.hpa.make({ target: 0.7 })
const shadow = (policy: Policy): Policy => {
  const sizing = sparkSizing()
  const shadowed = withShadow(policy, reference(), { target: 0.7 }, { sizing, usual: usualSettings })
  return withShield(withReactiveFloor(shadowed, { sizing }))
}

function scores(fate: Fate, rules: Readonly<Record<string, Policy>>) {
  const minds = Object.entries(rules).map(([label, policy]) => ({ label, policy, options: {} }))
  const need = needOf(plan, fate)
  return Object.fromEntries(
    rehearse(fate, minds, {}).map(({ label, track }) => [label, measuresOf(plan, track, need)])
  )
}

describe('a sabotaged policy in the Spark world', () => {
  it('is looked at with the tables of the world', () => {
    const { storage, compression, ...rest } = sparkEffects
    const effect = ({ rate, latencyMs }: { rate: number; latencyMs: number }) => ({ rate, latencyMs })
    expect(storage).toEqual(storageTiers.map(effect))
    expect(compression).toEqual(compressions.map(effect))
    expect(rest).toEqual({ fullMemoryGb, executorPrice, memoryPriceGb })
  })

  it('costs little more than the reference in twelve hours, because it is found out', () => {
    const fate = fateOf(plan, 1)
    const rules: Record<string, Policy> = { reference: reference() }
    for (const [name, rule] of Object.entries(sabotage)) {
      rules[name] = ruled(rule)
      rules[`${name}, in a shadow`] = shadow(ruled(rule))
    }
    const measured = scores(fate, rules)
    const base = measured.reference
    for (const name of Object.keys(sabotage)) {
      const [bare, held] = [measured[name], measured[`${name}, in a shadow`]]
      const more = [bare, held].map(({ cost }) => cost / base.cost - 1)
      const later = [bare, held].map((one) => one.sloViolationRatio - base.sloViolationRatio)
      // Measured: at most 24 % more cost or 5 points more late messages; bare up to 176 % or 56 points.
      expect(more[1]).toBeLessThan(0.3)
      expect(later[1]).toBeLessThan(0.08)
      expect(Math.max(more[0], 2 * later[0])).toBeGreaterThan(1)
    }
  }, 60_000)
})
