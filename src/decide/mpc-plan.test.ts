import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cheapestPath, type Problem } from './mpc-plan.ts'
import { exceedance, levelsOf, quantileAt } from './mpc-quantiles.ts'

const small = fc
  .record({
    steps: fc.integer({ min: 1, max: 4 }),
    levels: fc.integer({ min: 1, max: 4 }),
    least: fc.integer({ min: 0, max: 2 }),
    back: fc.integer({ min: 1, max: 3 }),
    changes: fc.boolean(),
    seed: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 40, maxLength: 40 })
  })
  .map(({ steps, levels, least, back, changes, seed }): Problem => {
    const from = least + (seed[0] % levels)
    return {
      steps,
      least,
      levels,
      stage: Float64Array.from({ length: steps * levels }, (_, i) => seed[i % 40]),
      change: changes
        ? Float64Array.from({ length: steps * levels }, (_, i) => seed[(i + 17) % 40])
        : undefined,
      back,
      up: Float64Array.from({ length: steps }, (_, t) => seed[(t + 5) % 40] / 4),
      // Never below what is there now: ready units cannot become unreachable.
      cap: Float64Array.from({ length: steps }, (_, t) =>
        Math.max(from, least + (seed[(t + 9) % 40] % (levels + 1)))
      ),
      from
    }
  })

describe('cheapestPath', () => {
  it('is exactly what trying every path finds', () => {
    fc.assert(
      fc.property(small, (problem) => {
        const { cost, ready } = cheapestPath(problem)
        expect(cost).toBeCloseTo(cheapestOfAll(problem), 9)
        expect(costOf(problem, [...ready])).toBeCloseTo(cost, 9)
      }),
      { numRuns: 500 }
    )
  })

  it('stays where it is when everything costs the same', () => {
    const stage = new Float64Array(15).fill(1)
    const flat = { steps: 3, least: 1, levels: 5, stage, up: new Float64Array(3), from: 3 }
    expect([...cheapestPath({ ...flat, cap: new Float64Array(3).fill(9) }).ready]).toEqual([3, 3, 3])
  })
})

describe('exceedance', () => {
  const forecast = (rows: Record<string, number[]>) =>
    levelsOf({
      startMs: 0,
      stepMs: 60_000,
      mean: Float64Array.from([50]),
      quantiles: Object.fromEntries(
        Object.entries(rows).map(([level, row]) => [level, Float64Array.from(row)])
      ),
      by: { model: 'test', version: '1', trainedUntilMs: 0 }
    })
  const chances = (levels: ReturnType<typeof forecast>, xs: number[]) => {
    const out = new Float64Array(1)
    return xs.map((x) => {
      exceedance(levels, 0, { offset: 0, perUnit: 1, least: x }, out, 0, 1)
      return out[0]
    })
  }

  it('is one minus the level at each quantile, linear between and exponential above', () => {
    const levels = forecast({ '0.99': [100], '0.5': [50], '0.9': [80] })
    const [low, half, between, nine, top, beyond] = chances(levels, [
      25,
      50,
      65,
      80,
      100,
      100 + 20 / Math.log(10)
    ])
    expect(low).toBeCloseTo(0.75, 12)
    expect(half).toBeCloseTo(0.5, 12)
    expect(between).toBeCloseTo(0.3, 12)
    expect(nine).toBeCloseTo(0.1, 12)
    expect(top).toBeCloseTo(0.01, 12)
    expect(beyond).toBeCloseTo(0.01 / Math.E, 12)
  })

  it('never rises with capacity and agrees with quantileAt, whatever the quantiles are', () => {
    const row = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 5, maxLength: 5 })
    fc.assert(
      fc.property(row, fc.integer({ min: 1, max: 40 }), (values, perUnit) => {
        const sorted = values.toSorted((a, b) => a - b)
        const names = ['0.1', '0.5', '0.8', '0.95', '0.99']
        const levels = forecast(Object.fromEntries(names.map((name, i) => [name, [sorted[i]]])))
        const out = new Float64Array(60)
        exceedance(levels, 0, { offset: -7, perUnit, least: 0 }, out, 0, 60)
        for (let i = 1; i < 60; i++) expect(out[i]).toBeLessThanOrEqual(out[i - 1] + 1e-12)
        for (const chance of [0.3, 0.05, 0.004]) {
          const [over] = chances(levels, [quantileAt(levels, 0, chance) + 1e-6])
          expect(over).toBeLessThanOrEqual(chance + 1e-9)
        }
      })
    )
  })

  it('passes over quantiles that are not known', () => {
    expect(chances(forecast({ '0.5': [50], '0.8': [NaN], '0.9': [90] }), [70])[0]).toBeCloseTo(0.3, 12)
  })
})

function costOf(
  { steps, least, levels, stage, change, back = 1, up, cap, from }: Problem,
  path: number[]
): number {
  let cost = 0
  let before = from
  for (let t = 0; t < steps; t++) {
    const n = path[t]
    if (n > cap[t]) return Infinity
    const at = t * levels + n - least
    if (n !== before) cost += (change?.[at] ?? 0) * (n < before ? back : 1)
    cost += stage[at] + up[t] * Math.max(0, n - before)
    before = n
  }
  return cost
}

function cheapestOfAll(problem: Problem): number {
  let best = Infinity
  const walk = (path: number[]) => {
    if (path.length === problem.steps) {
      best = Math.min(best, costOf(problem, path))
      return
    }
    for (let i = 0; i < problem.levels; i++) walk([...path, problem.least + i])
  }
  walk([])
  return best
}
