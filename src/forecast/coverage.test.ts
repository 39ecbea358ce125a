import { expect, it } from 'vitest'
import { random, series } from '../base/index.ts'
import { blend, intervalCoverage, naive } from './index.ts'

it('finds the nominal share for noise, at each horizon and level', () => {
  const rng = random(1)
  const noise = series(
    60_000,
    Array.from({ length: 4_000 }, () => 100 + 10 * rng.normal())
  )
  const rows = intervalCoverage(noise, blend(), { horizons: [1, 4], levels: [0.5, 0.8, 0.95] })
  expect(rows.map((r) => [r.horizon, r.level])).toEqual([
    [1, 0.5],
    [1, 0.8],
    [1, 0.95],
    [4, 0.5],
    [4, 0.8],
    [4, 0.95]
  ])
  for (const row of rows) expect(row).toMatchObject({ holds: 'yes', ties: 0 })
  expect(rows[0].steps).toBe(800)
  expect(rows[3].steps).toBe(797)
})

it('says that a load which idles at zero is more than covered, because of its ties', () => {
  const rng = random(2)
  const idle = series(
    60_000,
    Array.from({ length: 4_000 }, () => (rng.next() < 0.6 ? 0 : 5 + rng.exponential()))
  )
  const [row] = intervalCoverage(idle, blend(), { horizons: [1], levels: [0.5] })
  expect(row.inside).toBeGreaterThan(0.55)
  expect(row.holds).toBe('ties')
})

it('says no where intervals are too narrow', () => {
  const rng = random(3)
  const jump = series(
    60_000,
    Array.from({ length: 400 }, (_, t) => 100 + (t < 320 ? 1 : 100) * rng.normal() + 300)
  )
  const rows = intervalCoverage(jump, naive(), { horizons: [1], levels: [0.8], trainUntil: 320 })
  expect(rows[0].holds).toBe('no')
})
