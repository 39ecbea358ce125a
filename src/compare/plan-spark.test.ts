import { describe, expect, it } from 'vitest'
import { mind } from '../../test/fakes/small-rehearsal.ts'
import { DAY, MINUTE, SECOND, type Series, series } from '../base/index.ts'
import { accidents } from '../sim/index.ts'
import { measuresOf } from './measures-of.ts'
import { fateOf, needOf, planSpark, resourcesOf } from './plan.ts'
import { sparkWorld } from './plan-spark.ts'
import { rehearse } from './rehearse.ts'

const start = Date.UTC(2026, 0, 5)
const flat = (rate: number, steps = 1_000) => series(MINUTE, new Array(steps).fill(rate), { startMs: start })
const spanOf = ({ values }: Series) => ({
  fitFrom: 0,
  scoreFrom: 0.8 * values.length,
  scoreTo: values.length
})
const plan = (trace: Series, given: Parameters<typeof planSpark>[3] = {}) =>
  planSpark('trace', trace, spanOf(trace), given)

describe('the Spark world of a rehearsal', () => {
  it('is that of its page unless something is said: 50 messages/s, 20 executors at most, a second, 45 s, 30 cents', () => {
    const { settings, assumed } = plan(flat(200))
    expect(settings).toEqual({
      unitRate: 50,
      sloMs: 1_000,
      leadTimeMs: { p50: 45 * SECOND, p90: 57 * SECOND },
      unitHour: 0.3,
      currency: 'USD',
      minUnits: 1,
      maxUnits: 20,
      stepMs: 15 * SECOND
    })
    expect(assumed).toEqual(Object.keys(settings))
  })

  it('grows with a load that 18 executors could not serve', () => {
    expect(plan(flat(900)).settings.unitRate).toBe(50)
    expect(plan(flat(9_000)).settings.unitRate).toBeCloseTo(500, 9)
    expect(plan(flat(9_000), { unitRate: 70 }).settings.unitRate).toBe(70)
  })

  it('serves more messages where they are smaller, so that the same work writes and keeps the same', () => {
    const volume = (made: ReturnType<typeof plan>, perSecond: number) => {
      const world = sparkWorld(made, 0)
      return perSecond * (world.messageKb ?? NaN)
    }
    expect(volume(plan(flat(900)), 900)).toBe(36_000)
    expect(volume(plan(flat(9_000)), 9_000)).toBeCloseTo(36_000, 6)
  })

  it('has executors to size and nothing else, which wait 30–60 s', () => {
    expect(resourcesOf(plan(flat(200)))).toEqual(['executors'])
    const fate = fateOf(plan(flat(200)), 1)
    expect(fate.bounds).toEqual({ executors: { min: 1, max: 20 } })
    const waits = new Set<number>()
    const world = fate.open({ executors: 1 })
    for (let i = 0; i < 40; i++) {
      let steps = 1
      while (world.step({ executors: 5 }, 0).ready < 5) steps++
      waits.add(steps - 1)
      world.step({ executors: 1 }, 0)
    }
    expect([...waits].sort()).toEqual([3, 4])
  })

  it('waits as long as it is told to, and as it really is', () => {
    const given = { leadTimeMs: { p50: 2 * MINUTE, p90: 2 * MINUTE }, truth: { leadTime: 2 } }
    const world = fateOf(plan(flat(200), given), 1).open({ executors: 1 })
    let steps = 0
    while (world.step({ executors: 5 }, 0).ready < 5) steps++
    expect(steps * 15 * SECOND).toBe(4 * MINUTE)
  })

  it('needs what a fluid needs: 201 messages/s more than four executors', () => {
    const needAt = (rate: number, given = {}) => {
      const made = plan(flat(rate), { unitRate: 50, ...given })
      return needOf(made, fateOf(made, 1))[0]
    }
    // 845 ms of waiting may build up in a minute: 1 in 70.
    expect(needAt(200)).toBe(4)
    expect(needAt(210)).toBe(5)
    expect(needAt(0.9)).toBe(1)
    expect(needAt(200, { truth: { unitRate: 0.5 } })).toBe(8)
    expect(needAt(5_000)).toBe(21)
  })

  it('has policies pay by the table: executors, their memory, and what storage is written', () => {
    const made = plan(flat(200))
    const fate = fateOf(made, 1)
    const [{ track }] = rehearse({ ...fate, initial: { executors: 10 } }, [mind('fixed', { units: 10 })], {})
    const { cost, unitHours } = measuresOf(made, track, needOf(made, fate))
    const storage = cost - 0.3 * unitHours
    // 200 · 40 kB/s, 10–50 % of it shuffled, uncompressed, at $0.05 a GB.
    const hours = (200 * MINUTE) / 3_600_000
    const gbHour = (200 * 0.04 * 3_600) / 1_024
    expect(storage).toBeGreaterThan(0.1 * gbHour * 0.05 * hours)
    expect(storage).toBeLessThan(0.5 * gbHour * 0.05 * hours)
  })

  it('is where reacting to CPU is too late for an accident', () => {
    const { total } = accidents({ durationMs: DAY, startMs: start }, 1)
    const made = planSpark('accidents', total, { fitFrom: 0, scoreFrom: 2_880, scoreTo: 5_760 })
    const fate = fateOf(made, 1)
    const need = needOf(made, fate)
    const runs = rehearse(fate, [mind('hpa'), mind('fixed', { units: 18 })], {})
    const [hpa, fixed] = runs.map(({ track }) => measuresOf(made, track, need))
    expect(fixed.sloViolationRatio).toBeLessThan(0.02)
    expect(hpa.sloViolationRatio).toBeGreaterThan(0.1)
    expect(hpa.cost).toBeLessThan(fixed.cost)
  })

  it('refuses an SLO that no message can have', () => {
    expect(() => plan(flat(200), { sloMs: 150 })).toThrow(
      'sloMs must be above 155 ms, what a message takes that never waits, was 150'
    )
  })
})
