import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import { conformal } from './conformal.ts'
import { horizonNodes } from './horizons.ts'
import { sortedWindow } from './sorted-window.ts'

/** Forecasts 0 at every horizon and feeds the values; gives the share of values at or below each quantile at horizon h. */
function coverageOf(
  values: readonly number[],
  levels: readonly number[],
  options: { from?: number; rate?: number; h?: number } = {}
) {
  const { from = 500, rate, h = 1 } = options
  const scored = conformal({ horizon: 4, levels, rate })
  const mean = new Float64Array(4)
  const said: number[][] = []
  const hits = levels.map(() => 0)
  values.forEach((y, t) => {
    scored.issue(mean, undefined)
    said.push(levels.map((_, l) => scored.quantiles(l)[h - 1]))
    if (t >= from)
      said[t - h + 1].forEach((q, l) => {
        if (y <= q) hits[l]++
      })
    scored.score(y)
  })
  return hits.map((n) => n / (values.length - from))
}

describe('conformal quantiles', () => {
  const levels = [0.1, 0.5, 0.9, 0.975]

  it('cover what they say when nothing changes', () => {
    const rng = random(1)
    const measured = coverageOf(
      Array.from({ length: 6_000 }, () => rng.exponential()),
      levels
    )
    for (const [l, level] of levels.entries()) expect(Math.abs(measured[l] - level)).toBeLessThan(0.02)
  })

  it('cover what they say at longer horizons too', () => {
    const rng = random(2)
    const measured = coverageOf(
      Array.from({ length: 6_000 }, () => rng.normal()),
      levels,
      { h: 4 }
    )
    for (const [l, level] of levels.entries()) expect(Math.abs(measured[l] - level)).toBeLessThan(0.02)
  })

  it('hold coverage while the noise grows, where plain split conformal falls behind', () => {
    const rng = random(3)
    const growing = Array.from({ length: 6_000 }, (_, t) => rng.normal() * Math.exp(t / 600))
    const adaptive = coverageOf(growing, [0.9])[0]
    const plain = coverageOf(growing, [0.9], { rate: 0 })[0]
    expect(Math.abs(adaptive - 0.9)).toBeLessThan(0.02)
    expect(Math.abs(plain - 0.9)).toBeGreaterThan(Math.abs(adaptive - 0.9))
  })

  it('do not sink to nothing on a load that idles at exactly what is forecast', () => {
    const rng = random(4)
    const idle = Array.from({ length: 4_000 }, () => (rng.next() < 0.7 ? 0 : rng.exponential()))
    expect(Math.abs(coverageOf(idle, [0.9])[0] - 0.9)).toBeLessThan(0.02)
  })

  it('are the order statistics of the scores: 9 scores, level .9 is the largest', () => {
    const scored = conformal({ horizon: 1, levels: [0.1, 0.5, 0.9], rate: 0 })
    for (const y of [5, 1, 4, 2, 3, 9, 8, 7, 6]) {
      scored.issue(Float64Array.of(0), undefined)
      scored.score(y)
    }
    scored.issue(Float64Array.of(100), Float64Array.of(2))
    expect([0, 1, 2].map((l) => scored.quantiles(l)[0])).toEqual([102, 110, 118])
  })

  it('are not known before two scores, and borrow from nearer horizons then', () => {
    const scored = conformal({ horizon: 4, levels: [0.9], rate: 0 })
    scored.issue(new Float64Array(4), undefined)
    expect(scored.quantiles(0)[0]).toBeNaN()
    for (const y of [1, 1]) {
      scored.score(y)
      scored.issue(new Float64Array(4), undefined)
    }
    expect([...scored.quantiles(0)]).toEqual([1, Math.SQRT2, Math.sqrt(3), 2])
  })

  it('learn nothing from a gap', () => {
    const scored = conformal({ horizon: 2, levels: [0.5] })
    for (const y of [3, 3, 3, 3]) {
      scored.issue(new Float64Array(2), undefined)
      scored.score(y)
    }
    scored.issue(new Float64Array(2), undefined)
    const before = [...scored.quantiles(0)]
    const { steps } = scored.record(['0.5'])
    scored.score(NaN)
    scored.issue(new Float64Array(2), undefined)
    expect([...scored.quantiles(0)]).toEqual(before)
    expect(scored.record(['0.5']).steps).toBe(steps)
  })

  it('never go below the least', () => {
    const scored = conformal({ horizon: 1, levels: [0.1, 0.9], least: 0 })
    for (const y of [1, 2, 3, 4]) {
      scored.issue(Float64Array.of(10), undefined)
      scored.score(y)
    }
    scored.issue(Float64Array.of(1), undefined)
    expect([0, 1].map((l) => scored.quantiles(l)[0])).toEqual([0, 0])
  })

  it('record the error against the naive one', () => {
    const scored = conformal({ horizon: 1, levels: [0.9] })
    for (let t = 0; t < 100; t++) {
      scored.issue(Float64Array.of(t % 2 === 0 ? 9 : 21), undefined)
      scored.score(t % 2 === 0 ? 10 : 20)
    }
    expect(scored.record(['0.9']).mase).toBeCloseTo(0.1, 12)
  })
})

describe('the record', () => {
  it('looks back 500 scored steps and no further', () => {
    const scored = conformal({ horizon: 1, levels: [0.9], rate: 0 })
    for (let t = 0; t < 1_200; t++) {
      scored.issue(Float64Array.of(t < 600 ? 0 : (t * 7) % 5), undefined)
      scored.score((t * 7) % 5)
    }
    expect(scored.record(['0.9'])).toMatchObject({ mase: 0, steps: 500 })
  })
})

describe('sortedWindow', () => {
  it('gives the order statistics of the last values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        (values, size) => {
          const window = sortedWindow(size)
          for (const y of values) window.push(y)
          const kept = values.slice(-size).sort((a, b) => a - b)
          expect(window.count()).toBe(kept.length)
          for (const [i, y] of kept.entries())
            expect(window.at((i + 1) / (kept.length + 1))).toBeCloseTo(y, 9)
        }
      )
    )
  })
})

describe('horizonNodes', () => {
  it('keeps every near horizon and ends at the last', () => {
    const { nodes } = horizonNodes(30, 4, 1.4)
    expect(nodes).toEqual([1, 2, 3, 4, 6, 8, 11, 15, 21, 29, 30])
    expect(horizonNodes(1, 4, 1.4).nodes).toEqual([1])
  })
  it('places each horizon between its nodes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (last) => {
        const { nodes, below, above, share } = horizonNodes(last, 4, 1.4)
        for (let h = 1; h <= last; h++) {
          const i = h - 1
          expect(nodes[below[i]] + share[i] * (nodes[above[i]] - nodes[below[i]])).toBeCloseTo(h, 9)
        }
      })
    )
  })
})
