import { describe, expect, it } from 'vitest'
import { nelderMead } from './index.ts'

// Moré, Garbow & Hillstrom 1981: functions with known minima.
const rows = [
  {
    name: 'a bowl',
    f: ([x, y]: readonly number[]) => (x - 3) ** 2 + 2 * (y + 1) ** 2,
    start: [0, 0],
    at: [3, -1]
  },
  {
    name: "Rosenbrock's valley",
    f: ([x, y]: readonly number[]) => 100 * (y - x * x) ** 2 + (1 - x) ** 2,
    start: [-1.2, 1],
    at: [1, 1]
  },
  {
    name: "Beale's function",
    f: ([x, y]: readonly number[]) =>
      (1.5 - x * (1 - y)) ** 2 + (2.25 - x * (1 - y ** 2)) ** 2 + (2.625 - x * (1 - y ** 3)) ** 2,
    start: [1, 1],
    at: [3, 0.5]
  },
  { name: 'one variable', f: ([x]: readonly number[]) => Math.cosh(x - 2), start: [0], at: [2] }
]

describe('nelderMead', () => {
  for (const { name, f, start, at } of rows) {
    it(`finds the lowest point of ${name}`, () => {
      const { x } = nelderMead(f, start, { maxEvaluations: 1_000, tolerance: 1e-14 })
      for (let i = 0; i < at.length; i++) expect(x[i]).toBeCloseTo(at[i], 4)
    })
  }
  it('stays where the function is known', () => {
    const { x } = nelderMead(([a]) => (a < 0.5 ? NaN : a * a), [2])
    expect(x[0]).toBeCloseTo(0.5, 3)
  })
  it('stops when it may not ask any more', () =>
    expect(nelderMead(([x]) => -x, [0], { maxEvaluations: 25 }).evaluations).toBeLessThan(30))
})
