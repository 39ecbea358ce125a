/** One real load in the Spark world: a network that was trained on its training part, beside every other policy, all under the same fate. */
import { type Series, scale, sliceSteps } from '../../../src/base/index.ts'
import { fateOf, peakUnits, planSpark, type Span } from '../../../src/compare/plan.ts'
import { type SparkTask, sparkLearning, trainSpark } from '../../../src/compare/spark-training.ts'
import { learnedPolicies, policies } from '../../../src/decide/index.ts'
import { executorRate } from '../../../src/sim/index.ts'
import { chosenRule, foreseeing, mind, type Outcome, onlyOf, outcomes } from '../beside.ts'

export interface SparkBesideJob {
  readonly name: string
  readonly trace: Series
  readonly span: Span
  readonly price: number
  readonly seeds: readonly number[]
  /** Steps of training. */
  readonly steps: number
}

/** The last fifth of the training part chooses the network that is kept, as in `train policy`. */
const VALIDATE = 0.2

/** A network of its own for each seed. Nobody announces anything, so it has the 11 numbers of the cloud. */
export function sparkBesideJob({ name, trace, span, price, seeds, steps }: SparkBesideJob): Outcome[] {
  const plan = planSpark(name, trace, span)
  const { unitRate } = plan.settings
  const load = scale(sliceSteps(trace, span.fitFrom, span.scoreFrom), executorRate / unitRate)
  const cut = Math.floor(load.values.length * (1 - VALIDATE))
  const validate = sliceSteps(load, cut)
  const task: SparkTask = {
    scenario: 'balanced',
    edge: 'none',
    begin: 'proportional',
    trace: { learn: sliceSteps(load, 0, cut), validate, score: validate },
    about: { data: name, unitRate }
  }
  const rule = chosenRule(plan)
  const others = [
    mind('fixed', policies.fixed.make({ units: onlyOf(peakUnits(plan)) }), 'peak × 1.2, at most 20'),
    mind('hpa', policies.hpa.make(), '80 % CPU'),
    mind('threshold', policies.threshold.make(), '80 / 30 %'),
    mind('proportional', foreseeing(policies.proportional.make(rule)), JSON.stringify(rule)),
    mind('mpc', policies.mpc.make({ price }), `price ${price}, of the service world`)
  ]
  return seeds.flatMap((seed) => {
    const { model } = trainSpark(task, { ...sparkLearning.proportional, steps, seed }).best
    return outcomes(plan, fateOf(plan, seed), [
      ...others,
      mind('ppo', learnedPolicies.ppo.make(model), 'in its shield'),
      mind('ppo, bare', learnedPolicies.ppo.make(model, { shield: false }), 'bare')
    ])
  })
}
