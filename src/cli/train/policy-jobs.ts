/**
 * Trainings of policies, from plain data to plain data, each on worker threads (`src/work/`). What they find on the way is
 * told, so that nothing is lost where somebody does not wait for the end.
 */
import type { GivenOptions } from '../../base/index.ts'
import { type ElasticScores, scoreElastic } from '../../compare/elastic-exam.ts'
import {
  type ElasticBest,
  type ElasticTask,
  elasticTask,
  trainElastic
} from '../../compare/elastic-training.ts'
import { type ForecasterSpec, forecasterFrom } from '../../compare/forecaster-spec.ts'
import type { ServicePlan } from '../../compare/plan-service.ts'
import {
  type SparkBest,
  type SparkProgress,
  type SparkScores,
  type SparkTask,
  scoreSpark,
  trainSpark
} from '../../compare/spark-training.ts'
import type { CurvePoint, PpoModel, SealedTable, TabularMethod } from '../../decide/index.ts'
import { exchangeOf, type Part } from '../../work/index.ts'
import { handInAugurs } from '../augurs.ts'

handInAugurs()

type Tell = (value: unknown) => void
type Progress = (done: number, of: number) => void

export interface SparkJob {
  readonly task: SparkTask
  readonly learning: GivenOptions
  /** Goes on from here. */
  readonly from?: { readonly progress: SparkProgress; readonly where: string }
  readonly keepsCheckpoint: boolean
  /** Two numbers: 1 asks all threads to end with the best so far; what they agreed on. */
  readonly stop: SharedArrayBuffer
}

export type SparkTold =
  | { readonly kind: 'point'; readonly point: CurvePoint; readonly share: number }
  | { readonly kind: 'best'; readonly best: SparkBest }
  | { readonly kind: 'progress'; readonly progress: SparkProgress }

/** Updates between two checkpoints. */
const CHECKPOINT_EVERY = 5

/** One training, this thread's part of it. */
export function sparkJob(
  { input, part }: { input: SparkJob; part: Part },
  _progress: Progress,
  tell: Tell
): SparkProgress {
  const exchange = exchangeOf(part)
  const control = new Int32Array(input.stop)
  const isFirst = part.thread === 0
  const say = (told: SparkTold) => tell(told)
  let best: SparkBest | undefined
  return trainSpark(input.task, input.learning, {
    exchange,
    from: input.from,
    enough: () => {
      if (isFirst) Atomics.store(control, 1, Atomics.load(control, 0))
      // All read what the first one saw: a thread that goes on alone would wait for ever.
      exchange.meet()
      return Atomics.load(control, 1) === 1
    },
    told: (news) => {
      if (!isFirst) return
      const { point, done, of } = news
      say({ kind: 'point', point, share: done / of })
      if (news.best !== best) say({ kind: 'best', best: news.best })
      best = news.best
      if (input.keepsCheckpoint && done % CHECKPOINT_EVERY === 0) {
        say({ kind: 'progress', progress: news.progress() })
      }
    }
  })
}

export interface SparkScoreJob {
  readonly task: SparkTask
  readonly model: PpoModel
}

export const sparkScoreJob = ({ task, model }: SparkScoreJob): SparkScores => scoreSpark(task, model)

export interface ElasticTaskJob {
  readonly plan: ServicePlan
  readonly forecast: ForecasterSpec
  /** Nothing is held back. */
  readonly all: boolean
}

/** The load led through the forecaster: what takes longest of learning a table. */
export const elasticTaskJob = ({ plan, forecast, all }: ElasticTaskJob, progress: Progress): ElasticTask =>
  elasticTask(plan, forecasterFrom(forecast), { all, progress })

export interface ElasticJob {
  readonly task: ElasticTask
  readonly method: TabularMethod
  readonly learning: GivenOptions
  readonly seed: number
  /** One number: 1 asks all seeds to end with what they have learned so far. */
  readonly stop: SharedArrayBuffer
  readonly about: Readonly<Record<string, string | number>>
}

export const elasticJob = (
  { task, method, learning, seed, stop, about }: ElasticJob,
  progress: Progress
): ElasticBest => {
  const control = new Int32Array(stop)
  return trainElastic(task, method, learning, seed, {
    about,
    progress,
    enough: () => Atomics.load(control, 0) === 1
  })
}

export interface ElasticScoreJob {
  readonly task: ElasticTask
  readonly model: SealedTable
}

export const elasticScoreJob = ({ task, model }: ElasticScoreJob): ElasticScores => scoreElastic(task, model)
