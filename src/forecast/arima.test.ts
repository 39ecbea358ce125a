import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random, series, sliceSteps, uniformAt } from '../base/index.ts'
import { autocorrelation } from '../math/index.ts'
import type { Fitted, Json } from '../roles.ts'
import { autoArima } from './arima/auto-arima.ts'
import { fitExact } from './arima/exact.ts'
import { yuleWalker } from './arima/hannan-rissanen.ts'
import type { Orders } from './arima/orders.ts'
import { fromPartials, partialsOf } from './arima/partial.ts'
import { rolling } from './arima/roll.ts'
import { stationaryVariance } from './arima/stationary.ts'
import { arima } from './index.ts'

// R's data set lh: luteinizing hormone in blood at 10 minute intervals (Diggle 1990), as printed by R.
const lh = Float64Array.of(
  ...[2.4, 2.4, 2.4, 2.2, 2.1, 1.5, 2.3, 2.3, 2.5, 2.0, 1.9, 1.7, 2.2, 1.8, 3.2, 3.2, 2.7, 2.2, 2.2, 1.9],
  ...[1.9, 1.8, 2.7, 3.0, 2.3, 2.0, 2.0, 2.9, 2.9, 2.7, 2.7, 2.3, 2.6, 2.4, 1.8, 1.7, 1.5, 1.4, 2.1, 3.3],
  ...[3.5, 3.5, 3.1, 2.6, 2.1, 3.4, 3.0, 2.9]
)

const ordersOf = (p: number, q: number): Orders => ({ p, d: 0, q, P: 0, D: 0, Q: 0, m: 0, constant: true })
const zeros = (n: number) => new Array<number>(n).fill(0)
const zero = (p: number, q: number) => ({
  phi: zeros(p),
  theta: zeros(q),
  seasonalPhi: [],
  seasonalTheta: [],
  constant: 0
})
const modelOf = (fitted: Fitted) =>
  (fitted.save() as { readonly parameters: { readonly [key: string]: Json } }).parameters

/** w[t] = φ w[t−1] + e[t] + θ e[t−1], and on top a season of ups and downs that no ARMA of a few lags makes. */
function load(
  steps: number,
  { phi = 0.7, theta = 0.3, season = 0, level = 100, seed = 1 } = {}
): Float64Array {
  const rng = random(seed, 'arima')
  let [w, e] = [0, 0]
  return Float64Array.from({ length: steps }, (_, t) => {
    const now = rng.normal()
    w = phi * w + now + theta * e
    e = now
    return level + w + (season > 0 ? 40 * uniformAt(seed, 'season', t % season) : 0)
  })
}

describe('ARIMA of lh, as R says it (help page of arima)', () => {
  const rows = [
    { p: 1, q: 0, phi: [0.5739], theta: [], mean: 2.4133, sigma2: 0.1975, logLik: -29.38, aic: 64.758 },
    { p: 0, q: 1, phi: [], theta: [0.481], mean: 2.4051, sigma2: 0.2123, logLik: -31.05, aic: 68.104 },
    {
      p: 3,
      q: 0,
      phi: [0.6448, -0.0634, -0.2198],
      theta: [],
      mean: 2.3931,
      sigma2: 0.1787,
      logLik: -27.09,
      aic: 64.185
    }
  ]
  for (const row of rows) {
    it(`(${row.p},0,${row.q}): coefficients, mean, variance, likelihood`, () => {
      const { coefficients, sigma2, logLikelihood } = fitExact(lh, ordersOf(row.p, row.q), zero(row.p, row.q))
      for (const [i, v] of row.phi.entries()) expect(coefficients.phi[i]).toBeCloseTo(v, 4)
      for (const [i, v] of row.theta.entries()) expect(coefficients.theta[i]).toBeCloseTo(v, 4)
      expect(coefficients.constant).toBeCloseTo(row.mean, 3)
      expect(sigma2).toBeCloseTo(row.sigma2, 4)
      expect(logLikelihood).toBeCloseTo(row.logLik, 2)
      expect(-2 * logLikelihood + 2 * (row.p + row.q + 2)).toBeCloseTo(row.aic, 3)
    })
  }

  it('thirty moves of Nelder–Mead come as near for one coefficient', () => {
    const { logLikelihood } = fitExact(lh, ordersOf(1, 0), zero(1, 0), {
      optimizer: 'nelder-mead',
      maxIterations: 30
    })
    expect(logLikelihood).toBeCloseTo(-29.379, 3)
  })

  it('Yule–Walker of three lags', () => {
    const mean = lh.reduce((sum, v) => sum + v, 0) / lh.length
    const phi = yuleWalker(
      lh.map((v) => v - mean),
      3
    )
    for (const [i, v] of [0.6534, -0.0636, -0.2269].entries()) expect(phi[i]).toBeCloseTo(v, 4)
  })

  it('Ljung–Box of ten lags of the residuals of the AR(1)', () => {
    const { orders, coefficients } = fitExact(lh, ordersOf(1, 0), zero(1, 0))
    const roll = rolling(orders, coefficients)
    const ahead = new Float64Array(1)
    const residuals = lh.map((v) => {
      roll.ahead(ahead)
      roll.observe(v)
      return v - (Number.isNaN(ahead[0]) ? coefficients.constant : ahead[0])
    })
    const n = residuals.length
    const r = autocorrelation(residuals, 10)
    let q = 0
    // R divides every lag's products by n.
    for (let k = 1; k <= 10; k++) q += ((r[k] * (n - k)) / n) ** 2 / (n - k)
    expect(n * (n + 2) * q).toBeCloseTo(9.3564, 1)
  })
})

describe('ARIMA', () => {
  it('finds the coefficients that made a load', () => {
    const { orders, coefficients } = autoArima(load(8_000), { fixed: { p: 1, d: 0, q: 1 } })
    expect(orders).toMatchObject({ p: 1, d: 0, q: 1 })
    expect(coefficients.phi[0]).toBeCloseTo(0.7, 1)
    expect(coefficients.theta[0]).toBeCloseTo(0.3, 1)
    expect(coefficients.constant).toBeCloseTo(100, 0)
  })

  it('differences a walk, and not a load that returns', () => {
    const walk = load(1_500, { phi: 0.3, level: 0 })
    for (let t = 1; t < walk.length; t++) walk[t] += walk[t - 1]
    expect(autoArima(walk).orders.d).toBe(1)
    expect(autoArima(load(1_500, { phi: 0.3 })).orders.d).toBe(0)
  })

  it('forecasts a season that repeats, a day of hours and a day of minutes', () => {
    for (const season of [24, 144]) {
      const y = series(60_000, load(9 * season, { season, phi: 0.4 }))
      const { mean } = arima({ season })
        .fit(sliceSteps(y, 0, 8 * season), { horizon: 24 })
        .predict(24)
      const error = mean.reduce((sum, v, h) => sum + Math.abs(v - y.values[8 * season + h]), 0) / 24
      // The noise alone has a mean absolute size of 1.1, the season one of 10.
      expect(error).toBeLessThan(2.5)
    }
  })

  it('moves with a shifted load and stretches with a scaled one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0.01, max: 1e4, noNaN: true }),
        (seed, scale) => {
          const y = load(300, { seed })
          const at = (values: Float64Array) => {
            const { orders, coefficients, aicc } = autoArima(values, { fixed: { p: 1, d: 0, q: 1 } })
            const roll = rolling(orders, coefficients)
            for (const v of values) roll.observe(v)
            const out = new Float64Array(5)
            roll.ahead(out)
            return { out, aicc }
          }
          const [plain, other] = [at(y), at(y.map((v) => scale * v + 1_000))]
          for (let h = 0; h < 5; h++) expect((other.out[h] - 1_000) / scale).toBeCloseTo(plain.out[h], 3)
          expect(other.aicc - 2 * y.length * Math.log(scale)).toBeCloseTo(plain.aicc, 2)
        }
      ),
      { numRuns: 15 }
    )
  })

  it('says of differences what it says of the load, differenced', () => {
    const y = load(400, { phi: 0.95 })
    const whole = autoArima(y, { fixed: { p: 1, d: 1, q: 1, constant: false } })
    const inside = autoArima(
      y.slice(1).map((v, t) => v - y[t]),
      { fixed: { p: 1, d: 0, q: 1, constant: false } }
    )
    expect(whole.logLikelihood).toBeCloseTo(inside.logLikelihood, 5)
  })

  it('keeps every fit stationary and invertible', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -0.999, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 6 }),
        (r) => {
          const back = partialsOf(fromPartials(r))
          for (const [i, v] of r.entries()) expect(back?.[i]).toBeCloseTo(v, 6)
        }
      )
    )
    expect(partialsOf([0.5, 0.6])).toBeUndefined()
  })

  it('starts its filter from the variance that it would come back to', () => {
    const [phi, load] = [Float64Array.of(1.5, -0.7, 0.1, 0.02), Float64Array.of(1, 0.3, 0.2, -0.7)]
    const P = new Float64Array(16)
    stationaryVariance(phi, load, P, 4)
    const T = (i: number, k: number) => (k === 0 ? phi[i] : 0) + Number(k === i + 1)
    const four = [0, 1, 2, 3]
    for (const i of four) {
      for (const j of four) {
        let sum = load[i] * load[j]
        for (const k of four) for (const l of four) sum += T(i, k) * P[4 * k + l] * T(j, l)
        expect(P[4 * i + j]).toBeCloseTo(sum, 10)
      }
    }
  })

  it('leaves missing steps out: half of a load gives its coefficients too', () => {
    const rng = random(3, 'gaps')
    const gappy = load(6_000).map((v) => (rng.next() < 0.5 ? NaN : v))
    const { coefficients, estimator } = autoArima(gappy, { fixed: { p: 1, d: 0, q: 1 } })
    expect(estimator).toBe('exact')
    expect(coefficients.phi[0]).toBeCloseTo(0.7, 1)
  })

  it('goes by the lags of a long season alone, and gives the textbook recursion', () => {
    const m = 100
    const y = load(5 * m, { season: m })
    const c = { phi: [0.5], theta: [0.2], seasonalPhi: [0.3], seasonalTheta: [-0.4], constant: 0.1 }
    const roll = rolling({ p: 1, d: 0, q: 1, P: 1, D: 1, Q: 1, m, constant: true }, c)
    for (const v of y) roll.observe(v)
    const out = new Float64Array(2)
    roll.ahead(out)
    // (1 − .5B)(1 − .3B^m)(w − .1) = (1 + .2B)(1 − .4B^m) e with w[t] = y[t] − y[t−m], written out.
    const w = (t: number) => y[t] - y[t - m] - 0.1
    const e = new Float64Array(y.length + 1)
    const x = (t: number) =>
      0.5 * w(t - 1) +
      0.3 * w(t - m) -
      0.15 * w(t - m - 1) +
      0.2 * e[t - 1] -
      0.4 * e[t - m] -
      0.08 * e[t - m - 1]
    for (let t = 2 * m + 1; t < y.length; t++) e[t] = w(t) - x(t)
    expect(out[0]).toBeCloseTo(y[y.length - m] + 0.1 + x(y.length), 9)
  })

  // Nothing is left to be explained, so likelihoods and their slopes are those of rounding errors.
  for (const period of [7.3, 12, 24, 37.3, 60]) {
    for (const steps of [60, 200, 480]) {
      it(`goes on with a wave without noise, period ${period}, ${steps} steps`, () => {
        const wave = (t: number) => 1_000 + 636 * Math.sin((2 * Math.PI * t) / period)
        const history = series(
          60_000,
          Array.from({ length: steps }, (_, t) => wave(t))
        )
        const { mean } = arima().fit(history, { horizon: 6 }).predict(6)
        for (const [h, v] of mean.entries()) expect(Math.abs(v - wave(steps + h))).toBeLessThan(30)
      })
    }
  }

  it('says why it did not do what was asked', () => {
    const reasonOf = (values: readonly number[]) => modelOf(arima().fit(series(60_000, values))).reason
    expect(reasonOf([5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5])).toBe('the series is constant')
    expect(reasonOf(Array.from({ length: 20 }, (_, t) => 3 + 2 * t))).toBe('the series is a line')
    expect(reasonOf([3, 4])).toMatch(/only 2 measured steps: \(0,1,0\), the last value, stands in/)
  })

  it('stays finite for values near 1e300 and jumps by a thousand', () => {
    const huge = load(200).map((v) => v * 1e298)
    const jump = load(200).map((v, t) => (t < 100 ? v : 1_000 * v))
    for (const values of [huge, jump]) {
      const { mean } = arima().fit(series(60_000, values)).predict(10)
      for (const v of mean) expect(Number.isFinite(v)).toBe(true)
    }
  })

  it('says the last value where sums of the largest numbers are infinite', () => {
    const largest = Array.from({ length: 600 }, (_, t) => (t % 2 === 0 ? 1e300 : 1.7e308))
    const later = series(60_000, [NaN, 3, NaN], { startMs: 600 * 60_000 })
    const { mean } = arima().fit(series(60_000, largest), { horizon: 5 }).update(later).predict(8)
    for (const v of mean) expect(Number.isFinite(v)).toBe(true)
  })
})

describe('what an ARIMA learned', () => {
  const history = series(60_000, load(600, { season: 24 }))
  const fitted = arima({ season: 24 }).fit(history, { horizon: 4 })
  const learned = modelOf(fitted)

  it('makes the same model again without a search', () => {
    const again = arima().fit(history, { horizon: 4, learned })
    expect([...again.predict(4).mean]).toEqual([...fitted.predict(4).mean])
    expect(modelOf(again)).toEqual(learned)
  })

  const unfit: readonly { readonly what: string; readonly learned: Json; readonly says: RegExp }[] = [
    { what: 'nothing at all', learned: 3, says: /an object/ },
    { what: 'coefficients that are missing', learned: { ...learned, p: 5 }, says: /numbers in phi/ },
    { what: 'a text for a number', learned: { ...learned, q: 'two' }, says: /q of what was learned/ },
    {
      what: 'a model that explodes',
      learned: { ...learned, p: 1, phi: [1.2] },
      says: /not stationary and invertible/
    },
    {
      what: 'seasonal orders without a season',
      learned: { ...learned, P: 1, seasonalPhi: [0.1], m: 0 },
      says: /season of 0/
    }
  ]
  for (const { what, learned: bad, says } of unfit) {
    it(`refuses ${what}`, () => {
      expect(() => arima().fit(history, { learned: bad })).toThrow(says)
      expect(() => arima().fit(history, { learned: bad })).toThrow(
        expect.objectContaining({ code: 'BAD_MODEL' })
      )
    })
  }
})
