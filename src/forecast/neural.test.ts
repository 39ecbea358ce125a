import { describe, expect, it } from 'vitest'
import { canonicalJson, type GivenOptions, random, type Series, series, sliceSteps } from '../base/index.ts'
import { naiveError, rmse } from '../math/index.ts'
import type { Fitted, Json } from '../roles.ts'
import { rollingOrigin } from './backtest.ts'
import { makeForecaster } from './index.ts'

const networks = ['cnn', 'gru', 'lstm', 'tcn'] as const
const small: Readonly<Record<(typeof networks)[number], GivenOptions>> = {
  cnn: { filters: 8, window: 12 },
  gru: { units: 8, window: 12 },
  lstm: { units: 8, window: 12 },
  tcn: { filters: 8, blocks: 2, window: 12 }
}

const fit = (name: string, history: Series, options: GivenOptions = {}, horizon = 4): Fitted =>
  makeForecaster(name, { ...small[name as 'gru'], ...options }).fit(history, { horizon })

const wave = (n: number, noise = 5): Series => {
  const rng = random(1, 'wave')
  return series(
    60_000,
    Float64Array.from({ length: n }, (_, t) => 100 + 30 * Math.sin(t / 4) + noise * rng.normal())
  )
}

/** Hénon 1976: y[t+1] = 1 − 1.4 y[t]² + 0.3 y[t−1], which looks like noise to everything linear. */
function henon(n: number): Series {
  const y = new Float64Array(n)
  for (let t = 1; t + 1 < n; t++) y[t + 1] = 1 - 1.4 * y[t] ** 2 + 0.3 * y[t - 1]
  return series(60_000, y, { unit: 'V' })
}

describe.each(networks)('%s', (name) => {
  it('learns a wave better than the last value, in each form of target', () => {
    for (const target of ['value', 'change', 'linear']) {
      const options = { ...small[name], target, rate: 0.01 }
      const { actual, mean } = rollingOrigin(wave(700), makeForecaster(name, options), { horizon: 4 })
      expect(rmse(actual, mean), target).toBeLessThan(0.6 * naiveError(wave(700).values, 4))
    }
  })

  it('learns what no linear method can', () => {
    const error = (options: GivenOptions) => {
      // The larger of two steps does not say which of them it was: the CNN has to go without pools here.
      const own = { ...small[name], ...(name === 'cnn' && { pool: 1 }), rate: 0.01, dropout: 0 }
      const forecaster = makeForecaster(name, { ...own, ...options })
      const { actual, mean } = rollingOrigin(henon(1_200), forecaster)
      return rmse(actual, mean)
    }
    // With a step of Adam of nothing only the linear part is left.
    expect(error({ epochs: 20 })).toBeLessThan(0.6 * error({ rate: 1e-6 }))
  })

  it('gives the same bytes for the same seed, and others for another', () => {
    const saved = (seed: number) => canonicalJson(fit(name, wave(300), { seed, target: 'value' }).save())
    expect(saved(1)).toBe(saved(1))
    expect(saved(1)).not.toBe(saved(2))
  })

  it('forecasts the same from what was learned, without training again', () => {
    const history = wave(300)
    for (const options of [{}, { target: 'value', loss: 'pinball' }, { multi: 'recursive' }]) {
      const fitted = fit(name, history, options)
      const told: number[] = []
      const again = makeForecaster(name).fit(history, {
        horizon: 4,
        learned: parametersOf(fitted),
        progress: (done) => told.push(done)
      })
      expect(told).toEqual([])
      expect(canonicalJson(again.predict(4))).toBe(canonicalJson(fitted.predict(4)))
      expect(canonicalJson(parametersOf(again))).toBe(canonicalJson(parametersOf(fitted)))
    }
  })

  it('goes through a shorter gap, and says the last value behind a longer one', () => {
    const history = wave(300, 0)
    const [known, rest] = [sliceSteps(history, 0, 280), sliceSteps(history, 285)]
    const { mean } = fit(name, known)
      .update(sliceSteps(rest, 0, 2))
      .predict(1)
    expect(Math.abs(mean[0] - history.values[287])).toBeLessThan(20)
    const blank = new Float64Array(30).fill(NaN)
    const long = fit(name, known).update({ ...known, startMs: 280 * 60_000, values: blank })
    expect([...long.predict(3).mean]).toEqual([1, 2, 3].map(() => history.values[279]))
  })
})

function parametersOf(fitted: Fitted): Json {
  const { parameters } = fitted.save() as { parameters: Json }
  return JSON.parse(JSON.stringify(parameters))
}

describe('networks', () => {
  it('know two ways to reset, which are not the same', () => {
    const forecasts = ['before', 'after'].map((reset) => [
      ...fit('gru', wave(300), { reset, target: 'value' }).predict(4).mean
    ])
    expect(forecasts[0]).not.toEqual(forecasts[1])
  })

  it('forecast step by step or each horizon by itself, both near what comes', () => {
    const history = wave(600, 0)
    const actual = history.values.subarray(590)
    for (const multi of ['direct', 'recursive']) {
      const { mean } = fit('gru', sliceSteps(history, 0, 590), { multi }, 10).predict(10)
      expect(rmse(actual, mean), multi).toBeLessThan(3)
    }
  })

  it('know by the calendar what comes, step by step or each horizon by itself', () => {
    // Quiet but for nine o'clock; a window of four hours does not show when that was.
    const hours = Float64Array.from({ length: 60 * 24 + 7 }, (_, t) => (t % 24 === 9 ? 200 : 100))
    for (const multi of ['direct', 'recursive']) {
      const options = {
        window: 4,
        multi,
        seasonal: false,
        target: 'change',
        rate: 0.01,
        dropout: 0,
        epochs: 30
      }
      const { mean } = fit('gru', series(3_600_000, hours), options).predict(4)
      expect(
        [...mean].map((y) => Math.round(y / 50) * 50),
        multi
      ).toEqual([100, 100, 200, 100])
    }
  })

  it('are wider where their quantile head saw larger errors', () => {
    const rng = random(3, 'loud and quiet')
    const isLoud = (t: number) => t % 60 < 30
    const values = Float64Array.from({ length: 1_500 }, (_, t) =>
      isLoud(t) ? 150 + 15 * rng.normal() : 50 + rng.normal()
    )
    const widthAt = (steps: number) => {
      const history = series(60_000, values.slice(0, steps))
      const options = { loss: 'pinball', target: 'change', seasonal: false, rate: 0.01, dropout: 0 }
      const { quantiles } = fit('gru', history, options).predict(1)
      return quantiles['0.8'][0] - quantiles['0.25'][0]
    }
    expect(widthAt(1_460)).toBeGreaterThan(3 * widthAt(1_490))
  })

  it('judge on the newest windows and are scored on what they were not trained on', () => {
    const { trainedUntilMs, training } = parametersOf(fit('gru', wave(300), { seasonal: false })) as {
      trainedUntilMs: number
      training: { windows: number; validationWindows: number }
    }
    // 300 steps leave 285 windows of 12 with 4 targets each: a tenth of them judge, and three before them see the same targets.
    expect(training).toMatchObject({ windows: 257 - 3, validationWindows: 28 })
    expect(trainedUntilMs).toBe((12 + 257) * 60_000)
  })

  it('are trained on the newest windows when there are many', () => {
    const { training } = parametersOf(fit('gru', wave(2_000), { maxWindows: 200, seasonal: false })) as {
      training: { windows: number; validationWindows: number }
    }
    expect(training).toMatchObject({ windows: 180 - 3, validationWindows: 20 })
  })

  it('learn in shards, the same bytes again', () => {
    const saved = (shards: number) => canonicalJson(fit('gru', wave(300), { shards, target: 'value' }).save())
    expect(saved(2)).toBe(saved(2))
  })

  it('tell how far the training is', () => {
    const told: (readonly [number, number])[] = []
    makeForecaster('cnn', { ...small.cnn, epochs: 3 }).fit(wave(300), {
      progress: (done, of) => told.push([done, of])
    })
    expect(told.at(-1)).toEqual([3, 3])
  })
})

const constant = new Float64Array(200).fill(7)
const gapAtEnd = wave(300).values.map((y, t) => (t > 260 ? NaN : y))
const jump = wave(300).values.map((y, t) => (t >= 290 ? 1_000 * y : y))
const huge = wave(300).values.map((y) => y * 1e298)

describe('what else networks are shown', () => {
  const rows = [
    { when: 'the series is constant', values: constant, says: 7, why: /all values .* are 7/ },
    { when: 'there are two values', values: [3, 4], says: 4, why: /0 windows to train on are too few/ },
    { when: 'there are 5 points', values: [3, 4, 5, 4, 3], says: 3, why: /too few, it needs 32/ },
    { when: 'a gap is longer than the window', values: gapAtEnd, says: gapAtEnd[260], why: undefined },
    { when: 'the series jumps 1000-fold', values: jump, says: jump[299], why: undefined }
  ]
  for (const { when, values, says, why } of rows) {
    it.each(networks)(`%s says the last value when ${when}`, (name) => {
      const fitted = fit(name, series(60_000, values))
      expect([...fitted.predict(3).mean]).toEqual([says, says, says])
      const { fallback } = parametersOf(fitted) as { fallback: string | null }
      if (why) expect(fallback).toMatch(why)
      else expect(fallback).toBeNull()
    })
  }

  it.each(networks)('%s stays finite near 1e300', (name) => {
    for (const target of ['value', 'change', 'linear']) {
      const { mean, quantiles } = fit(name, series(60_000, huge), { target }).predict(6)
      for (const y of [...mean, ...quantiles['0.9']]) expect(Number.isFinite(y)).toBe(true)
    }
  })

  it.each(networks)('%s refuses negative counts, and a history of gaps', (name) => {
    expect(() => fit(name, series(60_000, [1, 2, -3]))).toThrow(/step 2 is -3/)
    expect(() => fit(name, series(60_000, [NaN, NaN]))).toThrow(/the history has 0/)
  })

  it('the CNN refuses a window that its pools use up', () => {
    expect(() => makeForecaster('cnn', { window: 8 })).toThrow(
      /window of 8 steps has nothing left behind 2 blocks/
    )
  })
})

describe('what was learned elsewhere', () => {
  const history = wave(300)
  const good = parametersOf(fit('gru', history)) as { readonly [field: string]: Json }
  const weights = good.weights as Record<string, string>
  const first = Object.keys(weights)[0]
  const short = { ...weights, [first]: weights[first].slice(0, -8) }
  const rows: { what: string; learned: Json; says: RegExp; series?: Series; horizon?: number }[] = [
    { what: 'nothing', learned: null, says: /must be an object/ },
    { what: 'text', learned: 'a model', says: /must be an object/ },
    { what: 'another method', learned: { ...good, method: 'lstm' }, says: /learned by lstm/ },
    {
      what: 'another step length',
      learned: good,
      series: { ...history, stepMs: 300_000 },
      says: /steps of 60000 ms, .* steps of 300000 ms/
    },
    { what: 'fewer steps ahead', learned: good, horizon: 9, says: /for 4 steps ahead, asked are 9/ },
    {
      what: 'half of it',
      learned: { method: 'gru', stepMs: 60_000 },
      says: /horizon of what was learned must be a number/
    },
    {
      what: 'no weights',
      learned: { ...good, weights: null },
      says: /weights of what was learned is missing/
    },
    {
      what: 'truncated weights',
      learned: { ...good, weights: short },
      says: /must be \d+ numbers, are \d+|float32/
    },
    { what: 'no scaler', learned: { ...good, scaler: null }, says: /scaler of what was learned is missing/ },
    {
      what: 'other layers',
      learned: { ...good, options: { ...(good.options as object), units: 9 } },
      says: /layers of the model are not those/
    },
    {
      what: 'an option of a later version',
      learned: { ...good, options: { ...(good.options as object), attention: 3 } },
      says: /'attention' is not an option/
    },
    {
      what: 'a weight that is not finite',
      learned: { ...good, weights: { ...weights, [first]: `AADAfwAA${weights[first].slice(8)}` } },
      says: /must be finite, holds NaN/
    }
  ]
  for (const { what, learned, says, series: other = history, horizon = 4 } of rows) {
    it(`is refused in one line when it is ${what}`, () => {
      let error: unknown
      try {
        makeForecaster('gru').fit(other, { horizon, learned })
      } catch (thrown) {
        error = thrown
      }
      expect(error).toMatchObject({
        name: 'PrescaleError',
        code: 'BAD_MODEL',
        message: expect.stringMatching(says)
      })
      expect(String(error)).not.toContain('\n')
    })
  }

  it('has intervals even where the history ends before its training did', () => {
    const { trainedUntilMs } = good as { readonly trainedUntilMs: number }
    const trained = (trainedUntilMs - history.startMs) / history.stepMs
    for (const steps of [200, trained - 1, trained, trained + 1, trained + 2]) {
      const seen = sliceSteps(history, 0, steps)
      const { quantiles } = makeForecaster('gru').fit(seen, { horizon: 4, learned: good }).predict(4)
      for (const y of quantiles['0.9']) expect(Number.isFinite(y)).toBe(true)
    }
  })

  it('may be asked on other kernels than it was trained on', () => {
    const [simd, reference] = ['simd', 'reference'].map(
      (kernels) =>
        makeForecaster('gru', { kernels }).fit(history, { horizon: 4, learned: good }).predict(4).mean
    )
    for (let h = 0; h < 4; h++) expect(Math.abs(simd[h] / reference[h] - 1)).toBeLessThan(1e-5)
  })
})
