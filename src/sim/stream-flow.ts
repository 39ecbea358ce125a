import { type Dag, effectiveUnits } from './stream-dag.ts'
import type { Outages } from './stream-outages.ts'

/**
 * One step of records flowing through the DAG, as a fluid with bounded buffers.
 *
 *   1 forward   demand[i] = min(queue[i] + inflow[i], capacity[i])            as if nothing were blocked
 *   2 backward  planned[i] = demand[i] · min over outputs j of min(1, (buffer[j] − queue[j] + planned[j]) / inflow[j])
 *   3 forward   processed[i] = min(planned[i], queue[i] + inflow[i]),  queue[i] += inflow[i] − processed[i]
 *
 * So a slow operator fills its buffer, then slows everything before it, and the source's lag grows: backpressure.
 * Buffers never overflow and no record is lost.
 */
export interface Flow {
  /** Place of each block in the flat array: n queues, the partitions' lags, then counters and rates of n each. */
  readonly lags: number
  readonly processed: number
  readonly busy: number
  readonly blocked: number
  readonly checkpoint: number
  readonly rate: number
  /** One number: arrivals per ms, an exponential mean over about a minute. */
  readonly arrivals: number
  readonly length: number
}

export function flowLayout(dag: Dag): Flow {
  const processed = dag.n + dag.lags
  return {
    lags: dag.n,
    processed,
    busy: processed + dag.n,
    blocked: processed + 2 * dag.n,
    checkpoint: processed + 3 * dag.n,
    rate: processed + 4 * dag.n,
    arrivals: processed + 5 * dag.n,
    length: processed + 5 * dag.n + 1
  }
}

/** Room to compute in, so that a step allocates nothing but its new state. */
export interface Scratch {
  readonly capacity: Float64Array
  readonly inflow: Float64Array
  readonly demand: Float64Array
  readonly planned: Float64Array
  readonly instance: Float64Array
}

export function scratchFor(dag: Dag): Scratch {
  const most = dag.partitions.reduce((sum, shares) => Math.max(sum, shares?.length ?? 0), 0)
  return {
    capacity: new Float64Array(dag.n),
    inflow: new Float64Array(dag.n),
    demand: new Float64Array(dag.n),
    planned: new Float64Array(dag.n),
    instance: new Float64Array(most)
  }
}

/** Capacity of every operator in records per ms at this hour, into `into`. */
export function capacities(dag: Dag, units: Float64Array, hours: number, into: Float64Array): void {
  for (let i = 0; i < dag.n; i++) {
    into[i] = (dag.rate[i](hours) * effectiveUnits(units[i], dag.contention[i])) / 1000
  }
}

/**
 * Moves the records of one step in `x` (edited in place; the caller's own copy). `workMs` is the time the job works at
 * full capacity, `upMs` the time it is up. `room.capacity` must hold the capacities.
 */
export function flowStep(
  dag: Dag,
  flow: Flow,
  x: Float64Array,
  room: Scratch,
  units: Float64Array,
  arrivals: number,
  workMs: number,
  upMs: number
): void {
  arrive(dag, flow, x, arrivals)
  if (!(workMs > 0)) return
  const { capacity, inflow, demand, planned } = room
  const { n, outStart, to, gain } = dag
  inflow.fill(0)
  for (let i = 0; i < n; i++) {
    const limit = capacity[i] * workMs
    demand[i] =
      dag.partitions[i] === null
        ? Math.min(x[i] + inflow[i], limit)
        : partitionDemand(dag, flow, x, room, i, units[i], limit)
    for (let e = outStart[i]; e < outStart[i + 1]; e++) inflow[to[e]] += demand[i] * gain[e]
  }
  for (let i = n - 1; i >= 0; i--) {
    let open = 1
    for (let e = outStart[i]; e < outStart[i + 1]; e++) {
      const j = to[e]
      if (inflow[j] > 0) open = Math.min(open, (dag.buffer[j] * units[j] - x[j] + planned[j]) / inflow[j])
    }
    planned[i] = demand[i] * Math.max(0, open)
  }
  inflow.fill(0)
  for (let i = 0; i < n; i++) {
    const limit = capacity[i] * workMs
    const available = x[i] + inflow[i]
    const done = Math.min(planned[i], available)
    x[i] = available - done
    if (dag.partitions[i] !== null) takeFromPartitions(dag, flow, x, room, i, units[i], limit, done)
    const busy = limit > 0 ? (done / limit) * upMs : 0
    x[flow.processed + i] += done
    x[flow.rate + i] = done / upMs
    x[flow.busy + i] += busy
    if (done < demand[i] * (1 - 1e-9)) x[flow.blocked + i] += upMs - busy
    for (let e = outStart[i]; e < outStart[i + 1]; e++) inflow[to[e]] += done * gain[e]
  }
}

/**
 * At a stop: what the sources read since the last checkpoint goes back into their queues, and what was on its way
 * between operators with it, since it is among what is read again.
 */
export function readAgain(dag: Dag, flow: Flow, { replay }: Outages, x: Float64Array): void {
  if (replay.kind === 'none') return
  let underway = 0
  for (let i = 0; i < dag.n; i++) {
    if (dag.isSource[i] || x[i] === 0) continue
    underway = Math.max(underway, x[i] / dag.visits[i])
    x[i] = 0
  }
  for (let i = 0; i < dag.n; i++) {
    const read = x[flow.processed + i] - x[flow.checkpoint + i]
    x[flow.checkpoint + i] = x[flow.processed + i]
    if (!dag.isSource[i]) continue
    const again = replay.kind === 'fixed' ? Math.min(read, replay.ms * x[flow.rate + i]) : read
    putBack(dag, flow, x, i, Math.max(again, underway * dag.share[i]))
  }
}

/** Records put into the sources' queues, split by source and by partition. */
function arrive(dag: Dag, flow: Flow, x: Float64Array, records: number): void {
  for (let i = 0; i < dag.n; i++) {
    if (dag.share[i] > 0) putBack(dag, flow, x, i, records * dag.share[i])
  }
}

function putBack(dag: Dag, flow: Flow, x: Float64Array, source: number, records: number): void {
  x[source] += records
  const shares = dag.partitions[source]
  if (shares === null) return
  const first = flow.lags + dag.firstPartition[source]
  for (let k = 0; k < shares.length; k++) x[first + k] += records * shares[k]
}

/**
 * Records before each instance of a partitioned source, into `load`; answers how many instances have any. Partition k
 * belongs to instance k mod units: one instance cannot help another, and more instances than partitions idle.
 */
export function instanceLoads(
  dag: Dag,
  flow: Flow,
  x: Float64Array,
  load: Float64Array,
  i: number,
  units: number
): number {
  const count = dag.partitions[i]!.length
  const instances = Math.min(units, count)
  const first = flow.lags + dag.firstPartition[i]
  load.fill(0, 0, instances)
  for (let k = 0; k < count; k++) load[k % instances] += x[first + k]
  return instances
}

function partitionDemand(
  dag: Dag,
  flow: Flow,
  x: Float64Array,
  room: Scratch,
  i: number,
  units: number,
  limit: number
): number {
  const instances = instanceLoads(dag, flow, x, room.instance, i, units)
  let demand = 0
  for (let m = 0; m < instances; m++) demand += Math.min(room.instance[m], limit / units)
  return demand
}

function takeFromPartitions(
  dag: Dag,
  flow: Flow,
  x: Float64Array,
  room: Scratch,
  i: number,
  units: number,
  limit: number,
  done: number
): void {
  if (done === 0) return
  const first = flow.lags + dag.firstPartition[i]
  const instances = instanceLoads(dag, flow, x, room.instance, i, units)
  const open = done / room.demand[i]
  for (let k = 0; k < dag.partitions[i]!.length; k++) {
    const load = room.instance[k % instances]
    if (load > 0) x[first + k] -= x[first + k] * (Math.min(load, limit / units) / load) * open
  }
}
