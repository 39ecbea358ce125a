/**
 * Training in the elastic world — Q-learning or SARSA over a load of one's own, scored beside simple rules on what was held back.
 *
 *   ├─ history: forecaster ─┤──── learn ────┤ validate ┤──── score ────┤
 *   0          ⅓ of the training part                  train until     end
 *
 * The service is the one that a rehearsal of the same trace assumes: its unit rate, servers, SLO and lead time (`planService`). Loads are
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
  bestAction,
  type ElasticBins,
  elasticBins,
  evaluateTable,
  type QTable,
  qLearning,
  qLearningOptions,
  type SealedTable,
  sarsa,
  sealedTable,
  type TabularMethod,
  tabularModel
} from '../decide/index.ts'
import type { Forecaster } from '../roles.ts'
import { type ElasticConfig, unitsIn } from '../sim/index.ts'
import {
  type ElasticDemand,
  type ElasticEnvironment,
  elasticEnvironment,
  foreseenDemand
} from './elastic-environment.ts'
import { historyOf } from './plan.ts'
import type { ServicePlan } from './plan-service.ts'

/** What a table learns a service with unless told otherwise: found on seeds that nothing is scored on. */
export const elasticLearning = {
  episodes: 2_000,
  alpha: 0.5,
  alphaVisits: 50,
  gamma: 0.85,
  epsilonMin: 0.1,
  epsilonDecay: 0.99
}

export interface ElasticTask {
  readonly world: Partial<ElasticConfig>
  readonly bins: ElasticBins
  readonly learn: ElasticDemand
  readonly validate: ElasticDemand
  readonly score: ElasticDemand
  /** Steps that were not measured, and bridged. */
  readonly bridged: number
}

export interface ElasticScore {
  /** Mean of a minute. */
  readonly reward: number
  /** Share of the arrivals over the SLO. */
  readonly late: number
  readonly meanUnits: number
}

export interface ElasticBest {
  readonly model: SealedTable
  readonly updates: number
  readonly validation: ElasticScore
}

export interface ElasticScores {
  readonly minutes: number
  readonly learned: ElasticScore
  readonly constant: ElasticScore & { readonly setting: string }
  readonly proportional: ElasticScore & { readonly setting: string }
}

/** A table has room for this much more than the largest load of training at full work. */
const HEADROOM = 1.3
const HISTORY = 1 / 3
const VALIDATE = 0.2
/** Steps that a trend needs before the first decision. */
const BEFORE = 2
const TARGETS = [0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]
const [DOWN, HOLD, UP] = [0, 1, 2]

/** Sets everything up from the trace, forecasts included. `progress`: share of the load that was led through the forecaster. */
export function elasticTask(
  plan: ServicePlan,
  forecaster: Forecaster,
  progress?: (done: number, of: number) => void
): ElasticTask {
  const { trace, span, settings, world } = plan
  const { load, bridged } = withoutGaps(historyOf(sliceSteps(trace, span.fitFrom, span.scoreTo), MINUTE, 1))
  const perStep = trace.stepMs / MINUTE
  const steps = load.values.length
  const held = Math.round((span.scoreTo - span.scoreFrom) * perStep)
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

/** Learns one table and says what it is worth on the validation part. Errors: `BAD_OPTION`. */
export function trainElastic(
  task: ElasticTask,
  method: TabularMethod,
  given: GivenOptions,
  seed: number,
  about: Readonly<Record<string, string | number>> = {}
): ElasticBest {
  const { world, bins, learn } = task
  const { unitRate, serversPerUnit, sloMs, bootSteps } = world
  const day = Math.min(1_440, learn.load.length - BEFORE)
  const environment = elasticEnvironment(learn, { world, bins, steps: day, anySize: true })
  const { states, actions } = environment
  const size = { states: states.states, actions }
  const learner = method === 'sarsa' ? sarsa : qLearning
  const { table, updates } = learner(environment, size, random(seed, method), given)
  const options = readOptions(method, qLearningOptions, given)
  const { gamma } = options
  const measured = evaluateTable(environment, table, random(seed, 'prices'), { gamma })
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
  return { model, updates, validation: elasticExam(task.validate, task, greedy(table)) }
}

/** The table of a model that was kept, beside the best constant and a proportional rule with the same forecast. */
export function scoreElastic(task: ElasticTask, { values, visits }: SealedTable): ElasticScores {
  const table = {
    states: values.length / 3,
    actions: 3,
    values: Float64Array.from(values),
    visits: Uint32Array.from(visits)
  }
  const scored = <K>(knobs: readonly K[], rule: (knob: K) => ElasticRule, say: (knob: K) => string) => {
    const worth = knobs.map((knob) => elasticExam(task.validate, task, rule(knob)).reward)
    const knob = knobs[worth.indexOf(Math.max(...worth))]
    return { ...elasticExam(task.score, task, rule(knob)), setting: say(knob) }
  }
  const { maxUnits } = task.bins
  const sizes = Array.from({ length: maxUnits }, (_, i) => i + 1)
  return {
    minutes: task.score.load.length - BEFORE,
    learned: elasticExam(task.score, task, greedy(table)),
    constant: scored(
      sizes,
      (size) => towards(() => size),
      (size) => `${size} units`
    ),
    proportional: scored(
      TARGETS,
      (target) => proportionalRule(target, task.world.unitRate ?? NaN),
      (target) => `target ${target}`
    )
  }
}

interface Seen {
  readonly state: number
  readonly predicted: number
  readonly units: number
}

/** 0 down, 1 hold, 2 up. */
type ElasticRule = (seen: Seen) => number

/** The load from its first minute to its last. */
export function elasticExam(
  demand: ElasticDemand,
  { world, bins }: Pick<ElasticTask, 'world' | 'bins'>,
  rule: ElasticRule
): ElasticScore {
  const steps = demand.load.length - BEFORE
  const environment = elasticEnvironment(demand, { world, bins, steps })
  let state = environment.reset(0)
  let [reward, missed, arrivals, paid] = [0, 0, 0, 0]
  for (let over = false; !over; ) {
    const step = environment.step(rule(seenBy(environment, demand, state)))
    const now = environment.last()
    reward += step.reward
    missed += now.missed
    arrivals += now.arrivals
    paid += now.paid
    state = step.observation
    over = step.truncated
  }
  return { reward: reward / steps, late: arrivals > 0 ? missed / arrivals : 0, meanUnits: paid / steps }
}

function seenBy(environment: ElasticEnvironment, { predicted }: ElasticDemand, state: number): Seen {
  const { ready, starting } = environment.last()
  return { state, predicted: predicted[environment.at() - 1], units: ready + unitsIn(starting) }
}

/** The best action of a table; hold where it never was. */
function greedy({ values, visits, actions }: QTable): ElasticRule {
  return ({ state }) => {
    const from = state * actions
    const tried = visits[from + DOWN] + visits[from + HOLD] + visits[from + UP]
    return tried === 0 ? HOLD : bestAction(values, state, actions)
  }
}

const towards =
  (wish: (seen: Seen) => number): ElasticRule =>
  (seen) =>
    wish(seen) > seen.units ? UP : wish(seen) < seen.units ? DOWN : HOLD

/** As many units as the predicted load needs at this utilisation, one a step; down only from two too many. */
function proportionalRule(target: number, unitRate: number): ElasticRule {
  return towards(({ predicted, units }) => {
    const wish = Math.max(1, Math.ceil(predicted / (target * unitRate)))
    return wish === units - 1 ? units : wish
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
