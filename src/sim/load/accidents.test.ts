import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, SECOND } from '../../base/index.ts'
import { accidents } from './accidents.ts'

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, y) => sum + y, 0) / values.length
const at = (stepMs: number, ms: number) => Math.floor(ms / stepMs)

describe('accidents', () => {
  const day = accidents({ durationMs: DAY }, 1)
  const many = Array.from({ length: 12 }, (_, seed) => accidents({ durationMs: 2 * DAY }, seed))
  const happened = many.flatMap((load) => load.accidents.map((accident) => ({ load, accident })))

  it('are the same for the same seed, and other ones for another', () => {
    expect(accidents({ durationMs: HOUR }, 4)).toEqual(accidents({ durationMs: HOUR }, 4))
    expect(accidents({ durationMs: HOUR }, 5).total).not.toEqual(accidents({ durationMs: HOUR }, 4).total)
  })

  it('are seen by the cloud as the sum of the streets, in whole messages', () => {
    const options = fc.record({
      durationMs: fc.integer({ min: 60_000, max: 900_000 }),
      gatewayStepMs: fc.constantFrom(1_000, 3_000, 5_000, 15_000),
      streets: fc.integer({ min: 1, max: 20 }),
      base: fc.double({ min: 0, max: 2_000, noNaN: true })
    })
    fc.assert(
      fc.property(options, fc.integer(), (given, seed) => {
        const { total, streets } = accidents({ ...given, perDay: 200 }, seed)
        const parts = 15_000 / given.gatewayStepMs
        for (let i = 0; i < total.values.length; i++) {
          let messages = 0
          for (const { values } of streets)
            for (let p = i * parts; p < (i + 1) * parts; p++)
              messages += values[p] * (given.gatewayStepMs / 1_000)
          expect(total.values[i] * 15).toBeCloseTo(messages, 6)
          expect(Math.abs(messages - Math.round(messages))).toBeLessThan(1e-6)
        }
      }),
      { numRuns: 40 }
    )
  })

  it('come back to about 200 messages/s', () => {
    const { values } = accidents({ durationMs: DAY, perDay: 0, jamsPerDay: 0 }, 3).total
    expect(mean(values)).toBeGreaterThan(190)
    expect(mean(values)).toBeLessThan(210)
    // σ of the reverting noise is 10 messages/s, counting adds √(200/15) ≈ 3.7.
    const level = mean(values)
    expect(Math.sqrt(mean(values.map((y) => (y - level) ** 2)))).toBeLessThan(15)
  })

  it('make a burst of about four times that, with onset, hold and decay', () => {
    for (const { load, accident } of happened) {
      const { values, stepMs } = load.total
      const holds = values[at(stepMs, accident.onsetMs + MINUTE)]
      if (Number.isNaN(holds) || holds === undefined) continue
      expect(holds).toBeGreaterThan(550)
      expect(holds).toBeLessThan(1_000)
      const over = values[at(stepMs, accident.endMs + MINUTE)]
      if (over !== undefined) expect(over).toBeLessThan(400)
    }
  })

  it('show 45–120 s earlier in their own street, and in the total not', () => {
    const rises: number[] = []
    const others: number[] = []
    for (const { load, accident } of happened) {
      const { precursorMs, onsetMs, street } = accident
      if (precursorMs === null) continue
      expect(onsetMs - precursorMs).toBeGreaterThanOrEqual(45 * SECOND)
      expect(onsetMs - precursorMs).toBeLessThanOrEqual(120 * SECOND)
      const { values, stepMs } = load.streets[street]
      const before = mean(values.subarray(at(stepMs, precursorMs - 5 * MINUTE), at(stepMs, precursorMs)))
      const during = mean(values.subarray(at(stepMs, precursorMs) + 3, at(stepMs, onsetMs)))
      rises.push(during / before)
      const total = load.total
      const calm = mean(
        total.values.subarray(at(total.stepMs, precursorMs - 5 * MINUTE), at(total.stepMs, precursorMs))
      )
      others.push(total.values[at(total.stepMs, onsetMs) - 1] / calm)
    }
    // Where the same street had the last accident, that one's tail is still there.
    expect(rises.filter((rise) => rise > 1.4).length / rises.length).toBeGreaterThan(0.93)
    expect(mean(rises)).toBeGreaterThan(1.9)
    expect(mean(rises)).toBeLessThan(2.7)
    // A single street's queue is a few percent of the city, less than the city's own noise.
    expect(mean(others)).toBeLessThan(1.12)
  })

  it('are one in ten without any precursor', () => {
    const without = happened.filter(({ accident }) => accident.precursorMs === null).length
    expect(happened.length).toBeGreaterThan(350)
    expect(without / happened.length).toBeGreaterThan(0.06)
    expect(without / happened.length).toBeLessThan(0.15)
  })

  it('never overlap, and jams lead to nothing in the total', () => {
    for (const load of many)
      load.accidents.forEach(({ precursorMs, onsetMs }, i) => {
        if (i > 0) expect(precursorMs ?? onsetMs).toBeGreaterThan(load.accidents[i - 1].endMs)
      })
    const { total, jams } = accidents({ durationMs: DAY, perDay: 0, jamsPerDay: 100 }, 2)
    expect(jams.length).toBeGreaterThan(60)
    expect(Math.max(...total.values)).toBeLessThan(270)
  })

  it('happen as they are written down, where they are', () => {
    const schedule = [{ atMs: 300_000, leadMs: 90_000, street: 2 }]
    const load = accidents({ durationMs: 600_000, schedule }, 1)
    expect(load.accidents).toEqual([
      { street: 2, precursorMs: 210_000, onsetMs: 300_000, endMs: 785_000, height: 600 }
    ])
    expect(load.jams).toEqual([])
    expect(mean(load.total.values.subarray(0, 20))).toBeLessThan(250)
    expect(mean(load.total.values.subarray(22, 38))).toBeGreaterThan(740)
  })

  it('keep quiet while predictors learn', () => {
    for (let seed = 0; seed < 20; seed++) {
      const load = accidents({ durationMs: HOUR, perDay: 500, jamsPerDay: 500, quietMs: 10 * MINUTE }, seed)
      for (const { precursorMs, onsetMs } of load.accidents)
        expect(precursorMs ?? onsetMs).toBeGreaterThanOrEqual(10 * MINUTE)
      for (const { fromMs } of load.jams) expect(fromMs).toBeGreaterThanOrEqual(10 * MINUTE)
    }
  })

  it('have many futures of one past', () => {
    const options = { durationMs: HOUR, perDay: 200, jamsPerDay: 100 }
    const past = accidents(options, 4)
    const at = 30 * MINUTE
    const futures = [1, 2, 3].map((seed) => accidents({ ...options, redraw: { fromMs: at, seed } }, 4))
    const half = (load: typeof past) => load.streets.map(({ values }) => values.subarray(0, at / 5_000))
    for (const future of futures) {
      expect(half(future)).toEqual(half(past))
      const begun = ({ precursorMs, onsetMs }: (typeof past.accidents)[number]) =>
        (precursorMs ?? onsetMs) < at
      expect(future.accidents.filter(begun)).toEqual(past.accidents.filter(begun))
    }
    expect(new Set([past, ...futures].map(({ total }) => total.values.join())).size).toBe(4)
    // As often as ever: a day of futures has about as many accidents as a day.
    const day = { durationMs: DAY, perDay: 48 }
    const count = (n: number, redraw?: number) =>
      Array.from({ length: n }, (_, seed) =>
        accidents(
          { ...day, ...(redraw !== undefined && { redraw: { fromMs: redraw, seed: seed + 100 } }) },
          4
        )
      ).reduce((sum, load) => sum + load.accidents.length, 0) / n
    const usual = Array.from({ length: 12 }, (_, seed) => accidents(day, seed).accidents.length)
    expect(count(12, 0) / (usual.reduce((a, b) => a + b, 0) / 12)).toBeCloseTo(1, 0)
  })

  it.each([
    [{ durationMs: -1 }, 'durationMs must be a number of at least 0, was -1'],
    [{ durationMs: 1, gatewayStepMs: 4_000 }, 'gatewayStepMs must be a part of the step, 15000 ms, was 4000'],
    [{ durationMs: 1, streets: 0 }, 'streets must be a whole number of streets, at least 1, was 0'],
    [{ durationMs: 1, withoutPrecursor: 2 }, 'withoutPrecursor must be a ratio from 0 to 1, was 2'],
    [{ durationMs: 1, schedule: [{ atMs: 5, leadMs: 9 }] }, 'schedule.leadMs must be null, or a duration'],
    [{ durationMs: 1, schedule: [{ atMs: 5, leadMs: null, street: 16 }] }, 'schedule.street must be a street']
  ])('refuse %j in one line', (options, message) => {
    expect(() => accidents(options, 1)).toThrow(message)
  })

  it('are all told in the ground truth', () => {
    const { values, stepMs } = day.total
    for (let i = 0; i < values.length; i++) {
      if (values[i] < 500) continue
      const ms = i * stepMs
      expect(day.accidents.some(({ onsetMs, endMs }) => ms + stepMs > onsetMs && ms < endMs)).toBe(true)
    }
  })
})
