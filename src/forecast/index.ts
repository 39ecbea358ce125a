import {
  type GivenOptions,
  type OptionTable,
  PrescaleError,
  readOptions,
  unknownName
} from '../base/index.ts'
import type { Forecaster } from '../roles.ts'
import { arima, arimaOptions } from './arima.ts'
import { auto, autoOptions } from './auto.ts'
import { blend } from './blend.ts'
import { cnn, cnnOptions } from './cnn.ts'
import { combination, combinationOptions } from './combination.ts'
import { ets, etsOptions } from './ets.ts'
import { ewma } from './ewma.ts'
import { gru, gruOptions } from './gru.ts'
import { holtWinters, holtWintersOptions } from './holt-winters.ts'
import { lstm, lstmOptions } from './lstm.ts'
import { learnedForecaster, type ModelFile } from './model.ts'
import { mstl, mstlOptions } from './mstl.ts'
import { naive } from './naive.ts'
import { prophet, prophetOptions } from './prophet.ts'
import { ridge, ridgeOptions } from './ridge.ts'
import { seasonalNaive } from './seasonal-naive.ts'
import { sma } from './sma.ts'
import { tcn, tcnOptions } from './tcn.ts'
import { theta, thetaOptions } from './theta.ts'

/** One line of the forecaster table. */
export interface ForecasterEntry {
  readonly says: string
  readonly options: OptionTable
  readonly make: (options?: GivenOptions) => Forecaster
}

const seasonal = {
  season: { kind: 'integer', default: 0, min: 0, says: 'steps in a season; 0 = find it in the history' }
} as const satisfies OptionTable

const smaOptions = {
  window: { kind: 'integer', default: 5, min: 1, says: 'steps that are averaged' }
} as const satisfies OptionTable

const ewmaOptions = {
  alpha: { kind: 'number', min: 0, max: 1, says: 'weight of the newest value, above 0; else fitted' }
} as const satisfies OptionTable

/** Every forecaster by its name. Adding one: one file, one line here, one page in docs/methods, one golden or known-answer test. */
export const forecasters = {
  naive: {
    says: 'the last measured value',
    options: {},
    make: (given?: GivenOptions) => {
      readOptions('naive', {}, given)
      return naive()
    }
  },
  'seasonal-naive': {
    says: 'the value one season ago',
    options: seasonal,
    make: (given?: GivenOptions) => seasonalNaive(readOptions('seasonal-naive', seasonal, given))
  },
  sma: {
    says: 'the mean of the last few values',
    options: smaOptions,
    make: (given?: GivenOptions) => sma(readOptions('sma', smaOptions, given))
  },
  ewma: {
    says: 'the mean of everything, the newest counting most',
    options: ewmaOptions,
    make: (given?: GivenOptions) => ewma(readOptions('ewma', ewmaOptions, given))
  },
  theta: {
    says: 'a line through everything and a smoothed level, half each',
    options: thetaOptions,
    make: (given?: GivenOptions) => theta(readOptions('theta', thetaOptions, given))
  },
  'holt-winters': {
    says: 'level, trend and season, each smoothed exponentially',
    options: holtWintersOptions,
    make: (given?: GivenOptions) => holtWinters(readOptions('holt-winters', holtWintersOptions, given))
  },
  ets: {
    says: 'the exponential smoothing model that fits best for its size',
    options: etsOptions,
    make: (given?: GivenOptions) => ets(readOptions('ets', etsOptions, given))
  },
  mstl: {
    says: 'trend and seasons taken apart, the seasons laid over the level of now',
    options: mstlOptions,
    make: (given?: GivenOptions) => mstl(readOptions('mstl', mstlOptions, given))
  },
  prophet: {
    says: 'a trend that bends and waves of day and week, corrected by what they lately missed',
    options: prophetOptions,
    make: (given?: GivenOptions) => prophet(readOptions('prophet', prophetOptions, given))
  },
  ridge: {
    says: 'a linear model of the last values, of this time in the seasons before, and of the calendar',
    options: ridgeOptions,
    make: (given?: GivenOptions) => ridge(readOptions('ridge', ridgeOptions, given))
  },
  arima: {
    says: 'the last few values and errors, and those of a season ago',
    options: arimaOptions,
    make: (given?: GivenOptions) => arima(readOptions('arima', arimaOptions, given))
  },
  blend: {
    says: 'persistence and season, each trusted as far as it was right at that horizon',
    options: seasonal,
    make: (given?: GivenOptions) => blend(readOptions('blend', seasonal, given))
  },
  cnn: {
    says: 'small patterns found all over the last hours, then patterns of patterns',
    options: cnnOptions,
    make: (given?: GivenOptions) => cnn(readOptions('cnn', cnnOptions, given))
  },
  gru: {
    says: 'a network with a state that is renewed and forgotten as it learned',
    options: gruOptions,
    make: (given?: GivenOptions) => gru(readOptions('gru', gruOptions, given))
  },
  lstm: {
    says: 'a network with memory cells, and gates to write, keep and read them',
    options: lstmOptions,
    make: (given?: GivenOptions) => lstm(readOptions('lstm', lstmOptions, given))
  },
  tcn: {
    says: 'convolutions that look back twice as far in each layer',
    options: tcnOptions,
    make: (given?: GivenOptions) => tcn(readOptions('tcn', tcnOptions, given))
  },
  combination: {
    says: 'several methods at once, weighted by how they missed together lately',
    options: combinationOptions,
    make: (given?: GivenOptions): Forecaster =>
      combination(readOptions('combination', combinationOptions, given), {
        names: Object.keys(forecasters),
        make: makeForecaster
      })
  },
  auto: {
    says: 'the method that forecast the end of the history best, or the simplest that is as good',
    options: autoOptions,
    make: (given?: GivenOptions): Forecaster =>
      auto(readOptions('auto', autoOptions, given), { names: Object.keys(forecasters), make: makeForecaster })
  }
} satisfies Record<string, ForecasterEntry>

/** The forecaster with this name, its season option set where it has one and none was given. */
export function makeForecaster(name: string, options: GivenOptions = {}, season?: number): Forecaster {
  const withSeason = season !== undefined && Object.hasOwn(entryOf(name).options, 'season')
  return entryOf(name).make(withSeason ? { season, ...options } : options)
}

/** All options of a method: those given, of `common` those that it has, the others at their defaults. */
export function forecasterOptions(
  name: string,
  options: GivenOptions = {},
  common: GivenOptions = {}
): GivenOptions {
  const table = entryOf(name).options
  const own = Object.entries(common).filter(
    ([key, value]) => value !== undefined && Object.hasOwn(table, key)
  )
  return readOptions(name, table, { ...Object.fromEntries(own), ...options })
}

function entryOf(name: string): ForecasterEntry {
  if (Object.hasOwn(forecasters, name)) return forecasters[name as keyof typeof forecasters]
  throw new PrescaleError('BAD_OPTION', unknownName('a forecaster', name, Object.keys(forecasters)))
}

/** The forecaster of a model file: the method it names, with what that learned; see `learnedForecaster`. */
export const forecasterOf = (model: ModelFile, where?: string): Forecaster =>
  learnedForecaster(model, makeForecaster, where)

export * from './arima.ts'
export { augursFiles, useAugurs } from './augurs.ts'
export { type AutoOptions, type AutoParameters, whyChosen } from './auto.ts'
export * from './backtest.ts'
export * from './blend.ts'
export * from './calendar.ts'
export * from './cnn.ts'
export * from './combination.ts'
export * from './coverage.ts'
export * from './ets.ts'
export * from './ewma.ts'
export * from './gru.ts'
export * from './holt-winters.ts'
export * from './lstm.ts'
export * from './model.ts'
export * from './mstl.ts'
export * from './naive.ts'
export { learn } from './neural-methods.ts'
export { paperNetwork } from './neural-options.ts'
export { defaultHorizon, defaultLevels } from './online.ts'
export * from './prophet.ts'
export { type Retrained, type RetrainingOptions, withRetraining } from './retrain.ts'
export * from './ridge.ts'
export * from './season.ts'
export * from './seasonal-naive.ts'
export * from './sma.ts'
export * from './tcn.ts'
export * from './theta.ts'
