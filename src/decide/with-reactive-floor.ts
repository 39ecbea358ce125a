/**
 * Reactive floor — while a queue grows, never fewer units than the load of this moment needs.
 *
 *   (queue[t] − queue[t−1]) / Δt > tolerance · load   →   serves(to) ≥ load / (target · unitRate)
 *
 * The plain rule that a clever policy must not fall below when it is proven wrong. It holds from the moment the queue has grown until
 * it shrinks or is empty: a queue at its limit does not grow any more and is no relief. The queue is the metric `queue` or `lag`, or the
 * lag of a topology's sources, and it is looked at only where it is measured. Where the need is not known (no load, no unit rate,
 * several operators with rates of their own) nothing is reduced instead. The bounds given stay in force.
 */
import { requireOption } from '../base/index.ts'
import type { Observation, Policy, Units } from '../roles.ts'
import { latestLoad, trusted, usable, wantedNow } from './answer.ts'
import { type Guarded, guarded } from './guard.ts'
import { type Sizing, sizingOf } from './sizing.ts'

export interface FloorOptions {
  /** Utilisation to size for, 0..1: 1 unless given. */
  readonly target?: number
  /** Growth that is no growth, as a share of the load: 0.02 unless given. */
  readonly tolerance?: number
  /** What an answer serves with; its units unless given. */
  readonly sizing?: Sizing
}

/** What was last known of the queue, `null` before. */
export type QueueMemory = { readonly atMs: number; readonly queue: number; readonly grows: boolean } | null

/** Never below what the load needs while queues grow. Throws `BAD_OPTION` for a target that is no utilisation. */
export function withReactiveFloor<Memory>(
  policy: Policy<Memory>,
  options: FloorOptions = {}
): Policy<Guarded<Memory, QueueMemory>> {
  const floor = reactiveFloor(options)
  return guarded(policy, {
    name: 'withReactiveFloor',
    initial: (): QueueMemory => null,
    rule: (seen, { to }, before) => {
      const own = floor.queue(seen, before)
      if (own?.grows !== true) return { to, own }
      const { units, because } = floor.raise(seen, to)
      return { to: units, own, bound: 'reactiveNeed', because: `the queue grows: ${because}` }
    }
  })
}

/** The two halves, for guards that have more to say. */
export interface ReactiveFloor {
  /** What is known of the queue now; the same memory where it is not measured. */
  queue(seen: Observation, before: QueueMemory): QueueMemory
  /** The answer, raised to what the load needs. */
  raise(seen: Observation, to: Units): { readonly units: Units; readonly because: string }
}

export function reactiveFloor({ target = 1, tolerance = 0.02, sizing }: FloorOptions = {}): ReactiveFloor {
  requireOption(target > 0 && target <= 1, 'withReactiveFloor.target', target, 'a ratio above 0, at most 1')
  requireOption(tolerance >= 0, 'withReactiveFloor.tolerance', tolerance, 'a ratio of at least 0')

  function queue(seen: Observation, before: QueueMemory): QueueMemory {
    const now = waiting(seen)
    if (Number.isNaN(now)) return before
    if (before === null || seen.nowMs <= before.atMs) {
      return { atMs: seen.nowMs, queue: now, grows: before?.grows ?? false }
    }
    const growth = ((now - before.queue) * 1_000) / (seen.nowMs - before.atMs)
    const load = latestLoad(seen)
    const noise = Number.isNaN(load) ? 0 : tolerance * load
    const grows = growth > noise || (before.grows && now > 0 && growth >= 0)
    return { atMs: seen.nowMs, queue: now, grows }
  }

  function raise(seen: Observation, to: Units): { units: Units; because: string } {
    const now = wantedNow(seen)
    const own = sizing ?? sizingOf()
    const one = own.resource ?? only(to)
    const need = one === undefined ? NaN : needOf(seen, target) * own.perUnit(seen)
    if (one === undefined || Number.isNaN(need)) {
      const units = atLeast(seen, to, now)
      return { units, because: 'what is needed is not known, so nothing is reduced' }
    }
    const serves = own.serves(to, seen)
    if (serves >= need) return { units: to, because: '' }
    const asked = to[one] ?? now[one] ?? 0
    // Where the settings of the answer serve nobody no number of units would do: then none is taken away.
    const wanted = serves > 0 && asked > 0 ? Math.ceil((asked * need) / serves - 1e-9) : Math.ceil(need)
    const floor = Math.min(wanted, seen.bounds?.[one]?.max ?? wanted)
    const units = {
      ...to,
      [one]: serves > 0 ? Math.max(asked, floor) : Math.max(asked, floor, now[one] ?? 0)
    }
    return { units, because: `the load needs ${Math.ceil(need * 100) / 100} units` }
  }

  return { queue, raise }
}

/** Units at which the load of this moment would keep them busy to `target`; `NaN` where it is not known. */
export function needOf(seen: Observation, target: number): number {
  const load = latestLoad(seen)
  const unitRate = seen.service?.unitRate
  return usable(unitRate) && unitRate > 0 ? load / (target * unitRate) : NaN
}

/** Events that wait; `NaN` where nobody measured it. */
function waiting(seen: Observation): number {
  const told = trusted(seen.metrics?.queue ?? seen.metrics?.lag)
  if (!Number.isNaN(told) || seen.topology === undefined) return told
  let sum = NaN
  for (const { source, lag } of seen.topology.operators) {
    if (source && usable(lag)) sum = (Number.isNaN(sum) ? 0 : sum) + lag
  }
  return sum
}

function only(to: Units): string | undefined {
  const names = Object.keys(to)
  return names.length === 1 ? names[0] : undefined
}

/** No fewer than now, and no more than the bounds. */
function atLeast(seen: Observation, to: Units, now: Units): Units {
  const kept: Record<string, number> = {}
  for (const resource in to) {
    const most = seen.bounds?.[resource]?.max ?? Number.POSITIVE_INFINITY
    kept[resource] = Math.max(to[resource], Math.min(most, now[resource] ?? to[resource]))
  }
  return kept
}
