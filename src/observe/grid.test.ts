import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grid } from './grid.ts'

const rowsOf = (timesMs: readonly number[], y: readonly number[]) => ({
  where: 'rows',
  timesMs: Float64Array.from(timesMs),
  columns: { y: Float64Array.from(y) }
})

describe('a regular series', () => {
  it('comes back whatever rows are missing, doubled or shuffled, with NaN where none is', () => {
    const kept = fc.array(fc.boolean(), { minLength: 30, maxLength: 60 })
    fc.assert(
      fc.property(kept, fc.integer({ min: 1, max: 5_000 }), fc.integer(), (keep, stepMs, seed) => {
        // Enough neighbours stay for the step to be seen.
        const there = keep.map((k, i) => k || i % 3 < 2 || i === keep.length - 1)
        const steps = there.flatMap((k, i) => (k ? [i] : []))
        const order = steps.toSorted((a, b) => ((a * 7_919 + seed) % 31) - ((b * 7_919 + seed) % 31))
        const { series } = grid(
          rowsOf(
            order.map((i) => 1_000_000 + i * stepMs),
            order.map((i) => i + 1)
          )
        )
        expect(series.y.stepMs).toBe(stepMs)
        expect(series.y.startMs).toBe(1_000_000)
        expect([...series.y.values]).toEqual(there.map((k, i) => (k ? i + 1 : NaN)))
      })
    )
  })

  it('is found in scrapes that are some milliseconds off', () => {
    const times = [0, 15_003, 29_998, 45_011, 60_002, 90_005, 105_001]
    const { series, findings } = grid(rowsOf(times, [1, 2, 3, 4, 5, 6, 7]))
    expect(series.y.stepMs).toBe(15_000)
    expect([...series.y.values]).toEqual([1, 2, 3, 4, 5, NaN, 6, 7])
    expect(findings).toEqual([
      { about: 'step', says: 'times are up to 11ms off a grid of 15s: moved onto it' },
      {
        about: 'gaps',
        says: '1 of 8 steps have no row (1 gap, the longest 15s from 1970-01-01T00:01:15Z): kept as not measured'
      }
    ])
  })

  it('is the mean where the commonest difference is that of late rows, and the last row stays where it is', () => {
    // A scrape each minute, 0–10 s late: most differences are 64 s, the others 53 s.
    const times = Array.from({ length: 2_000 }, (_, i) => i * 60_000 + ((i * 37) % 11) * 1_000)
    const { series, findings } = grid(rowsOf(times, times))
    expect(series.y.stepMs).toBe(60_000)
    expect(series.y.values.length).toBe(2_000)
    expect(findings.map(({ says }) => says)).toEqual(['times are up to 10s off a grid of 1m: moved onto it'])
  })

  it('keeps rows that crowd together near their own time', () => {
    // Every minute, then for a while every 50 s, then every 70 s.
    const steps = [...Array(40).fill(60), ...Array(30).fill(50), ...Array(30).fill(70)]
    const times = [0]
    for (const seconds of steps) times.push(times[times.length - 1] + seconds * 1_000)
    const { series, findings } = grid(rowsOf(times, times))
    const off = Array.from(series.y.values, (y, i) => Math.abs(y - i * 60_000)).filter(
      (d) => !Number.isNaN(d)
    )
    expect(Math.max(...off)).toBeLessThan(90_000)
    expect(findings.map(({ says }) => says)).toContain(
      '4 rows share their step with another: the mean is taken'
    )
  })

  it('is not one when a short end has another step', () => {
    const times = Array.from({ length: 300 }, (_, i) => (i < 270 ? i : 270 + (i - 270) * 5) * 60_000)
    expect(() => grid(rowsOf(times, times))).toThrow('rows has two steps, 1m and 5m (from')
  })

  it('is not made of a gap that is long', () => {
    const times = [0, 60, 120, 180, 3_600, 3_660].map((s) => s * 1_000)
    expect(grid(rowsOf(times, [1, 2, 3, 4, 5, 6])).series.y.values.length).toBe(62)
  })
})

describe('means and sums', () => {
  it('leave out what was not measured', () => {
    const { series } = grid(rowsOf([0, 0, 60_000, 60_000, 120_000], [1, NaN, NaN, NaN, 5]))
    expect([...series.y.values]).toEqual([1, NaN, 5])
  })

  it('are taken over bins when the wanted step is no multiple of the own one', () => {
    const times = Array.from({ length: 9 }, (_, i) => i * 20_000)
    const { series } = grid(rowsOf(times, [1, 1, 1, 2, 2, 2, 3, 3, 3]), { stepMs: 50_000, sums: ['y'] })
    expect([...series.y.values]).toEqual([3, 4, 8, 3])
  })
})
