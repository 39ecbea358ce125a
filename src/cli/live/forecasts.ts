/** Forecasts of the live loop, made on a standing thread: this module is loaded there. */
import { checkModel, forecasterOf, makeForecaster } from '../../forecast/index.ts'
import { forecastService } from '../../loop/forecast-desk.ts'
import type { KeeperOptions } from '../../loop/forecast-keeper.ts'
import type { Json } from '../../roles.ts'
import { handInAugurs } from '../augurs.ts'

handInAugurs()

/** What goes over with every order, plain JSON. */
export interface LiveForecast {
  readonly method: string
  readonly options: Readonly<Record<string, Json>>
  /** What a model file holds, instead of a method. */
  readonly model?: Json
  readonly stepMs: number
  readonly horizon: number
  readonly historyMs: number
  readonly refitMs: number
}

export const forecast = forecastService(keeperOptions)

function keeperOptions(spec: Json): KeeperOptions {
  const { method, options, model, ...keep } = spec as object as LiveForecast
  const forecaster =
    model === undefined ? makeForecaster(method, options) : forecasterOf(checkModel(model, 'the model'))
  return { ...keep, forecaster }
}
