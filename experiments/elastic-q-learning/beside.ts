/**
 * One real load in the service world: tables that were trained on its training part, beside every other policy, all under the same fate.
 * A job of its own, so that threads can share loads and seeds out.
 */
import { DAY, HOUR, MINUTE, peak, random, type Series, series, sliceSteps } from '../../src/base/index.ts'
import { fixedBest } from '../../src/compare/baselines.ts'
import { elasticEnvironment } from '../../src/compare/elastic-environment.ts'
import { type ElasticTask, elasticLearning, elasticTask } from '../../src/compare/elastic-training.ts'
import { forecastersOf } from '../../src/compare/forecaster-spec.ts'
import { chooseKnob } from '../../src/compare/frontier.ts'
import { tuningPlan } from '../../src/compare/knobs.ts'
import type { RunMeasures, RunTrack } from '../../src/compare/measure.ts'
import { measuresOf } from '../../src/compare/measures-of.ts'
import { LATE_PRICES, oracleOf, oracleRun } from '../../src/compare/oracle-run.ts'
import {
  fateOf,
  needOf,
  type Plan,
  peakUnits,
  planService,
  type ServiceSettings,
  type Span
} from '../../src/compare/plan.ts'
import type { ServicePlan } from '../../src/compare/plan-service.ts'
import { type Fate, type Mind, rehearse } from '../../src/compare/rehearse.ts'
import {
  learnedPolicies,
  policies,
  qLearning,
  type SealedTable,
  sarsa,
  sealedTable,
  type TabularMethod,
  tabularModel
} from '../../src/decide/index.ts'
import { forecasters } from '../../src/forecast/index.ts'
import type { Observation, Policy } from '../../src/roles.ts'
import { serviceConfig } from '../../src/sim/index.ts'
import { EPISODE_STEPS } from './worlds.ts'

export interface BesideJob {
  readonly name: string
  /** Events/s. */
  readonly trace: Series
  readonly span: Span
  readonly settings: ServiceSettings
  /** Of a late minute for `mpc`, chosen on the training part. */
  readonly price: number
  readonly seeds: readonly number[]
  /** Of the episodes of training, 0..1. */
  readonly share: number
}

export interface Outcome extends Omit<RunMeasures, 'latencyMs'> {
  readonly load: string
  readonly policy: string
  readonly seed: number
  readonly knob: string
  readonly hours: number
  /** Share of what the ready units could have served that was not used. */
  readonly idle: number
  /** Of the cheapest constant that is late no more often. */
  readonly fixedBestCost: number
}

const FORECAST = 'blend'
const { queueLimit } = serviceConfig({ unitRate: 1 })

export function besideJob({ name, trace, span, settings, price, seeds, share }: BesideJob): Outcome[] {
  const plan = planService(name, trace, span, settings)
  const task = taskOf(plan)
  const rule = chosenRule(plan)
  return seeds.flatMap((seed) => {
    const tables = task === undefined ? [] : tablesOf(task, seed, share)
    const minds = [
      mind('fixed', policies.fixed.make({ units: onlyOf(peakUnits(plan)) }), 'peak × 1.2'),
      mind('fixed, peak / 0.7', policies.fixed.make({ units: publishedUnits(plan) }), 'as in the report'),
      mind('hpa', policies.hpa.make(), '80 % CPU'),
      mind('threshold', policies.threshold.make(), '80 / 30 %'),
      mind('proportional', foreseeing(policies.proportional.make(rule)), JSON.stringify(rule)),
      mind('mpc', policies.mpc.make({ price }), `price ${price}`),
      ...tables
    ]
    return outcomes(plan, fateOf(plan, seed), minds)
  })
}

/** An hour and a half for the forecaster, and something to learn. */
const LEAST_MS = 4 * HOUR

/** What a table learns on: the training part, led through the forecaster. Undefined where that is too short. */
function taskOf(plan: ServicePlan): ElasticTask | undefined {
  const { trace, span } = plan
  if ((span.scoreFrom - span.fitFrom) * trace.stepMs < LEAST_MS) return undefined
  // Of what is held back only so much as the training wants to see: it learns nothing from it.
  const scoreTo = Math.min(span.scoreTo, span.scoreFrom + Math.ceil(DAY / trace.stepMs))
  return elasticTask({ ...plan, span: { ...span, scoreTo } }, forecasters[FORECAST].make({}))
}

function tablesOf(task: ElasticTask, seed: number, share: number): Mind[] {
  const q = trained(task, 'q-learning', seed, share)
  const cautious = trained(task, 'sarsa', seed, share)
  const learned = (model: SealedTable, label: string, shield: boolean) =>
    mind(label, learnedPolicies[model.model].make(model, { shield }), shield ? 'in its shield' : 'bare')
  return [
    learned(q, 'q-learning', true),
    learned(q, 'q-learning, bare', false),
    learned(cautious, 'sarsa', true),
    learned(cautious, 'sarsa, bare', false)
  ]
}

/** Learned on all of the training part behind the forecaster's history: nothing is chosen here, so nothing is kept to choose on. */
function trained(
  { world, bins, learn, validate }: ElasticTask,
  method: TabularMethod,
  seed: number,
  share: number
) {
  const joined = (key: 'load' | 'predicted') =>
    Float64Array.from([...learn[key], ...validate[key].subarray(2)])
  const environment = elasticEnvironment(
    { load: joined('load'), predicted: joined('predicted') },
    { world: { ...world, queueLimit }, bins, steps: EPISODE_STEPS, anySize: true, anyTime: true }
  )
  const { states, actions } = environment
  const options = {
    ...elasticLearning,
    episodes: Math.round(share * elasticLearning.episodes),
    epsilonDecay: elasticLearning.epsilonDecay ** (1 / share)
  }
  const learner = method === 'sarsa' ? sarsa : qLearning
  const { table, updates } = learner(
    environment,
    { states: states.states, actions },
    random(seed, method),
    options
  )
  const { gamma } = elasticLearning
  return sealedTable(tabularModel(states.shape, { method, gamma, table }), {
    bins,
    trained: { updates, seed, options }
  })
}

export const mind = (label: string, policy: Policy, knob: string): Mind => ({
  label,
  policy,
  options: { knob },
  forecaster: FORECAST
})

/** Every mind through one fate, and the bound. */
export function outcomes(plan: Plan, fate: Fate, minds: readonly Mind[]): Outcome[] {
  const need = needOf(plan, fate)
  const best = fixedBest(plan, fate, need)
  const { seed } = fate
  const outcome = (
    policy: string,
    knob: string,
    { latencyMs: _, ...measures }: RunMeasures,
    track?: RunTrack
  ) => ({
    load: plan.name,
    policy,
    seed,
    knob,
    hours: (need.length * MINUTE) / HOUR,
    idle: track === undefined ? NaN : idleShare(plan, track),
    fixedBestCost: best(measures.overloadedMinutes).measures.cost,
    ...measures
  })
  const runs = rehearse(fate, minds, forecastersOf(FORECAST)).map(({ label, track }, i) =>
    outcome(label, String(minds[i].options.knob), measuresOf(plan, track, need), track)
  )
  const hpa = runs.find(({ policy }) => policy === 'hpa')
  const { knob, ...bound } = oracleRun(LATE_PRICES.map(oracleOf(plan, fate, need)), hpa?.unitHours ?? NaN)
  return [...runs, outcome('oracle', JSON.stringify(knob), bound)]
}

function idleShare({ settings, truth }: Plan, { ready, arrivals, dropped, stepMs }: RunTrack): number {
  let [served, couldServe] = [0, 0]
  for (let i = 0; i < ready.length; i++) {
    if (Number.isNaN(arrivals[i])) continue
    served += arrivals[i] - dropped[i]
    couldServe += (ready[i] * settings.unitRate * truth.unitRate * stepMs) / 1_000
  }
  return 1 - served / couldServe
}

/** The size of the report's static service: the peak of the training part at 70 %, five at least. */
function publishedUnits({ trace, span, settings }: Plan): number {
  const most = peak(sliceSteps(trace, span.fitFrom, span.scoreFrom).values)
  return Math.max(5, Math.ceil(most / settings.unitRate / 0.7))
}

export const onlyOf = (units: Readonly<Record<string, number>>) => Object.values(units)[0]

/** The forecast is read over this many minutes from the moment a new unit would serve, as the table reads it. */
const LOOKS = 3

/** A rule that is shown what is predicted for then in the place of the load. */
export function foreseeing(policy: Policy): Policy {
  return {
    ...policy,
    decide: (seen, memory) => policy.decide({ ...seen, load: predictedLoad(seen) }, memory)
  }
}

function predictedLoad({ forecast, nowMs, service }: Observation): Series | undefined {
  if (forecast === undefined) return undefined
  const { startMs, stepMs, mean } = forecast
  const first = Math.ceil((nowMs + (service?.leadTimeMs?.p50 ?? 0) - startMs) / stepMs - 0.5)
  const looked = mean.subarray(Math.max(0, first), first + LOOKS)
  const rate = looked.reduce((sum, value) => sum + value, 0) / looked.length
  return series(MINUTE, [Math.max(0, rate)], { startMs: nowMs - MINUTE })
}

const RULES = [0, 5 * MINUTE].flatMap((downStabilization) =>
  [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8].map((target) => ({ target, downStabilization }))
)

/** The proportional rule with the forecast, chosen as knobs of predictive policies are: on the end of the training part. */
export function chosenRule(plan: Plan): (typeof RULES)[number] {
  const tuning = tuningPlan(plan)
  if (tuning === undefined) return RULES[RULES.length - 1]
  const fate = fateOf(tuning, 1)
  const need = needOf(tuning, fate)
  const minds = RULES.map((rule, i) => mind(`${i}`, foreseeing(policies.proportional.make(rule)), ''))
  const runs = rehearse(fate, [mind('hpa', policies.hpa.make(), ''), ...minds], forecastersOf(FORECAST))
  const [hpa, ...tried] = runs.map(({ track }) => measuresOf(tuning, track, need))
  const points = tried.map((measures, i) => ({ rule: RULES[i], ...measures }))
  return chooseKnob(points, hpa.unitHours)?.rule ?? RULES[0]
}
