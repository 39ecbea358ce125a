/**
 * Oracle — a lower bound: what perfect foresight would pay, whatever it did in between.
 *
 *   minimise  Σ_t ready[t] + Σ_t start[t] · (ready[t] − ready[t−1])⁺ + price · late minutes
 *   a minute is late iff  max of ready over its steps < need of the minute          (its backlog is forgotten)
 *   start[t] = t − max { s : asked for in s is ready by t }                          (this seed's known lead times)
 *
 * A true bound: no more units than the largest of the minute, from an empty queue, are at least as good as what really
 * happened in it, and each unit that becomes ready was paid since it was asked for. Dynamic programming over
 * (units, has the minute been satisfied?): one pass over the steps, prefix and suffix minima, O(steps × levels). Exact;
 * ties go to more units. Swept over the price of a late minute, it is the frontier nobody can lie below.
 */
import { requireOption } from '../base/index.ts'

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
  const levels = top - least + 1
  return forward(problem, backward(problem, price, levels), levels)
}

interface Choices {
  /** (steps, 2, levels) level to be at, coming from a level with the minute not yet / already satisfied. */
  readonly to: Uint16Array
  /** Cost of everything, and the level to begin at: nothing is known of before, so beginning is free. */
  readonly cost: number
  readonly first: number
}

function backward({ need, perMinute, start, least }: OracleProblem, price: number, levels: number): Choices {
  const steps = need.length * perMinute
  const to = new Uint16Array(steps * 2 * levels)
  // Cost to go behind the step looked at, by level: minute not yet satisfied, minute satisfied.
  let open = new Float64Array(levels)
  let done = new Float64Array(levels)
  let nextOpen = new Float64Array(levels)
  let nextDone = new Float64Array(levels)
  const here = new Float64Array(levels)
  const scratch = { above: new Float64Array(levels + 1), aboveAt: new Uint16Array(levels + 1) }
  let first = 0
  for (let t = steps - 1; t >= 0; t--) {
    const enough = need[Math.floor(t / perMinute)] - least
    const last = t % perMinute === perMinute - 1
    const satisfied = last ? open : done
    const late = last ? price : 0
    for (let i = 0; i < levels; i++) here[i] = least + i + satisfied[i]
    move(here, start[t], to, (2 * t + 1) * levels, nextDone, scratch)
    for (let i = 0; i < Math.min(enough, levels); i++) here[i] = least + i + open[i] + late
    if (t === 0) first = indexOfLeast(here)
    move(here, start[t], to, 2 * t * levels, nextOpen, scratch)
    ;[open, nextOpen] = [nextOpen, open]
    ;[done, nextDone] = [nextDone, done]
  }
  return { to, cost: steps === 0 ? 0 : open[first], first }
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
  { to, cost, first }: Choices,
  levels: number
): OracleSchedule {
  const steps = need.length * perMinute
  const ready = new Uint16Array(steps)
  const starting = new Uint16Array(steps)
  let at = first
  let satisfied = 0
  let unitSteps = 0
  let lateMinutes = 0
  for (let t = 0; t < steps; t++) {
    const before = at
    at = to[(2 * t + satisfied) * levels + at]
    ready[t] = least + at
    if (ready[t] >= need[Math.floor(t / perMinute)]) satisfied = 1
    for (let s = t - start[t]; s < t && at > before; s++) starting[s] += at - before
    unitSteps += ready[t] + Math.max(0, at - before) * start[t]
    if (t % perMinute === perMinute - 1) {
      lateMinutes += 1 - satisfied
      satisfied = 0
    }
  }
  return { ready, starting, unitSteps, lateMinutes, cost }
}

function indexOfLeast(values: Float64Array): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i] < values[best]) best = i
  return best
}
