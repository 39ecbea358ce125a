import { expect, it } from 'vitest'
import { leadTimes } from './lead-time.ts'

it('meets its P50 and P90', () => {
  const lead = leadTimes({ p50Ms: 120_000, p90Ms: 180_000 })
  const drawn = Float64Array.from({ length: 20_000 }, (_, step) => lead(4, step)).sort()
  expect(drawn[10_000] / 120_000).toBeCloseTo(1, 1)
  expect(drawn[18_000] / 180_000).toBeCloseTo(1, 1)
  expect(drawn[0]).toBeGreaterThan(0)
})

it('is fixed when both quantiles are the same, and 0 may be it', () => {
  expect(leadTimes({ p50Ms: 120_000, p90Ms: 120_000 })(1, 77)).toBe(120_000)
  expect(leadTimes({ p50Ms: 0, p90Ms: 0 })(1, 77)).toBe(0)
})

it('is the same luck for everybody at the same moment of the same seed', () => {
  const [a, b] = [leadTimes({ p50Ms: 60_000, p90Ms: 90_000 }), leadTimes({ p50Ms: 60_000, p90Ms: 90_000 })]
  expect(a(3, 5)).toBe(b(3, 5))
  expect(a(3, 5)).not.toBe(a(3, 6))
  expect(a(3, 5)).not.toBe(a(4, 5))
})

it('refuses quantiles that cannot be', () => {
  expect(() => leadTimes({ p50Ms: -1, p90Ms: 5 })).toThrow(
    'leadTime.p50Ms must be a duration of at least 0 ms, was -1'
  )
  expect(() => leadTimes({ p50Ms: 10, p90Ms: 5 })).toThrow(
    'leadTime.p90Ms must be at least P50, 10 ms, was 5'
  )
  expect(() => leadTimes({ p50Ms: 0, p90Ms: 5 })).toThrow(
    'leadTime.p50Ms must be above 0 ms where P90 is, was 0'
  )
})
