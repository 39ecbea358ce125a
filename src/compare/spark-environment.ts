/**
 * Spark environment — the Spark world to learn in: a state of 11 numbers, or 13 with what the edge says, four heads of an action, a
 * weighted reward.
 *
 *   state    sparkState of the world's Observation: docs/worlds/spark.md has the table        action  [20, 8, 4, 3]
 *   reward   −α·cost/10 − β·latency/1000 + γ·throughput/1000 − ½ [hot data on a cold tier]
 *
 * An episode ends after `steps` because somebody has to stop, not because the task is over: `truncated`, never `terminated`. Load,
 * signal, lead times and gauges come from the seed and not from the actions, so two agents under one seed meet the same.
 */
import { PrescaleError, requireOption, type Series, uniformAt, unknownName } from '../base/index.ts'
import {
  PROACTIVE_SIZE,
  REACTIVE_SIZE,
  sparkActionSizes,
  sparkState,
  sparkStateVersion,
  sparkUnits
} from '../decide/index.ts'
import type { Environment, ScalingWorld } from '../roles.ts'
import {
  type AccidentOptions,
  checkedWeights,
  type RewardScenario,
  type RewardWeights,
  rewardScenarios,
  type SparkOptions,
  type SparkState,
  spark
} from '../sim/index.ts'
import type { SparkSignal } from './edge-said.ts'
import { type SparkEpisode, sparkEpisode } from './spark-environment-episode.ts'

export interface SparkEnvironmentOptions {
  /** 13 numbers or 11: `proactive` unless given. */
  readonly mode?: 'proactive' | 'reactive'
  /** Whose weights; `mix` draws one of the four for each episode. `balanced` unless given. */
  readonly scenario?: RewardScenario | 'mix'
  /** Weights of one's own, instead of a scenario's. */
  readonly weights?: RewardWeights
  readonly signal?: SparkSignal
  /** Steps of an episode, 400. */
  readonly steps?: number
  readonly load?: Partial<AccidentOptions>
  /** Messages/s, instead of accidents: episodes are windows of it, and the predictor sees the total. */
  readonly trace?: Series
  readonly world?: SparkOptions
  /** Keeps each episode by its seed, for whoever plays the same ones many times. */
  readonly keepEpisodes?: boolean
}

/** What happened in the last step, for traces and scores. */
export interface SparkStep {
  /** Messages/s that arrived. */
  readonly load: number
  /** What the edge says now. */
  readonly predictedLoad: number
  readonly alarm: boolean
  readonly ready: number
  readonly starting: number
  readonly wanted: number
  readonly backlog: number
  readonly latencyMs: number
  /** Share of the messages over the SLO. */
  readonly missed: number
  readonly costPerHour: number
}

export interface SparkEnvironment extends Environment<Float32Array, readonly number[]> {
  /** Written into every model that was trained here. */
  readonly version: string
  readonly observationSize: number
  readonly actionSizes: readonly number[]
  readonly weights: RewardWeights
  readonly episode: SparkEpisode
  /** Of the last step. */
  last(): SparkStep
}

/** The world runs this long with its usual size before the first state, so that every gauge shows something. */
const GAUGE_STEPS = 4

/** Throws `BAD_OPTION` for an option, or weights, that cannot be. */
export function sparkEnvironment(options: SparkEnvironmentOptions = {}): SparkEnvironment {
  const { mode = 'proactive', scenario = 'balanced', signal = { from: 'predictor' }, steps = 400 } = options
  requireOption(['proactive', 'reactive'].includes(mode), 'mode', mode, 'proactive or reactive')
  requireOption(Number.isInteger(steps) && steps >= 1, 'steps', steps, 'a whole number of steps, at least 1')
  const weightsFor = weightsOf(scenario, options.weights)
  const proactive = mode === 'proactive'
  const observationSize = proactive ? PROACTIVE_SIZE : REACTIVE_SIZE
  const stepMs = options.load?.stepMs ?? 15_000
  const perSecond = 1_000 / stepMs
  const kept = new Map<number, SparkEpisode>()
  let weights = weightsFor(0)
  let episode: SparkEpisode | undefined
  let world: ScalingWorld<SparkState> = spark({ ...options.world, stepMs, weights })
  let state = world.initial(0)
  let next = 0

  function reset(seed: number): Float32Array {
    weights = weightsFor(seed)
    episode =
      kept.get(seed) ?? sparkEpisode({ steps, load: options.load, trace: options.trace, signal }, seed)
    if (options.keepEpisodes) kept.set(seed, episode)
    world = spark({ ...options.world, stepMs, weights })
    state = world.initial(seed)
    next = episode.warmUpSteps - GAUGE_STEPS
    while (next < episode.warmUpSteps) state = world.transition(state, {}, episode.messages[next++])
    return observation(episode)
  }

  function step(action: readonly number[]) {
    const now = begun()
    if (next >= now.messages.length) {
      throw new PrescaleError('BAD_INPUT', 'the episode is over: reset the environment before the next step')
    }
    checkAction(action)
    state = world.transition(state, sparkUnits(action), now.messages[next++])
    return {
      observation: observation(now),
      reward: world.reward(state),
      terminated: false,
      truncated: next === now.messages.length
    }
  }

  function observation({ predicted, alarm }: SparkEpisode): Float32Array {
    const said = proactive
      ? { predictedLoad: predicted[next - 1], burstAlarm: alarm[next - 1] === 1 }
      : undefined
    const load = state.arrivals * perSecond
    return sparkState(world.observe(state), load, weights, said, new Float32Array(observationSize))
  }

  function begun(): SparkEpisode {
    if (episode !== undefined) return episode
    throw new PrescaleError('BAD_INPUT', 'the environment has no episode yet: reset it before the first step')
  }

  function last(): SparkStep {
    const { predicted, alarm } = begun()
    return {
      load: state.arrivals * perSecond,
      predictedLoad: predicted[next - 1],
      alarm: alarm[next - 1] === 1,
      ready: state.ready,
      starting: state.starting,
      wanted: state.wantedExecutors,
      backlog: state.backlog,
      latencyMs: state.latencyMs,
      missed: state.arrivals > 0 ? state.missed / state.arrivals : 0,
      costPerHour: state.costPerHour
    }
  }

  return {
    version: sparkStateVersion,
    observationSize,
    actionSizes: sparkActionSizes,
    get weights() {
      return weights
    },
    get episode() {
      return begun()
    },
    reset,
    step,
    last
  }
}

function weightsOf(
  scenario: RewardScenario | 'mix',
  own: RewardWeights | undefined
): (seed: number) => RewardWeights {
  if (own !== undefined) {
    const checked = checkedWeights(own)
    return () => checked
  }
  const all = Object.values(rewardScenarios)
  if (scenario === 'mix') return (seed) => all[Math.floor(uniformAt(seed, 'scenario', 0) * all.length)]
  if (!Object.hasOwn(rewardScenarios, scenario)) {
    const known = [...Object.keys(rewardScenarios), 'mix']
    throw new PrescaleError('BAD_OPTION', unknownName('a scenario', scenario, known))
  }
  return () => rewardScenarios[scenario]
}

function checkAction(action: readonly number[]): void {
  let good = action.length === sparkActionSizes.length
  for (let i = 0; good && i < action.length; i++) {
    good = Number.isInteger(action[i]) && action[i] >= 0 && action[i] < sparkActionSizes[i]
  }
  if (good) return
  throw new PrescaleError(
    'BAD_INPUT',
    `an action must be four indices below ${sparkActionSizes.join(', ')}, was [${action.join(', ')}]`
  )
}
