/**
 * Elastic — the service of the report "Elastic Cloud Scaling for Small Models", small enough to learn in and to solve exactly.
 *
 *   action   −1 down, 0 hold, +1 up: one unit a step; a unit serves `bootSteps` steps after it was asked for
 *   queue    the M/M/c of the service world (Erlang C), backlog carried, what finds no room is dropped
 *   reward   +1 in time, or −5 when over 5 % of the step missed the SLO or any was dropped
 *            −0.1 a unit that is ready or starting, −0.5 outside 40–80 % utilisation, −0.2 when the size changed
 *
 * In the source demand never exceeded one unit, nothing had to boot, the queue was M/M/1 by a misprint and the price of a change was
 * declared and never charged; here they are what its text says. Units that start are bits of one number, so a state is three numbers,
 * and with `backlogGrid` finitely many: what value iteration needs. Nothing here draws: all chance is in the arrivals.
 */
import { requireOption } from '../base/index.ts'
import type { Dynamics, Observation } from '../roles.ts'
import { type Facility, type Queue, serveStep } from './queue.ts'

export type ElasticAction = -1 | 0 | 1

export interface ElasticConfig {
  readonly stepMs: number
  /** Events per second that one ready unit serves at 100 %. */
  readonly unitRate: number
  readonly serversPerUnit: number
  readonly sloMs: number
  /** Steps from asking for a unit until it serves, at most 15. */
  readonly bootSteps: number
  /** Events that may wait for each ready unit: 30 s of its work unless given. */
  readonly queueLimit: number
  readonly initialUnits: number
  readonly minUnits: number
  /** Units that are ready or starting, at most. */
  readonly maxUnits: number
  /** The backlog is rounded up to a multiple of this many events; 0: it is not. */
  readonly backlogGrid: number
  readonly price: ElasticPrice
}

/** What the reward is made of. */
export interface ElasticPrice {
  readonly inTime: number
  readonly late: number
  readonly unit: number
  /** For a utilisation outside `zone`. */
  readonly outside: number
  readonly zone: readonly [low: number, high: number]
  readonly change: number
}

export interface ElasticState {
  readonly ready: number
  /** Bit i: a unit is ready for the step after i more. */
  readonly starting: number
  readonly backlog: number
  /** Of the last step; `NaN` before the first. */
  readonly arrivals: number
  readonly served: number
  readonly missed: number
  readonly dropped: number
  readonly latencyMs: number
  readonly utilisation: number
  readonly late: boolean
  readonly reward: number
  /** Ready and starting while the step lasted: what is paid for. */
  readonly paid: number
  readonly changed: boolean
  readonly step: number
}

export const elasticPrice: ElasticPrice = {
  inTime: 1,
  late: -5,
  unit: -0.1,
  outside: -0.5,
  zone: [0.4, 0.8],
  change: -0.2
}

/** All settings; latencies as in the source, 50 ms of service and an SLO of 200 ms. Throws `BAD_OPTION` for one that cannot be. */
export function elasticConfig(given: Partial<ElasticConfig> = {}): ElasticConfig {
  const unitRate = given.unitRate ?? 40
  const serversPerUnit = given.serversPerUnit ?? Math.max(1, Math.round(unitRate * 0.05))
  const config: ElasticConfig = {
    stepMs: 60_000,
    sloMs: (4 * serversPerUnit * 1_000) / unitRate,
    bootSteps: 2,
    queueLimit: 30 * unitRate,
    initialUnits: 5,
    minUnits: 1,
    maxUnits: 20,
    backlogGrid: 0,
    price: elasticPrice,
    ...given,
    unitRate,
    serversPerUnit
  }
  const { stepMs, bootSteps, minUnits, maxUnits, initialUnits, queueLimit, backlogGrid } = config
  const serviceMs = (serversPerUnit * 1_000) / unitRate
  requireOption(
    unitRate > 0 && Number.isFinite(unitRate),
    'unitRate',
    unitRate,
    'a positive rate in events/s'
  )
  requireOption(stepMs > 0 && Number.isFinite(stepMs), 'stepMs', stepMs, 'a positive number of milliseconds')
  requireOption(
    config.sloMs > serviceMs,
    'sloMs',
    config.sloMs,
    `above the mean service time, ${serviceMs} ms`
  )
  requireOption(
    isCount(serversPerUnit, 1),
    'serversPerUnit',
    serversPerUnit,
    'a whole number of servers, at least 1'
  )
  requireOption(
    isCount(bootSteps, 1) && bootSteps <= 15,
    'bootSteps',
    bootSteps,
    'a whole number of steps from 1 to 15'
  )
  requireOption(isCount(minUnits, 1), 'minUnits', minUnits, 'a whole number, at least 1')
  requireOption(isCount(maxUnits, minUnits), 'maxUnits', maxUnits, `a whole number, at least ${minUnits}`)
  requireOption(
    isCount(initialUnits, minUnits) && initialUnits <= maxUnits,
    'initialUnits',
    initialUnits,
    `a whole number from ${minUnits} to ${maxUnits}`
  )
  requireOption(queueLimit >= 0, 'queueLimit', queueLimit, 'a number of events, at least 0')
  requireOption(backlogGrid >= 0, 'backlogGrid', backlogGrid, 'a number of events, at least 0')
  return config
}

/** The world as five pure functions. `Input` is the number of events that arrive in the step. */
export function elastic(
  given: Partial<ElasticConfig> = {}
): Dynamics<ElasticState, ElasticAction, number> & { readonly config: ElasticConfig } {
  const config = elasticConfig(given)
  const { unitRate, serversPerUnit, sloMs, queueLimit } = config
  const facility: Facility = {
    unitRate,
    serversPerUnit,
    patience: sloMs / 1_000 - serversPerUnit / unitRate,
    room: queueLimit
  }
  return {
    config,
    initial: () => elasticStart(config),
    transition: (state, action, arrivals) => stepped(config, facility, state, action, arrivals),
    observe: (state) => observe(config, state),
    reward: (state) => state.reward,
    terminal: () => false
  }
}

/** With these units and this backlog, before anything arrives. */
export function elasticStart(
  { initialUnits }: ElasticConfig,
  ready = initialUnits,
  starting = 0,
  backlog = 0
): ElasticState {
  return {
    ready,
    starting,
    backlog,
    arrivals: NaN,
    served: NaN,
    missed: 0,
    dropped: 0,
    latencyMs: NaN,
    utilisation: NaN,
    late: false,
    reward: 0,
    paid: ready + unitsIn(starting),
    changed: false,
    step: 0
  }
}

/** Units that were asked for and do not serve yet. */
export function unitsIn(starting: number): number {
  let units = 0
  for (let bits = starting; bits > 0; bits &= bits - 1) units++
  return units
}

/** Chance begins each step anew: a minute of arrivals is long against the queue that builds up by chance. */
const CALM: Queue = { backlog: 0, chance: 1 }

function stepped(
  config: ElasticConfig,
  facility: Facility,
  before: ElasticState,
  action: ElasticAction,
  arrivals: number
): ElasticState {
  const { bootSteps, minUnits, maxUnits, stepMs, price, backlogGrid } = config
  let { ready, starting } = before
  const had = ready + unitsIn(starting)
  if (action === 1 && had < maxUnits) starting |= 1 << (bootSteps - 1)
  // The newest that still starts goes first; what serves goes at once.
  if (action === -1 && had > minUnits) {
    if (starting > 0) starting ^= 1 << (31 - Math.clz32(starting))
    else ready--
  }
  const paid = ready + unitsIn(starting)
  const seconds = stepMs / 1_000
  const queue = before.backlog === 0 ? CALM : { backlog: before.backlog, chance: 1 }
  const after = serveStep(facility, ready, queue, arrivals, seconds, OPEN)
  const utilisation = after.served / (ready * config.unitRate * seconds)
  const late = after.dropped > 0 || after.missed > 0.05 * arrivals
  const changed = paid !== had
  const [low, high] = price.zone
  return {
    ready: ready + (starting & 1),
    starting: starting >> 1,
    backlog: backlogGrid > 0 ? rounded(after.backlog, backlogGrid, facility.room * ready) : after.backlog,
    arrivals,
    served: after.served,
    missed: after.missed,
    dropped: after.dropped,
    latencyMs: arrivals > 0 ? 1_000 * (seconds0(facility) + after.waited + after.share * after.mean) : NaN,
    utilisation,
    late,
    reward:
      (late ? price.late : price.inTime) +
      price.unit * paid +
      (utilisation < low || utilisation > high ? price.outside : 0) +
      (changed ? price.change : 0),
    paid,
    changed,
    step: before.step + 1
  }
}

/** Up to the next multiple, and not over the room: a coarser world is never a kinder one. */
function rounded(backlog: number, grid: number, room: number): number {
  return Math.min(Math.ceil(backlog / grid - 1e-9), Math.floor(room / grid)) * grid
}

/** At least one unit is always ready, so it is never asked. */
const OPEN = { opensIn: 0, rate: 1 }

const seconds0 = ({ serversPerUnit, unitRate }: Facility) => serversPerUnit / unitRate

function observe({ stepMs, minUnits, maxUnits, sloMs }: ElasticConfig, state: ElasticState): Observation {
  const { ready, starting, step, arrivals, served, backlog, utilisation, latencyMs } = state
  const nowMs = step * stepMs
  const bits = Array.from({ length: 32 - Math.clz32(starting) }, (_, i) => i).filter(
    (i) => (starting >> i) & 1
  )
  return {
    nowMs,
    capacity: {
      ready: { unit: ready },
      starting: bits.map((i) => ({ resource: 'unit', units: 1, readyAtMs: nowMs + (i + 1) * stepMs })),
      wanted: { unit: ready + unitsIn(starting) }
    },
    load: {
      startMs: nowMs - stepMs,
      stepMs,
      unit: 'events/s',
      values: Float64Array.of((arrivals * 1_000) / stepMs)
    },
    bounds: { unit: { min: minUnits, max: maxUnits } },
    slo: { latencyMs: sloMs },
    metrics: {
      cpu: metric(Math.min(1, utilisation)),
      throughput: metric((served * 1_000) / stepMs),
      queue: metric(backlog),
      latency: metric(latencyMs)
    }
  }
}

function metric(value: number) {
  return { value, quality: Number.isNaN(value) ? 'missing' : 'ok', ageMs: 0 } as const
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least
}
