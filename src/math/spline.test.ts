import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cubicSpline } from './spline.ts'

const golden = JSON.parse(readFileSync(new URL('../../test/golden/spline.json', import.meta.url), 'utf8'))

it.each(
  golden.cases as {
    ends: 'not-a-knot' | 'natural'
    x: number[]
    y: number[]
    at: number[]
    value: number[]
  }[]
)('agrees with scipy, $ends ends, inside and beyond', ({ ends, x, y, at, value }) => {
  const spline = cubicSpline(x, y, ends)
  at.forEach((t, i) => {
    expect(Math.abs(spline(t) - value[i])).toBeLessThan(1e-9 * Math.max(1, Math.abs(value[i])))
  })
})

it('is exact on any cubic, wherever the points lie', () => {
  const coefficient = fc.double({ min: -3, max: 3, noNaN: true })
  const gaps = fc.array(fc.double({ min: 0.1, max: 2, noNaN: true }), { minLength: 4, maxLength: 20 })
  fc.assert(
    fc.property(fc.tuple(coefficient, coefficient, coefficient, coefficient), gaps, ([a, b, c, d], steps) => {
      let at = -3
      const x = steps.map((step) => (at += step))
      const cubic = (t: number) => a + t * (b + t * (c + t * d))
      const spline = cubicSpline(x, x.map(cubic))
      for (const t of [x[0], x[1] - 0.03, (x[2] + x[3]) / 2, x[x.length - 1]]) {
        const scale = 1 + 3 * Math.max(1, Math.abs(t)) ** 3 + 3 * Math.abs(x[x.length - 1]) ** 3
        expect(Math.abs(spline(t) - cubic(t))).toBeLessThan(1e-9 * scale)
      }
    })
  )
})

it('goes through its points and refuses what is no curve', () => {
  const spline = cubicSpline([0, 1, 3, 4], [5, -2, 7, 7], 'natural')
  expect([0, 1, 3, 4].map(spline)).toEqual([5, -2, 7, 7].map((y) => expect.closeTo(y, 12)))
  expect(() => cubicSpline([1], [1])).toThrow('a spline needs 2 points, got 1')
  expect(() => cubicSpline([0, 0, 1], [1, 2, 3])).toThrow('x[1] must be above x[0], 0, was 0')
  expect(() => cubicSpline([0, 1], [1])).toThrow('as long as x')
})
