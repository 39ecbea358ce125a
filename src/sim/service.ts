/**
 * Service — a replicated service behind one queue: M/M/c, with units that take time to start.
 *
 * A unit has k servers of rate unitRate/k, so that it serves `unitRate` events/s and n units are an M/M/(n·k). Units that
 * start are paid for and do not serve; shrinking is immediate and withdraws what is still starting first, newest first.
 * What the capacity cannot serve waits and is carried; how a step's arrivals fare stands in `queue.ts`.
 *
 * Order in a step: the wanted size is applied, `arrivals` come evenly, the clock moves, and units whose lead time is
 * over are ready for the next step. Nobody sees more than a metrics server shows: CPU and throughput of an interval that
 * ended `cpuDelayMs` ago, a gauge that saturates at 1, with noise. `NaN` arrivals are an unknown load: nothing comes,
 * nothing is measured, the step is paid for. Source: Erlang's M/M/c as in `math/erlang.ts`; docs/worlds/service.md.
 */
import { uniformAt } from '../base/index.ts'
import type { Metric, Observation, ScalingWorld, StartingUnits, StepOutcome, Units } from '../roles.ts'
import { arrived, type Batch, type Fleet, resized } from './fleet.ts'
import { leadTimes } from './lead-time.ts'
import { type Closed, type Queue, type Served, serveStep } from './queue.ts'
import { facilityOf, type ServiceOptions, serviceConfig } from './service-config.ts'
import { type OutagePart, outageParts } from './service-outages.ts'

/** The name of what is scaled. */
export const UNIT = 'unit'

/** Everything that a step needs and leaves, flat; arrays are shared between states and never edited. */
export interface ServiceState extends Queue, Fleet {
  readonly seed: number
  readonly step: number
  readonly nowMs: number
  readonly wanted: number
  /** Of the last step: `arrivals` is NaN where the load was unknown; units as they were while it lasted. */
  readonly arrivals: number
  readonly missed: number
  readonly dropped: number
  readonly served: number
  readonly latencyMs: number
  readonly share: number
  readonly meanMs: number
  readonly unitsReady: number
  readonly unitsStarting: number
  readonly rescaled: boolean
  readonly down: number
  /** What was served and what could have been, events, in the last gauge windows; a ring of pairs, window w at 2·(w mod length/2). */
  readonly past: readonly number[]
  /** Of the last step. */
  readonly utilisation: number
}

/** CPU and throughput are means over this long, as a metrics server's scrape makes them. */
const GAUGE_WINDOW_MS = 15_000

export function service(given: ServiceOptions): ScalingWorld<ServiceState> {
  const config = serviceConfig(given)
  const { stepMs, unitRate, minUnits, maxUnits, startMs } = config
  const seconds = stepMs / 1_000
  const serviceMs = (config.serversPerUnit * 1_000) / unitRate
  const lead = leadTimes(config.leadTime)
  const outages = outageParts(config.outages, startMs, stepMs)
  // A gauge is a mean over a window: a finer step must not make it noisier.
  const windowSteps = Math.max(1, Math.round(GAUGE_WINDOW_MS / stepMs))
  const windowMs = windowSteps * stepMs
  const delayWindows = Math.ceil(config.cpuDelayMs / windowMs)
  const windows = delayWindows + 2
  const bounds = { [UNIT]: { min: minUnits, max: maxUnits } }
  const slo = { latencyMs: config.sloMs }
  const facility = facilityOf(config)

  function initial(seed: number): ServiceState {
    return {
      seed,
      step: 0,
      nowMs: startMs,
      wanted: config.initialUnits,
      ready: config.initialUnits,
      starting: 0,
      batches: [],
      backlog: 0,
      chance: 1,
      arrivals: 0,
      missed: 0,
      dropped: 0,
      served: 0,
      latencyMs: NaN,
      share: 0,
      meanMs: 0,
      unitsReady: config.initialUnits,
      unitsStarting: 0,
      rescaled: false,
      down: 0,
      past: new Array<number>(2 * windows).fill(NaN),
      utilisation: NaN
    }
  }

  function transition(state: ServiceState, action: Units, arrivals: number): ServiceState {
    const known = !Number.isNaN(arrivals)
    const coming = known ? arrivals : 0
    const wanted = wantedUnits(state, action[UNIT])
    const fleet = resized(state, wanted, state.nowMs, () => lead(state.seed, state.step))
    const { ready } = fleet
    const parts = outages.get(state.step)
    const closed = ready > 0 ? open : closedFor(fleet.batches, state.nowMs)
    const after =
      parts === undefined
        ? serveStep(facility, ready, state, coming, seconds, closed)
        : serveParts(parts, ready, state, coming, closed)
    const nowMs = state.nowMs + stepMs
    const past = state.past.slice()
    const at = 2 * (Math.floor(state.step / windowSteps) % windows)
    const first = state.step % windowSteps === 0
    // Unknown arrivals make the whole window unknown: NaN stays.
    past[at] = (first ? 0 : past[at]) + (known ? after.served : NaN)
    past[at + 1] = (first ? 0 : past[at + 1]) + ready * unitRate * seconds
    const next = arrived(fleet, nowMs)
    return {
      seed: state.seed,
      step: state.step + 1,
      nowMs,
      wanted,
      ready: next.ready,
      starting: next.starting,
      batches: next.batches,
      backlog: after.backlog,
      chance: after.chance,
      arrivals,
      missed: after.missed,
      dropped: after.dropped,
      served: after.served,
      latencyMs: coming > 0 ? serviceMs + after.waited * 1_000 : NaN,
      share: after.share,
      meanMs: after.mean * 1_000,
      unitsReady: ready,
      unitsStarting: fleet.starting,
      rescaled: wanted !== state.wanted,
      down: parts === undefined ? 0 : downShare(parts, seconds),
      past,
      utilisation: known && ready > 0 ? after.served / (ready * unitRate * seconds) : NaN
    }
  }

  /** A size that is absent or unknown keeps the last one; a fraction of a unit is a unit. */
  function wantedUnits(state: ServiceState, asked: number | undefined): number {
    if (asked === undefined || Number.isNaN(asked)) return state.wanted
    return Math.min(maxUnits, Math.max(minUnits, Math.ceil(asked)))
  }

  /** Nothing is ready: what waits is served when the first unit is there, or one that is asked for after this step. */
  function closedFor(batches: readonly Batch[], nowMs: number): Closed {
    let first: Batch | undefined
    for (const batch of batches) if (first === undefined || batch.readyAtMs < first.readyAtMs) first = batch
    if (first === undefined) {
      return { opensIn: seconds + config.leadTime.p50Ms / 1_000, rate: unitRate }
    }
    return { opensIn: Math.max(seconds, (first.readyAtMs - nowMs) / 1_000), rate: first.units * unitRate }
  }

  /** A step in which outages begin or end: one part after the other, summed up as one. */
  function serveParts(
    parts: readonly OutagePart[],
    ready: number,
    before: Queue,
    arrivals: number,
    closed: Closed
  ): Served {
    let queue = before
    let elapsed = 0
    let served = 0
    let dropped = 0
    let missed = 0
    let entered = 0
    let waited = 0
    let sharing = 0
    let chance = 0
    for (const part of parts) {
      const coming = arrivals * (part.seconds / seconds)
      const shut = ready > 0 ? { opensIn: part.opensIn, rate: ready * unitRate } : later(closed, elapsed)
      const one = serveStep(facility, ready * part.working, queue, coming, part.seconds, shut, ready)
      queue = one
      elapsed += part.seconds
      served += one.served
      dropped += one.dropped
      missed += one.missed
      entered += coming - one.dropped
      waited += (coming - one.dropped) * one.waited
      sharing += coming * one.share
      chance += coming * one.share * one.mean
    }
    return {
      backlog: queue.backlog,
      chance: queue.chance,
      served,
      dropped,
      missed,
      waited: entered > 0 ? waited / entered : 0,
      share: arrivals > 0 ? sharing / arrivals : 0,
      mean: sharing > 0 ? chance / sharing : 0
    }
  }

  function observe(state: ServiceState): Observation {
    return {
      nowMs: state.nowMs,
      capacity: {
        ready: { [UNIT]: state.ready },
        starting: state.batches.map((batch) => plannedStart(batch, state.nowMs)),
        wanted: { [UNIT]: state.wanted }
      },
      bounds,
      slo,
      metrics: metricsOf(state)
    }
  }

  /** What a platform would say: when it is usually there. The drawn moment is not known to anybody yet. */
  function plannedStart(batch: Batch, nowMs: number): StartingUnits {
    const plannedMs = batch.askedMs + config.leadTime.p50Ms
    const { units, askedMs } = batch
    return { resource: UNIT, units, readyAtMs: Math.max(nowMs, plannedMs), askedMs }
  }

  function metricsOf(state: ServiceState): Record<string, Metric> {
    const seen = Math.floor(state.step / windowSteps) - 1 - delayWindows
    const at = 2 * (seen % windows)
    const served = seen < 0 ? NaN : state.past[at]
    const couldServe = seen < 0 ? NaN : state.past[at + 1]
    const utilisation = couldServe > 0 ? served / couldServe : NaN
    const throughput = (served * 1_000) / windowMs
    const ageMs = state.nowMs - startMs - (seen + 1) * windowMs
    // Unknown arrivals leave a NaN here: then nothing about this step was measured.
    const queue = state.backlog + (state.arrivals * state.share * state.meanMs) / stepMs
    return {
      cpu: metric(Math.min(1, utilisation * noise(state.seed, seen)), ageMs),
      throughput: metric(throughput, ageMs),
      queue: metric(queue, 0),
      latency: metric(state.latencyMs + state.share * state.meanMs, 0),
      concurrency: metric(queue + (state.served / stepMs) * serviceMs, 0)
    }
  }

  /** The gauge's luck belongs to the measured step: 1 + noise·z, z normal (Box and Muller). */
  function noise(seed: number, step: number): number {
    if (config.cpuNoise === 0 || step < 0) return 1
    const radius = Math.sqrt(-2 * Math.log(1 - uniformAt(seed, 'cpu', 2 * step)))
    const z = radius * Math.cos(2 * Math.PI * uniformAt(seed, 'cpu', 2 * step + 1))
    return Math.max(0, 1 + config.cpuNoise * z)
  }

  return {
    name: 'service',
    stepMs,
    resources: [UNIT],
    initial,
    transition,
    observe,
    reward,
    terminal: () => false,
    outcome
  }
}

const open: Closed = { opensIn: 0, rate: 1 }

function later({ opensIn, rate }: Closed, seconds: number): Closed {
  return { opensIn: opensIn - seconds, rate }
}

function metric(value: number, ageMs: number): Metric {
  return { value, quality: Number.isNaN(value) ? 'missing' : 'ok', ageMs }
}

function downShare(parts: readonly OutagePart[], seconds: number): number {
  return parts.reduce((sum, part) => sum + (part.working === 0 ? part.seconds : 0), 0) / seconds
}

/**
 * The reward of the report "Elastic Cloud Scaling for Small Models", with the price of a change applied: +1 for a step in time and −5 for one that is not (over 5 %
 * of the arrivals missed, or any dropped), −0.1 a unit, −0.5 below 30 % utilisation, −0.2 when the size changed.
 */
function reward(state: ServiceState): number {
  const late = state.missed > 0.05 * state.arrivals || state.dropped > 0
  return (
    (late ? -5 : 1) -
    0.1 * (state.unitsReady + state.unitsStarting) -
    (state.utilisation < 0.3 ? 0.5 : 0) -
    (state.rescaled ? 0.2 : 0)
  )
}

function outcome(state: ServiceState): StepOutcome {
  return {
    arrivals: state.arrivals,
    missed: state.missed,
    dropped: state.dropped,
    latencyMs: state.latencyMs,
    waiting: { share: state.share, meanMs: state.meanMs },
    ready: state.unitsReady,
    starting: state.unitsStarting,
    down: state.down
  }
}
