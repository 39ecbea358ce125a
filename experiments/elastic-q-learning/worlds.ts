/** What both tables of source 001 share: the world, the load, how the learner is set, and how a policy is scored. */
import { DAY, MINUTE, random, type Series, series, sliceSteps } from '../../src/base/index.ts'
import {
  type ElasticDemand,
  type ElasticEnvironment,
  elasticEnvironment,
  foreseenDemand
} from '../../src/compare/index.ts'
import { bestAction, type QTable, type qLearning, sarsa } from '../../src/decide/index.ts'
import type { Forecaster } from '../../src/roles.ts'
import {
  dailyWave,
  type ElasticConfig,
  type ElasticState,
  elastic,
  elasticStart,
  unitsIn
} from '../../src/sim/index.ts'

const UNIT_RATE = 50

/** A unit serves 50 events/s with two servers of 40 ms, so that the wave needs 2 to 15 units; two minutes to boot. */
export const WORLD: Partial<ElasticConfig> = {
  unitRate: UNIT_RATE,
  serversPerUnit: 2,
  sloMs: 160,
  bootSteps: 2,
  initialUnits: 8,
  maxUnits: 20
}

/** Chosen on seeds 1 to 10, which are not scored. */
export const LEARNING = { alpha: 0.5, alphaVisits: 50, gamma: 0.85, epsilonMin: 0.1 }

/** An episode is three hours from any moment on, with any size to begin with: as many steps as 2,000 whole days. */
export const EPISODE_STEPS = 180
export const EXPLORING = { episodes: 16_000, epsilonDecay: 0.99 ** (1 / 32) }

/** What was published here first: whole days, a quarter of the steps. Steep mornings are then a few hundred steps of each size. */
const WHOLE_DAYS = { episodes: 500, epsilonDecay: 0.99 }

export const DAY_STEPS = DAY / MINUTE
const HISTORY_DAYS = 4
const TRAINING_DAYS = 8

/** Units that the load would need without its noise and spikes, for each step: the part of it that can be foreseen. */
export interface Need {
  /** Fewest with which the step is in time. */
  readonly inTime: Int32Array
  /** Fewest with which it stays within the zone, at most 80 % busy. */
  readonly inZone: Int32Array
}

export interface Split {
  readonly train: ElasticDemand
  readonly test: ElasticDemand
  readonly need: Need
  /** Largest load of the training days, events/s. */
  readonly peak: number
}

/** What is asked of the service. Seeds move noise and spikes, never the hours. */
export type Load = 'wave' | 'wave with spikes' | 'morning' | 'easy'

/** Without noise and spikes it is the part that can be foreseen. */
function loadOf(load: Load, days: number, seed: number, calm: boolean): Series {
  if (load === 'morning') return morning(days, seed, calm ? 0 : MORNING_NOISE)
  if (load === 'easy') return easy(days, seed, calm)
  const spikes = load === 'wave with spikes' && !calm ? 0.005 : 0
  return dailyWave({ days, seed, spikes, ...(calm && { noise: 0 }) })
}

const MORNING_NOISE = 20

/** 150 events/s until 9, 600 from a quarter past on; back at 18. Faster than units boot one by one after it has begun. */
function morning(days: number, seed: number, deviation: number): Series {
  const noise = random(seed, 'morning')
  const [low, high, ramp] = [150, 600, 15]
  const values = Float64Array.from({ length: days * DAY_STEPS }, (_, t) => {
    const minute = t % DAY_STEPS
    const up = Math.min(1, Math.max(0, (minute - 9 * 60) / ramp))
    const down = Math.min(1, Math.max(0, (minute - 18 * 60) / ramp))
    return Math.max(0, low + (high - low) * (up - down) + deviation * noise.normal())
  })
  return series(MINUTE, values)
}

/** As in the code of the report, where one unit was always enough: 0.4 + 0.3 sin + N(0, 0.05) of a unit, +0.4 in one minute of 200. */
function easy(days: number, seed: number, calm: boolean): Series {
  const noise = random(seed, 'easy', 'noise')
  const spikes = random(seed, 'easy', 'spikes')
  const values = Float64Array.from({ length: days * DAY_STEPS }, (_, t) => {
    const wave = 0.4 + 0.3 * Math.sin((2 * Math.PI * t) / DAY_STEPS)
    const gust = calm ? 0 : 0.05 * noise.normal() + (spikes.next() < 0.005 ? 0.4 : 0)
    return UNIT_RATE * Math.min(1, Math.max(0, wave + gust))
  })
  return series(MINUTE, values)
}

/** A load of one seed: four days for the forecaster, eight to train on, the rest to be scored. */
export function splitOf(name: Load, seed: number, testDays: number, forecaster: Forecaster): Split {
  const days = HISTORY_DAYS + TRAINING_DAYS + testDays
  const load = loadOf(name, days, seed, false)
  const from = HISTORY_DAYS * DAY_STEPS
  const all = foreseenDemand(sliceSteps(load, from), forecaster, { history: sliceSteps(load, 0, from) })
  const cut = TRAINING_DAYS * DAY_STEPS
  const part = (a: number, b?: number): ElasticDemand => ({
    load: all.load.subarray(a, b),
    predicted: all.predicted.subarray(a, b)
  })
  // Two steps more: a trend needs them before the first decision.
  const calm = loadOf(name, days, seed, true).values.subarray(from + cut - 2)
  return {
    train: part(0, cut + 2),
    test: part(cut - 2),
    need: needOf(calm),
    peak: all.load.subarray(0, cut).reduce((most, rate) => Math.max(most, rate), 0)
  }
}

/** Each step from an empty queue. */
function needOf(rates: Float64Array): Need {
  const world = elastic({ ...WORLD, maxUnits: 40 })
  const lateWith = (units: number, rate: number) =>
    world.transition(elasticStart(world.config, units), 0, rate * 60).late
  const fewest = (enough: (units: number, rate: number) => boolean) =>
    Int32Array.from(rates, (rate) => {
      let units = 1
      while (units < 40 && !enough(units, rate)) units++
      return units
    })
  const { unitRate, price } = world.config
  return {
    inTime: fewest((units, rate) => !lateWith(units, rate)),
    inZone: fewest((units, rate) => rate <= price.zone[1] * units * unitRate)
  }
}

export interface Seen {
  readonly state: number
  readonly world: ElasticState
  readonly load: number
  readonly predicted: number
  /** Ready and starting. */
  readonly units: number
}

export type Rule = (seen: Seen) => number

export interface Scores {
  readonly reward: number
  /** Mean units ready or starting. */
  readonly meanUnits: number
  /** Share of minutes that were late, and of arrivals that missed. */
  readonly lateMinutes: number
  readonly sloViolationRatio: number
  readonly dropped: number
  readonly changesPerHour: number
  readonly flipsPerHour: number
  /** Mean over the ramps of the need, minutes, 60 at most: to be in time, and to stay within the zone. `NaN` without ramps. */
  readonly leadMinutes: number
  readonly zoneLeadMinutes: number
}

export const DOWN = 0
export const HOLD = 1
export const UP = 2

/** Everything a rule did on a load, from its first minute to its last. */
export function scored(
  demand: ElasticDemand,
  need: Need,
  rule: Rule,
  world: Partial<ElasticConfig> = WORLD
): Scores {
  const steps = demand.load.length - 2
  const environment = elasticEnvironment(demand, { world, steps })
  const ready = new Int32Array(steps)
  let [reward, paid, late, missed, arrivals, dropped, changes, flips] = [0, 0, 0, 0, 0, 0, 0, 0]
  let last = { direction: 0, step: -Infinity }
  let state = environment.reset(0)
  for (let t = 0; t < steps; t++) {
    const action = rule(seenBy(environment, demand, state))
    ready[t] = environment.last().ready
    const step = environment.step(action)
    state = step.observation
    const now = environment.last()
    reward += step.reward
    paid += now.paid
    late += now.late ? 1 : 0
    missed += now.missed
    arrivals += now.arrivals
    dropped += now.dropped
    if (!now.changed) continue
    changes++
    if (action - 1 === -last.direction && t - last.step <= 10) flips++
    last = { direction: action - 1, step: t }
  }
  return {
    reward: reward / steps,
    meanUnits: paid / steps,
    lateMinutes: late / steps,
    sloViolationRatio: missed / arrivals,
    dropped,
    changesPerHour: (60 * changes) / steps,
    flipsPerHour: (60 * flips) / steps,
    leadMinutes: meanLead(ready, need.inTime.subarray(2)),
    zoneLeadMinutes: meanLead(ready, need.inZone.subarray(2))
  }
}

function seenBy(environment: ElasticEnvironment, demand: ElasticDemand, state: number): Seen {
  const world = environment.last()
  const at = environment.at() - 1
  return {
    state,
    world,
    load: demand.load[at],
    predicted: demand.predicted[at],
    units: world.ready + unitsIn(world.starting)
  }
}

/** An hour early is early enough. */
const REACH = 60

/** Minutes between the moment the needed units were ready, without a break, and the moment of the need; positive = in time. */
function meanLead(ready: Int32Array, need: Int32Array): number {
  let [sum, ramps] = [0, 0]
  for (let t = REACH; t < need.length; t++) {
    if (need[t] <= need[t - 1]) continue
    let since = t
    if (ready[t] >= need[t]) while (since > t - REACH && ready[since - 1] >= need[t]) since--
    else while (since < Math.min(ready.length, t + REACH) && ready[since] < need[t]) since++
    sum += t - since
    ramps++
  }
  return ramps === 0 ? NaN : sum / ramps
}

export type Training = 'anywhere' | 'whole days' | 'as published'

/** A table of the training part. `as published`: α 0.1 and γ 0.95 throughout, whole days. */
export function learned(
  { train }: Pick<Split, 'train'>,
  learn: typeof qLearning,
  seed: number,
  training: Training,
  share = 1
): QTable {
  const anyTime = training === 'anywhere'
  const environment = elasticEnvironment(train, {
    world: WORLD,
    anySize: true,
    ...(anyTime && { anyTime, steps: EPISODE_STEPS })
  })
  const { episodes, epsilonDecay } = anyTime ? EXPLORING : WHOLE_DAYS
  const rest = training === 'as published' ? {} : { ...LEARNING, epsilonDecay: epsilonDecay ** (1 / share) }
  const size = { states: environment.states.states, actions: environment.actions }
  const name = training === 'as published' ? 'published' : learn === sarsa ? 'sarsa' : 'q-learning'
  return learn(environment, size, random(seed, name), { ...rest, episodes: Math.round(share * episodes) })
    .table
}

/** The best action of a table; hold where it was never. */
export function greedy({ values, visits, actions }: QTable): Rule {
  return ({ state }) => {
    let tried = 0
    for (let a = 0; a < actions; a++) tried += visits[state * actions + a]
    return tried === 0 ? HOLD : bestAction(values, state, actions)
  }
}

/** Utilisation of all units that were asked for, waiting events included. */
export function threshold(up: number, down: number, unitRate = UNIT_RATE): Rule {
  return ({ load, world, units }) => {
    const utilisation = (load + world.backlog / 60) / (units * unitRate)
    return utilisation > up ? UP : utilisation < down ? DOWN : HOLD
  }
}

/** Towards as many units as the predicted load needs at this utilisation, one a step; down only from two too many. */
export function proportional(target: number, unitRate = UNIT_RATE): Rule {
  return ({ predicted, units }) => {
    const wish = Math.ceil(predicted / (target * unitRate))
    return wish > units ? UP : wish < units - 1 ? DOWN : HOLD
  }
}

/** The rule of a family that earns most on the training days. */
export function tuned<K>(
  knobs: readonly K[],
  make: (knob: K) => Rule,
  train: ElasticDemand
): { knob: K; rule: Rule } {
  const none = { inTime: new Int32Array(0), inZone: new Int32Array(0) }
  const worth = knobs.map((knob) => scored(train, none, make(knob)).reward)
  const knob = knobs[worth.indexOf(Math.max(...worth))]
  return { knob, rule: make(knob) }
}
