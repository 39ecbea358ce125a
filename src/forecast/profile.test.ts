import { describe, expect, it } from 'vitest'
import { profile, profileExperts } from './profile.ts'

function after(values: readonly number[], size: number): number[] {
  const p = profile(2)
  values.forEach((y, t) => {
    if (!Number.isNaN(y)) p.observe(t, y)
  })
  const out = new Float64Array(profileExperts)
  p.experts(values.length, size, out, 0)
  return [...out]
}

describe('profile', () => {
  // By hand: a season of two, and everything a fifth higher in the second one. Profile 11, level 1.2, last 12; the
  // newest value was 4 above profile and last, 2 more than the one before.
  it('has level, last season and deviations', () => {
    const want = [13.2, 13.2, 13.2, 12, 15, 16, 17]
    for (const [i, value] of after([10, 20, 12, 24], 0).entries()) expect(value).toBeCloseTo(want[i], 9)
  })
  it('draws the level to 1 where the load is small against its size', () =>
    expect(after([10, 20, 12, 24], 1e9)[0]).toBeCloseTo(11, 5))
  it('does not know a phase that was never measured', () => {
    for (const value of after([NaN, 20, NaN, 24], 20)) expect(value).toBeNaN()
  })
})
