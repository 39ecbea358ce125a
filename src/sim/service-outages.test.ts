import { expect, it } from 'vitest'
import { outageParts } from './service-outages.ts'

it('cuts the steps that an outage touches where it begins and ends, and no others', () => {
  const parts = outageParts([{ atMs: 1_020_000, durationMs: 18_000 }], 1_000_000, 15_000)
  expect([...parts.keys()]).toEqual([1, 2])
  expect(parts.get(1)).toEqual([
    { seconds: 5, working: 1, opensIn: 0 },
    { seconds: 10, working: 0, opensIn: 18 }
  ])
  expect(parts.get(2)).toEqual([
    { seconds: 8, working: 0, opensIn: 8 },
    { seconds: 7, working: 1, opensIn: 0 }
  ])
})

it('multiplies what overlaps, and opens when all complete outages are over', () => {
  const half = { atMs: 0, durationMs: 15_000, share: 0.5 }
  const whole = { atMs: 5_000, durationMs: 10_000 }
  const parts = outageParts([half, half, whole, { atMs: 15_000, durationMs: 6_000 }], 0, 15_000)
  expect(parts.get(0)).toEqual([
    { seconds: 5, working: 0.25, opensIn: 0 },
    { seconds: 10, working: 0, opensIn: 16 }
  ])
})

it('refuses an outage that cannot be', () => {
  expect(() => outageParts([{ atMs: NaN, durationMs: 1 }], 0, 15_000)).toThrow('outages.atMs')
  expect(() => outageParts([{ atMs: 0, durationMs: 0 }], 0, 15_000)).toThrow('outages.durationMs')
  expect(() => outageParts([{ atMs: 0, durationMs: 5, share: 2 }], 0, 15_000)).toThrow(
    'outages.share must be a share above 0, at most 1, was 2'
  )
})
