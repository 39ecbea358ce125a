import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE, random, type Series, series, sliceSteps } from '../base/index.ts'
import { mae } from '../math/index.ts'
import { blend, naive, rollingOrigin, seasonalNaive } from './index.ts'

const make = (steps: number, of: (t: number) => number, stepMs = MINUTE) =>
  series(
    stepMs,
    Array.from({ length: steps }, (_, t) => Math.max(0, of(t)))
  )

const errorOf = (s: Series, forecaster: ReturnType<typeof naive>, horizon: number, trainUntil: number) => {
  const { actual, mean } = rollingOrigin(s, forecaster, { horizon, trainUntil })
  return mae(actual, mean)
}

/** A day of hours with a sharp morning, counts that scatter as independent events do. */
function rhythm(days: number, seed: number): Series {
  const rng = random(seed, 'rhythm')
  const shape = (h: number) => (h < 6 ? 20 : h < 7 ? 300 : 150 + 50 * Math.sin(h / 3))
  return make(24 * days, (t) => rng.poisson(shape(t % 24)), HOUR)
}

describe('blend', () => {
  it('comes close to the best that can be known of a steady rhythm', () => {
    const s = rhythm(60, 1)
    const blended = errorOf(s, blend(), 2, 24 * 40)
    // E|Poisson(λ) − λ| ≈ 0.8 √λ, averaged over the day.
    const hours = Array.from({ length: 24 }, (_, h) =>
      h < 6 ? 20 : h < 7 ? 300 : 150 + 50 * Math.sin(h / 3)
    )
    const floor = hours.reduce((sum, rate) => sum + 0.8 * Math.sqrt(rate), 0) / 24
    expect(blended).toBeLessThan(1.15 * floor)
    expect(blended).toBeLessThan(0.85 * errorOf(s, seasonalNaive({ season: 24 }), 2, 24 * 40))
    expect(blended).toBeLessThan(0.5 * errorOf(s, naive(), 2, 24 * 40))
  })

  it('leaves a random walk to persistence', () => {
    const rng = random(2)
    let y = 10_000
    const s = make(4_000, () => {
      y += rng.normal()
      return y
    })
    for (const horizon of [1, 5]) {
      expect(errorOf(s, blend(), horizon, 3_000)).toBeLessThan(1.03 * errorOf(s, naive(), horizon, 3_000))
    }
  })

  it('averages noise around a level away', () => {
    const rng = random(3)
    const s = make(3_000, () => 100 + 10 * rng.normal())
    expect(errorOf(s, blend(), 1, 2_000)).toBeLessThan(0.75 * errorOf(s, naive(), 1, 2_000))
  })

  it('lifts the season to the level of today', () => {
    const s = rhythm(40, 4)
    const doubled = { ...s, values: s.values.map((y, t) => (t >= 24 * 35 ? 2 * y : y)) }
    const { actual, mean } = rollingOrigin(doubled, blend(), { horizon: 1, trainUntil: 24 * 37 })
    expect(mae(actual, mean) / mae(actual, new Float64Array(actual.length))).toBeLessThan(0.2)
  })

  it('trusts the season less when it breaks', () => {
    const rng = random(5)
    const s = rhythm(40, 5)
    let y = 150
    const broken = {
      ...s,
      values: s.values.map((v, t) => {
        y = Math.min(300, Math.max(20, y + 5 * rng.normal()))
        return t < 24 * 25 ? v : y
      })
    }
    // A week after the break the old rhythm is worth nothing: near persistence again.
    const [own, persistent] = [blend(), naive()].map((f) => errorOf(broken, f, 1, 24 * 32))
    expect(own).toBeLessThan(1.4 * persistent)
  })

  it('puts more weight on the season the further it looks ahead', () => {
    const rng = random(6)
    let wander = 0
    const s = make(
      24 * 60,
      (t) => {
        wander = 0.98 * wander + 6 * rng.normal()
        return 300 + 120 * Math.sin((2 * Math.PI * t) / 24) + wander
      },
      HOUR
    )
    const ratioAt = (h: number) => errorOf(s, blend(), h, 24 * 40) / errorOf(s, naive(), h, 24 * 40)
    expect(ratioAt(6)).toBeLessThan(ratioAt(1))
  })

  it('knows that a quiet hour is less uncertain than a busy one', () => {
    const rng = random(7)
    const s = make(24 * 80, (t) => rng.poisson(t % 24 < 12 ? 9 : 900), HOUR)
    const fitted = blend().fit(sliceSteps(s, 0, 24 * 79 + 6), { horizon: 12, levels: [0.1, 0.9] })
    const { quantiles } = fitted.predict(12)
    const width = (h: number) => quantiles[0.9][h] - quantiles[0.1][h]
    // √900 / √9 = 10 times as wide, held within a range around the usual.
    expect(width(8) / width(3)).toBeGreaterThan(2.5)
  })

  it('corrects what no weighting of its experts can say', () => {
    const rng = random(9)
    // Each step leans against the last one, so every average of the past is wrong in the same way.
    let off = 0
    const s = make(4_000, () => {
      off = -0.7 * off + 10 * rng.normal()
      return 200 + off
    })
    // The noise itself: 0.8 · 10. The best constant misses by 0.8 · 14.
    expect(errorOf(s, blend(), 1, 3_000)).toBeLessThan(9)
  })

  it('follows a level that wanders under its season', () => {
    const rng = random(10)
    let level = 500
    const s = make(
      24 * 40,
      (t) => {
        level += 2 * rng.normal()
        return level + 100 * Math.sin((2 * Math.PI * t) / 24) + 60 * Math.sin((2 * Math.PI * t) / 8)
      },
      HOUR
    )
    // The walk's own step, 0.8 · 2, plus a little for what its profile still has to learn.
    expect(errorOf(s, blend(), 1, 24 * 30)).toBeLessThan(2.4)
  })

  it('remembers through an idle spell what it trusted before', () => {
    const rng = random(11)
    let y = 400
    const s = make(6_000, (t) => {
      y = Math.max(100, y + 5 * rng.normal())
      return t < 3_000 || t >= 5_000 ? y : 0
    })
    const awake = { ...s, values: s.values.subarray(0, 5_040) }
    const [own, persistent] = [blend(), naive()].map((f) => errorOf(awake, f, 1, 5_002))
    expect(own).toBeLessThan(1.5 * persistent)
  })

  it('says what it trusts', () => {
    const saved = JSON.parse(JSON.stringify(blend().fit(rhythm(20, 8), { horizon: 3 }).save()))
    expect(saved.parameters.seasons).toEqual([24, 168])
    expect(saved.parameters.horizons).toEqual([1, 2, 3])
    for (const weights of saved.parameters.weights) {
      expect(weights.reduce((a: number, b: number) => a + b, 0)).toBeCloseTo(1, 9)
    }
  })

  it('starts from a single value', () => {
    const fitted = blend().fit(make(1, () => 7))
    expect([...fitted.predict(2).mean]).toEqual([7, 7])
    expect(fitted.predict(1).record?.steps).toBe(0)
  })
})
