/**
 * One step of a queue — how the arrivals of a step fare in front of a capacity that is constant for it.
 *
 *   λ = arrivals/T      K = units·unitRate      c = units·k servers, mean service s = k/unitRate, ρ = λ/K
 *   latency = s + w(t) + X      missed when it is over the SLO, or when there was no room to wait
 *
 * **Backlog** (fluid): b' = λ − K between 0 and the room to wait; who arrives at t waits w(t) = b(t)/K behind it.
 *
 * **Chance** (M/M/c): with probability C (Erlang) an arrival waits X on top, exponential with mean q/K, where
 *
 *   q(t) = min(1/(1 − ρ), √(q₀² + 4λt/π)), its mean over the step
 *
 * 1/(1 − ρ) is the stationary queue of those who wait, so X has Erlang's mean 1/(K − λ). It needs about 2λ/(K − λ)² seconds
 * to build up, for ever at ρ = 1; before that the queue is a reflected random walk, E|N(0, 2λt)| = √(4λt/π) long
 * (Newell, *Applications of Queueing Theory* 1982, ch. 9). q is carried from step to step, so a load that stays arrives at
 * Erlang's numbers, and near saturation one more unit never makes a step worse.
 *
 * w is linear in pieces, so the share that missed is an integral in closed form and not a sample.
 */
import { waits } from '../math/erlang.ts'

/** What does not change: capacity of one unit and how long one may wait. Times in seconds. */
export interface Facility {
  readonly unitRate: number
  readonly serversPerUnit: number
  /** Latency that is still in time, less the mean service time. */
  readonly patience: number
  /** Events that may wait for each unit. */
  readonly room: number
}

/** What a step leaves behind: events that still wait, and the queue of chance `q` (at least 1: one departure). */
export interface Queue {
  readonly backlog: number
  readonly chance: number
}

export interface Served extends Queue {
  readonly served: number
  readonly dropped: number
  readonly missed: number
  /** Mean wait behind the backlog of those who were let in, seconds. */
  readonly waited: number
  /** Share that waits by chance, and for how many seconds in the mean. */
  readonly share: number
  readonly mean: number
}

/** A capacity that stands still: for how long from the beginning, and what serves afterwards, events/s. */
export interface Closed {
  readonly opensIn: number
  readonly rate: number
}

/**
 * `working` units serve `arrivals` that come evenly over `seconds`, behind what already waits. With none working, the
 * waits are those until `closed.opensIn`. `places` units have room to wait: those that are down have it too.
 */
export function serveStep(
  facility: Facility,
  working: number,
  before: Queue,
  arrivals: number,
  seconds: number,
  closed: Closed,
  places: number = working
): Served {
  const lambda = arrivals / seconds
  const rate = working * facility.unitRate
  const limit = facility.room * Math.max(1, places)
  const rho = rate > 0 ? lambda / rate : Number.POSITIVE_INFINITY
  const begun = before.chance
  const grown = Math.sqrt(begun * begun + (4 / Math.PI) * arrivals)
  const settled = rho < 1 ? 1 / (1 - rho) : Number.POSITIVE_INFINITY
  const chance = Math.min(settled, grown)
  const servers = Math.max(1, Math.round(working * facility.serversPerUnit))
  const share = arrivals > 0 && rate > 0 ? waits(servers, rho * servers) : 0
  // The mean of √(q₀² + at) over the step: what its arrivals meet.
  const met = Math.min(settled, ((2 / 3) * (grown * grown + grown * begun + begun * begun)) / (grown + begun))
  const mean = rate > 0 ? met / rate : 0
  if (before.backlog === 0 && rho <= 1) {
    const missed = arrivals * late(facility.patience, share, mean, 0, 0)
    return { backlog: 0, chance, served: arrivals, dropped: 0, missed, waited: 0, share, mean }
  }
  const opensIn = rate > 0 ? 0 : closed.opensIn
  const drain = rate > 0 ? rate : closed.rate
  let left = seconds
  let backlog = before.backlog
  let dropped = 0
  let missed = 0
  let waited = 0
  // More waits than there is room for: the units it came with are gone, and nobody is let in until it is served.
  if (backlog > limit) {
    const full = rate > 0 ? Math.min(left, (backlog - limit) / rate) : left
    dropped = lambda * full
    backlog = full < left ? limit : backlog - rate * full
    left -= full
  }
  const slope = lambda - rate
  const end = slope > 0 ? limit : 0
  if (left > 0 && (backlog > 0 || slope > 0)) {
    const until = slope === 0 ? Number.POSITIVE_INFINITY : (end - backlog) / slope
    const moving = Math.min(left, until)
    const next = until <= left ? end : backlog + slope * moving
    const from = opensIn > 0 ? opensIn - (seconds - left) : 0
    const w0 = backlog / drain + from
    const w1 = next / drain + (opensIn > 0 ? from - moving : 0)
    missed += lambda * moving * late(facility.patience, share, mean, w0, w1)
    waited += (lambda * moving * (w0 + w1)) / 2
    backlog = next
    left -= moving
  }
  // Dust of the division that found the moment must not drop anything.
  if (left > 1e-9 * seconds) {
    // Empty, or full: let in is then what is served.
    const admitted = slope > 0 ? rate * left : lambda * left
    const w = slope > 0 ? backlog / drain : 0
    dropped += lambda * left - admitted
    missed += admitted * late(facility.patience, share, mean, w, w)
    waited += admitted * w
  }
  const entered = arrivals - dropped
  return {
    backlog,
    chance,
    served: before.backlog + entered - backlog,
    dropped,
    // Rounding of the pieces must not miss more than came.
    missed: Math.min(arrivals, missed + dropped),
    waited: entered > 0 ? waited / entered : 0,
    share,
    mean
  }
}

/**
 * Share over the patience θ when the wait behind the backlog goes evenly from `w0` to `w1`:
 * the mean of  w ≥ θ ? 1 : C·e^{−(θ − w)/m}.
 */
function late(patience: number, share: number, mean: number, w0: number, w1: number): number {
  const low = Math.min(w0, w1)
  const high = Math.max(w0, w1)
  if (low >= patience) return 1
  const over = Math.max(0, high - patience)
  const below = Math.min(high, patience)
  // Smaller spreads than this cannot be told from a point.
  if (high - low < 1e-12 * (patience + high))
    return share === 0 ? 0 : share * Math.exp((low - patience) / mean)
  const inside =
    share === 0 ? 0 : -share * mean * Math.exp((below - patience) / mean) * Math.expm1((low - below) / mean)
  return (over + inside) / (high - low)
}
