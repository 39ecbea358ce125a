import { beforeAll, describe, expect, it } from 'vitest'
import { warnedDays } from '../traffic.ts'
import { gateway, type Place, prescale, reactive } from './controllers.ts'
import { type Configs, type Rehearsed, rehearsed } from './rehearsed.ts'

const nowhere = 'http://127.0.0.1:1'
const place: Place = {
  ...{ flink: nowhere, kafka: '127.0.0.1:1', job: 'job', topic: 'raw', group: 'job', folder: '.' },
  ...{ speed: 5, maxSlots: 12 }
}
const dayMs = 4 * 60_000 * place.speed
const costs = { parseUs: 5_000, countUs: 10_000, lateMs: 5_000, maxSlots: 12, rescaleMs: 2_500 }

describe('days of traffic', () => {
  it('are the first from a seed on whose city warns of an accident', () => {
    const days = warnedDays(3, 7_001, dayMs)
    expect(new Set(days.map(({ seed }) => seed)).size).toBe(3)
    for (const { seed, load } of days) {
      expect(seed).toBeGreaterThanOrEqual(7_001)
      expect(load.accidents.some(({ precursorMs, onsetMs }) => precursorMs !== null && onsetMs < dayMs)).toBe(
        true
      )
    }
    expect(warnedDays(1, days[0].seed + 1, dayMs)[0].seed).toBe(days[1].seed)
  })
})

describe('a rehearsal of ten days that are not the published ones', () => {
  const days = warnedDays(10, 100, dayMs)
  const mean = (runs: readonly Rehearsed[], of: (run: Rehearsed) => number) =>
    runs.reduce((sum, run) => sum + of(run), 0) / runs.length
  const rehearse = (configs: Configs, size = 3) =>
    days.map(({ load }) =>
      rehearsed(configs, {
        ...{ ...costs, load, speed: place.speed },
        initial: { parse: Math.ceil(size / 2), count: size }
      })
    )
  let runs: Record<'fixed' | 'rule' | 'warned' | 'unwarned', Rehearsed[]>
  beforeAll(() => {
    const { signals: _, gateways: __, ...unwarned } = prescale(place) as Record<string, unknown>
    runs = {
      fixed: rehearse({}, 10),
      rule: rehearse({ loop: reactive(place) }),
      warned: rehearse({ loop: prescale(place), gateway: gateway(place, 'mqtt://127.0.0.1:1') }),
      unwarned: rehearse({ loop: unwarned })
    }
  })

  it('has a fixed size that is never late and costs what it costs', () => {
    expect(mean(runs.fixed, ({ lateShare }) => lateShare)).toBe(0)
    expect(mean(runs.fixed, ({ meanSlots }) => meanSlots)).toBe(10)
  })

  it('predicts half of the HPA’s late time at most, for a tenth more slots at most', () => {
    const late = (of: readonly Rehearsed[]) => mean(of, ({ lateShare }) => lateShare)
    const slots = (of: readonly Rehearsed[]) => mean(of, ({ meanSlots }) => meanSlots)
    expect(late(runs.rule)).toBeGreaterThan(0.05)
    expect(late(runs.warned)).toBeLessThanOrEqual(0.5 * late(runs.rule))
    expect(slots(runs.warned)).toBeLessThanOrEqual(1.1 * slots(runs.rule))
    expect(late(runs.warned)).toBeLessThan(late(runs.unwarned))
  })

  it('is the same again', () => {
    expect(rehearse({ loop: reactive(place) }).slice(0, 1)).toEqual(runs.rule.slice(0, 1))
  })
})
