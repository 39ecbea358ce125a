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
import { type FullRate, fullRateOf, type Sizing, sizingOf } from './sizing.ts'

export interface FloorOptions {
  /** Utilisation to size for, 0..1: 1 unless given. */
  readonly target?: number
  /** Growth that is no growth, as a share of the load: 0.02 unless given. */
  readonly tolerance?: number
  /** What an answer serves with; its units unless given. */
  readonly sizing?: Sizing
}

/** What was last known of the queue and of what a unit serves, `null` before. */
export type FloorMemory = {
  readonly queue: { readonly atMs: number; readonly waiting: number; readonly grows: boolean } | null
  readonly rate: FullRate
}

export const noFloor: FloorMemory = { queue: null, rate: null }

/** Never below what the load needs while queues grow. Throws `BAD_OPTION` for a target that is no utilisation. */
export function withReactiveFloor<Memory>(
  policy: Policy<Memory>,
  options: FloorOptions = {}
): Policy<Guarded<Memory, FloorMemory>> {
  const floor = reactiveFloor(options)
  return guarded(policy, {
    name: 'withReactiveFloor',
    initial: () => noFloor,
    rule: (seen, { to }, before) => {
      const own = floor.look(seen, before)
      if (own.queue?.grows !== true) return { to, own }
      const { units, because } = floor.raise(seen, to, own)
      return { to: units, own, bound: 'reactiveNeed', because: `the queue grows: ${because}` }
    }
  })
}

/** The two halves, for guards that have more to say. */
export interface ReactiveFloor {
  /** What is known now; as before where nothing is measured. */
  look(seen: Observation, before: FloorMemory): FloorMemory
  /** The answer, raised to what the load needs. */
  raise(seen: Observation, to: Units, known: FloorMemory): { readonly units: Units; readonly because: string }
}

/** Throws `BAD_OPTION` for a target that is no utilisation, or a negative tolerance. */
export function reactiveFloor({ target = 1, tolerance = 0.02, sizing }: FloorOptions = {}): ReactiveFloor {
  requireOption(target > 0 && target <= 1, 'withReactiveFloor.target', target, 'a ratio above 0, at most 1')
  requireOption(tolerance >= 0, 'withReactiveFloor.tolerance', tolerance, 'a ratio of at least 0')
  const own = sizing ?? sizingOf()

  function look(seen: Observation, { queue, rate }: FloorMemory): FloorMemory {
    const now = waitingNow(seen)
    return {
      queue: Number.isNaN(now) ? queue : queueOf(seen, now, queue),
      rate: fullRateOf(seen, own, rate)
    }
  }

  function queueOf(seen: Observation, waiting: number, before: FloorMemory['queue']): FloorMemory['queue'] {
    if (before === null || seen.nowMs <= before.atMs) {
      return { atMs: seen.nowMs, waiting, grows: before?.grows ?? false }
    }
    const growth = ((waiting - before.waiting) * 1_000) / (seen.nowMs - before.atMs)
    const load = latestLoad(seen)
    const noise = Number.isNaN(load) ? 0 : tolerance * load
    const grows = growth > noise || (before.grows && waiting > 0 && growth >= 0)
    return { atMs: seen.nowMs, waiting, grows }
  }

  function raise(seen: Observation, to: Units, { rate }: FloorMemory): { units: Units; because: string } {
    const now = wantedNow(seen)
    const one = own.resource !== undefined && own.resource in now ? own.resource : only(to)
    const isKnown = rate !== null && usable(seen.service?.unitRate)
    const need = isKnown ? latestLoad(seen) / (target * rate.rate) : NaN
    if (one === undefined || Number.isNaN(need)) {
      const units = atLeast(seen, to, now)
      return { units, because: 'what is needed is not known, so nothing is reduced' }
    }
    const serves = own.serves(to, seen)
    if (serves >= need) return { units: to, because: '' }
    const asked = to[one] ?? now[one] ?? 0
    // Where the settings of the answer serve nobody no number of units would do: then none is taken away.
    const isIdle = !(serves > 0 && asked > 0)
    const wanted = isIdle ? Math.ceil(need) : Math.ceil((asked * need) / serves - 1e-9)
    const floor = Math.min(wanted, seen.bounds?.[one]?.max ?? wanted)
    const units = { ...to, [one]: Math.max(asked, floor, isIdle ? (now[one] ?? 0) : 0) }
    return { units, because: `the load needs ${Math.ceil(need * 100) / 100} units` }
  }

  return { look, raise }
}

/** Events that wait; `NaN` where nobody measured it. */
function waitingNow(seen: Observation): number {
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
