import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { series } from '../../src/base/index.ts'
import { stream } from '../../src/sim/index.ts'
import { dataPath } from '../experiment.ts'
import { rescalesOf } from './as-run/replay.ts'
import { foresight } from './closed-loop/foresight.ts'
import { newSeconds, note, score } from './closed-loop/score.ts'
import { carsLoad, carsWorld, REACTIVE_LIKE, WORLDS } from './worlds.ts'

const here = existsSync(dataPath('flink-runs', 'phoebe_cars_25K_1s.csv'))

describe('rescales in slot counts that are means over 10 s', () => {
  const rows = [
    {
      when: 'the size steps down through a mixed bin',
      slots: [24, 24, 22.5, 21, 21, 21],
      finds: [[20, 24, 21, 0]]
    },
    { when: 'it grows over three bins', slots: [6, 6, 11.2, 12.7, 14, 14, 14], finds: [[20, 6, 14, 0]] },
    {
      when: 'all slots go and come back',
      slots: [24, 24, 8, 0, NaN, 12.3, 24, 24],
      finds: [[20, 24, 24, 40]]
    },
    { when: 'all slots go and fewer come', slots: [24, 24, 7, 0, 1.4, 12, 12], finds: [[20, 24, 12, 30]] },
    { when: 'nothing changes', slots: [5, 5, 5, 5, 5, 5], finds: [] }
  ]
  for (const { when, slots, finds } of rows) {
    it(`are found when ${when}`, () => {
      const found = rescalesOf(Float64Array.from(slots))
      expect(found.map(({ atS, from, to, absentS }) => [atS, from, to, absentS])).toEqual(finds)
    })
  }

  it('are not the dips of an injected failure', () => {
    const slots = new Float64Array(300).fill(24)
    slots.set([23.5, 23.1], 272)
    slots.set([23, 23, 23], 274)
    expect(rescalesOf(slots).filter(({ to }) => to === 23)).toEqual([])
  })
})

describe('the two ways to count late seconds', () => {
  const step = (latencyMs: number, down: number, ready = 4) => ({
    arrivals: 1,
    missed: 0,
    dropped: 0,
    latencyMs,
    waiting: { share: 0, meanMs: 0 },
    ready,
    starting: 0,
    down
  })

  it('leave downtime out of the gauge and count it strictly', () => {
    const seconds = newSeconds(40)
    for (let i = 0; i < 10; i++) note(seconds, step(1_000, 0))
    for (let i = 0; i < 10; i++) note(seconds, step(30_000, 1))
    for (let i = 0; i < 10; i++) note(seconds, step(5_000, 0, 5))
    for (let i = 0; i < 10; i++) note(seconds, step(i < 2 ? 2_500 : 900, 0, 5))
    expect(score(seconds)).toEqual({ published: 1 / 3, strict: 22 / 40, meanUnits: 4.5, rescales: 1 })
  })
})

describe('foresight', () => {
  it('grows before a rise that one size cannot carry, and is less late than the best fixed size of that mean', () => {
    const load = series(
      1_000,
      Float64Array.from({ length: 7_200 }, (_, t) => (t < 3_600 ? 40_000 : 110_000))
    )
    const outages = { ...REACTIVE_LIKE, failures: [] }
    const sees = foresight(load, 12_000, outages, { epochS: 60, sizes: [4, 5, 6, 7, 8, 9, 10, 11, 12] })
    const plan = sees.reach(8)
    expect(Math.abs(plan.meanUnits - 8)).toBeLessThan(1)
    expect(plan.strict).toBeLessThan(0.02)
    const world = stream(carsWorld(12_000, 9, outages))
    const seconds = newSeconds(7_200)
    let state = world.initial(1)
    for (const arrivals of load.values) {
      state = world.transition(state, { job: 9 }, arrivals)
      note(seconds, state.outcome)
    }
    expect(score(seconds).strict).toBeGreaterThan(10 * plan.strict)
  })
})

describe.skipIf(!here)('the cars load', () => {
  it('is one 6-hour trace three times, between 33,000 and 121,000 records/s', () => {
    const { values, stepMs } = carsLoad()
    expect([values.length, stepMs]).toEqual([64_800, 1_000])
    expect(values[100]).toBe(values[100 + 21_600])
    // 130 s of the trace, in the first half hour, are lower: the range of the facts leaves them out.
    expect(Math.min(...values.subarray(2_000, 21_600))).toBeGreaterThan(30_000)
    expect(Math.max(...values)).toBeLessThan(121_500)
  })

  it('makes 14 fixed slots of the first world late as measured before: 3.0 % published, 3.8 % strict', () => {
    const world = stream(carsWorld(WORLDS.first, 14))
    const { values } = carsLoad()
    const seconds = newSeconds(values.length)
    let state = world.initial(1)
    for (const arrivals of values) {
      state = world.transition(state, { job: 14 }, arrivals)
      note(seconds, state.outcome)
    }
    const { published, strict } = score(seconds)
    expect(Math.abs(100 * published - 3)).toBeLessThan(0.3)
    expect(Math.abs(100 * strict - 3.8)).toBeLessThan(0.3)
  })
})
