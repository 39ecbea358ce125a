/** What a policy is trained on: a FILE as a series, cut into the part that is learned from and the part that is held back. */
import type { Series } from '../../base/index.ts'
import type { Span } from '../../compare/plan-data.ts'
import { readData, trainingSteps } from '../data.ts'
import { interrupted } from '../interrupt.ts'
import { note } from '../output.ts'
import type { PolicyTraining } from './policy-flags.ts'

export interface TrainingData {
  readonly name: string
  readonly series: Series
  /** `scoreFrom` is where training ends. */
  readonly span: Span
  /** Nothing is held back. */
  readonly all: boolean
}

export async function readTrainingData(file: string, { options }: PolicyTraining): Promise<TrainingData> {
  const all = Number(options.trainUntil) === 1
  const { series, notes, name } = await readData(
    file,
    all ? { ...options, trainUntil: undefined } : options,
    [],
    interrupted
  )
  for (const line of notes) note(line, options.quiet)
  const steps = series.values.length
  const scoreFrom = all ? steps : trainingSteps(series, options.trainUntil, options.tz)
  return { name, series, span: { fitFrom: 0, scoreFrom, scoreTo: steps }, all }
}
