/**
 * Elastic environment — the elastic world to learn in: a load, what was predicted of it from its past, and a table's state.
 *
 *   state    (Utilisation, Capacity, Trend, Forecast) as in decide/tabular-elastic.ts      action   0 down, 1 hold, 2 up
 *   reward   that of sim/elastic.ts; its parts in docs/worlds/elastic.md
 *
 * An episode is a day, or what is left of the load; it is `truncated`, never `terminated`: the service goes on. The load is given, so
 * it is the same whatever anybody does, and two policies under one seed meet the same to the last bit.
 */
import { endMs, PrescaleError, requireOption, type Series, sliceSteps, uniformAt } from '../base/index.ts'
import { type ElasticBins, type ElasticStates, elasticStates } from '../decide/index.ts'
import type { Environment, Fitted, Forecaster } from '../roles.ts'
import {
  type ElasticAction,
  type ElasticConfig,
  type ElasticState,
  elastic,
  elasticStart,
  unitsIn
} from '../sim/index.ts'

/** A load step by step, and at the end of each step what was predicted. */
export interface ElasticDemand {
  /** Events/s. */
  readonly load: Float64Array
  /** Known at the end of step t: the mean load of the steps in which a unit asked for now would begin to serve. */
  readonly predicted: Float64Array
}

export interface ElasticEnvironmentOptions {
  readonly world?: Partial<ElasticConfig>
  readonly bins?: Partial<ElasticBins>
  /** Steps of an episode, 1,440: a day of minutes. */
  readonly steps?: number
  /** Every episode begins with another size, drawn from its seed: a learner meets all of them. Otherwise `world.initialUnits`. */
  readonly anySize?: boolean
  /** Every episode begins at another moment of the load, drawn from its seed; otherwise at the beginning of a day. */
  readonly anyTime?: boolean
}

export interface ElasticEnvironment extends Environment<number, number> {
  /** Written into every model that was trained here. */
  readonly version: string
  readonly states: ElasticStates
  readonly actions: number
  /** After the last step. */
  last(): ElasticState
  /** The observation without a step: for tests and rollouts from a state of one's own. */
  put(state: ElasticState, step: number): number
  /** Steps of the load that are over. */
  at(): number
}

/** Steps between two words about how far it is. */
const TELLS = 500
/** How many steps beyond the first in which a new unit would serve the forecast looks. */
const LOOKS = 3

/** `seed` chooses the day of the load (seed mod days), with `anyTime` the moment, and with `anySize` the size. Throws `BAD_OPTION` for what cannot be. */
export function elasticEnvironment(
  demand: ElasticDemand,
  {
    world: given = {},
    bins = {},
    steps = 1_440,
    anySize = false,
    anyTime = false
  }: ElasticEnvironmentOptions = {}
): ElasticEnvironment {
  const world = elastic(given)
  const { config } = world
  const states = elasticStates({ maxUnits: config.maxUnits, ...bins })
  const { load, predicted } = demand
  requireOption(load.length >= 3, 'demand.load', load.length, 'a load of at least 3 steps')
  requireOption(
    predicted.length === load.length,
    'demand.predicted',
    predicted.length,
    `as long as the load, ${load.length} steps`
  )
  const gap = load.findIndex((rate, t) => !Number.isFinite(rate + predicted[t]))
  if (gap >= 0) {
    throw new PrescaleError(
      'BAD_INPUT',
      `step ${gap} of the load has no number (load ${load[gap]}, predicted ${predicted[gap]}): nothing can be learned in a gap`
    )
  }
  requireOption(Number.isInteger(steps) && steps >= 1, 'steps', steps, 'a whole number of steps, at least 1')
  const seconds = config.stepMs / 1_000
  // Two steps before the first decision are needed for a trend.
  const days = Math.max(1, Math.floor((load.length - 2) / steps))
  const moments = Math.max(1, load.length - 1 - steps)
  let state = world.initial(0)
  let next = -1
  let until = 0

  function reset(seed: number): number {
    const day = ((seed % days) + days) % days
    next = anyTime ? 2 + Math.floor(uniformAt(seed, 'time', 0) * moments) : 2 + day * steps
    until = Math.min(load.length, next + steps)
    const { minUnits, maxUnits } = config
    state = anySize
      ? elasticStart(config, minUnits + Math.floor(uniformAt(seed, 'size', 0) * (maxUnits - minUnits + 1)))
      : world.initial(seed)
    return index()
  }

  function step(action: number) {
    if (next < 0 || next >= until) {
      const what = next < 0 ? 'no episode yet' : 'an episode that is over'
      throw new PrescaleError('BAD_INPUT', `the environment has ${what}: reset it before the next step`)
    }
    state = world.transition(state, actionOf(action), load[next] * seconds)
    next++
    return { observation: index(), reward: state.reward, terminated: false, truncated: next === until }
  }

  function index(): number {
    return states.index({
      load: load[next - 1],
      previous: load[next - 2],
      predicted: predicted[next - 1],
      waiting: state.backlog / seconds,
      units: state.ready + unitsIn(state.starting),
      unitRate: config.unitRate
    })
  }

  return {
    version: states.shape.environment,
    states,
    actions: states.shape.actions.length,
    reset,
    step,
    last: () => state,
    at: () => next,
    put(begun, from) {
      requireOption(
        from >= 2 && from < load.length,
        'step',
        from,
        `a step of the load from 2 to ${load.length - 1}`
      )
      state = begun
      next = from
      until = Math.min(load.length, from + steps)
      return index()
    }
  }
}

function actionOf(action: number): ElasticAction {
  if (action === 0) return -1
  if (action === 1) return 0
  if (action === 2) return 1
  throw new PrescaleError('BAD_INPUT', `an action must be 0 (down), 1 (hold) or 2 (up), was ${action}`)
}

/**
 * A load with what a forecaster said along it, each word from the past only: fitted to the history, then shown one step after
 * the other. `predicted[t]` is the mean forecast of the three steps from the one in which a unit asked for after step t would serve.
 */
export function foreseenDemand(
  load: Series,
  forecaster: Forecaster,
  {
    history,
    bootSteps = 2,
    progress
  }: {
    readonly history: Series
    readonly bootSteps?: number
    readonly progress?: (done: number, of: number) => void
  }
): ElasticDemand {
  requireOption(
    endMs(history) === load.startMs,
    'history',
    endMs(history),
    `a history that ends at ${load.startMs} ms`
  )
  const first = bootSteps
  const horizon = first + LOOKS
  let fitted: Fitted = forecaster.fit(history, { horizon, levels: [] })
  const predicted = new Float64Array(load.values.length)
  for (let t = 0; t < predicted.length; t++) {
    fitted = fitted.update(sliceSteps(load, t, t + 1))
    const { mean } = fitted.predict(horizon)
    let sum = 0
    for (let h = first; h < horizon; h++) sum += mean[h]
    predicted[t] = sum / LOOKS
    if (t % TELLS === 0) progress?.(t, predicted.length)
  }
  return { load: load.values, predicted }
}

/** A load in which nothing was predicted but that it stays as it is: the state without a forecast. */
export function unforeseenDemand(load: Series): ElasticDemand {
  return { load: load.values, predicted: load.values }
}
