/**
 * The simple rules beside the networks. All see the state that the networks see and nothing else; their knobs are searched one after
 * the other, on development seeds, until none moves. A rule that is *given the alarm* sees the same signal as the network.
 */
import { random } from '../../src/base/index.ts'
import type { SparkEnvironment } from '../../src/compare/index.ts'
import {
  compressions,
  executorRate,
  messageLatencyMs,
  mostExecutors,
  storageTiers
} from '../../src/sim/index.ts'
import { meanReward, type Policy, scores } from './scenes.ts'

const [LOAD, CPU, LATENCY, PREDICTED, ALARM] = [0, 2, 4, 11, 12]
const LOAD_HIGH = 1_000
const LATENCY_HIGH = 10_000
/** Index of 4 GB. */
const FULL = 3
/** Anything above is a queue. */
const WAITS_MS = 2

export type Knobs = Readonly<Record<string, number>>

export interface Family {
  readonly name: string
  /** Every knob with what it is searched over; the first value is where the search begins. */
  readonly knobs: Readonly<Record<string, readonly number[]>>
  make(knobs: Knobs): Policy
}

const settings = { storage: [1, 0, 2], compression: [0, 1] }
const floors = [6, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]

export const constant: Family = {
  name: 'constant',
  knobs: {
    executors: [17, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20],
    memory: [4, 3, 5, 6],
    storage: [1, 0, 2, 3],
    compression: [0, 1, 2]
  },
  make:
    ({ executors, memory, storage, compression }) =>
    () =>
    () => [executors - 1, memory - 1, storage, compression]
}

/** Up by a step above one line of CPU, down by one executor below another: the origin's Dexter, tuned. */
export const threshold = (alarm: boolean): Family => ({
  name: alarm ? 'threshold, given the alarm' : 'threshold',
  knobs: {
    ...settings,
    up: [0.8, 0.6, 0.7, 0.9, 0.95],
    down: [0.3, 0.2, 0.4, 0.5, 0.6, 0.7],
    step: [2, 1, 4, 8, 14],
    floor: floors,
    ...(alarm && { top: [17, 15, 16, 18, 20] })
  },
  make:
    ({ up, down, step, floor, top = 0, storage, compression }) =>
    () => {
      let wanted = Math.max(6, floor)
      return (state) => {
        const cpu = state[CPU]
        if (cpu > up) wanted += step
        else if (cpu < down) wanted -= 1
        if (alarm && state[ALARM] === 1) wanted = Math.max(wanted, top)
        wanted = Math.min(mostExecutors, Math.max(floor, wanted))
        return [wanted - 1, FULL, storage, compression]
      }
    }
})

/**
 * Executors for the load at a target utilisation, not below a floor, all of them while there is a queue; goes down only to the most that
 * it wanted in the last `hold` steps. Given the alarm: the predicted load counts too, and `top` executors while it rings.
 */
export const proportional = (alarm: boolean): Family => ({
  name: alarm ? 'proportional, given the alarm' : 'proportional',
  knobs: {
    ...settings,
    target: [0.9, 0.6, 0.7, 0.8, 0.85, 0.95, 0.97, 1],
    floor: floors,
    hold: [2, 0, 1, 4, 8],
    drain: [1, 0],
    ...(alarm && { top: [17, 14, 15, 16, 18, 20] })
  },
  make:
    ({ target, floor, hold, drain, top = 0, storage, compression }) =>
    () => {
      const rate = executorRate * storageTiers[storage].rate * compressions[compression].rate
      const fastest = messageLatencyMs + storageTiers[storage].latencyMs + compressions[compression].latencyMs
      const asked: number[] = []
      return (state) => {
        const load = LOAD_HIGH * (alarm ? Math.max(state[LOAD], state[PREDICTED]) : state[LOAD])
        let wish = Math.max(floor, Math.ceil(load / (target * rate)))
        if (drain === 1 && state[LATENCY] * LATENCY_HIGH > fastest + WAITS_MS) wish = mostExecutors
        if (alarm && state[ALARM] === 1) wish = Math.max(wish, top)
        asked.push(Math.min(mostExecutors, wish))
        if (asked.length > hold + 1) asked.shift()
        return [Math.max(...asked) - 1, FULL, storage, compression]
      }
    }
})

export const families: readonly Family[] = [
  constant,
  threshold(false),
  threshold(true),
  proportional(false),
  proportional(true)
]

/** Where the search begins: at the first values, and at some drawn by chance. */
const STARTS = 5

/** Each knob in turn to its best value until none moves, from several starts: deterministic. */
export function tuned(family: Family, environment: SparkEnvironment, of: readonly number[]): Knobs {
  const tried = new Map<string, number>()
  const worth = (knobs: Knobs) => {
    const key = Object.values(knobs).join()
    const known = tried.get(key) ?? meanReward(scores(environment, of, family.make(knobs)))
    tried.set(key, known)
    return known
  }
  const found = Array.from({ length: STARTS }, (_, start) => climbed(family, start, worth))
  return found.reduce((best, knobs) => (worth(knobs) > worth(best) ? knobs : best))
}

function climbed(family: Family, start: number, worth: (knobs: Knobs) => number): Knobs {
  const rng = random(start, family.name)
  const all = Object.entries(family.knobs)
  let best: Knobs = Object.fromEntries(
    all.map(([name, values]) => [name, values[start === 0 ? 0 : rng.integer(values.length)]])
  )
  for (let moved = true; moved; ) {
    moved = false
    for (const [name, values] of all) {
      for (const value of values) {
        const other = { ...best, [name]: value }
        if (worth(other) <= worth(best)) continue
        best = other
        moved = true
      }
    }
  }
  return best
}

export const inWords = (knobs: Knobs) =>
  Object.entries(knobs)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
