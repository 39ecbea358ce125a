import type { GivenOptions, OptionTable } from '../base/index.ts'
import type { Policy } from '../roles.ts'
import { ds2, ds2Options } from './ds2.ts'
import { fixed, fixedOptions } from './fixed.ts'
import { flink, flinkOptions } from './flink.ts'
import { hpa, hpaOptions } from './hpa.ts'
import { knative, knativeOptions } from './knative.ts'
import { mpc } from './mpc.ts'
import { mpcOptions } from './mpc-options.ts'
import { proportional, proportionalOptions } from './proportional.ts'
import { scheduled, scheduledOptions } from './scheduled.ts'
import { threshold, thresholdOptions } from './threshold.ts'

export { type CautionParts, cautionOptions, cautious, sparkCaution } from './caution.ts'
export * from './edge-view.ts'
export { fromAutoscalerKeys } from './flink-keys.ts'
export { gae, type Trajectory } from './gae.ts'
export { type LearnedEntry, type LearnedMethod, learnedMethod, learnedPolicies } from './learned.ts'
export type { ModelHead } from './model-head.ts'
export { type Ppo, ppo, ppoOptions, resumePpo } from './ppo.ts'
export type { PpoCheckpoint } from './ppo-checkpoint.ts'
export { type ImitationOptions, imitate, type Shown } from './ppo-imitation.ts'
export {
  type ActorOptions,
  actor,
  type Choice,
  checkPpoModel,
  critic,
  type PpoModel,
  type TrainedWorld,
  trainedIn,
  usualState
} from './ppo-model.ts'
export { ppoToOnnx } from './ppo-onnx.ts'
export { oneHead, type PpoEnvironment, type PpoSpace } from './ppo-rollout.ts'
export type { CurvePoint } from './ppo-update.ts'
export { type Learned, qLearning, qLearningOptions } from './q-learning.ts'
export { type AllocatorMemory, resourceAllocator, resourceAllocatorOptions } from './resource-allocator.ts'
export { sarsa, sarsaOptions } from './sarsa.ts'
export { type Sizing, type SparkEffects, sizingOf, sparkEffects, sparkSizing } from './sizing.ts'
export * from './spark-state.ts'
export * from './tabular.ts'
export * from './tabular-elastic.ts'
export { type EvaluateOptions, evaluateTable, type Measured } from './tabular-evaluate.ts'
export { mdpEnvironment } from './tabular-mdp.ts'
export * from './tabular-model.ts'
export { tabularPolicy, tabularPolicyOptions } from './tabular-policy.ts'
export * from './value-iteration.ts'
export { withBounds } from './with-bounds.ts'
export { withCooldown } from './with-cooldown.ts'
export { type Fallback, withFallback } from './with-fallback.ts'
export { type Held, withHold } from './with-hold.ts'
export { type IneffectiveHold, withIneffectiveHold } from './with-ineffective-hold.ts'
export { withRateLimit } from './with-rate-limit.ts'
export { type FloorOptions, withReactiveFloor } from './with-reactive-floor.ts'
export { withRescaleBudget } from './with-rescale-budget.ts'
export { withShadow } from './with-shadow.ts'
export { type ShadowParts, shadowOptions } from './with-shadow-options.ts'
export { withShield } from './with-shield.ts'
export { withSpendLimit } from './with-spend-limit.ts'
export { withStabilization } from './with-stabilization.ts'
export { withTolerance } from './with-tolerance.ts'

/** One line of the policy table. `knob` is the option that a frontier sweeps, with the values it is swept over. */
export interface PolicyEntry {
  readonly says: string
  readonly options: OptionTable
  readonly make: (options?: GivenOptions) => Policy
  readonly needsForecast?: boolean
  readonly knob?: { readonly option: string; readonly values: readonly number[] }
}

/** Every policy by its name. Adding one: one file, one line here, one page in docs/methods, one known-answer test. */
export const policies = {
  fixed: { says: 'the same size whatever happens', options: fixedOptions, make: fixed },
  threshold: {
    says: 'a step up above one line, a step down below another',
    options: thresholdOptions,
    make: threshold,
    knob: { option: 'up', values: grid(0.3, 0.95) }
  },
  hpa: {
    says: 'the Kubernetes HorizontalPodAutoscaler, autoscaling/v2',
    options: hpaOptions,
    make: hpa,
    knob: { option: 'target', values: grid(0.3, 0.95) }
  },
  knative: {
    says: "Knative's KPA: stable and panic windows, scale to zero",
    options: knativeOptions,
    make: knative,
    knob: { option: 'utilization', values: grid(0.3, 0.95) }
  },
  scheduled: { says: 'a size for each part of the week', options: scheduledOptions, make: scheduled },
  proportional: {
    says: 'as many units as the load of this moment needs',
    options: proportionalOptions,
    make: proportional,
    knob: { option: 'target', values: grid(0.3, 0.95) }
  },
  ds2: {
    says: 'every operator sized from true rates along the DAG, in one step',
    options: ds2Options,
    make: ds2,
    knob: { option: 'scalingFactor', values: [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2] }
  },
  flink: {
    says: "the Flink Kubernetes operator's autoscaler: utilisation, backlog and restart per vertex",
    options: flinkOptions,
    make: flink,
    knob: { option: 'utilizationTarget', values: grid(0.3, 0.95) }
  },
  mpc: {
    says: 'the cheapest plan against the forecast, of which only the first move is made',
    options: mpcOptions,
    make: mpc,
    needsForecast: true,
    knob: {
      option: 'price',
      values: [5, 10, 20, 40, 70, 120, 250, 500, 1_000, 2_500]
    }
  }
} satisfies Record<string, PolicyEntry>

/** From lowest to highest in steps of 0.05, without the dust of adding floats. */
function grid(lowest: number, highest: number): number[] {
  const values: number[] = []
  for (let i = Math.round(lowest * 20); i <= Math.round(highest * 20); i++) values.push(i / 20)
  return values
}
