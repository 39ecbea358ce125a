import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asymptoticLatency, erlangB, erlangC, meanWait, waitTail } from './erlang.ts'

const golden = JSON.parse(readFileSync(new URL('../../test/golden/queueing.json', import.meta.url), 'utf8'))
const data = process.env.PRESCALE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
const vectorsFile = `${data}/vectors/external_vectors.json`

/** The rows `erlang.computed` of the data's external_vectors.json, quoted: servers, erlangs, P(wait). */
const computed: readonly (readonly [number, number, number])[] = [
  [3, 2, 0.4444444444444445],
  [10, 6, 0.1012992426874175],
  [2, 0.7142857142857143, 0.1879699248120301],
  [10, 8, 0.40918015079644354],
  [5, 4, 0.5541125541125543],
  [20, 18, 0.5507690048161179],
  [100, 95, 0.5064568539130203]
]

describe('Erlang C', () => {
  it.each(computed)('with %i servers and %f erlangs is %f', (servers, erlangs, pw) => {
    expect(Math.abs(erlangC(servers, erlangs) - pw)).toBeLessThan(1e-12)
  })

  it('gives the published call centre: 14 agents, 10 erlangs, 180 s a call (pyworkforce; R ErlangC 0.1.0)', () => {
    const mu = 1 / 180
    const lambda = 10 * mu
    expect(Math.abs(erlangC(14, 10) - 0.1741319335950498)).toBeLessThan(1e-12)
    expect(Math.abs(1 - waitTail(14, mu, lambda, 20) - 0.8883500191794669)).toBeLessThan(1e-12)
    expect(meanWait(14, mu, lambda)).toBeCloseTo(7.83593701177724, 10)
    expect(erlangC(11, 10)).toBeCloseTo(0.6821182, 7)
  })

  it.skipIf(!existsSync(vectorsFile))('agrees with every row of the shared vectors to 1e-12', () => {
    const { erlang } = JSON.parse(readFileSync(vectorsFile, 'utf8'))
    for (const [servers, erlangs, pw] of erlang.computed) {
      expect(Math.abs(erlangC(servers, erlangs) - pw)).toBeLessThan(1e-12)
    }
    for (const { servers, erlangs, pw } of erlang.published) {
      expect(Math.abs(erlangC(servers, erlangs) - pw)).toBeLessThan(servers === 11 ? 5e-8 : 1e-12)
    }
  })

  it('and Erlang B agree with 40 digits of arithmetic up to 100,000 servers', () => {
    for (const { servers, erlangs, b, c } of golden.erlang) {
      expect(Math.abs(erlangB(servers, erlangs) - b)).toBeLessThan(1e-12)
      expect(Math.abs(erlangC(servers, erlangs) - c)).toBeLessThan(1e-12)
    }
  })
})

describe('the queue', () => {
  it('is M/M/1 with one server: P(wait) = ρ and mean wait ρ/(μ − λ)', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), (rho) => {
        expect(erlangC(1, rho)).toBeCloseTo(rho, 12)
        expect(meanWait(1, 1, rho)).toBeCloseTo(rho / (1 - rho), 8)
        expect(1 + meanWait(1, 1, rho)).toBeCloseTo(asymptoticLatency(1, rho), 8)
      })
    )
  })

  it('obeys the recurrence B(c) = A·B(c−1)/(c + A·B(c−1)) that defines it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0.1, max: 450, noNaN: true }),
        (c, a) => {
          const before = erlangB(c - 1, a)
          expect(Math.abs(erlangB(c, a) - (a * before) / (c + a * before))).toBeLessThan(2e-15)
        }
      )
    )
  })

  it('never waits longer with one more server', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.double({ min: 0.01, max: 299, noNaN: true }),
        (c, a) => {
          expect(erlangC(c + 1, a)).toBeLessThanOrEqual(erlangC(c, a) + 1e-15)
        }
      )
    )
  })

  it('is empty without load and full without spare capacity', () => {
    expect(erlangB(3, 0)).toBe(0)
    expect(erlangC(3, 0)).toBe(0)
    expect(erlangB(0, 2)).toBe(1)
    expect(erlangC(4, 4)).toBe(1)
    expect(erlangC(4, 5)).toBe(1)
    expect(meanWait(4, 1, 4)).toBe(Number.POSITIVE_INFINITY)
    expect(waitTail(4, 1, 5, 100)).toBe(1)
    expect(waitTail(4, 1, 2, 0)).toBe(erlangC(4, 2))
  })

  it('refuses servers and loads that cannot be', () => {
    expect(() => erlangC(2.5, 1)).toThrow('servers must be a whole number, at least 0, was 2.5')
    expect(() => erlangB(2, -1)).toThrow('erlangs must be a load of at least 0, was -1')
    expect(() => erlangB(2, NaN)).toThrow('erlangs')
    expect(() => meanWait(2, 0, 1)).toThrow('serviceRate must be a positive rate, was 0')
  })
})

it('base/(1 − ρ) is far above M/M/c: 1.55 and 1.06 × base at ρ = 0.8, not 5', () => {
  const latency = (c: number, rho: number) => 1 + meanWait(c, 1, c * rho)
  expect(asymptoticLatency(1, 0.8)).toBeCloseTo(5, 12)
  expect(latency(1, 0.8)).toBeCloseTo(5, 10)
  expect(latency(5, 0.8)).toBeCloseTo(1.554, 3)
  expect(latency(10, 0.8)).toBeCloseTo(1.205, 3)
  expect(latency(20, 0.8)).toBeCloseTo(1.064, 3)
  expect(latency(10, 0.95)).toBeCloseTo(2.65, 2)
  expect(asymptoticLatency(1, 0.95)).toBeCloseTo(20, 10)
  expect(asymptoticLatency(1, 1)).toBe(Number.POSITIVE_INFINITY)
})
