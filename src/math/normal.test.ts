import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { normalQuantile, Z90 } from './normal.ts'

const golden = JSON.parse(readFileSync(new URL('../../test/golden/queueing.json', import.meta.url), 'utf8'))

it('normal quantiles agree with 40 digits of arithmetic in all three regions', () => {
  for (const { p, z } of golden.normal) {
    expect(Math.abs(normalQuantile(p) - z)).toBeLessThan(1e-14 * Math.max(1, Math.abs(z)))
  }
})

it('the ends are infinite, the middle is 0, and what is no probability is refused', () => {
  expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY)
  expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY)
  expect(normalQuantile(0.5)).toBe(0)
  expect(normalQuantile(0.9)).toBeCloseTo(Z90, 14)
  expect(() => normalQuantile(1.5)).toThrow('p must be a probability from 0 to 1, was 1.5')
})
