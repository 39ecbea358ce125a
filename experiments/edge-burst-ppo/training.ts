/**
 * How both kinds of networks are trained: the same options, the same seeds, the same choice of a checkpoint. What differs is the state, 13
 * numbers or 11, and with it the simple rule that the training begins from: proportional, given the alarm or not (`imitation.ts`).
 *
 * From nothing it can be learned too, but an action that is drawn anew in every step hardly ever raises capacity: executors come 30–60 s
 * late and go at once. It took an environment that keeps each action for some steps, three times as long, and came out worse: README.
 */
import { performance } from 'node:perf_hooks'
import { sparkEnvironment } from '../../src/compare/index.ts'
import { actor, type PpoModel, resumePpo, trainedIn } from '../../src/decide/index.ts'
import type { RewardScenario } from '../../src/sim/index.ts'
import { imitated } from './imitation.ts'
import {
  type Kind,
  meanReward,
  type Policy,
  scene,
  scores,
  seeds,
  signalOf,
  trainingScene
} from './scenes.ts'
import { ruleOf } from './tuned.ts'

export const LEARNING = {
  steps: 409_600,
  environments: 16,
  rollout: 256,
  minibatch: 1024,
  epochs: 5,
  gamma: 0.95,
  lambda: 0.9,
  rate: 0.0003,
  criticFirst: 15,
  scaleRewards: true
}
const UPDATES = LEARNING.steps / (LEARNING.environments * LEARNING.rollout)

/** The rule that a training begins from. */
const BEGINNING: Readonly<Record<Kind, string>> = {
  proactive: 'proportional, given the alarm',
  reactive: 'proportional',
  wary: 'proportional, given a bad alarm'
}

/** Of each network so many are trained; the one that validates best stays. */
export const TRAININGS = 1
/** So often it is looked at on the validation seeds; the beginning itself is not: what stays has learned. */
const CHECKPOINTS = 20
const CURVE_POINTS = 20

export interface Training {
  readonly model: PpoModel
  /** Mean reward on the validation seeds. */
  readonly validation: number
  readonly seconds: number
}

export function trained(
  scenario: RewardScenario,
  kind: Kind,
  seed: number,
  told: (line: string) => void = () => {}
): Training {
  const make = () => sparkEnvironment(trainingScene(scenario, kind))
  const began = performance.now()
  const first = { scenario, kind, rule: ruleOf(scenario, BEGINNING[kind]), learning: LEARNING, seed }
  const learner = resumePpo(make, imitated(make, first))
  let update = 0
  const exam = scene({ scenario, reactive: kind === 'reactive', signal: signalOf(kind) })
  const every = UPDATES / CHECKPOINTS
  let best: { model: PpoModel; validation: number } | undefined
  while (!learner.done) {
    learner.update()
    update++
    if (update % every !== 0 || update <= LEARNING.criticFirst) continue
    const model = learner.model()
    const validation = meanReward(scores(exam, seeds.validation, network(model)))
    if (best === undefined || validation > best.validation) best = { model, validation }
    told(`${scenario} ${kind}, seed ${seed}: update ${update} of ${UPDATES}, ${validation.toFixed(2)}`)
  }
  if (best === undefined) throw new Error('a training has checkpoints')
  const curve = learner.curve.filter((_, i) => (i + 1) % (UPDATES / CURVE_POINTS) === 0)
  const world = { name: 'spark', scenario, edge: kind === 'reactive' ? 'none' : 'predictor' }
  const validated = { reward: best.validation, episodes: seeds.validation.length }
  return {
    model: trainedIn(best.model, world, { validation: validated, curve }),
    validation: best.validation,
    seconds: (performance.now() - began) / 1_000
  }
}

/** A network as a policy: its likeliest action. One of 11 numbers is shown the first 11. */
export function network(model: PpoModel): Policy {
  const act = actor(model)
  const { observationSize } = model.environment
  return () => (state) => {
    const seen = state.length === observationSize ? state : Array.from(state).slice(0, observationSize)
    const choice = act(seen)
    // The environment knows its own state.
    if (choice === undefined) throw new Error('the environment showed a state with NaN')
    return choice.action
  }
}
