import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newJob, readOutages, settle, timeToDo, workMs } from './stream-outages.ts'

const job = { operator: 0, id: 'job', min: 1, max: 100 }
const at = (atMs: number) => ({ seed: 1, step: atMs / 1000, atMs, hours: atMs / 3_600_000 })
const slow = readOutages({ leadTime: { p50Ms: 30_000, p90Ms: 30_000 } })

describe('the life of a job', () => {
  it('keeps its size until the slots of a request are there, then stops once', () => {
    const asked = settle(slow, [job], newJob(Float64Array.of(4)), { job: 6 }, at(0))
    expect([...asked.units]).toEqual([4])
    expect(asked.starting).toEqual([{ operator: 0, units: 2, askedMs: 0, readyAtMs: 30_000 }])
    expect(asked.downUntilMs).toBeLessThan(0)
    const waiting = settle(slow, [job], asked, { job: 6 }, at(29_000))
    expect(waiting).toBe(asked)
    const grown = settle(slow, [job], waiting, { job: 6 }, at(30_000))
    expect([...grown.units]).toEqual([6])
    expect(grown.startingUnits).toBe(0)
    expect(grown.downUntilMs).toBe(45_000)
    expect(grown.rescales).toBe(1)
  })

  it('gives starting slots back first, newest first, without a stop', () => {
    const one = settle(slow, [job], newJob(Float64Array.of(4)), { job: 6 }, at(0))
    const two = settle(slow, [job], one, { job: 9 }, at(10_000))
    expect(two.starting.map((batch) => batch.units)).toEqual([2, 3])
    const back = settle(slow, [job], two, { job: 5 }, at(12_000))
    expect(back.starting).toEqual([{ operator: 0, units: 1, askedMs: 0, readyAtMs: 30_000 }])
    expect(back.rescales).toBe(0)
  })

  it('shrinks at once, with the shorter stop', () => {
    const less = settle(slow, [job], newJob(Float64Array.of(4)), { job: 3 }, at(1_000))
    expect([...less.units]).toEqual([3])
    expect(less.downUntilMs).toBe(9_000)
  })

  it('never ends an outage earlier because of a rescale', () => {
    const down = { ...newJob(Float64Array.of(4)), downUntilMs: 60_000 }
    expect(settle(slow, [job], down, { job: 3 }, at(1_000)).downUntilMs).toBe(60_000)
  })

  it('keeps what was wanted when nothing, or NaN, is wanted', () => {
    const before = newJob(Float64Array.of(4))
    expect(settle(slow, [job], before, {}, at(0))).toBe(before)
    expect(settle(slow, [job], before, { job: NaN }, at(0))).toBe(before)
  })

  it('stays within its limits and refuses a negative size', () => {
    const before = newJob(Float64Array.of(4))
    expect(settle(slow, [job], before, { job: 0 }, at(0)).wanted[0]).toBe(1)
    expect(settle(slow, [job], before, { job: 1_000 }, at(0)).wanted[0]).toBe(100)
    expect(() => settle(slow, [job], before, { job: -1 }, at(0))).toThrow(
      /units of job must be at least 0, was -1/
    )
  })

  it('stops longer when a pause grows by the hour', () => {
    const growing = readOutages({ rescaleDownMs: { kind: 'linear', at0: 100_000, perHour: 0.04 } })
    const later = settle(growing, [job], newJob(Float64Array.of(4)), { job: 3 }, at(36_000_000))
    expect(later.downUntilMs).toBe(36_000_000 + 140_000)
  })
})

describe('warm-up', () => {
  it('does half of the work in the length of the ramp, all of it afterwards', () => {
    const outages = readOutages({ warmUp: { ms: 20_000 } })
    expect(workMs(outages, 0, 20_000)).toBe(10_000)
    expect(workMs(outages, 20_000, 25_000)).toBe(5_000)
    expect(workMs(outages, 0, 30_000)).toBe(20_000)
  })

  it('knows how long a piece of work takes: the exact inverse', () => {
    const times = fc.double({ min: 0, max: 100_000, noNaN: true })
    fc.assert(
      fc.property(
        times,
        times,
        fc.double({ min: 0, max: 60_000, noNaN: true }),
        fc.integer({ min: 0, max: 100 }),
        (from, need, ms, percent) => {
          const outages = readOutages({ warmUp: { ms, from: percent / 100 } })
          const takes = timeToDo(outages, from, need)
          expect(workMs(outages, from, from + takes)).toBeCloseTo(need, 4)
        }
      )
    )
  })

  it('takes no time for less than a computer can count', () => {
    expect(timeToDo(readOutages({ warmUp: { ms: 4 } }), 0, 5e-324)).toBe(0)
    expect(timeToDo(readOutages({ warmUp: { ms: 4 } }), 0, 0)).toBe(0)
  })

  it('adds the time that the job is still down', () => {
    const outages = readOutages({ warmUp: { ms: 0 } })
    expect(timeToDo(outages, -7_000, 2_000)).toBe(9_000)
  })

  for (const { given, says } of [
    { given: { warmUp: { ms: -1 } }, says: /warmUp.ms must be at least 0/ },
    { given: { warmUp: { ms: 1, from: 2 } }, says: /warmUp.from must be a share/ },
    { given: { failures: [-5] }, says: /failures must be times after the beginning/ },
    {
      given: { replay: { kind: 'checkpoints' as const, everyMs: 0 } },
      says: /replay.everyMs must be more than 0/
    }
  ]) {
    it(`refuses ${JSON.stringify(given)}`, () => expect(() => readOutages(given)).toThrow(says))
  }
})
