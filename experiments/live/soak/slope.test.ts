import { describe, expect, it } from 'vitest'
import { random } from '../../../src/base/index.ts'
import { theilSen } from './slope.ts'

const line = (n: number, slope: number, y0 = 3) =>
  Array.from({ length: n }, (_, x): [number, number] => [x, y0 + slope * x])

describe('Theil–Sen', () => {
  it('finds a line exactly, its interval is the line', () => {
    expect(theilSen(line(20, 0.25))).toEqual({ slope: 0.25, low: 0.25, high: 0.25 })
  })

  it('is not moved by points that are far off, nor by some that are missing', () => {
    const points = line(20, 0.25).map(([x, y]): [number, number] => [x, x % 7 === 0 ? 1_000 : y])
    points[5] = [5, NaN]
    expect(theilSen(points).slope).toBeCloseTo(0.25, 9)
  })

  it('covers the slope in about 95 of 100 noisy lines', () => {
    const rng = random(1, 'theil-sen')
    let covered = 0
    for (let i = 0; i < 400; i++) {
      const { low, high } = theilSen(line(30, 0.1).map(([x, y]) => [x, y + rng.normal()] as const))
      if (low <= 0.1 && 0.1 <= high) covered++
    }
    expect(covered / 400).toBeGreaterThan(0.92)
    expect(covered / 400).toBeLessThan(0.98)
  })

  it('says nothing of two points', () => {
    expect(theilSen(line(2, 1)).slope).toBeNaN()
  })
})
