/**
 * The twin of a policy that is not in charge: the same world as it would be with what that policy wanted.
 *
 *   ready    min over [t − lead, t] of what it wanted              backlog ← backlog + (load − ready · rate) · Δt, in [0, 5 min of load]
 *   cpu      demand / (ready · rate), 1 while a backlog waits      latency  that of now − the wait of now + the wait of the twin
 *
 * Without it a reactive policy in shadow would read the comfortable CPU that the other one made, know at once what is needed, and
 * look better than it is; one that moves step by step would never get away from the other's size. What the twin does not model stays as
 * it is seen: noise, delays, restarts, drops. A job of several operators has no twin: there the shadow sees what is.
 */
import type { Metric, Observation, Units } from '../roles.ts'
import { latestLoad, trusted, usable } from './answer.ts'
import type { FullRate, Sizing } from './sizing.ts'
import type { Amount, Stand } from './with-shadow-wanted.ts'

/** No more than this much of the load waits: a policy that has recovered is to get out of what it would have made. */
const LONGEST_S = 300

/** What waits after `forMs` more; as before where the load is not known. */
export function backlogAfter(
  seen: Observation,
  backlog: number,
  stand: Stand | null,
  full: FullRate,
  forMs: number
): number {
  const load = latestLoad(seen)
  if (stand === null || full === null || Number.isNaN(load) || !(forMs > 0)) return backlog
  const after = backlog + ((load - stand.ready.serves * full.rate) * forMs) / 1_000
  return Math.min(Math.max(0, after), Math.max(backlog, load * LONGEST_S))
}

/** The metric of a unit that is full before anything waits. */
const FULL = 0.97

/** What the policy would see. `said`: its last answer, whose settings are its own. */
export function twinOf(
  seen: Observation,
  stand: Stand | null,
  backlog: number,
  full: FullRate,
  sizing: Sizing,
  said: Units | undefined
): Observation {
  const names = Object.keys(seen.capacity.ready)
  const resource =
    sizing.resource !== undefined && names.includes(sizing.resource) ? sizing.resource : names[0]
  const isOne = names.length === 1 || resource === sizing.resource
  if (stand === null || full === null || resource === undefined || !isOne) return seen
  const realReady = seen.capacity.ready[resource]
  const real = {
    serves: sizing.serves({ [resource]: realReady }, seen),
    costs: sizing.costs({ [resource]: realReady }, seen)
  }
  if (!usable(realReady) || !usable(real.serves)) return seen
  const { ready, wanted } = stand
  const starting = wanted.units - ready.units
  const capacity = {
    ready: { ...seen.capacity.ready, [resource]: ready.units },
    wanted: { ...seen.capacity.wanted, [resource]: wanted.units },
    starting: [
      ...(seen.capacity.starting ?? []).filter((one) => one.resource !== resource),
      ...(starting > 0 ? [{ resource, units: starting, readyAtMs: seen.nowMs }] : [])
    ]
  }
  const { units: _single, ...rest } = seen
  const metrics =
    seen.metrics && turned(seen, seen.metrics, { real, ready, wanted, backlog, rate: full.rate, said })
  return { ...rest, capacity, ...(metrics && { metrics }) }
}

interface Parts {
  readonly real: { readonly serves: number; readonly costs: number }
  readonly ready: Amount
  readonly wanted: Amount
  readonly backlog: number
  readonly rate: number
  readonly said: Units | undefined
}

function turned(
  seen: Observation,
  metrics: Readonly<Record<string, Metric>>,
  { real, ready, wanted, backlog, rate, said }: Parts
): Readonly<Record<string, Metric>> {
  const out: Record<string, Metric> = { ...metrics }
  const turn = (name: string, change: (value: number) => number) => {
    const value = trusted(metrics[name])
    const changed = Number.isNaN(value) ? NaN : change(value)
    if (usable(changed)) out[name] = { ...metrics[name], value: changed }
  }
  const load = latestLoad(seen)
  const serves = ready.serves * rate
  turn('cpu', (cpu) => {
    const demand = cpu < FULL ? cpu * real.serves * rate : load
    // A second of load that waits keeps everything busy.
    return backlog > load || !(serves > 0) ? 1 : Math.min(1, demand / serves)
  })
  const queue = trusted(metrics.queue ?? metrics.lag)
  turn('queue', () => backlog)
  turn('lag', () => backlog)
  const wait = (waiting: number, served: number) => (served > 0 ? (1_000 * waiting) / served : 0)
  turn('latency', (latency) => {
    const known = Number.isNaN(queue) ? 0 : wait(queue, real.serves * rate)
    return Math.max(0, latency - known) + wait(backlog, serves)
  })
  turn('cost', (cost) => (real.costs > 0 ? (cost * wanted.costs) / real.costs : cost))
  turn('memoryUsed', (used) => (ready.costs > 0 ? Math.min(1, (used * real.costs) / ready.costs) : used))
  for (const name in said) if (metrics[name] !== undefined) turn(name, () => said[name])
  return out
}
