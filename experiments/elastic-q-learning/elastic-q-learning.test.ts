import { describe, expect, it } from 'vitest'
import { elasticForesight } from '../../src/compare/index.ts'
import { forecasters } from '../../src/forecast/index.ts'
import { DOWN, HOLD, proportional, scored, splitOf, threshold, tuned, UP, WORLD } from './worlds.ts'

const { train, test, need } = splitOf('morning', 7, 1, forecasters.sma.make({}))

describe('what is scored', () => {
  it('keeps a constant size that never rescales, and is as early as can be told', () => {
    const fixed = scored(test, need, () => HOLD, { ...WORLD, initialUnits: 16 })
    expect(fixed).toMatchObject({ meanUnits: 16, changesPerHour: 0, flipsPerHour: 0, leadMinutes: 60 })
  })

  it('counts a flip when the direction turns within ten minutes, and only then', () => {
    const every = (minutes: number) => {
      let t = 0
      const moves = [UP, DOWN]
      return () => (t++ % minutes === 0 ? moves[(t / minutes) & 1] : HOLD)
    }
    expect(scored(test, need, every(5)).flipsPerHour).toBeGreaterThan(11)
    expect(scored(test, need, every(12)).flipsPerHour).toBe(0)
  })

  it('never earns more than perfect foresight', () => {
    const arrivals = test.load.subarray(2).map((rate) => rate * 60)
    const { bound, plan } = elasticForesight(WORLD, arrivals)
    let next = 0
    const planned = scored(test, need, () => plan[next++]).reward
    expect(planned).toBeLessThanOrEqual(bound / plan.length + 1e-9)
    for (const rule of [threshold(0.8, 0.3), threshold(0.7, 0.5), proportional(0.7)]) {
      expect(scored(test, need, rule).reward).toBeLessThan(planned)
    }
  })

  it('chooses the knob on the training days', () => {
    const { knob, rule } = tuned([0.2, 0.7], proportional, train)
    expect(knob).toBe(0.7)
    expect(scored(test, need, rule).reward).toBeGreaterThan(scored(test, need, proportional(0.2)).reward)
  })

  it('knows when the morning needs how much: three units before nine, more afterwards', () => {
    // Two steps before the day begin the part that is scored.
    expect(need.inZone[2 + 8 * 60]).toBe(4)
    expect(need.inZone[2 + 12 * 60]).toBe(15)
    expect(need.inTime[2 + 12 * 60]).toBeLessThan(15)
  })
})
