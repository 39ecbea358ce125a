import { describe, expect, it } from 'vitest'
import {
  canonicalJson,
  type GivenOptions,
  PrescaleError,
  type Random,
  random,
  type Series,
  series
} from '../base/index.ts'
import type { Forecaster, Json } from '../roles.ts'
import { type AutoOptions, type AutoParameters, auto, type Methods, whyChosen } from './auto.ts'
import { forecasters, makeForecaster } from './index.ts'

const simple = ['naive', 'seasonal-naive', 'sma', 'ewma', 'holt-winters', 'blend']
const methods: Methods = { names: simple, make: makeForecaster }
const HOUR = 3_600_000

type Next = (t: number, rng: Random, before: number) => number

function generated(next: Next, first: number, steps: number, seed: number): Series {
  const rng = random(seed, 'generated')
  let y = first
  return series(
    HOUR,
    Array.from({ length: steps }, (_, t) => {
      y = next(t, rng, y)
      return y
    })
  )
}

const walk: Next = (_t, rng, before) => before + rng.normal()
const daily: Next = (t, rng) => 200 + 60 * Math.sin((2 * Math.PI * t) / 24) + 8 * rng.normal()

function parametersOf(s: Series, options: AutoOptions = {}, horizon = 1, others = methods): AutoParameters {
  const { parameters } = auto(options, others).fit(s, { horizon }).save() as { parameters: AutoParameters }
  return parameters
}

function withFake(name: string, fit: Forecaster['fit']): Methods {
  return {
    names: [name, ...simple],
    make: (asked, options, season) =>
      asked === name ? { name, fit } : makeForecaster(asked, options, season)
  }
}

describe('auto finds what made the series', () => {
  const cases = [
    { when: 'a random walk is forecast best by its last value', next: walk, first: 1_000, chosen: 'naive' },
    { when: 'a clean day by level and season', next: daily, first: 0, chosen: 'holt-winters' }
  ]
  for (const { when, next, first, chosen } of cases) {
    it(when, () => {
      const picks = [1, 2, 3, 4, 5].map((seed) => parametersOf(generated(next, first, 2_000, seed)).chosen)
      expect(picks.filter((pick) => pick === chosen).length).toBeGreaterThanOrEqual(4)
    })
  }

  it('the simpler of two that are the same, and says so', () => {
    const { chosen, because } = parametersOf(generated(walk, 1_000, 1_000, 2), {
      models: 'ewma+naive+seasonal-naive'
    })
    expect(chosen).toBe('naive')
    expect(because).toMatch(/simpler|lost least/)
  })

  it('the best at the horizon that is asked for, not at another', () => {
    const s = generated((t, rng, y) => daily(t, rng, y) + 0 * y, 0, 2_000, 4)
    expect(parametersOf(s, { models: 'naive+seasonal-naive' }, 24).chosen).toBe('seasonal-naive')
    const slow = generated((_t, rng, y) => y + 0.1 * rng.normal(), 100, 2_000, 4)
    expect(parametersOf(slow, { models: 'naive+sma' }, 1).chosen).toBe('naive')
  })
})

describe('auto says why', () => {
  const s = generated(daily, 0, 1_000, 1)

  it('in one line that names the chosen one and the next', () => {
    const parameters = parametersOf(s)
    const line = whyChosen(auto({}, methods).fit(s, { horizon: 1 }).save())
    expect(line).toBeUndefined()
    const saved = auto({}, methods).fit(s, { horizon: 1 }).save() as { parameters: AutoParameters }
    expect(whyChosen(saved.parameters)).toBe(`${parameters.chosen}: ${parameters.because}`)
    expect(parameters.because).toMatch(/of naive's, 1 step ahead from \d+ origins/)
  })

  it('with a row for each contender, best first, and a reason for whoever left', () => {
    const { table, chosen } = parametersOf(s, {}, 12)
    expect(table.map(({ model }) => model).sort()).toEqual(simple.toSorted())
    expect(table[0]).toMatchObject({ behind: 0, out: null })
    expect(table.find(({ model }) => model === chosen)?.out).toBeNull()
    const scores = table.filter(({ out }) => out === null).map(({ score }) => score ?? NaN)
    expect(scores).toEqual(scores.toSorted((a, b) => a - b))
    for (const { out } of table.filter((row) => row.out !== null)) expect(out).not.toBe('')
  })

  it('by version and parameters in every forecast and in what is saved', () => {
    const fitted = auto({ models: 'naive' }, methods).fit(s, { horizon: 2 })
    expect(fitted.predict(1).by).toMatchObject({ model: 'auto', version: '1/naive' })
    expect(fitted.save()).toMatchObject({ model: 'auto', version: '1/naive' })
    expect(parametersOf(s, { models: 'naive' }).because).toBe('the only one that was asked for')
  })

  it('that a history is too short to compare', () => {
    const { chosen, because } = parametersOf(series(HOUR, [3, 4, 5, 4, 3, 4, 5, 6]))
    expect(chosen).toBe('blend')
    expect(because).toMatch(/too short to compare/)
  })
})

describe('one bad contender', () => {
  const s = generated(daily, 0, 600, 3)
  const chosenOf = (fit: Forecaster['fit']) => parametersOf(s, {}, 2, withFake('bad', fit))
  const good = (history: Series) => makeForecaster('naive').fit(history, { horizon: 2, levels: [0.5] })

  it('that cannot be fitted is out with its reason, and stops nobody', () => {
    const { chosen, table } = chosenOf(() => {
      throw new TypeError('cannot read')
    })
    expect(chosen).toMatch(/holt-winters|blend/)
    expect(table.find(({ model }) => model === 'bad')).toMatchObject({
      score: null,
      out: 'failed: cannot read'
    })
  })

  it('that forecasts nothing finite is out', () => {
    const { table } = chosenOf((history) => {
      const fitted = good(history)
      const broken = {
        ...fitted,
        predict: (steps: number) => ({ ...fitted.predict(steps), mean: new Float64Array(steps).fill(NaN) }),
        update: () => broken
      }
      return broken
    })
    expect(table.find(({ model }) => model === 'bad')?.out).toBe('has no finite forecast to score')
  })

  it('that breaks down on the way is out', () => {
    const { table } = chosenOf((history) => {
      const fitted = good(history)
      return {
        ...fitted,
        update() {
          throw new Error('lost')
        }
      }
    })
    expect(table.find(({ model }) => model === 'bad')?.out).toBe('failed: lost')
  })

  it('that wins but cannot be fitted to everything makes place for the next', () => {
    const perfect: Forecaster['fit'] = (history) => {
      if (history.values.length === 600) throw new PrescaleError('TOO_SHORT', 'bad has had enough')
      const fitted = makeForecaster('holt-winters', { season: 24 }).fit(history, {
        horizon: 2,
        levels: [0.5]
      })
      return fitted
    }
    const { chosen, because } = parametersOf(s, { models: 'bad+sma' }, 2, withFake('bad', perfect))
    expect(chosen).toBe('sma')
    expect(because).toMatch(
      /bad came before but cannot be fitted to the whole history \(bad has had enough\)/
    )
  })

  it('is an interruption only when it says so', () => {
    expect(() =>
      chosenOf(() => {
        throw new PrescaleError('INTERRUPTED', 'stopped')
      })
    ).toThrow('stopped')
  })
})

describe('the budget', () => {
  const s = generated(daily, 0, 3_000, 5)

  it('counts work without a clock: the same bytes, and less of it tries fewer', () => {
    expect(canonicalJson(parametersOf(s, {}, 6))).toBe(canonicalJson(parametersOf(s, {}, 6)))
    const rich = parametersOf(s, {}, 6)
    const poor = parametersOf(s, { budget: 60 }, 6)
    const scored = ({ table }: AutoParameters) => table.filter(({ score }) => score !== null).length
    expect(scored(poor)).toBeLessThan(scored(rich))
    expect(poor.spentMs).toBeLessThanOrEqual(60)
    expect(poor.table.some(({ out }) => out?.startsWith('no time: needs about'))).toBe(true)
  })

  it('always tries the cheapest one', () => {
    const { chosen, table } = parametersOf(s, { budget: 0 })
    expect(chosen).toBe(table[0].model)
    expect(table[0].score).not.toBeNull()
  })

  it('is kept by the clock it is given: who would be too late does not begin', () => {
    let ms = 0
    const slow = withFake('slow', (history, fit) => {
      ms += 5_000
      return makeForecaster('blend').fit(history, fit)
    })
    const clock = () => ms
    const { parameters } = auto({ budget: 4_000 }, slow).fit(s, { horizon: 1, nowMs: clock }).save() as {
      parameters: AutoParameters
    }
    // Nobody knew how slow it is: it was begun, and then there was no time for it any more.
    const row = parameters.table.find(({ model }) => model === 'slow')
    expect(row?.fits).toBe(1)
    expect(row?.out).toMatch(/^no time left/)
  })
})

describe('what was learned', () => {
  const s = generated(daily, 0, 800, 6)

  it('is made again without a tournament, to the same forecasts', () => {
    const first = auto({}, methods).fit(s, { horizon: 4 })
    const { parameters } = first.save() as { parameters: AutoParameters }
    const noMore = {
      names: simple,
      make(model: string, options: GivenOptions, season?: number) {
        if (model !== parameters.chosen) throw new Error(`${model} was made`)
        return makeForecaster(model, options, season)
      }
    }
    const again = auto({}, noMore).fit(s, { horizon: 4, learned: parameters })
    expect(canonicalJson(again.predict(4))).toBe(canonicalJson(first.predict(4)))
    expect(again.save()).toMatchObject({ parameters: { chosen: parameters.chosen, table: parameters.table } })
  })

  it.each<Json>([{}, null, 3, { chosen: 'oracle' }])('that is %j is refused', (learned) => {
    expect(() => auto({}, methods).fit(s, { learned })).toThrow(/must name the chosen method, one of naive/)
  })
})

describe('options of auto', () => {
  it('names the nearest contender when one is not known', () =>
    expect(() => forecasters.auto.make({ models: 'naive+blnd' })).toThrow(/did you mean 'blend'/))
  it('does not take part in itself', () =>
    expect(() => forecasters.auto.make({ models: 'auto' })).toThrow(/contender of auto/))
})
