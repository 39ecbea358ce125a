import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bfgs, levenbergMarquardt, nelderMead, solvePositive } from './index.ts'

const rosenbrock = ([x, y]: ArrayLike<number> & Iterable<number>) => (1 - x) ** 2 + 100 * (y - x * x) ** 2

describe('solvers of least squares', () => {
  it('solvePositive solves what is positive definite', () => {
    const entry = fc.double({ min: -3, max: 3, noNaN: true })
    fc.assert(
      fc.property(fc.array(entry, { minLength: 12, maxLength: 12 }), (m) => {
        const [rows, x] = [m.slice(0, 9), m.slice(9)]
        // MᵀM + 1 is positive definite.
        const a = Float64Array.from({ length: 9 }, (_, k) => {
          const [i, j] = [Math.floor(k / 3), k % 3]
          return [0, 1, 2].reduce((sum, r) => sum + rows[3 * r + i] * rows[3 * r + j], Number(i === j))
        })
        const b = Float64Array.from([0, 1, 2], (i) =>
          [0, 1, 2].reduce((sum, j) => sum + a[3 * i + j] * x[j], 0)
        )
        expect(solvePositive(a.slice(), b)).toBe(true)
        for (let i = 0; i < 3; i++) expect(b[i]).toBeCloseTo(x[i], 6)
      })
    )
  })
  it('solvePositive refuses what is not', () => {
    expect(solvePositive(Float64Array.of(1, 0, 2, 1), Float64Array.of(1, 1))).toBe(false)
    expect(solvePositive(Float64Array.of(NaN), Float64Array.of(1))).toBe(false)
  })

  it('levenbergMarquardt goes along the valley of Rosenbrock 1960', () => {
    const problem = {
      sum: rosenbrock,
      normal([x, y]: Float64Array, jtj: Float64Array, jtr: Float64Array) {
        const r = [1 - x, 10 * (y - x * x)]
        const j = [
          [-1, 0],
          [-20 * x, 10]
        ]
        for (const i of [0, 1]) {
          jtr[i] = j[0][i] * r[0] + j[1][i] * r[1]
          for (const k of [0, 1]) jtj[2 * i + k] = j[0][i] * j[0][k] + j[1][i] * j[1][k]
        }
      }
    }
    const { x } = levenbergMarquardt(problem, [-1.2, 1])
    expect(x[0]).toBeCloseTo(1, 6)
    expect(x[1]).toBeCloseTo(1, 6)
    expect(levenbergMarquardt({ ...problem, sum: () => Infinity }, [3, 4])).toMatchObject({ iterations: 0 })
  })

  it('bfgs does too, and never takes a point that is not allowed', () => {
    const gradient = ([x, y]: Float64Array, out: Float64Array) => {
      out[0] = -2 * (1 - x) - 400 * x * (y - x * x)
      out[1] = 200 * (y - x * x)
    }
    const { x } = bfgs({ value: rosenbrock, gradient }, [-1.2, 1])
    expect(x[0]).toBeCloseTo(1, 4)
    const below = (v: Float64Array) => (v[0] > 0.5 ? NaN : rosenbrock(v))
    expect(bfgs({ value: below, gradient }, [-1.2, 1]).x[0]).toBeLessThanOrEqual(0.5)
  })

  it('nelderMead stops after as many moves as it was given', () => {
    const { evaluations } = nelderMead(rosenbrock, [-1.2, 1], { maxIterations: 3 })
    expect(evaluations).toBeLessThanOrEqual(3 + 3 * 4)
  })
})
