/**
 * Training in the elastic world — Q-learning or SARSA over a load of one's own, scored beside simple rules on what was held back.
 *
 *   ├─ history: forecaster ─┤──── learn ────┤ validate ┤──── score ────┤
 *   0          ⅓ of the training part                  train until     end
 *
 * The service is the one that a rehearsal of the same trace assumes: its unit rate, servers, SLO, queue and lead time (`planService`). Loads are
 * means over minutes, gaps are bridged by the value before them. Knobs of the rules are chosen where the table is, on `validate`.
 */
import {
  type GivenOptions,
  MINUTE,
  random,
  readOptions,
  requireOption,
  type Series,
  sliceSteps
} from '../base/index.ts'
import {
  elasticBins,
  evaluateTable,
  qLearning,
  qLearningOptions,
  type SealedTable,
  sarsa,
  sealedTable,
  type TabularMethod,
  tabularModel
} from '../decide/index.ts'
import type { Forecaster } from '../roles.ts'
import { serviceConfig } from '../sim/index.ts'
import { type ElasticDemand, elasticEnvironment, foreseenDemand } from './elastic-environment.ts'
import { BEFORE, type ElasticExam, type ElasticScore, elasticExam, greedy } from './elastic-exam.ts'
import { historyOf } from './plan.ts'
import type { ServicePlan } from './plan-service.ts'

/** What a table learns a service with unless told otherwise: found on seeds that nothing is scored on. */
export const elasticLearning = {
  episodes: 16_000,
  alpha: 0.5,
  alphaVisits: 50,
  gamma: 0.85,
  epsilonMin: 0.1,
  epsilonDecay: 0.9997
}

/** Three hours from any moment on, with any size: steep hours and large sizes are met as often as others. */
const EPISODE = 180

export interface ElasticTask extends ElasticExam {
  readonly learn: ElasticDemand
  /** Steps that were not measured, and bridged. */
  readonly bridged: number
}

export interface ElasticBest {
  readonly model: SealedTable
  readonly updates: number
  readonly validation: ElasticScore
  readonly curve: readonly {
    readonly steps: number
    readonly episodes: number
    readonly meanReward: number
  }[]
}

/** A table has room for this much more than the largest load of training at full work. */
const HEADROOM = 1.3
const HISTORY = 1 / 3
const VALIDATE = 0.2

export interface ElasticTaskOptions {
  /** All of the trace is for training, and the last part of it scores: what the plan holds back is not looked at. */
  readonly all?: boolean
  /** How much of the load was led through the forecaster. */
  readonly progress?: (done: number, of: number) => void
}

/** Sets everything up from the trace, forecasts included. */
export function elasticTask(
  plan: ServicePlan,
  forecaster: Forecaster,
  { all: isAll = false, progress }: ElasticTaskOptions = {}
): ElasticTask {
  const { trace, span, settings, world } = plan
  const { load, bridged } = withoutGaps(historyOf(sliceSteps(trace, span.fitFrom, span.scoreTo), MINUTE, 1))
  const perStep = trace.stepMs / MINUTE
  const steps = load.values.length
  const held = isAll ? 0 : Math.round((span.scoreTo - span.scoreFrom) * perStep)
  const training = steps - held
  const history = Math.floor(training * HISTORY)
  const validate = Math.floor(training * VALIDATE)
  const learn = training - history - validate
  requireOption(
    learn >= 60 && validate >= 10,
    'training part',
    `${training} minutes`,
    'at least 130 minutes to learn a table on'
  )
  const bootSteps = Math.min(15, Math.max(1, Math.ceil(settings.leadTimeMs.p50 / MINUTE)))
  const all = foreseenDemand(sliceSteps(load, history), forecaster, {
    history: sliceSteps(load, 0, history),
    bootSteps,
    progress
  })
  const part = (from: number, until: number): ElasticDemand => ({
    load: all.load.subarray(from, until),
    predicted: all.predicted.subarray(from, until)
  })
  const peak = load.values.subarray(0, training).reduce((most, rate) => Math.max(most, rate), 0)
  const maxUnits = Math.min(settings.maxUnits, Math.max(3, Math.ceil((HEADROOM * peak) / settings.unitRate)))
  const until = learn + validate
  return {
    world: {
      unitRate: settings.unitRate,
      serversPerUnit: world.serversPerUnit,
      sloMs: settings.sloMs,
      queueLimit: serviceConfig({ unitRate: settings.unitRate }).queueLimit,
      bootSteps,
      maxUnits,
      initialUnits: maxUnits
    },
    bins: { ...elasticBins, maxUnits },
    learn: part(0, learn),
    validate: part(learn - BEFORE, until),
    score: held >= 10 ? part(until - BEFORE, steps - history) : part(learn - BEFORE, until),
    bridged
  }
}

export interface ElasticTrainingHooks {
  /** Written into the model beside the world. */
  readonly about?: Readonly<Record<string, string | number>>
  /** Actions tried to measure prices, 50,000 (`evaluateTable`): explanations are told in them. */
  readonly priceSamples?: number
  readonly progress?: (done: number, of: number) => void
  /** Asked before every episode but the first: true ends the training with the table as it is then. */
  readonly enough?: () => boolean
}

/** Learns one table and says what it is worth on the validation part. Errors: `BAD_OPTION`. */
export function trainElastic(
  task: ElasticTask,
  method: TabularMethod,
  given: GivenOptions,
  seed: number,
  { about, priceSamples: samples = 50_000, progress, enough }: ElasticTrainingHooks = {}
): ElasticBest {
  const { world, bins, learn } = task
  const { unitRate, serversPerUnit, sloMs, bootSteps } = world
  const steps = Math.min(EPISODE, learn.load.length - BEFORE)
  const environment = elasticEnvironment(learn, { world, bins, steps, anySize: true, anyTime: true })
  const { states, actions } = environment
  const size = { states: states.states, actions }
  const learner = method === 'sarsa' ? sarsa : qLearning
  const options = readOptions(method, qLearningOptions, given)
  const { gamma, episodes } = options
  // A learner begins its episodes in order: that is how far it is.
  const begun = (episode: number) => {
    if (episode % 160 === 0) progress?.(episode, episodes)
    return environment.reset(episode)
  }
  const { table, updates, returns } = learner(
    { ...environment, reset: begun },
    size,
    random(seed, method),
    given,
    enough
  )
  const measured = evaluateTable(environment, table, random(seed, 'prices'), { gamma, samples })
  const model = sealedTable(tabularModel(states.shape, { method, gamma, table }), {
    bins,
    measured,
    trained: {
      updates,
      seed,
      options,
      world: { name: 'service', ...about, unitRate, serversPerUnit, sloMs, bootSteps }
    }
  })
  const validation = elasticExam(task.validate, task, greedy(table))
  return { model, updates, validation, curve: curveOf(returns, steps) }
}

/** Mean rewards of a minute, over as many episodes as make some hundred points, exploration included. */
function curveOf(returns: Float64Array, steps: number): ElasticBest['curve'] {
  const size = Math.max(1, Math.round(returns.length / 100))
  return Array.from({ length: Math.floor(returns.length / size) }, (_, i) => {
    const until = (i + 1) * size
    const sum = returns.subarray(i * size, until).reduce((total, reward) => total + reward, 0)
    return { steps: until * steps, episodes: until, meanReward: sum / size / steps }
  })
}

/** A minute that was not measured is taken for the one before it. */
function withoutGaps(load: Series): { readonly load: Series; readonly bridged: number } {
  const values = load.values.slice()
  let last = values.find((rate) => !Number.isNaN(rate)) ?? 0
  let bridged = 0
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) {
      values[i] = last
      bridged++
    }
    last = values[i]
  }
  return { load: { ...load, values }, bridged }
}
