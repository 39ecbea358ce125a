import { describe, expect, it } from 'vitest'
import { canonicalJson, PrescaleError, random, type Series, series, sliceSteps } from '../base/index.ts'
import type { Forecaster, Json } from '../roles.ts'
import { combination } from './combination.ts'
import { addMisses, noMisses, weightsOf } from './combination-weights.ts'
import { forecasters, makeForecaster } from './index.ts'
import { fitOnline } from './online.ts'

const methods = { names: Object.keys(forecasters), make: makeForecaster }

describe('weights of least variance', () => {
  const learned = (misses: () => number[], steps = 20_000) => {
    const first = misses()
    const memory = noMisses(first.length)
    for (let t = 0; t < steps; t++) addMisses(memory, Float64Array.from(misses()))
    return weightsOf(
      memory,
      first.map(() => true)
    )
  }

  it('are 1/σ² of independent members: Bates & Granger’s optimum, a little nearer to equal', () => {
    const rng = random(1, 'weights')
    // σ = 1 and 2: 4/5 and 1/5; with a tenth of the least variance added to both, 4.1/5.2.
    const [a] = learned(() => [rng.normal(), 2 * rng.normal()])
    expect(Math.abs(a - 4.1 / 5.2)).toBeLessThan(0.03)
  })

  it('leave out one that misses like a better one, and more', () => {
    const rng = random(2, 'weights')
    const w = learned(() => {
      const shared = rng.normal()
      return [shared, 1.5 * shared, rng.normal()]
    })
    expect(w[1]).toBe(0)
    expect(w[0] + w[2]).toBeCloseTo(1, 12)
    expect(Math.abs(w[0] - w[2])).toBeLessThan(0.1)
  })

  it('follow members that change', () => {
    const rng = random(3, 'weights')
    let t = 0
    const w = learned(
      () => (t++ < 5_000 ? [rng.normal(), 5 * rng.normal()] : [5 * rng.normal(), rng.normal()]),
      8_000
    )
    expect(w[1]).toBeGreaterThan(0.9)
  })

  it('are equal before anything is known and where nobody ever misses, and 0 for who is out', () => {
    expect([...weightsOf(noMisses(2), [true, true])]).toEqual([0.5, 0.5])
    expect([...weightsOf(noMisses(3), [true, false, true])]).toEqual([0.5, 0, 0.5])
    const perfect = noMisses(2)
    addMisses(perfect, Float64Array.of(0, 0))
    expect([...weightsOf(perfect, [true, true])]).toEqual([0.5, 0.5])
  })
})

/** Says the truth of `truth` with a miss of its own for every step. */
const oracleWith = (name: string, truth: Float64Array, sigma: number, fails = Infinity): Forecaster => ({
  name,
  fit: (history, options) =>
    fitOnline(
      {
        name,
        version: '1',
        needs: 1,
        start: () => {
          let t = 0
          return {
            observe() {
              t++
              if (t > fails) throw new PrescaleError('BAD_INPUT', `${name} fell at step ${fails}`)
            },
            ahead(out) {
              for (let h = 0; h < out.length; h++) {
                const rng = random(1, name, t + h)
                out[h] = truth[t + h] + sigma * rng.normal()
              }
            },
            parameters: () => ({ sigma })
          }
        }
      },
      history,
      options
    )
})

describe('combination', () => {
  const rng = random(4, 'truth')
  const truth = Float64Array.from({ length: 4_000 }, () => 500 + 50 * rng.normal())
  const history = series(60_000, truth.slice(0, 3_000))
  const of = (members: Readonly<Record<string, () => Forecaster>>) =>
    combination(
      { models: Object.keys(members).join('+') },
      { names: Object.keys(members), make: (name) => members[name]() }
    )
  const parametersOf = (saved: Json) => (saved as { parameters: { [name: string]: Json } }).parameters

  it('weighs members of known misses as they deserve, and misses less than the best', () => {
    const forecaster = of({
      good: () => oracleWith('good', truth, 10),
      poor: () => oracleWith('poor', truth, 20)
    })
    let fitted = forecaster.fit(history, { horizon: 3 })
    const [[share]] = parametersOf(fitted.save()).shares as number[][]
    expect(Math.abs(share - 4.1 / 5.2)).toBeLessThan(0.07)
    let sum = 0
    for (let t = 3_000; t < 3_900; t++) {
      sum += (fitted.predict(1).mean[0] - truth[t]) ** 2
      fitted = fitted.update(series(60_000, truth.slice(t, t + 1), { startMs: t * 60_000 }))
    }
    // 1 / (1/10² + 1/20²) = 80 is the least that is possible.
    expect(sum / 900).toBeLessThan(95)
  })

  it('goes on without a member that fails, and says who and why', () => {
    const forecaster = of({
      never: () => {
        throw new PrescaleError('TOO_SHORT', 'never has enough')
      },
      falls: () => oracleWith('falls', truth, 1, 2_500),
      good: () => oracleWith('good', truth, 10),
      silent: () =>
        oracleWith(
          'silent',
          truth.map(() => NaN),
          1
        )
    })
    const fitted = forecaster.fit(history, { horizon: 3 })
    expect(Math.abs(fitted.predict(1).mean[0] - truth[3_000])).toBeLessThan(60)
    expect(parametersOf(fitted.save()).left).toEqual({
      never: 'never has enough',
      falls: 'falls fell at step 2500',
      silent: 'its forecast is no number'
    })
  })

  it('refuses when no member can be fitted, and tells all reasons', () => {
    const forecaster = of({
      one: () => {
        throw new PrescaleError('TOO_SHORT', 'one needs a year')
      }
    })
    expect(() => forecaster.fit(history)).toThrow(/none of its members.*one: one needs a year/)
  })

  it('refuses members that are not there, and itself', () => {
    expect(() => combination({ models: 'ridge+blent' }, methods)).toThrow(/did you mean 'blend'/)
    expect(() => combination({ models: 'combination' }, methods)).toThrow(/not a member of combination/)
  })

  it('is known again from what it saved', () => {
    const load: Series = series(
      300_000,
      truth.map((y, t) => y + 300 * Math.sin((2 * Math.PI * t) / 288)).subarray(0, 1_200)
    )
    const seen = sliceSteps(load, 0, 1_000)
    const first = combination({}, methods).fit(seen, { horizon: 6 })
    const learned: Json = JSON.parse(canonicalJson(parametersOf(first.save())))
    const second = combination({}, methods).fit(seen, { horizon: 6, learned })
    const [a, b] = [first.predict(6).mean, second.predict(6).mean]
    for (let h = 0; h < 6; h++) expect(b[h] / a[h]).toBeCloseTo(1, 3)
    // Asked for less than it learned it says the beginning of the same; for more it refuses.
    const near = combination({}, methods).fit(seen, { horizon: 2, learned }).predict(2)
    expect([...near.mean]).toEqual([...b.subarray(0, 2)])
    expect(() => combination({}, methods).fit(seen, { horizon: 7, learned })).toThrow(
      /learned 6 steps ahead, asked are 7/
    )
    const other = { ...(learned as object), horizons: [1, 6] }
    expect(() => combination({}, methods).fit(seen, { horizon: 6, learned: other })).toThrow(
      /must be 1, 2, 3, 4, 6/
    )
  })
})
