import fc from 'fast-check'
import { expect, it } from 'vitest'
import { needSeries } from './need.ts'
import { service } from './service.ts'
import { serviceDefaults } from './service-config.ts'

const config = { unitRate: 50 }

it('is the fewest units with which the world itself does not overload the minute', () => {
  const minute = fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 0, max: 20_000 })))
  const settings = fc.record({
    unitRate: fc.double({ min: 10, max: 500, noNaN: true }),
    serversPerUnit: fc.integer({ min: 1, max: 10 }),
    queueLimit: fc.constantFrom(0, 100, 10_000)
  })
  fc.assert(
    fc.property(minute, settings, (counts, given) => {
      const [need] = needSeries(counts, given)
      expect(overloaded(counts, need, given)).toBe(false)
      if (need > 0) expect(overloaded(counts, need - 1, given)).toBe(true)
    })
  )
})

it('does not depend on the minutes before', () => {
  const loads = fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 8, maxLength: 40 })
  fc.assert(
    fc.property(loads, (counts) => {
      const all = needSeries(counts, config)
      all.forEach((need, m) => {
        expect(needSeries(counts.slice(4 * m, 4 * m + 4), config)[0]).toBe(need)
      })
    })
  )
})

it('is 0 where nothing comes and where the load is unknown, and only full minutes have one', () => {
  expect([...needSeries([0, 0, 0, 0, 800, NaN, 800, 800, 740, 740, 740, 740, 5], config)]).toEqual([0, 0, 2])
})

it('knows the known answers: one event needs one unit, and 20 units at P99.9 are not enough at the peak', () => {
  expect([...needSeries([1, 0, 0, 0], config)]).toEqual([1])
  const defaults = serviceDefaults(new Float64Array(1_000).fill(1_000))
  expect(defaults.unitRate).toBe(50)
  expect([...needSeries(new Float64Array(4).fill(15_000), defaults)]).toEqual([21])
})

it('refuses steps that do not fill minutes and loads without end', () => {
  expect(() => needSeries([1], { unitRate: 50, stepMs: 7_000 })).toThrow(
    'stepMs must be a step that fills minutes, such as 15 s, was 7000'
  )
  expect(() => needSeries([1, 1, 1, Number.POSITIVE_INFINITY], config)).toThrow(
    'arrivals must be a finite number'
  )
})

/** Lived through in the world: all units ready at the beginning, over 5 % missed or any dropped. */
function overloaded(counts: readonly number[], units: number, given: typeof config): boolean {
  const world = service({ ...given, minUnits: 0, maxUnits: 1e6, initialUnits: units })
  let state = world.initial(1)
  let missed = 0
  let dropped = 0
  for (const n of counts) {
    state = world.transition(state, { unit: units }, n)
    missed += world.outcome(state).missed
    dropped += world.outcome(state).dropped
  }
  return dropped > 0 || missed > 0.05 * counts.reduce((sum, n) => sum + n, 0)
}
