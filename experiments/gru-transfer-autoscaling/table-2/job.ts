/** One model on one set, on whatever thread: fitted to the first four fifths, then one step ahead through the rest. */
import { type GivenOptions, PrescaleError, type Series } from '../../../src/base/index.ts'
import { handInAugurs } from '../../../src/cli/augurs.ts'
import { makeForecaster, rollingOrigin } from '../../../src/forecast/index.ts'

handInAugurs()

export interface Job {
  readonly set: string
  readonly model: string
  readonly options: GivenOptions
  readonly series: Series
}

export interface Done {
  readonly set: string
  readonly model: string
  /** One step ahead for every step behind the training part. */
  readonly mean: Float64Array
  readonly fitMs: number
  /** Of all those steps together. */
  readonly predictMs: number
  /** Why there is no forecast. */
  readonly reason?: string
}

/** Never throws what a model says of its data: one bad model does not stop the others. */
export function runModel(
  { set, model, options, series }: Job,
  progress?: (done: number, of: number) => void
): Done {
  try {
    const scored = rollingOrigin(series, makeForecaster(model, options), {
      nowMs: () => performance.now(),
      progress
    })
    const { mean, fitMs } = scored
    return { set, model, mean, fitMs, predictMs: scored.predictMs * mean.length }
  } catch (error) {
    if (!(error instanceof PrescaleError)) throw error
    return { set, model, mean: new Float64Array(), fitMs: NaN, predictMs: NaN, reason: error.message }
  }
}
