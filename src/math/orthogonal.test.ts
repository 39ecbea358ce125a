import fc from 'fast-check'
import { expect, it } from 'vitest'
import { random } from '../base/index.ts'
import { orthogonal } from './orthogonal.ts'

it('the shorter side of an orthogonal matrix is orthonormal, times the gain', () => {
  const side = fc.integer({ min: 1, max: 12 })
  fc.assert(
    fc.property(side, side, fc.integer(), (rows, columns, seed) => {
      const w = orthogonal(rows, columns, 3, random(seed))
      const at = (r: number, c: number) => w[r * columns + c]
      const short = Math.min(rows, columns)
      for (let i = 0; i < short; i++) {
        for (let j = 0; j <= i; j++) {
          let sum = 0
          for (let k = 0; k < Math.max(rows, columns); k++) {
            sum += rows < columns ? at(i, k) * at(j, k) : at(k, i) * at(k, j)
          }
          expect(sum).toBeCloseTo(i === j ? 9 : 0, 9)
        }
      }
    })
  )
})

it('an orthogonal matrix is the same for the same seed, and leans to no side', () => {
  expect(orthogonal(3, 4, 1, random(1))).toEqual(orthogonal(3, 4, 1, random(1)))
  // The first entry of a random direction in the plane has mean 0 and variance 1/2.
  const firsts = Array.from({ length: 2_000 }, (_, seed) => orthogonal(2, 2, 1, random(seed))[0])
  expect(Math.abs(firsts.reduce((sum, x) => sum + x, 0) / 2_000)).toBeLessThan(0.06)
  expect(firsts.reduce((sum, x) => sum + x * x, 0) / 2_000).toBeCloseTo(0.5, 1)
})
