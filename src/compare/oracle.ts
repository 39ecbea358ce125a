/**
 * Oracle — a lower bound: what perfect foresight would pay, whatever it did in between.
 *
 *   minimise  Σ_t ready[t] + Σ_t start[t] · (ready[t] − ready[t−1])⁺ + price · late minutes
 *   a minute is late iff  max of ready over its steps < need of the minute          (its backlog is forgotten)
 *   start[t] = t − max { s : asked for in s is ready by t }                          (this seed's known lead times)
 *
 * A true bound: no more units than the largest of the minute, from an empty queue, are at least as good as what really
 * happened in it, and each unit that becomes ready was paid since it was asked for.
 *
 * Exact, by dynamic programming over (minute, units at its end): units are alike and their costs add up, so within a
 * minute only four prices of a unit matter (`oracle-minute.ts`), and one pass over the levels with prefix and suffix minima
 * finds the best way from every level to any other. O(steps + minutes × levels). Ties go to more units. Swept over the
 * price of a late minute, it is the frontier nobody can lie below.
 */
import { requireOption } from '../base/index.ts'
import { type MinutePrices, minutePrices, type Stay } from './oracle-minute.ts'

export interface OracleProblem {
  /** Fewest units at which each minute would be in time. */
  readonly need: ArrayLike<number>
  /** Steps in a minute. */
  readonly perMinute: number
  /** (steps) steps for which a unit that is ready from step t on was paid before it. */
  readonly start: ArrayLike<number>
  /** Never fewer units than this. */
  readonly least: number
}

export interface OracleSchedule {
  /** Ready units in each step. */
  readonly ready: Uint16Array
  /** Units paid and not yet ready in each step. */
  readonly starting: Uint16Array
  /** Ready and starting, summed over the steps. */
  readonly unitSteps: number
  readonly lateMinutes: number
  /** unitSteps + price · lateMinutes, as the programme found it. */
  readonly cost: number
}

/** Steps that a unit which is ready from step t on was paid before: fewest over all steps in which it may have been asked for. */
export function startSteps(steps: number, leadSteps: (step: number) => number, before = 0): Int32Array {
  const start = new Int32Array(steps)
  const latest = new Int32Array(steps).fill(-1)
  for (let s = -before; s < steps; s++) {
    const at = Math.max(0, s + leadSteps(s))
    if (at < steps && s > latest[at]) latest[at] = s
  }
  let last = -1
  for (let t = 0; t < steps; t++) {
    if (latest[t] > last) last = latest[t]
    // Nothing from before the first step is paid here.
    start[t] = t - Math.max(0, last)
  }
  return start
}

/** `price` of a late minute in unit-steps. */
export function oracle(problem: OracleProblem, price: number): OracleSchedule {
  const { need, perMinute, start, least } = problem
  const steps = need.length * perMinute
  requireOption(perMinute >= 1 && Number.isInteger(perMinute), 'perMinute', perMinute, 'at least 1 step')
  requireOption(start.length >= steps, 'start', start.length, `a start cost for each of ${steps} steps`)
  requireOption(price >= 0, 'latePrice', price, 'a price of at least 0')
  let top = least
  for (let m = 0; m < need.length; m++) if (need[m] > top) top = need[m]
  const prices = pricesOfMinutes(problem)
  return forward(problem, prices, backward(problem, prices, price, top - least + 1))
}

/** Prices of every minute; those of one like the last are the same object. */
function pricesOfMinutes({ need, perMinute, start }: OracleProblem): MinutePrices[] {
  const prices: MinutePrices[] = []
  for (let m = 0; m < need.length; m++) {
    const from = m * perMinute
    let same = m > 0
    for (let t = from; same && t < from + perMinute; t++) same = start[t] === start[t - perMinute]
    prices.push(same ? prices[m - 1] : minutePrices(start, from, perMinute))
  }
  return prices
}

interface Choices {
  readonly levels: number
  /** (minutes, levels) level at the end of the minute, coming from a level. */
  readonly to: Uint16Array
  /** (minutes, levels) 0, or 1 + which peak within the minute satisfies its need. */
  readonly peak: Uint16Array
  readonly cost: number
}

/** Levels count from `least` on: what is below is always there. */
function backward(
  { need, perMinute, least }: OracleProblem,
  prices: readonly MinutePrices[],
  price: number,
  levels: number
): Choices {
  const to = new Uint16Array(need.length * levels)
  const peak = new Uint16Array(need.length * levels)
  // Cost of all that follows a minute, by the level at its end.
  let after = new Float64Array(levels)
  let before = new Float64Array(levels)
  const here = new Float64Array(levels)
  const scratch = { above: new Float64Array(levels + 1), aboveAt: new Uint16Array(levels + 1) }
  for (let m = need.length - 1; m >= 0; m--) {
    const { held, fresh, peaks } = prices[m]
    const enough = Math.max(0, need[m] - least)
    const row = m * levels
    for (let j = 0; j < levels; j++) here[j] = held.price * j + after[j] + (j < enough ? price : 0)
    move(here, fresh.price - held.price, to, row, before, scratch)
    for (const [p, peakOf] of peaks.entries()) {
      // Up to what is needed once, and back to less before the minute ends.
      let least = Infinity
      let level = 0
      for (let j = 0; j < enough; j++) {
        const cost = peakOf.back.price * j + after[j]
        if (cost <= least) {
          least = cost
          level = j
        }
      }
      for (let i = 0; i < levels; i++) {
        const own = Math.min(i, enough)
        const cost = own * peakOf.held.price + (enough - own) * peakOf.fresh.price + least
        const isLate = peak[row + i] === 0 && to[row + i] < enough
        if (cost > before[i] || (cost === before[i] && !isLate)) continue
        before[i] = cost
        to[row + i] = level
        peak[row + i] = p + 1
      }
    }
    ;[after, before] = [before, after]
  }
  // Nothing is known of before the first step, so everything may have been there.
  return { levels, to, peak, cost: after[levels - 1] + least * need.length * perMinute }
}

interface Scratch {
  readonly above: Float64Array
  readonly aboveAt: Uint16Array
}

/** value[i] = min over j of here[j] + perUnit · (j − i)⁺, and where it is; giving back is free. */
function move(
  here: Float64Array,
  perUnit: number,
  to: Uint16Array,
  row: number,
  value: Float64Array,
  { above, aboveAt }: Scratch
): void {
  const levels = here.length
  above[levels] = Infinity
  for (let i = levels - 1; i >= 0; i--) {
    const cost = here[i] + perUnit * i
    const better = cost <= above[i + 1]
    above[i] = better ? cost : above[i + 1]
    aboveAt[i] = better ? i : aboveAt[i + 1]
  }
  let below = Infinity
  let belowAt = 0
  for (let i = 0; i < levels; i++) {
    if (here[i] <= below) {
      below = here[i]
      belowAt = i
    }
    const climb = above[i + 1] - perUnit * i
    value[i] = Math.min(climb, below)
    to[row + i] = climb < below ? aboveAt[i + 1] : belowAt
  }
}

function forward(
  { need, perMinute, start, least }: OracleProblem,
  prices: readonly MinutePrices[],
  { levels, to, peak, cost }: Choices
): OracleSchedule {
  const steps = need.length * perMinute
  const ready = new Uint16Array(steps).fill(least)
  const starting = new Uint16Array(steps)
  const add = (units: number, { from, until, starts }: Stay, minute: number) => {
    if (units === 0) return
    const begin = minute * perMinute
    const first = begin + from
    for (let t = first; t <= begin + until; t++) ready[t] += units
    for (let t = starts ? first - start[first] : first; t < first; t++) starting[t] += units
  }
  let lateMinutes = 0
  let at = levels - 1
  for (let m = 0; m < need.length; m++) {
    const next = to[m * levels + at]
    const by = peak[m * levels + at]
    const enough = Math.max(0, need[m] - least)
    const { held, fresh, peaks } = prices[m]
    if (by === 0) {
      add(Math.min(at, next), held, m)
      add(Math.max(0, next - at), fresh, m)
      if (next < enough) lateMinutes++
    } else {
      const { held: stay, fresh: rise, back } = peaks[by - 1]
      add(Math.min(at, enough), stay, m)
      add(Math.max(0, enough - at), rise, m)
      add(next, back, m)
    }
    at = next
  }
  let unitSteps = 0
  for (let t = 0; t < steps; t++) unitSteps += ready[t] + starting[t]
  return { ready, starting, unitSteps, lateMinutes, cost }
}
