/** A network as a forecaster: trained or rebuilt, then led through the history. */
import type { GivenOptions, Series } from '../base/index.ts'
import type { FitOptions, Forecaster, Json } from '../roles.ts'
import { learnNetwork, type NeuralMethod } from './neural-learn.ts'
import { rebuild } from './neural-learned.ts'
import { neuralModel } from './neural-model.ts'
import type { NeuralOptions } from './neural-options.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'

/** Without as many scores there is no quantile (`conformal.ts`). */
const fewestScores = 2

export function neural<Options extends NeuralOptions>(
  method: NeuralMethod<Options>,
  given: GivenOptions
): Forecaster {
  const options = method.read(given)
  const start = (history: Series, horizon: number, fit: FitOptions): PointModel => {
    const { rng, progress, enough } = fit
    const learned =
      fit.learned === undefined
        ? learnNetwork(method, options, history, { horizon, rng, progress, enough })
        : fit.learned
    // What was just learned goes the same way as what is read from a file: both forecast the same.
    const parts = rebuild(method, learned, history, horizon, options.kernels)
    const parameters = () => learned
    if (parts.fallback !== undefined) return lastValue(parameters)
    const { values, startMs, stepMs } = history
    const trained = Math.round((parts.trainedUntilMs - startMs) / stepMs)
    return neuralModel({
      ...parts,
      recursive: parts.options.multi === 'recursive',
      quantiles: parts.options.loss === 'pinball',
      startMs,
      // A history that ends before the training did is scored whole: too narrow an interval is better than none.
      trainedUntil: trained > values.length - fewestScores ? 0 : Math.max(0, trained),
      parameters
    })
  }
  const online: Method = { name: method.name, version: '1', needs: 1, start }
  return {
    name: method.name,
    fit: (history: Series, fit?: FitOptions) => fitOnline(online, history, fit)
  }
}

function lastValue(parameters: () => Json): PointModel {
  let last = NaN
  return {
    observe(y) {
      if (!Number.isNaN(y)) last = y
    },
    ahead: (out) => void out.fill(last),
    parameters
  }
}
