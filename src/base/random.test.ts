import { describe, expect, it } from 'vitest'
import { random, uniformAt } from './random.ts'

const draws = 40_000

/** Mean and variance of many draws, within five standard errors of the expected ones. */
function expectMoments(next: () => number, mean: number, variance: number): void {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < draws; i++) {
    const x = next()
    sum += x
    squares += (x - mean) ** 2
  }
  expect(Math.abs(sum / draws - mean)).toBeLessThan(5 * Math.sqrt(variance / draws))
  expect(Math.abs(squares / draws / variance - 1)).toBeLessThan(0.06)
}

describe('random', () => {
  it('gives the same numbers for the same seed and path, and others for another', () => {
    const first = (...path: (string | number)[]) => random(7, ...path).next()
    expect(first('demand')).toBe(first('demand'))
    expect(
      new Set([first('demand'), first('lead'), first('demand', 1), random(8, 'demand').next()]).size
    ).toBe(4)
  })

  it.each([
    ['uniform', (r: ReturnType<typeof random>) => r.next(), 0.5, 1 / 12],
    ['normal', (r: ReturnType<typeof random>) => r.normal(), 0, 1],
    ['exponential', (r: ReturnType<typeof random>) => r.exponential(), 1, 1],
    ['Poisson 0.3', (r: ReturnType<typeof random>) => r.poisson(0.3), 0.3, 0.3],
    ['Poisson 75', (r: ReturnType<typeof random>) => r.poisson(75), 75, 75],
    ['Poisson 5,000', (r: ReturnType<typeof random>) => r.poisson(5_000), 5_000, 5_000],
    ['binomial 20 × 0.3', (r: ReturnType<typeof random>) => r.binomial(20, 0.3), 6, 4.2],
    ['binomial 10 × 0.9', (r: ReturnType<typeof random>) => r.binomial(10, 0.9), 9, 0.9],
    ['binomial 5,000 × 0.25', (r: ReturnType<typeof random>) => r.binomial(5_000, 0.25), 1_250, 937.5]
  ])('draws %s with its mean and variance', (_name, next, mean, variance) => {
    const rng = random(3, _name)
    expectMoments(() => next(rng), mean, variance)
  })

  it('gives a number for a place without state, uniform over places', () => {
    expect(uniformAt(1, 'lead', 42)).toBe(uniformAt(1, 'lead', 42))
    let place = 0
    expectMoments(() => uniformAt(1, 'lead', place++), 0.5, 1 / 12)
  })
})
