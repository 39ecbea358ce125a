import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import { autocorrelation, fft } from './index.ts'

/** The definition, by two loops. */
function plain(values: readonly number[], lag: number): number {
  const known = values.filter((y) => !Number.isNaN(y))
  const mean = known.reduce((a, b) => a + b) / known.length
  const variance = known.reduce((sum, y) => sum + (y - mean) ** 2, 0) / known.length
  const products: number[] = []
  for (let t = 0; t + lag < values.length; t++) {
    const product = (values[t] - mean) * (values[t + lag] - mean)
    if (!Number.isNaN(product)) products.push(product)
  }
  return products.reduce((a, b) => a + b) / products.length / variance
}

describe('autocorrelation', () => {
  const rng = random(2)
  const gappy = Array.from({ length: 137 }, (_, t) =>
    t % 11 === 3 ? NaN : 50 + 9 * Math.sin(t / 4) + rng.normal()
  )

  it('is what two loops give, gaps and all', () => {
    const r = autocorrelation(gappy, 60)
    for (let lag = 0; lag <= 60; lag++) expect(r[lag]).toBeCloseTo(plain(gappy, lag), 10)
  })
  it('is 1 at a whole season, also through gaps', () => {
    const wave = Array.from({ length: 400 }, (_, t) =>
      t % 7 === 0 ? NaN : 1e6 + Math.sin((2 * Math.PI * t) / 20)
    )
    expect(autocorrelation(wave, 20)[20]).toBeCloseTo(1, 2)
  })
  it('is not known of a line that never moves', () => expect(autocorrelation([3, 3, 3], 1)[1]).toBeNaN())
  it('is not known at lags that were never measured twice', () =>
    expect(autocorrelation([1, NaN, 2], 5)[1]).toBeNaN())
})

describe('fft', () => {
  it('comes back', () => {
    const rng = random(3)
    const re = Float64Array.from({ length: 64 }, () => rng.normal())
    const copy = re.slice()
    const im = new Float64Array(64)
    fft(re, im)
    fft(re, im, true)
    for (let i = 0; i < 64; i++) expect(re[i]).toBeCloseTo(copy[i], 12)
  })
  it('finds the one wave there is', () => {
    const re = Float64Array.from({ length: 32 }, (_, n) => Math.cos((2 * Math.PI * 5 * n) / 32))
    const im = new Float64Array(32)
    fft(re, im)
    expect(re[5]).toBeCloseTo(16, 10)
    expect(re[6]).toBeCloseTo(0, 10)
  })
  it('takes powers of two only', () =>
    expect(() => fft(new Float64Array(6), new Float64Array(6))).toThrow(/power of two/))
})
