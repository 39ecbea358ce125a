/** What a shadow saves: policies that were sabotaged, in charge until they are found out, beside the plain reference. */
import { describe, expect, it } from 'vitest'
import { sparkEffects } from '../decide/index.ts'
import type { Policy } from '../roles.ts'
import { compressions, executorPrice, fullMemoryGb, memoryPriceGb, storageTiers } from '../sim/index.ts'
import { inShadow, livedBy, reference, sabotage, sabotageDay, sabotaged } from './spark-sabotage.case.ts'

/** The day on which the shadow was tuned. Ten others: experiments/edge-burst-ppo/shadow. */
const TUNED_ON = 5

describe('a sabotaged policy in the Spark world', () => {
  it('is looked at with the tables of the world', () => {
    const { storage, compression, ...rest } = sparkEffects
    const effect = ({ rate, latencyMs }: { rate: number; latencyMs: number }) => ({ rate, latencyMs })
    expect(storage).toEqual(storageTiers.map(effect))
    expect(compression).toEqual(compressions.map(effect))
    expect(rest).toEqual({ fullMemoryGb, executorPrice, memoryPriceGb })
  })

  it('costs little more than the reference in twelve hours, because it is found out', () => {
    const day = sabotageDay(TUNED_ON)
    const rules: Record<string, Policy> = { reference: reference() }
    for (const [name, rule] of Object.entries(sabotage)) {
      rules[name] = sabotaged(rule, day.fromMs)
      rules[`${name}, in a shadow`] = inShadow(sabotaged(rule, day.fromMs))
    }
    const measured = livedBy(day, 1, rules)
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
