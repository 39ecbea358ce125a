/** Histories that nobody would wish for, and models that must say something finite of them or refuse in one line. */
import { describe, expect, it } from 'vitest'
import { type GivenOptions, random, type Series, series } from '../base/index.ts'
import type { Forecast } from '../roles.ts'
import { makeForecaster } from './index.ts'

const methods = [
  'theta',
  'holt-winters',
  'ets',
  'mstl',
  'prophet',
  'ridge',
  'arima',
  'combination',
  'auto'
] as const
/** What keeps a method quick here. */
const quick: Readonly<Record<string, GivenOptions>> = {
  arima: { maxOrder: 1 },
  auto: { models: 'naive+holt-winters+ridge+blend+combination' }
}

const rng = random(4, 'bad-history')
const noise = Array.from({ length: 200 }, () => rng.normal())
const wave = (t: number) => 100 + 30 * Math.sin((2 * Math.PI * t) / 12) + 3 * noise[t]
const of = (steps: number, value: (t: number) => number) =>
  series(
    60_000,
    Array.from({ length: steps }, (_, t) => value(t))
  )

interface Row {
  readonly when: string
  readonly history: Series
  /** Nothing but this is a sensible mean. */
  readonly between?: readonly [number, number]
  readonly seasonToo?: boolean
}

const rows: readonly Row[] = [
  { when: 'it is constant', history: of(100, () => 42), between: [42, 42], seasonToo: true },
  { when: 'it has two values', history: of(2, (t) => 5 + 2 * t), between: [0, 25] },
  { when: 'it has five values', history: of(5, (t) => 10 + t), between: [5, 40] },
  { when: 'it takes two values in turn', history: of(80, (t) => (t % 2 === 0 ? 3 : 9)), between: [2, 10] },
  {
    when: 'most of it was not measured',
    history: of(200, (t) => (t > 30 && t < 170 ? NaN : wave(t))),
    between: [40, 160],
    seasonToo: true
  },
  {
    when: 'every second step was not measured',
    history: of(200, (t) => (t % 2 === 0 ? NaN : wave(t))),
    between: [40, 160],
    seasonToo: true
  },
  {
    when: 'it begins and ends with a gap',
    history: of(200, (t) => (t < 40 || t > 160 ? NaN : wave(t))),
    between: [0, 200],
    seasonToo: true
  },
  {
    when: 'it jumps by a thousand',
    history: of(200, (t) => wave(t) * (t < 150 ? 1 : 1_000)),
    seasonToo: true
  },
  {
    when: 'it falls by a thousand',
    history: of(200, (t) => wave(t) / (t < 150 ? 1 : 1_000)),
    seasonToo: true
  },
  { when: 'its values are near 1e300', history: of(200, (t) => 1e298 * wave(t)), seasonToo: true },
  { when: 'one value is 1e300', history: of(200, (t) => (t === 120 ? 1e300 : wave(t))), seasonToo: true },
  { when: 'its values are near 1e-300', history: of(200, (t) => 1e-300 * wave(t)), seasonToo: true },
  { when: 'it is zero but once', history: of(200, (t) => (t === 77 ? 5 : 0)), seasonToo: true }
]

function expectFinite(
  { mean, quantiles }: Forecast,
  [low, high]: readonly [number, number] = [0, Infinity]
): void {
  for (const y of mean) {
    expect(Number.isFinite(y)).toBe(true)
    expect(y).toBeGreaterThanOrEqual(low - 1e-6)
    expect(y).toBeLessThanOrEqual(high + 1e-6)
  }
  for (const row of Object.values(quantiles)) for (const y of row) expect(y).not.toBe(-Infinity)
}

describe.each(methods)('%s and a history', (name) => {
  for (const { when, history, between, seasonToo } of rows) {
    for (const options of seasonToo ? [{}, { season: 12 }] : [{}]) {
      it(`forecasts when ${when}${'season' in options ? ', with a season' : ''}`, () => {
        const fitted = makeForecaster(name, { ...quick[name], ...options }).fit(history, { horizon: 5 })
        expectFinite(fitted.predict(8), between)
        const next = { startMs: history.values.length * 60_000 }
        const gap = series(60_000, new Float64Array(60).fill(NaN), next)
        expectFinite(fitted.update(gap).predict(8))
      })
    }
  }

  it('forecasts on after zeros, giants and gaps that it was not trained on', () => {
    const history = of(200, wave)
    for (const y of [0, NaN, 1e300, 1e6, 1e-300]) {
      const later = series(60_000, [y, 100, y, NaN, 100, y], { startMs: 200 * 60_000 })
      const fitted = makeForecaster(name, { ...quick[name], season: 12 })
        .fit(history, { horizon: 5 })
        .update(later)
      expectFinite(fitted.predict(30))
    }
  })

  // Two of them are a line, which is what holt-winters cannot do without.
  it.skipIf(name === 'holt-winters')('forecasts the one value that it has', () => {
    expectFinite(
      makeForecaster(name, quick[name])
        .fit(of(1, () => 7))
        .predict(3),
      [7, 7]
    )
  })

  it('refuses gaps only, and a negative rate', () => {
    const fit = (values: number[], unit?: string) =>
      makeForecaster(name, quick[name]).fit(series(60_000, values, { unit }))
    expect(() => fit([NaN, NaN, NaN])).toThrow(expect.objectContaining({ code: 'TOO_SHORT' }))
    expect(() => fit([5, -1, 4, 3])).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }))
    expectFinite(fit([-5, -1, -4, -3, -5, -2], '°C').predict(3), [-Infinity, Infinity])
  })
})
