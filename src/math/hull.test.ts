import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costAt, lossAt, lowerHull } from './index.ts'

describe('lowerHull', () => {
  const points = [
    { cost: 4, loss: 1, knob: 'd' },
    { cost: 1, loss: 10, knob: 'a' },
    { cost: 2, loss: 9, knob: 'above the line' },
    { cost: 2, loss: 4, knob: 'b' },
    { cost: 3, loss: 3, knob: 'above' },
    { cost: 5, loss: 2, knob: 'dearer and worse' },
    { cost: NaN, loss: 0, knob: 'unknown' }
  ]
  const hull = lowerHull(points)

  it('keeps the settings that no mixture undercuts, cheapest first', () =>
    expect(hull.map((p) => p.knob)).toEqual(['a', 'b', 'd']))

  // By hand along (1,10) (2,4) (4,1).
  for (const [cost, loss] of [
    [1, 10],
    [1.5, 7],
    [2, 4],
    [3, 2.5],
    [4, 1],
    [9, 1]
  ]) {
    it(`loses ${loss} at cost ${cost}`, () => expect(lossAt(hull, cost)).toBeCloseTo(loss, 12))
  }
  it('does not know what less than the cheapest would lose', () => expect(lossAt(hull, 0.9)).toBeNaN())

  for (const [loss, cost] of [
    [10, 1],
    [7, 1.5],
    [1, 4],
    [20, 1]
  ]) {
    it(`costs ${cost} to lose ${loss}`, () => expect(costAt(hull, loss)).toBeCloseTo(cost, 12))
  }
  it('does not know what fewer than the fewest losses would cost', () => expect(costAt(hull, 0.5)).toBeNaN())

  it('has no loss without points', () => expect(lossAt(lowerHull([]), 1)).toBeNaN())

  it('lies below every point and is convex', () => {
    const point = fc.record({ cost: fc.integer({ min: 0, max: 50 }), loss: fc.integer({ min: 0, max: 50 }) })
    fc.assert(
      fc.property(fc.array(point, { minLength: 1 }), (cloud) => {
        const line = lowerHull(cloud)
        for (const p of cloud) expect(lossAt(line, p.cost)).toBeLessThanOrEqual(p.loss + 1e-9)
        const slopes = line.slice(1).map((p, i) => (p.loss - line[i].loss) / (p.cost - line[i].cost))
        for (let i = 1; i < slopes.length; i++) expect(slopes[i]).toBeGreaterThan(slopes[i - 1])
        for (const slope of slopes) expect(slope).toBeLessThan(0)
      })
    )
  })
})
