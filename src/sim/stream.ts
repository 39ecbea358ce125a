/**
 * Stream — a world with a stream job in it: a DAG of operators that reads a topic, as a fluid.
 *
 * Records arrive whether the job runs or not and wait in the topic (lag). Operators process them at rates that may
 * change over the hours, with bounded buffers between them. Whatever changes the parallelism stops the whole job for a
 * while, reads some records again and warms up; slots come late; failures come when the config says. All
 * of it is deterministic but the lead times and the noise on the metrics, which belong to the seed.
 *
 *   wait of what arrives now = time still down + (records before it / what the slowest operator lets through)
 *
 * The DAG: `stream-dag.ts`, `stream-flow.ts`. Stops: `stream-outages.ts`. Waits: `stream-wait.ts`. What can be seen: `stream-observe.ts`.
 * Shape of a Flink job with reactive mode or an operator, see docs/worlds/stream.md.
 */
import { HOUR, MINUTE, PrescaleError, requireOption, unknownName } from '../base/index.ts'
import type { Edge, ScalingWorld, StepOutcome, Units } from '../roles.ts'
import { compileDag, type Dag, type StreamOperator } from './stream-dag.ts'
import { capacities, flowLayout, flowStep, readAgain, scratchFor } from './stream-flow.ts'
import {
  type Gauges,
  noGauges,
  observeStream,
  readMetrics,
  restartMeters,
  type StreamMetrics,
  scrape
} from './stream-observe.ts'
import {
  fail,
  type Job,
  newJob,
  type OutageConfig,
  readOutages,
  type Sizable,
  settle,
  workMs
} from './stream-outages.ts'
import { bufferedMs, lanesOf, shareOver, waits } from './stream-wait.ts'

export interface StreamConfig {
  readonly name?: string
  /** Length of a step, default 1 s. */
  readonly stepMs?: number
  /** Time of the first step, ms since the epoch; default 0. */
  readonly startMs?: number
  readonly operators: readonly StreamOperator[]
  /** Absent with several operators: a chain in the order given. */
  readonly edges?: readonly Edge[]
  /** Latency over this is a miss, in ms. Default 2 s. */
  readonly sloMs?: number
  /** Latency of a record that waits for nothing, in ms. Default 0. */
  readonly baseLatencyMs?: number
  readonly outages?: OutageConfig
  readonly metrics?: StreamMetrics
  /** Price of a unit-hour and of an hour in which everything is late; only `reward` uses them. Default 1 and 100. */
  readonly price?: { readonly unitHour?: number; readonly lateHour?: number }
}

export interface StreamState {
  readonly seed: number
  /** Steps done. */
  readonly step: number
  /** Queues, lags and counters; the layout is in `stream-flow.ts`. */
  readonly flow: Float64Array
  readonly job: Job
  readonly gauges: Gauges
  readonly outcome: StepOutcome
}

/** The world of a config. Throws `BAD_INPUT` or `BAD_OPTION` when the DAG or a number cannot be. */
export function stream(config: StreamConfig): ScalingWorld<StreamState> {
  checkKeys(config)
  const { name = 'job', stepMs = 1_000, startMs = 0, sloMs = 2_000, baseLatencyMs = 0, operators } = config
  requireOption(stepMs > 0, 'stepMs', stepMs, 'more than 0')
  requireOption(sloMs > 0, 'sloMs', sloMs, 'more than 0')
  const dag = compileDag(operators, config.edges ?? chain(operators))
  const flow = flowLayout(dag)
  const room = scratchFor(dag)
  const outages = readOutages(config.outages ?? {})
  const reader = readMetrics(config.metrics)
  const resources = readSizables(dag)
  const seen = { dag, flow, reader, resources, startMs, sloMs, target: name }
  const { unitHour = 1, lateHour = 100 } = config.price ?? {}
  const lanes = lanesOf(dag)
  const model = { dag, flow, outages, room, baseLatencyMs }
  const waitBefore = new Float64Array(lanes.length)
  const waitAfter = new Float64Array(lanes.length)

  const initial = (seed: number): StreamState => {
    const x = new Float64Array(flow.length)
    const units = Float64Array.from(dag.operators, (operator) => operator.parallelism ?? 1)
    return {
      seed,
      step: 0,
      flow: x,
      job: newJob(units),
      gauges: noGauges(reader, x),
      outcome: outcomeOf(resources, newJob(units), 0, 0, baseLatencyMs, 0)
    }
  }

  const transition = (state: StreamState, action: Units, arrivals: number): StreamState => {
    const fromMs = state.step * stepMs
    const toMs = fromMs + stepMs
    const now = { seed: state.seed, step: state.step, atMs: fromMs, hours: fromMs / HOUR }
    const records = Number.isNaN(arrivals) ? 0 : arrivals
    const x = state.flow.slice()
    let gauges = state.gauges
    let job = settle(outages, resources, state.job, action, now)
    if (job.rescales !== state.job.rescales) gauges = stop(job, x, gauges)
    capacities(dag, job.units, now.hours, room.capacity)
    const share = state.step === 0 ? 1 : Math.min(1, stepMs / MINUTE)
    x[flow.arrivals] += (records / stepMs - x[flow.arrivals]) * share
    let missed = 0
    let latency = 0
    let down = 0
    for (let at = fromMs; at < toMs; ) {
      const failure = outages.failures[job.nextFailure]
      if (failure !== undefined && failure.atMs <= at) {
        job = fail(job, failure)
        gauges = stop(job, x, gauges)
        continue
      }
      const isUp = at >= job.downUntilMs
      let until = failure === undefined ? toMs : Math.min(toMs, failure.atMs)
      if (!isUp) until = Math.min(until, job.downUntilMs)
      const part = (until - at) / stepMs
      waits(model, x, at - job.downUntilMs, job.units, waitBefore)
      const work = isUp ? workMs(outages, at - job.downUntilMs, until - job.downUntilMs) : 0
      flowStep(dag, flow, x, room, job.units, records * part, work, isUp ? until - at : 0)
      waits(model, x, until - job.downUntilMs, job.units, waitAfter)
      for (let k = 0; k < lanes.length; k++) {
        missed += records * part * lanes[k] * shareOver(sloMs, waitBefore[k], waitAfter[k])
        latency += part * lanes[k] * 0.5 * (waitBefore[k] + waitAfter[k])
      }
      if (!isUp) down += part
      at = until
    }
    const up = toMs >= job.downUntilMs
    if (up && outages.replay.kind === 'checkpoints' && crosses(outages.replay.everyMs, fromMs, toMs)) {
      x.copyWithin(flow.checkpoint, flow.processed, flow.processed + dag.n)
    }
    if (up && toMs > job.downUntilMs && crosses(reader.scrapeMs, fromMs, toMs)) {
      gauges = scrape(reader, gauges, { atMs: toMs, counters: x, ...sourceGauges(x, records) })
    }
    return {
      seed: state.seed,
      step: state.step + 1,
      flow: x,
      job,
      gauges,
      outcome: outcomeOf(resources, job, arrivals, missed, latency, down)
    }
  }

  /** The job stops: what it read since its last checkpoint is read again, and its meters begin anew. */
  function stop(job: Job, x: Float64Array, gauges: Gauges): Gauges {
    readAgain(dag, flow, outages, x)
    return restartMeters(gauges, job.downUntilMs, x.slice())
  }

  /** Lag over all sources, and the age of the records that are read now: what the gauge of a sink shows. */
  function sourceGauges(x: Float64Array, records: number): { lag: number; latencyMs: number } {
    let lag = 0
    for (let i = 0; i < dag.n; i++) if (dag.isSource[i]) lag += x[i]
    const rate = x[flow.arrivals]
    const age = lag > 0 && rate > 0 ? lag / rate : 0
    return {
      lag: lag + (records * reader.unfetchedMs) / stepMs,
      latencyMs: baseLatencyMs + age + (dag.n > 1 ? bufferedMs(dag, x, room.capacity, room.inflow) : 0)
    }
  }

  return {
    name,
    stepMs,
    resources: resources.map((resource) => resource.id),
    initial,
    transition,
    observe: (state) => observeStream(seen, state.gauges, state.job, state.seed, state.step * stepMs),
    reward: ({ outcome }) => {
      const late = outcome.arrivals > 0 ? outcome.missed / outcome.arrivals : (outcome.down ?? 0)
      return (-(unitHour * (outcome.ready + outcome.starting) + lateHour * late) * stepMs) / HOUR
    },
    terminal: () => false,
    outcome: (state) => state.outcome
  }
}

const known = [
  'name',
  'stepMs',
  'startMs',
  'operators',
  'edges',
  'sloMs',
  'baseLatencyMs',
  'outages',
  'metrics',
  'price'
]

function checkKeys(config: StreamConfig): void {
  for (const key of Object.keys(config)) {
    if (!known.includes(key)) {
      throw new PrescaleError('BAD_OPTION', unknownName('a setting of the stream world', key, known))
    }
  }
}

function chain(operators: readonly StreamOperator[]): Edge[] {
  return operators.slice(1).map((operator, i) => ({ from: operators[i].id, to: operator.id }))
}

function readSizables(dag: Dag): Sizable[] {
  return dag.operators.flatMap((given, operator) => {
    const { id, minParallelism: min = 1, maxParallelism: max = Infinity, parallelism = 1 } = given
    requireOption(
      min >= 0 && min <= max,
      `${id}.minParallelism`,
      min,
      'at least 0 and at most maxParallelism'
    )
    requireOption(
      Number.isInteger(parallelism) && parallelism >= 0,
      `${id}.parallelism`,
      parallelism,
      'a whole number, at least 0'
    )
    return given.scalable === false ? [] : [{ operator, id, min, max }]
  })
}

function crosses(everyMs: number, fromMs: number, toMs: number): boolean {
  return Math.floor(toMs / everyMs) > Math.floor(fromMs / everyMs)
}

function outcomeOf(
  resources: readonly Sizable[],
  job: Job,
  arrivals: number,
  missed: number,
  latencyMs: number,
  down: number
): StepOutcome {
  let ready = 0
  for (const { operator } of resources) ready += job.units[operator]
  const starting = job.startingUnits
  return { arrivals, missed, dropped: 0, latencyMs, waiting: noWait, ready, starting, down }
}

const noWait = { share: 0, meanMs: 0 }
