import { describe, expect, it } from 'vitest'
import { type GivenOptions, series } from '../base/index.ts'
import { type ForecasterCase, forecasterCase } from './forecaster.case.ts'
import { type ForecasterEntry, forecasters, makeForecaster } from './index.ts'

/** Where a method is held to less, and why. */
const exceptions: Readonly<Record<string, Partial<ForecasterCase>>> = {
  // Fitted by search: the last digits of the parameters follow the rounding of the squared errors.
  ewma: { tolerance: 1e-4 },
  'holt-winters': { tolerance: 1e-3 },
  ets: { tolerance: 1e-3 },
  theta: { tolerance: 1e-3 },
  mstl: { tolerance: 1e-3 },
  arima: { tolerance: 1e-4 },
  prophet: { tolerance: 1e-3 },
  // Half of the history judges them and is not trained on; the last digits of float32 grow while they learn.
  ...Object.fromEntries(
    ['cnn', 'gru', 'lstm', 'tcn'].map((name) => [name, { seasons: 110, tolerance: 0.02 }])
  ),
  // Two fifths of the history weigh the members and are not trained on.
  combination: { seasons: 110 },
  // As good as the method it chose.
  auto: { tolerance: 1e-3 }
}

/** Small networks keep the same promises as large ones, and a short search those of a long one. */
const small = { window: 12, epochs: 2, validation: 0.5 }
const options: Readonly<Record<string, GivenOptions>> = {
  arima: { maxOrder: 1 },
  cnn: { ...small, filters: 4 },
  gru: { ...small, units: 4 },
  lstm: { ...small, units: 4 },
  tcn: { ...small, filters: 4, blocks: 2 }
}

for (const [name, entry] of Object.entries<ForecasterEntry>(forecasters)) {
  forecasterCase(name, { make: () => entry.make(options[name]), ...exceptions[name] })
  if (Object.hasOwn(entry.options, 'season')) {
    forecasterCase(name, { make: () => entry.make({ ...options[name], season: 12 }), ...exceptions[name] })

    describe(`${name} with a season`, () => {
      it('refuses one that is longer than the history, in one line', () => {
        const short = series(60_000, [1, 2, 3, 4, 5])
        expect(() => entry.make({ season: 1_440 }).fit(short)).toThrow(
          /season 1440 needs .*1440.* steps, the history has 5; give a shorter season or more history/
        )
      })
    })
  }
}

describe('the table of forecasters', () => {
  it('names the nearest when a name is not known', () =>
    expect(() => makeForecaster('holtwinters')).toThrow(/did you mean 'holt-winters'/))
  it('names the nearest when an option is not known', () =>
    expect(() => makeForecaster('blend', { seson: 3 })).toThrow(/did you mean 'season'/))
  it('gives a season to those that have one and not to others', () => {
    expect(() => makeForecaster('naive', {}, 12)).not.toThrow()
    expect(
      JSON.stringify(
        makeForecaster('seasonal-naive', {}, 3)
          .fit(series(1, [1, 2, 3]))
          .save()
      )
    ).toContain('"season":3')
  })
  it('prefers an option that is written out', () => {
    const saved = makeForecaster('seasonal-naive', { season: 2 }, 3)
      .fit(series(1, [1, 2, 3]))
      .save()
    expect(JSON.stringify(saved)).toContain('"season":2')
  })
})
