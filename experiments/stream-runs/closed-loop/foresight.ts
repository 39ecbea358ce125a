/**
 * Perfect foresight — dynamic programming over sizes with the load and the failures known.
 *
 *   V[k](u, b) = min over v of   late(k, u → v, b) + price · v · T + V[k + 1](v, b′)
 *
 * k counts epochs of T seconds that begin where a failure does, u is the size, b the backlog on a grid (interpolated in
 * between), late the strictly late seconds of the epoch: down, or a wait over the SLO. An epoch is long enough for an
 * outage and its warm-up. `price` (late seconds per unit-second) is searched until the plan has the mean size that was
 * asked for. The plan is then run in the world itself, so what is printed has been reached, not assumed; sizes can change
 * only once an epoch, so it is no strict lower bound.
 */
import { SECOND, type Series } from '../../../src/base/index.ts'
import { type OutageConfig, type OverTime, overTime, stream } from '../../../src/sim/index.ts'
import { carsWorld, JOB, SLO_MS } from '../worlds.ts'
import { newSeconds, note, type Score, score } from './score.ts'

export interface ForesightSettings {
  readonly epochS: number
  readonly sizes: readonly number[]
}

/** Backlog levels in records: fine where lateness begins, coarse where all is late anyway. */
const LEVELS = [
  0, 2e4, 5e4, 1e5, 1.5e5, 2.5e5, 4e5, 6e5, 9e5, 1.3e6, 2e6, 3e6, 4.5e6, 7e6, 1.1e7, 2e7, 4e7, 8e7
]

/** Late seconds and backlog at the end of each epoch, by size, kind of move and backlog at the beginning. */
interface Table {
  readonly epochs: number
  readonly late: Float32Array
  readonly after: Float32Array
}

const MOVES = ['stay', 'up', 'down'] as const

export interface Foresight {
  /** The plan whose mean size comes nearest to `meanUnits`, as it went in the world. */
  reach(meanUnits: number): Score & { readonly price: number }
}

export function foresight(
  load: Series,
  rate: OverTime,
  outages: OutageConfig,
  { epochS, sizes }: ForesightSettings
): Foresight {
  const epochs = Math.ceil((load.values.length - offsetS(outages, epochS)) / epochS) + 1
  const table = outcomes(load.values, rate, outages, epochs, epochS, sizes)
  return {
    reach(meanUnits) {
      // More lateness is accepted as units become dearer: mean size falls with the price.
      let low = 1e-5
      let high = 10
      let best: (Score & { readonly price: number }) | undefined
      for (let i = 0; i < 18; i++) {
        const price = Math.sqrt(low * high)
        const value = plan(table, epochS, sizes, price)
        const reached = { ...follow(value, table, load, rate, outages, epochS, sizes, price), price }
        if (best === undefined || off(reached, meanUnits) < off(best, meanUnits)) best = reached
        if (off(best, meanUnits) < 0.05) break
        if (reached.meanUnits > meanUnits) low = price
        else high = price
      }
      return best!
    }
  }
}

function off(reached: Score, meanUnits: number): number {
  return Math.abs(reached.meanUnits - meanUnits)
}

/** Epoch 0 is cut short so that failures fall on beginnings. */
function offsetS({ failures = [] }: OutageConfig, epochS: number): number {
  const first = failures[0]
  const atMs = first === undefined ? 0 : typeof first === 'number' ? first : first.atMs
  return (atMs / SECOND) % epochS
}

function bounds(k: number, offset: number, epochS: number, length: number): readonly [number, number] {
  const to = Math.min(length, offset + k * epochS)
  return [Math.max(0, offset + (k - 1) * epochS), to]
}

function outcomes(
  load: Float64Array,
  rate: OverTime,
  outages: OutageConfig,
  epochs: number,
  epochS: number,
  sizes: readonly number[]
): Table {
  const cells = epochs * sizes.length * MOVES.length * LEVELS.length
  const table = { epochs, late: new Float32Array(cells), after: new Float32Array(cells) }
  const perUnit = overTime(rate, 'rate')
  const pauses = {
    up: overTime(outages.rescaleUpMs ?? 0, 'rescaleUpMs'),
    down: overTime(outages.rescaleDownMs ?? 0, 'rescaleDownMs')
  }
  const failures = (outages.failures ?? []).map((f) => (typeof f === 'number' ? f : f.atMs) / SECOND)
  const failureS = overTime(outages.failureMs ?? 0, 'failureMs')
  const offset = offsetS(outages, epochS)
  const replayS = outages.replay?.kind === 'fixed' ? outages.replay.ms / SECOND : 0
  const rampS = (outages.warmUp?.ms ?? 0) / SECOND
  for (let k = 0; k < epochs; k++) {
    const [from, to] = bounds(k, offset, epochS, load.length)
    const hours = from / 3600
    const failed = failures.includes(from)
    for (const [s, size] of sizes.entries()) {
      const capacity = size * perUnit(hours)
      for (const [m, move] of MOVES.entries()) {
        const stopS = move === 'stay' ? 0 : pauses[move](hours) / SECOND
        const downS = Math.max(failed ? failureS(hours) / SECOND : 0, stopS)
        for (const [b, backlog] of LEVELS.entries()) {
          const cell = ((k * sizes.length + s) * MOVES.length + m) * LEVELS.length + b
          const again =
            downS > 0 ? replayS * (backlog > 0 ? capacity : Math.min(capacity, load[from] ?? 0)) : 0
          epoch(load, from, to, capacity, backlog + again, downS, rampS, table, cell)
        }
      }
    }
  }
  return table
}

function epoch(
  load: Float64Array,
  from: number,
  to: number,
  capacity: number,
  backlog: number,
  downS: number,
  rampS: number,
  table: Table,
  cell: number
): void {
  const slack = (SLO_MS - 950) / SECOND
  let waiting = backlog
  let late = 0
  for (let t = from; t < to; t++) {
    const since = t - from - downS
    // After the first seconds of an epoch without a stop nothing is warming up.
    const share = downS === 0 ? 1 : Math.max(0, Math.min(1, (since + 0.5) / rampS))
    waiting = Math.max(0, waiting + load[t] - capacity * share)
    if (since < 0 || waiting > slack * capacity * share) late++
  }
  table.late[cell] = late
  table.after[cell] = waiting
}

/** Values from the end backwards; `value[(k · sizes + u) · levels + b]`. */
function plan(table: Table, epochS: number, sizes: readonly number[], price: number): Float64Array {
  const n = sizes.length
  const levels = LEVELS.length
  const value = new Float64Array((table.epochs + 1) * n * levels)
  for (let k = table.epochs - 1; k >= 0; k--) {
    for (let u = 0; u < n; u++) {
      for (let b = 0; b < levels; b++) {
        let best = Infinity
        for (let v = 0; v < n; v++) {
          const cell = cellOf(k, u, v, b, n)
          const cost =
            table.late[cell] +
            price * sizes[v] * epochS +
            interpolated(value, ((k + 1) * n + v) * levels, table.after[cell])
          if (cost < best) best = cost
        }
        value[(k * n + u) * levels + b] = best
      }
    }
  }
  return value
}

function cellOf(k: number, u: number, v: number, b: number, n: number): number {
  const move = v === u ? 0 : v > u ? 1 : 2
  return ((k * n + v) * MOVES.length + move) * LEVELS.length + b
}

function interpolated(value: Float64Array | Float32Array, first: number, backlog: number): number {
  const last = LEVELS.length - 1
  if (backlog >= LEVELS[last]) return value[first + last]
  let b = 0
  while (LEVELS[b + 1] <= backlog) b++
  const share = (backlog - LEVELS[b]) / (LEVELS[b + 1] - LEVELS[b])
  return value[first + b] * (1 - share) + value[first + b + 1] * share
}

/** The plan in the world: at each beginning of an epoch the move that is best for the backlog that is really there. */
function follow(
  value: Float64Array,
  table: Table,
  load: Series,
  rate: OverTime,
  outages: OutageConfig,
  epochS: number,
  sizes: readonly number[],
  price: number
): Score {
  const n = sizes.length
  const choose = (k: number, u: number, backlog: number): number => {
    let best = u
    let lowest = Infinity
    for (let v = 0; v < n; v++) {
      const cell = cellOf(k, u, v, 0, n)
      const cost =
        interpolated(table.late, cell, backlog) +
        price * sizes[v] * epochS +
        interpolated(value, ((k + 1) * n + v) * LEVELS.length, interpolated(table.after, cell, backlog))
      if (cost < lowest) [best, lowest] = [v, cost]
    }
    return best
  }
  let u = 0
  for (let v = 1; v < n; v++) if (value[v * LEVELS.length] < value[u * LEVELS.length]) u = v
  const world = stream(carsWorld(rate, sizes[u], outages))
  const seconds = newSeconds(load.values.length)
  let state = world.initial(1)
  const offset = offsetS(outages, epochS)
  let k = offset === 0 ? 1 : 0
  for (let t = 0; t < load.values.length; t++) {
    const [from] = bounds(k, offset, epochS, load.values.length)
    if (t === from) u = choose(k++, u, state.flow[0])
    state = world.transition(state, { [JOB]: sizes[u] }, load.values[t])
    note(seconds, state.outcome)
  }
  return score(seconds)
}
