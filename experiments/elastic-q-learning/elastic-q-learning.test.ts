import { describe, expect, it } from 'vitest'
import { coarsen, DAY } from '../../src/base/index.ts'
import { elasticForesight } from '../../src/compare/index.ts'
import { forecasters } from '../../src/forecast/index.ts'
import { dailyWave } from '../../src/sim/index.ts'
import { besideJob } from './beside.ts'
import { idle, meanOf, rowsOf, saving, savingBest } from './beside-rows.ts'
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

describe('learned tables beside the others', () => {
  const trace = coarsen(dailyWave({ days: 3, seed: 1 }), 5)
  const perDay = DAY / trace.stepMs
  const span = { fitFrom: 0, scoreFrom: 2 * perDay, scoreTo: 2 * perDay + 60 }
  const job = { name: 'a wave', trace, settings: {}, price: 70, share: 0.05 }
  const outcomes = besideJob({ ...job, span, seeds: [1, 2] })

  it('stand in the same table, bare and in their shield', () => {
    expect(rowsOf(outcomes).map(({ policy, seeds }) => `${policy}: ${seeds}`)).toEqual(
      [
        ...['fixed', 'fixed, peak / 0.7', 'hpa', 'threshold', 'proportional', 'mpc'],
        ...['q-learning', 'q-learning, bare', 'sarsa', 'sarsa, bare', 'oracle']
      ].map((policy) => `${policy}: 2`)
    )
  })

  it('tell what a static size leaves unused, and what is saved of its cost', () => {
    const of = (policy: string, measure: typeof idle) => meanOf(outcomes, 'a wave', policy, measure).mean
    const served = trace.values.subarray(span.scoreFrom, span.scoreTo).reduce((a, b) => a + b, 0) / 60
    const peak = trace.values.subarray(0, span.scoreFrom).reduce((a, b) => Math.max(a, b))
    // 1.2 × the peak, rounded up to a unit, which is a twentieth of it or so.
    expect(1 - of('fixed', idle)).toBeGreaterThan(served / (1.3 * peak))
    expect(1 - of('fixed', idle)).toBeLessThanOrEqual(served / (1.19 * peak))
    expect(of('fixed', saving)).toBe(0)
    expect(of('fixed', savingBest)).toBeLessThan(0)
    expect(of('oracle', saving)).toBeGreaterThan(of('q-learning', saving))
  })

  it('are left out where there is less than four hours to learn from', () => {
    const short = besideJob({ ...job, span: { fitFrom: 0, scoreFrom: 36, scoreTo: 60 }, seeds: [1] })
    expect(short.map(({ policy }) => policy)).not.toContain('q-learning')
    expect(short.map(({ policy }) => policy)).toContain('mpc')
  })
})
