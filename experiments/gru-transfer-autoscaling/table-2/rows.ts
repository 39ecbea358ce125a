/** From forecasts to the rows of the table. */
import type { Row } from '../../../src/cli/output.ts'
import { mae, mase, naiveError, rmse, smape, smape2 } from '../../../src/math/index.ts'
import expected from './expected.json' with { type: 'json' }
import type { Done } from './job.ts'
import { PAPERS } from './models.ts'
import type { StudySet } from './sets.ts'

export interface StudyRow extends Row {
  readonly set: string
  readonly model: string
  /** The paper's SMAPE for this cell as a ratio; of the taxi where ours are flights. Null where it has none. */
  readonly paper: number | null
  /** Usual definition, (|a|+|p|)/2 below. */
  readonly smape: number
  /** As the paper prints the formula, |a|+|p| below. */
  readonly smape2: number
  /** SMAPE of the curve without its noise, on the same steps. */
  readonly floor: number
  readonly rmse: number
  /** RMSE / mean absolute error at this rate, see `normalise`. */
  readonly nrmse: number
  readonly mase: number
  readonly fitS: number
  readonly predictS: number
  readonly totalS: number
  readonly reason?: string
}

/** Steps before the first forecast. */
export const trainingSteps = (set: StudySet) => Math.floor(0.8 * set.series.values.length)
export const testPart = (set: StudySet) => set.series.values.subarray(trainingSteps(set))

export function rowsOf(sets: readonly StudySet[], done: readonly Done[]): StudyRow[] {
  const scale = normalise(sets, done)
  return sets.flatMap((set) => {
    const actual = testPart(set)
    const floor = set.clean ? smape(actual, set.clean.subarray(trainingSteps(set))) : NaN
    const naive = naiveError(set.series.values.subarray(0, trainingSteps(set)), 1)
    return done
      .filter((one) => one.set === set.name)
      .map(({ model, mean, fitMs, predictMs, reason }): StudyRow => {
        const error = rmse(actual, mean)
        return {
          set: set.name,
          model,
          paper: paperOf(set, model),
          smape: smape(actual, mean),
          smape2: smape2(actual, mean),
          floor,
          rmse: error,
          nrmse: error / (scale.get(set.rate) ?? NaN),
          mase: mase(actual, mean, naive),
          fitS: fitMs / 1_000,
          predictS: predictMs / 1_000,
          totalS: (fitMs + predictMs) / 1_000,
          ...(reason !== undefined && { reason })
        }
      })
  })
}

/**
 * "We normalize the RMSE values using the average absolute errors for each sampling rate", §VI. Read as: the mean over
 * the paper's four models and both kinds of load (not our extra taxi series) of their mean absolute errors at that rate.
 */
export function normalise(sets: readonly StudySet[], done: readonly Done[]): Map<number, number> {
  const errors = new Map<number, number[]>()
  for (const set of sets) {
    if (set.family === 'taxi') continue
    for (const { model, mean } of done.filter((one) => one.set === set.name)) {
      if (!isPapers(model) || mean.length === 0) continue
      errors.set(set.rate, [...(errors.get(set.rate) ?? []), mae(testPart(set), mean)])
    }
  }
  return new Map([...errors].map(([rate, all]) => [rate, meanOf(all)]))
}

export const meanOf = (all: readonly number[]) => all.reduce((sum, y) => sum + y, 0) / all.length

const isPapers = (model: string): model is (typeof PAPERS)[number] => PAPERS.some((paper) => paper === model)

function paperOf({ family, rate }: StudySet, model: string): number | null {
  if (!isPapers(model)) return null
  return expected.smapePercent[family === 'iot' ? 'iot' : 'nyctt'][rate][model] / 100
}
