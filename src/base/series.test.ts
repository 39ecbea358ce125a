import { describe, expect, it } from 'vitest'
import { append, coarsen, endMs, peak, series, sliceSteps, splitAt } from './series.ts'

describe('series', () => {
  const s = series(1_000, [1, NaN, 3, 5], { startMs: 10_000 })

  it('knows where it ends and what a part of it is', () => {
    expect(endMs(s)).toBe(14_000)
    expect(sliceSteps(s, 2)).toMatchObject({ startMs: 12_000, values: Float64Array.of(3, 5) })
    expect(splitAt(s, 1).map((part) => part.values.length)).toEqual([1, 3])
  })

  it('keeps a gap between two parts as not measured', () => {
    const joined = append(s, series(1_000, [7], { startMs: 15_000 }))
    expect(Array.from(joined.values)).toEqual([1, NaN, 3, 5, NaN, 7])
  })

  it('refuses parts that overlap or have another step', () => {
    expect(() => append(s, series(1_000, [7], { startMs: 13_000 }))).toThrow(
      'startMs must be at or after 14000'
    )
    expect(() => append(s, series(500, [7], { startMs: 15_000 }))).toThrow('the same step, 1000 ms')
  })

  it('averages what was measured, and never turns a gap into a zero', () => {
    expect(Array.from(coarsen(s, 2).values)).toEqual([1, 4])
    expect(Array.from(coarsen(series(1, [NaN, NaN, 0, 0]), 2).values)).toEqual([NaN, 0])
  })

  it('finds no peak where nothing was measured', () => {
    expect(peak([NaN, 2, 7, NaN])).toBe(7)
    expect(peak([NaN])).toBeNaN()
  })
})
