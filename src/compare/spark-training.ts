/**
 * Training in the Spark world — PPO, of which the best by validation is kept and not the last, scored beside simple rules.
 *
 *   learn      episodes of seeds that PPO draws, or windows of the trace's first part
 *   validate   some twenty times on the way, the likeliest actions in 12 episodes of seeds of their own: the best model stays
 *   score      once at the end, in 30 other episodes: the model, the best constant, a proportional rule with the same signal
 *
 * A pure function of its inputs, on one thread or in lockstep on several; the same bytes. Who stops it early says so through `enough`.
 */
import { type GivenOptions, PrescaleError, type Series } from '../base/index.ts'
import {
  actor,
  type CurvePoint,
  type ImitationOptions,
  imitate,
  type Ppo,
  type PpoCheckpoint,
  type PpoModel,
  ppo,
  resumePpo,
  type Shown,
  trainedIn
} from '../decide/index.ts'
import type { RewardScenario } from '../sim/index.ts'
import { type SparkEnvironment, type SparkEnvironmentOptions, sparkEnvironment } from './spark-environment.ts'
import { bestConstant, bestProportional, type SparkScore, sparkExam } from './spark-exam.ts'

/** What a training begins from: the proportional rule that is best on the validation episodes, shown in others, or nothing. */
export type SparkBegin = 'proportional' | 'nothing'

/** What PPO learns the Spark world with unless told otherwise: found on seeds that nothing is scored on. */
export const sparkLearning = {
  nothing: { steps: 409_600, gamma: 0.97, rate: 0.002, minibatch: 256, scaleRewards: true },
  proportional: {
    ...{ steps: 409_600, environments: 16, minibatch: 1_024, epochs: 5, gamma: 0.95, lambda: 0.9 },
    ...{ rate: 0.0003, criticFirst: 15, scaleRewards: true }
  }
} satisfies Record<SparkBegin, GivenOptions>

export interface SparkTask {
  readonly scenario: RewardScenario | 'mix'
  /** What of the edge the state shows: a burst predictor's word, an oracle's, or nothing. */
  readonly edge: 'predictor' | 'oracle' | 'none'
  /** From nothing unless given. */
  readonly begin?: SparkBegin
  /** Steps of an episode, 400. */
  readonly steps?: number
  /** Messages/s as executors of 50/s see them, for each purpose a part; absent: generated accidents. */
  readonly trace?: { readonly learn: Series; readonly validate: Series; readonly score: Series }
  /** Written into the model beside world, scenario and edge. `unitRate`: events/s that an executor serves, else 50. */
  readonly about?: Readonly<Record<string, string | number>>
}

/** The best so far. */
export interface SparkBest {
  readonly model: PpoModel
  readonly steps: number
  readonly validation: SparkScore
}

/** A training under way, plain JSON: enough to go on to the same bytes. */
export interface SparkProgress {
  readonly ppo: PpoCheckpoint
  readonly best: SparkBest
}

export interface SparkHooks {
  /** How threads share the environments; absent: this one plays all. */
  readonly exchange?: Parameters<typeof ppo>[2]
  /** Goes on from here. `where` names it in errors. */
  readonly from?: { readonly progress: SparkProgress; readonly where: string }
  /** Asked behind each update; all threads must get the same answer. */
  readonly enough?: () => boolean
  /** Behind each update. */
  readonly told?: (news: SparkNews) => void
}

export interface SparkNews {
  readonly point: CurvePoint
  /** Updates that were made, and that there will be. */
  readonly done: number
  readonly of: number
  readonly best: SparkBest
  /** All that it takes to go on from here; made when it is called. */
  readonly progress: () => SparkProgress
}

const VALIDATIONS = 20
/** Episodes in which the rule is shown. */
const SHOWN: readonly number[] = Array.from({ length: 40 }, (_, i) => 9_000_000 + i)
/** Executors and memory are in an order; of executors most is left to try. */
const IMITATION: ImitationOptions = {
  ordered: [true, true, false, false],
  others: [0.04, 0.005, 0.01, 0.01]
}
/** No seed that PPO draws is likely to be one of these. */
export const sparkValidation: readonly number[] = Array.from({ length: 12 }, (_, i) => 7_000_000 + i)
export const sparkScored: readonly number[] = Array.from({ length: 30 }, (_, i) => 8_000_000 + i)

/** Trains until done or `enough`. Errors: those of `ppo` and `resumePpo`, `TOO_SHORT` for a trace without room for an episode. */
export function trainSpark(
  task: SparkTask,
  learning: GivenOptions,
  { exchange, from, enough, told }: SparkHooks = {}
): SparkProgress {
  const make = () => sparkTrainingEnvironment(task, 'learn')
  const exam = sparkTrainingEnvironment(task, 'validate')
  const begin = () =>
    task.begin === 'proportional' ? imitate(make, learning, shownBy(task, exam), IMITATION) : undefined
  const start = from ? from.progress.ppo : begin()
  const learner = start
    ? resumePpo(make, start, { where: from?.where, exchange })
    : ppo(make, learning, exchange)
  const every = Math.max(1, Math.round(learner.updates / VALIDATIONS))
  let best = from?.progress.best
  while (!learner.done) {
    const point = learner.update()
    const done = learner.curve.length
    const stops = enough?.() === true
    // The first update is validated too: whoever stops early has something.
    if (best === undefined || done % every === 0 || learner.done || stops) {
      best = better(best, learner, task, exam)
    }
    const now = best
    told?.({
      point,
      done,
      of: learner.updates,
      best: now,
      progress: () => ({ ppo: learner.checkpoint(), best: now })
    })
    if (stops) break
  }
  if (best === undefined) throw new PrescaleError('FAILED', 'nothing was learned: no update was made')
  return { ppo: learner.checkpoint(), best }
}

/** What the best proportional rule does where the policy will learn. */
function shownBy(task: SparkTask, exam: SparkEnvironment): Shown[] {
  const { rule } = bestProportional(exam, sparkValidation, bestConstant(exam, sparkValidation))
  const environment = sparkTrainingEnvironment(task, 'learn')
  const shown: Shown[] = []
  for (const seed of SHOWN) {
    let state = environment.reset(seed)
    for (let last = false; !last; ) {
      const action = rule(state, environment.weights)
      const step = environment.step(action)
      last = step.truncated
      shown.push({ state, action, reward: step.reward, last })
      state = step.observation
    }
  }
  return shown
}

/** The environment of a task, for one purpose. */
export function sparkTrainingEnvironment(
  { scenario, edge, steps, trace }: SparkTask,
  purpose: 'learn' | 'validate' | 'score'
): SparkEnvironment {
  const options: SparkEnvironmentOptions = {
    mode: edge === 'none' ? 'reactive' : 'proactive',
    scenario,
    signal: { from: edge === 'oracle' ? 'oracle' : 'predictor' },
    steps,
    trace: trace?.[purpose],
    keepEpisodes: purpose !== 'learn'
  }
  return sparkEnvironment(options)
}

/** Of a model that was trained: itself and the simple rules, in the same episodes. */
export interface SparkScores {
  readonly episodes: number
  readonly learned: SparkScore
  readonly constant: SparkScore & { readonly setting: string }
  readonly proportional: SparkScore & { readonly setting: string }
}

export function scoreSpark(task: SparkTask, model: PpoModel): SparkScores {
  const [tuning, scoring] = (['validate', 'score'] as const).map((purpose) =>
    sparkTrainingEnvironment(task, purpose)
  )
  const constant = bestConstant(tuning, sparkValidation)
  const proportional = bestProportional(tuning, sparkValidation, constant)
  const scored = ({ rule, setting }: typeof constant) => ({
    ...sparkExam(scoring, sparkScored, rule),
    setting
  })
  return {
    episodes: sparkScored.length,
    learned: sparkExam(scoring, sparkScored, learnedRule(model)),
    constant: scored(constant),
    proportional: scored(proportional)
  }
}

function better(
  best: SparkBest | undefined,
  learner: Ppo,
  task: SparkTask,
  exam: SparkEnvironment
): SparkBest {
  const { steps } = learner.curve[learner.curve.length - 1]
  const trained = learner.model()
  const validation = sparkExam(exam, sparkValidation, learnedRule(trained))
  if (best !== undefined && validation.reward <= best.validation.reward) return best
  const { scenario, edge, begin = 'nothing', about } = task
  const model = trainedIn(
    trained,
    { name: 'spark', scenario, edge, begin, ...about },
    { validation: { ...validation, episodes: sparkValidation.length }, curve: [...learner.curve] }
  )
  return { model, steps, validation }
}

function learnedRule(model: PpoModel) {
  const act = actor(model)
  return (state: ArrayLike<number>) => {
    const choice = act(state)
    // The environment knows its own state.
    if (choice === undefined) throw new PrescaleError('FAILED', 'the environment showed a state with NaN')
    return choice.action
  }
}
