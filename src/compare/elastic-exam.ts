/**
 * Elastic exam — what a table is worth over a load, beside the simplest rules over the very same.
 *
 *   reward        mean of a minute
 *   constant      one size for ever        proportional  units = ⌈predicted load / (target · unit rate)⌉, one a minute, the same forecast
 *
 * The knobs of both rules are the best of the validation part, where the table was chosen too.
 */
import { bestAction, type ElasticBins, type QTable, type SealedTable } from '../decide/index.ts'
import { type ElasticConfig, unitsIn } from '../sim/index.ts'
import { type ElasticDemand, type ElasticEnvironment, elasticEnvironment } from './elastic-environment.ts'

/** The world, the bins of the table, and two parts of a load. */
export interface ElasticExam {
  readonly world: Partial<ElasticConfig>
  readonly bins: ElasticBins
  readonly validate: ElasticDemand
  readonly score: ElasticDemand
}

export interface ElasticScore {
  /** Mean of a minute. */
  readonly reward: number
  /** Share of the arrivals over the SLO. */
  readonly late: number
  readonly meanUnits: number
}

export interface ElasticScores {
  readonly minutes: number
  readonly learned: ElasticScore
  readonly constant: ElasticScore & { readonly setting: string }
  readonly proportional: ElasticScore & { readonly setting: string }
}

/** Steps that a trend needs before the first decision. */
export const BEFORE = 2
const TARGETS = [0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]
const [DOWN, HOLD, UP] = [0, 1, 2]

/** The table of a model that was kept, beside the best constant and a proportional rule with the same forecast. */
export function scoreElastic(task: ElasticExam, { values, visits }: SealedTable): ElasticScores {
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

export interface ElasticSeen {
  readonly state: number
  readonly predicted: number
  readonly units: number
}

/** 0 down, 1 hold, 2 up. */
export type ElasticRule = (seen: ElasticSeen) => number

/** The load from its first minute to its last. */
export function elasticExam(
  demand: ElasticDemand,
  { world, bins }: Pick<ElasticExam, 'world' | 'bins'>,
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

function seenBy(environment: ElasticEnvironment, { predicted }: ElasticDemand, state: number): ElasticSeen {
  const { ready, starting } = environment.last()
  return { state, predicted: predicted[environment.at() - 1], units: ready + unitsIn(starting) }
}

/** The best action of a table; hold where it never was. */
export function greedy({ values, visits, actions }: QTable): ElasticRule {
  return ({ state }) => {
    const from = state * actions
    const tried = visits[from + DOWN] + visits[from + HOLD] + visits[from + UP]
    return tried === 0 ? HOLD : bestAction(values, state, actions)
  }
}

const towards =
  (wish: (seen: ElasticSeen) => number): ElasticRule =>
  (seen) =>
    wish(seen) > seen.units ? UP : wish(seen) < seen.units ? DOWN : HOLD

/** As many units as the predicted load needs at this utilisation, one a step; down only from two too many. */
function proportionalRule(target: number, unitRate: number): ElasticRule {
  return towards(({ predicted, units }) => {
    const wish = Math.max(1, Math.ceil(predicted / (target * unitRate)))
    return wish === units - 1 ? units : wish
  })
}
