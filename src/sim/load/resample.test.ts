import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, MINUTE, random, series } from '../../base/index.ts'
import { smape } from '../../math/accuracy.ts'
import { cubicSpline } from '../../math/spline.ts'
import { flightsFile } from '../../observe/builtin.ts'
import { quoted, withDuckDB } from '../../observe/duckdb.ts'
import { momentsOf, resampleCounts } from './resample-counts.ts'
import { noiseFloor, resampleSpline } from './resample-spline.ts'

describe('Algorithm 1, resampling by spline', () => {
  const coarse = series(5 * MINUTE, [500, 700, 650, 900, 300, 420], {
    startMs: 3_600_000,
    unit: 'events/step'
  })

  it('goes through its points, scaled by α, and between them as the spline does', () => {
    const fine = resampleSpline(coarse, { stepMs: MINUTE, seed: 1, noise: 0, alpha: 1 })
    expect(fine).toMatchObject({ startMs: 3_600_000, stepMs: MINUTE, unit: 'events/step' })
    expect(fine.values.length).toBe(26)
    const spline = cubicSpline([0, 300, 600, 900, 1_200, 1_500], [...coarse.values])
    fine.values.forEach((y, j) => {
      expect(y).toBe(Math.trunc(spline(60 * j) + 0))
    })
    expect([...fine.values].filter((_, j) => j % 5 === 0)).toEqual([...coarse.values])
  })

  it('shrinks counts with the step unless told otherwise', () => {
    const fine = resampleSpline(coarse, { stepMs: MINUTE, seed: 1, noise: 0 })
    expect(fine.values[0]).toBe(100)
    expect(fine.values[15]).toBe(180)
  })

  it('adds uniform noise of ±10 %: no more, and spread as a uniform is', () => {
    const flat = series(5 * MINUTE, new Array(4_001).fill(1e6))
    const { values } = resampleSpline(flat, { stepMs: MINUTE, seed: 3, alpha: 1 })
    const shares = values.map((y) => y / 1e6 - 1)
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.1)
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(-0.1)
    expect(momentsOf(shares).sd).toBeCloseTo(0.1 / Math.sqrt(3), 3)
  })

  it.each([0.01, 0.1, 0.5])('has the noise floor of its closed form at ±%d', (noise) => {
    const rng = random(5, 'floor')
    const n = 200_000
    const clean = new Float64Array(n).fill(1e6)
    const noisy = clean.map((y) => y * (1 + noise * (2 * rng.next() - 1)))
    expect(Math.abs(smape(noisy, clean) / noiseFloor(noise) - 1)).toBeLessThan(0.01)
    // No other constant does better: the noise is even.
    for (const c of [0.98, 1.02]) {
      expect(
        smape(
          noisy,
          clean.map((y) => c * y)
        )
      ).toBeGreaterThan(smape(noisy, clean))
    }
  })

  it('fills gaps along the curve, never with zero, and does not go beyond what was measured', () => {
    const gappy = series(5 * MINUTE, [NaN, 500, NaN, 500, 500, NaN], { startMs: 0 })
    const fine = resampleSpline(gappy, { stepMs: MINUTE, seed: 1, noise: 0, alpha: 1 })
    expect(fine.startMs).toBe(5 * MINUTE)
    expect([...fine.values]).toEqual(new Array(16).fill(500))
  })

  it('gives whole numbers of at least 0, the same under one seed', () => {
    const loads = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 2, maxLength: 40 })
    fc.assert(
      fc.property(loads, fc.integer(), (list, seed) => {
        const one = resampleSpline(series(5 * MINUTE, list), { stepMs: 2 * MINUTE, seed })
        for (const y of one.values) expect(Number.isInteger(y) && y >= 0).toBe(true)
        expect(resampleSpline(series(5 * MINUTE, list), { stepMs: 2 * MINUTE, seed })).toEqual(one)
      })
    )
  })

  it('refuses what has no curve', () => {
    expect(() => resampleSpline(series(MINUTE, [NaN, 4]), { stepMs: 1_000, seed: 1 })).toThrow(
      'resampling by spline needs 2 measured values, got 1'
    )
    expect(() => resampleSpline(coarse, { stepMs: MINUTE, seed: 1, alpha: 0 })).toThrow(
      'alpha must be a positive factor'
    )
  })
})

describe('Algorithm 2, resampling by counts', () => {
  it('counts events in uniform intervals, whatever their order', () => {
    const at = [61_000, 0, 59_999, 60_000, 185_000]
    expect(resampleCounts(at, { stepMs: MINUTE })).toEqual({
      startMs: 0,
      stepMs: MINUTE,
      unit: 'events/step',
      values: Float64Array.of(2, 2, 0, 1)
    })
    expect([...resampleCounts(at, { stepMs: MINUTE, startMs: 60_000, endMs: 180_000 }).values]).toEqual([
      2, 0
    ])
  })

  it('meets the wanted mean and standard deviation, and keeps the order of the load', () => {
    const events = fc.array(fc.integer({ min: 0, max: 3_600_000 }), { minLength: 20, maxLength: 300 })
    const target = fc.record({
      mean: fc.double({ min: 10, max: 1e5, noNaN: true }),
      sd: fc.double({ min: 1, max: 1e4, noNaN: true })
    })
    fc.assert(
      fc.property(events, target, (at, wanted) => {
        const counts = resampleCounts(at, { stepMs: 5 * MINUTE, startMs: 0, endMs: 3_600_000 })
        fc.pre(momentsOf(counts.values).sd > 0)
        const { values } = resampleCounts(at, {
          stepMs: 5 * MINUTE,
          startMs: 0,
          endMs: 3_600_000,
          target: wanted
        })
        const seen = momentsOf(values)
        expect(Math.abs(seen.mean - wanted.mean)).toBeLessThan(1e-9 * (wanted.mean + wanted.sd))
        expect(Math.abs(seen.sd - wanted.sd)).toBeLessThan(1e-9 * (wanted.mean + wanted.sd))
        values.forEach((y, i) => {
          if (i > 0)
            expect(Math.sign(Math.round((y - values[i - 1]) * 1e6))).toBe(
              Math.sign(counts.values[i] - counts.values[i - 1])
            )
        })
      })
    )
  })

  it('refuses no events, and a spread where there is none', () => {
    expect(() => resampleCounts([], { stepMs: MINUTE })).toThrow('counting events needs 1 timestamp, got 0')
    expect(() => resampleCounts([5], { stepMs: MINUTE, target: { mean: 1, sd: 1 } })).toThrow(
      'all 1 intervals hold 1 events, no spread to scale'
    )
  })

  const flights = flightsFile()
  it.skipIf(flights === undefined || !existsSync(flights))(
    'takes the flights’ own timestamps: a week of departures with the moments of the IoT load',
    async () => {
      const from = Date.UTC(2001, 0, 8)
      const [at] = await withDuckDB((db) =>
        db.numbers(
          `SELECT epoch_ms(date)::DOUBLE FROM read_parquet(${quoted(flights ?? '')})
           WHERE epoch_ms(date) >= ${from} AND epoch_ms(date) < ${from + 7 * DAY}`
        )
      )
      const range = { stepMs: 5 * MINUTE, startMs: from, endMs: from + 7 * DAY }
      const counts = resampleCounts(at, range)
      expect(counts.values.length).toBe(2_016)
      expect(counts.values.reduce((total, n) => total + n, 0)).toBe(at.length)
      const target = { mean: 112_055.97, sd: 13_477.1 }
      const seen = momentsOf(resampleCounts(at, { ...range, target }).values)
      expect(seen.mean).toBeCloseTo(target.mean, 5)
      expect(seen.sd).toBeCloseTo(target.sd, 5)
    }
  )
})
