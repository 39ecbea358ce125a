import { describe, expect, it } from 'vitest'
import { wave } from '../../test/fakes/small-rehearsal.ts'
import { MINUTE, type Series, series } from '../base/index.ts'
import { service, splitCounts } from '../sim/index.ts'
import { asRun } from './as-run.ts'
import { live } from './rehearse.ts'

const trace = wave(900)
const span = { fitFrom: 0, scoreFrom: 700, scoreTo: 900 }
const of = (values: ArrayLike<number>, stepMs = MINUTE) => series(stepMs, values, { startMs: trace.startMs })

/** What a service of this unit rate would have recorded: an operator who looks at the load of ten minutes ago. */
function recordOf(unitRate: number, { headroom = 1.15, load = trace, most = 1_000 } = {}) {
  const perMinute = 4
  const demand = splitCounts(load, 15_000, 7)
  const capacity = load.values.map((_, i) =>
    Math.min(most, Math.max(1, Math.ceil((headroom * load.values[Math.max(0, i - 10)]) / unitRate)))
  )
  const leadTime = { p50Ms: 0, p90Ms: 0 }
  const world = live(service({ unitRate, leadTime, initialUnits: capacity[0], maxUnits: most }), 7)
  const latency = capacity.map((unit, i) => {
    let sum = 0
    let count = 0
    for (let j = 0; j < perMinute; j++) {
      const step = world.step({ unit }, demand[i * perMinute + j])
      const entered = step.arrivals - step.dropped
      count += entered
      sum += entered * (step.latencyMs + step.waiting.share * step.waiting.meanMs)
    }
    return sum / count
  })
  return { capacity: of(capacity), latency: of(latency) }
}

const fitted = (record: { capacity: Series; latency?: Series }, load: Series = trace) =>
  asRun('record', load, span, {}, record)

describe('as run', () => {
  it.each([3.7, 12, 25, 61])('finds the unit rate %d that it was recorded with within 3 %%', (unitRate) => {
    const found = fitted(recordOf(unitRate))
    expect(found.how).toBe('fitted')
    expect(Math.abs(found.unitRate / unitRate - 1)).toBeLessThan(0.03)
    expect(found.simulated.lateShare).toBeCloseTo(found.recorded!.lateShare, 2)
    expect(found.rankCorrelation).toBeGreaterThan(0.9)
  })

  it('finds it where the recorded capacity is beyond any default', () => {
    const large = { ...trace, values: trace.values.map((y) => 60 * y) }
    const record = recordOf(12, { load: large, most: 5_000 })
    expect(Math.max(...record.capacity.values)).toBeGreaterThan(500)
    expect(Math.abs(fitted(record, large).unitRate / 12 - 1)).toBeLessThan(0.03)
  })

  it('says that a record that was never late gives a lower bound only', () => {
    const found = fitted(recordOf(25, { headroom: 9 }))
    expect(found.how).toBe('lower bound')
    expect(found.recorded!.lateShare).toBe(0)
    expect(found.simulated.lateShare).toBe(0)
    expect(found.unitRate).toBeLessThan(25)
  })

  it('says that a record that was always late gives an upper bound only', () => {
    const record = recordOf(25, { headroom: 0.2, most: 1 })
    const found = asRun('record', trace, span, { sloMs: 1_000, serviceTimeMs: 40 }, record)
    expect(found).toMatchObject({
      how: 'upper bound',
      recorded: { lateShare: 1 },
      simulated: { lateShare: 1 }
    })
    expect(found.unitRate).toBeGreaterThan(25)
  })

  it('keeps a rate that was given, and one that follows from the load where no latency was recorded', () => {
    const record = recordOf(25)
    expect(asRun('record', trace, span, { unitRate: 30 }, record)).toMatchObject({
      unitRate: 30,
      how: 'given'
    })
    const { capacity } = record
    const found = fitted({ capacity })
    expect(found).toMatchObject({ how: 'given', recorded: undefined, rankCorrelation: NaN })
    expect(found.simulated.meanMs).toBeGreaterThan(0)
  })

  it('takes the service time from the quickest tenth and the SLO from it, unless they are given', () => {
    const record = recordOf(25)
    const found = fitted(record)
    // 25 events/s: one server of 40 ms.
    expect(Math.abs(found.serviceTimeMs / 40 - 1)).toBeLessThan(0.1)
    expect(found.sloMs / found.serviceTimeMs).toBeCloseTo(4, 0)
    expect(asRun('record', trace, span, { sloMs: 900 }, record).sloMs).toBe(900)
  })

  it('compares the steps that both sides know', () => {
    const record = recordOf(25)
    // Nobody wrote down half of the slow steps.
    const half = record.latency.values.map((ms, i) => (ms > 160 && i % 2 === 0 ? NaN : ms))
    const capacity = record.capacity.values.map((units, i) => (i % 7 === 3 && i > 0 ? NaN : units))
    const found = fitted({ capacity: of(capacity), latency: of(half) })
    expect(Math.abs(found.unitRate / 25 - 1)).toBeLessThan(0.05)
    expect(found.simulated.lateShare).toBeCloseTo(found.recorded!.lateShare, 2)
    expect(found.simulated.lateShare).toBeLessThan(0.8 * fitted(record).simulated.lateShare)
  })

  it('lives with gaps in the load and with means of two sizes', () => {
    const record = recordOf(25)
    const load = { ...trace, values: trace.values.map((y, i) => (i > 300 && i < 330 ? NaN : y)) }
    const capacity = of(record.capacity.values.map((units) => units - 0.4))
    const found = asRun('record', load, span, {}, { ...record, capacity })
    expect(Math.abs(found.unitRate / 25 - 1)).toBeLessThan(0.05)
  })

  it.each([
    ['capacity of another length', { capacity: of([1, 2]) }],
    ['capacity of another step', { capacity: of(new Array(900).fill(3), 1_000) }],
    ['latency of another length', { ...recordOf(25), latency: of([1, 2]) }],
    ['no capacity at all', { capacity: of(new Array(900).fill(NaN)) }],
    ['no units ever', { capacity: of(new Array(900).fill(0)) }],
    ['no latency at all', { ...recordOf(25), latency: of(new Array(900).fill(NaN)) }]
  ])('refuses %s in one line', (_what, record) => {
    expect(() => fitted(record)).toThrow(/^--as-run (capacity|latency) [^\n]+$/)
  })
})
