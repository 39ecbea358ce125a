/**
 * The job behind an Observation, as the Flink autoscaler looks at one: vertices with rates, busy time and lag.
 *
 * Without a topology a service is read as a job of one vertex that reads from its queue: the load is what arrives,
 * what it processes is the load less the growth of `metrics.lag` (or `metrics.queue`), and its busy share is
 * processed / (unitRate · ready) where the rate of a unit is known, else `metrics.cpu`.
 */
import type { Observation, Operator } from '../roles.ts'
import { latestLoad, metricOf, trusted, wantedNow } from './answer.ts'
import type { Reading, Sample } from './flink-metrics.ts'
import type { VertexShape } from './flink-scaler.ts'
import { type Dag, dagOf } from './topology.ts'

/** Lists in the order of the DAG. */
export interface FlinkJob {
  readonly dag: Dag
  /** Instances that run; `now`: that are wanted. */
  readonly parallelism: readonly number[]
  readonly byId: Readonly<Record<string, number>>
  readonly now: Readonly<Record<string, number>>
  readonly shapes: readonly VertexShape[]
  readonly readings: Readonly<Record<string, Reading>>
  /** False while instances start or a vertex has none: the original waits for a running job. */
  readonly running: boolean
}

/** `last` is the sample before this Observation. `undefined`: neither a topology nor a single service. */
export function jobOf(seen: Observation, last: Sample | undefined): FlinkJob | undefined {
  const { topology, capacity } = seen
  if (topology !== undefined && topology.operators.length > 0) {
    const dag = dagOf(topology)
    return job(seen, dag, (operator, i, parallelism) => readingOf(operator, dag.isSource[i], parallelism))
  }
  const resources = Object.keys(wantedNow(seen))
  if (resources.length !== 1) return undefined
  const [id] = resources
  const operator = {
    id,
    parallelism: capacity.ready[id] ?? 0,
    source: true,
    trueProcessingRate: NaN,
    trueOutputRate: NaN
  }
  const dag = { operators: [operator], inputs: [[]], outputs: [0], isSource: [true] }
  return job(seen, dag, () => serviceReading(seen, id, operator.parallelism, last))
}

function job(
  seen: Observation,
  dag: Dag,
  read: (operator: Operator, i: number, parallelism: number) => Reading
): FlinkJob {
  const { capacity } = seen
  const byId: Record<string, number> = {}
  const now: Record<string, number> = {}
  const readings: Record<string, Reading> = {}
  const parallelism: number[] = []
  const shapes: VertexShape[] = []
  let running = true
  for (let i = 0; i < dag.operators.length; i++) {
    const operator = dag.operators[i]
    const { id } = operator
    const instances = capacity.ready[id] ?? operator.parallelism
    if (!(instances > 0)) running = false
    parallelism.push(instances)
    byId[id] = instances
    now[id] = capacity.wanted?.[id] ?? instances
    readings[id] = read(operator, i, instances)
    shapes.push(shapeOf(operator, dag.isSource[i], instances))
  }
  for (const { resource, units } of capacity.starting ?? []) {
    if (units > 0 && byId[resource] !== undefined) running = false
  }
  return { dag, parallelism, byId, now, shapes, readings, running }
}

/** Key groups matter behind a keyBy. An operator that says how many it has and not whether is taken as keyed. */
function shapeOf(operator: Operator, isSource: boolean, parallelism: number): VertexShape {
  const { partitions = 0, maxParallelism, keyed = !isSource } = operator
  const groups = maxParallelism !== undefined && maxParallelism > 0 ? maxParallelism : Infinity
  return {
    parallelism,
    partitions: isSource && partitions > 0 ? partitions : 0,
    maxParallelism: groups,
    keyed
  }
}

function readingOf(operator: Operator, isSource: boolean, parallelism: number): Reading {
  const { trueProcessingRate, trueOutputRate } = operator
  const [observedIn, observedOut] = [
    measured(operator.observedProcessingRate),
    measured(operator.observedOutputRate)
  ]
  const given = measured(operator.busy)
  // Useful time is what a true rate is defined by, so any two of the three give the third.
  const load = Number.isNaN(given) ? measured(observedIn / trueProcessingRate) : given
  const input = Number.isNaN(observedIn) ? measured(trueProcessingRate * load) : observedIn
  const output = Number.isNaN(observedOut) ? measured(trueOutputRate * load) : observedOut
  return {
    isSource,
    hasGauge: !isSource,
    parallelism,
    // A source that counts no input is measured by its output, as in the original.
    inPerSecond: isSource && !(input > 0) && !Number.isNaN(output) ? output : input,
    outPerSecond: output,
    load,
    backpressured: measured(operator.backpressured),
    lag: measured(operator.lag)
  }
}

function serviceReading(
  seen: Observation,
  id: string,
  parallelism: number,
  last: Sample | undefined
): Reading {
  const arrivals = arrivalRate(seen, last)
  const lag = firstOf(trusted(metricOf(seen, 'lag', id, false)), trusted(metricOf(seen, 'queue', id, false)))
  const before = last?.vertices[id]?.lag ?? NaN
  const seconds = last === undefined ? NaN : (seen.nowMs - last.atMs) / 1000
  const growth = (lag - before) / seconds
  const processed = Math.max(0, arrivals - (Number.isFinite(growth) ? growth : 0))
  const unitRate = seen.service?.unitRate ?? NaN
  const load = unitRate > 0 ? processed / (unitRate * parallelism) : trusted(metricOf(seen, 'cpu', id, false))
  return {
    isSource: true,
    // Rate and busy share as means of the same samples, so that their quotient is the rate of the units.
    hasGauge: true,
    parallelism,
    inPerSecond: processed,
    outPerSecond: processed,
    load,
    backpressured: 0,
    lag
  }
}

/** Mean load since the last sample; `NaN` when the latest step was not measured. */
function arrivalRate(seen: Observation, last: Sample | undefined): number {
  const latest = latestLoad(seen)
  if (Number.isNaN(latest) || last === undefined || seen.load === undefined) return latest
  const { values, stepMs } = seen.load
  const steps = Math.min(values.length, Math.max(1, Math.round((seen.nowMs - last.atMs) / stepMs)))
  let sum = 0
  let count = 0
  for (let i = values.length - steps; i < values.length; i++) {
    if (!(values[i] >= 0)) continue
    sum += values[i]
    count++
  }
  return sum / count
}

function firstOf(first: number, second: number): number {
  return Number.isNaN(first) ? second : first
}

/** A rate, a share or a count; `NaN` for everything that can be neither. */
function measured(value: number | undefined): number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : NaN
}
