import fc from 'fast-check'
import { expect, it } from 'vitest'
import { median, quantile } from './index.ts'

// numpy.quantile([15, 20, 35, 40, 50], p)
for (const [p, want] of [
  [0, 15],
  [0.05, 16],
  [0.3, 23],
  [0.4, 29],
  [0.5, 35],
  [1, 50]
]) {
  it(`the ${p} quantile is numpy's ${want}`, () =>
    expect(quantile([50, 15, 40, 20, 35], p)).toBeCloseTo(want, 12))
}

it('leaves out what was not measured', () => expect(median([NaN, 3, NaN, 1, 2])).toBe(2))

it('has no quantile of nothing', () => expect(quantile([NaN], 0.5)).toBeNaN())

it('never leaves the range of the values and rises with the level', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, p, q) => {
        const [low, high] = [quantile(values, Math.min(p, q)), quantile(values, Math.max(p, q))]
        expect(low).toBeLessThanOrEqual(high + 1e-6)
        expect(low).toBeGreaterThanOrEqual(Math.min(...values))
        expect(high).toBeLessThanOrEqual(Math.max(...values) + 1e-6)
      }
    )
  )
})
