import type { Dag } from './stream-dag.ts'
import { type Flow, instanceLoads, type Scratch } from './stream-flow.ts'
import { type Outages, timeToDo } from './stream-outages.ts'

/** What a wait depends on beside the records themselves. `room.capacity` must hold the capacities of the step. */
export interface WaitModel {
  readonly dag: Dag
  readonly flow: Flow
  readonly outages: Outages
  readonly room: Scratch
  readonly baseLatencyMs: number
}

/**
 * Latency of a record that arrives now, by lane, if nothing unforeseen happens before it is processed, into `into`.
 *
 *   base + time in buffers + time still down + records before it / what the slowest operator lets through
 *
 * A lane is a partition, or a source with one queue. `sinceRestart` is negative while the job is down.
 */
export function waits(
  { dag, flow, outages, room, baseLatencyMs }: WaitModel,
  x: Float64Array,
  sinceRestart: number,
  units: Float64Array,
  into: Float64Array
): void {
  let through = Infinity
  for (let i = 0; i < dag.n; i++) {
    if (dag.visits[i] > 0) through = Math.min(through, room.capacity[i] / dag.visits[i])
  }
  const path = baseLatencyMs + (dag.n > 1 ? bufferedMs(dag, x, room.capacity, room.inflow) : 0)
  let lane = 0
  for (let i = 0; i < dag.n; i++) {
    if (!dag.isSource[i]) continue
    const behind = x[i] === 0 ? 0 : x[i] / (through * dag.share[i])
    const shares = dag.partitions[i]
    if (shares === null) {
      into[lane++] = path + timeToDo(outages, sinceRestart, behind)
      continue
    }
    const instances = instanceLoads(dag, flow, x, room.instance, i, units[i])
    for (let k = 0; k < shares.length; k++) {
      const own = room.instance[k % instances]
      const need = own === 0 ? 0 : Math.max(behind, (own * units[i]) / room.capacity[i])
      into[lane++] = path + timeToDo(outages, sinceRestart, need)
    }
  }
}

/** Share of the arrivals of each lane: a partition of a source, or a source with one queue. */
export function lanesOf(dag: Dag): Float64Array {
  const lanes: number[] = []
  for (let i = 0; i < dag.n; i++) {
    if (!dag.isSource[i]) continue
    for (const share of dag.partitions[i] ?? [1]) lanes.push(share * dag.share[i])
  }
  return Float64Array.from(lanes)
}

/** Time in the fullest row of buffers from a source to a sink. */
export function bufferedMs(dag: Dag, x: Float64Array, capacity: Float64Array, reach: Float64Array): number {
  reach.fill(0)
  let longest = 0
  for (let i = 0; i < dag.n; i++) {
    if (!dag.isSource[i] && x[i] > 0) reach[i] += x[i] / capacity[i]
    longest = Math.max(longest, reach[i])
    for (let e = dag.outStart[i]; e < dag.outStart[i + 1]; e++) {
      reach[dag.to[e]] = Math.max(reach[dag.to[e]], reach[i])
    }
  }
  return longest
}

/** Share of a line from `a` to `b` that lies over `limit`. */
export function shareOver(limit: number, a: number, b: number): number {
  const low = Math.min(a, b)
  const high = Math.max(a, b)
  if (low > limit) return 1
  return high > limit ? (high - limit) / (high - low) : 0
}
