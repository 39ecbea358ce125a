/**
 * Counts — messages into rates, by street and fixed step, in memory that does not grow.
 *
 *   rate[street][k] = messages with a time in [k·step, (k+1)·step) / step
 *
 * At most `streets` names are kept; messages of further ones are counted together as *the rest*, and a name that was silent for
 * `forget` makes room. A step is closed `lateness` after its end; what comes later is counted as late and belongs to no rate. A step in
 * which the gateway was not listening all the time is not measured: its rates are `NaN`, not zero. Memory is plain JSON, changed in place.
 */
import {
  DAY,
  type GivenOptions,
  type OptionTable,
  type ReadOptions,
  readOptions,
  SECOND
} from '../base/index.ts'

export const countsOptions = {
  step: { kind: 'duration', default: 5 * SECOND, min: 100, says: 'one rate is counted over this long' },
  streets: {
    kind: 'integer',
    default: 256,
    min: 1,
    max: 65_536,
    says: 'names that are counted on their own'
  },
  lateness: { kind: 'duration', default: 0, min: 0, says: 'a step waits this long for late messages' },
  forget: { kind: 'duration', default: DAY, min: 1, says: 'a name that was silent this long makes room' }
} satisfies OptionTable

export type CountsMemory = {
  /** Name of each slot; the slot behind the last is the rest. */
  readonly names: (string | null)[]
  readonly slots: Record<string, number>
  used: number
  /** `open[j][slot]`: messages in step `firstStep + j`. */
  readonly open: number[][]
  /** Open steps in which something was not heard. */
  readonly unheard: boolean[]
  firstStep: number
  listening: boolean
  /** Closed steps since the slot last counted something. */
  readonly silent: number[]
  restSeen: boolean
  messages: number
  /** Too late for their step; and from later than the newest step, in which they are counted. */
  late: number
  ahead: number
  /** Of names beyond the kept ones. */
  rest: number
}

/** One step that is over. `rates` has one value a slot, the rest last; `NaN`: not measured. */
export interface ClosedStep {
  readonly startMs: number
  readonly rates: Float64Array
  /** Slots whose name made room: what was learned of them belongs to nobody now. */
  readonly freed: readonly number[]
}

export interface Counts {
  readonly stepMs: number
  readonly slots: number
  readonly options: ReadOptions<typeof countsOptions>
  initial(nowMs: number): CountsMemory
  /** `n` messages of a name with time `atMs`, not later than now. Gives the slot, or −1 when they came too late. Close what is due first. */
  add(name: string, n: number, atMs: number, memory: CountsMemory): number
  /** Whether a step is over: cheap, to be asked before every message. */
  isDue(nowMs: number, memory: CountsMemory): boolean
  /** The steps that are over, oldest first; none twice. After a pause of the process only what was open is given. */
  close(nowMs: number, memory: CountsMemory): ClosedStep[]
  /** The messages come in, or they do not: steps with a time in which they did not are not measured. */
  listen(isListening: boolean, memory: CountsMemory): void
  /** Messages so far in the step that is closed next. */
  soFar(slot: number, memory: CountsMemory): number
}

/** Throws `BAD_OPTION` for an option that cannot be. */
export function counts(given: GivenOptions = {}): Counts {
  const options = readOptions('gateway', countsOptions, given)
  const { step, streets, lateness } = options
  const depth = 1 + Math.ceil(lateness / step)
  const forgetSteps = Math.max(1, Math.ceil(options.forget / step))

  return { stepMs: step, slots: streets + 1, options, initial, add, isDue, close, listen, soFar }

  function initial(nowMs: number): CountsMemory {
    return {
      names: new Array<string | null>(streets).fill(null),
      slots: {},
      used: 0,
      open: Array.from({ length: depth }, () => new Array<number>(streets + 1).fill(0)),
      // The first step is already running: only a part of it is heard.
      unheard: Array.from({ length: depth }, (_, j) => j === 0),
      firstStep: Math.floor(nowMs / step),
      listening: true,
      silent: new Array<number>(streets).fill(0),
      restSeen: false,
      messages: 0,
      late: 0,
      ahead: 0,
      rest: 0
    }
  }

  function add(name: string, n: number, atMs: number, memory: CountsMemory): number {
    memory.messages += n
    let j = Math.floor(atMs / step) - memory.firstStep
    if (!(j >= 0)) {
      memory.late += n
      return -1
    }
    if (j >= depth) {
      memory.ahead += n
      j = depth - 1
    }
    const slot = slotOf(name, memory)
    if (slot === streets) {
      memory.rest += n
      memory.restSeen = true
    }
    memory.open[j][slot] += n
    return slot
  }

  function slotOf(name: string, memory: CountsMemory): number {
    if (Object.hasOwn(memory.slots, name)) return memory.slots[name]
    if (memory.used >= streets) return streets
    const slot = memory.names.indexOf(null)
    memory.names[slot] = name
    // As a property of its own, whatever the name: `__proto__` would be an assignment to something else.
    Object.defineProperty(memory.slots, name, { value: slot, enumerable: true, configurable: true })
    memory.silent[slot] = 0
    memory.used++
    return slot
  }

  function isDue(nowMs: number, { firstStep }: CountsMemory): boolean {
    return nowMs >= (firstStep + 1) * step + lateness || nowMs < (firstStep - 1) * step
  }

  function close(nowMs: number, memory: CountsMemory): ClosedStep[] {
    const running = Math.floor(nowMs / step)
    if (running < memory.firstStep - 1) return turnBack(running, memory)
    // Late by more than a step: the process stood still, what came meanwhile is counted somewhere else or not at all.
    const hasPaused = nowMs >= (memory.firstStep + 2) * step + lateness
    if (hasPaused) memory.unheard.fill(true)
    const closed: ClosedStep[] = []
    for (let j = 0; j < depth && nowMs >= (memory.firstStep + 1) * step + lateness; j++) {
      closed.push(closeFirst(memory, hasPaused))
    }
    const behind = Math.floor((nowMs - lateness) / step) - memory.firstStep
    if (behind > 0) {
      memory.firstStep += behind
      memory.unheard.fill(true)
      for (const row of memory.open) row.fill(0)
    }
    return closed
  }

  /** The clock was set back: what is open belongs to a time that comes again. */
  function turnBack(running: number, memory: CountsMemory): ClosedStep[] {
    memory.firstStep = running
    memory.unheard.fill(true)
    for (const row of memory.open) row.fill(0)
    return []
  }

  function closeFirst(memory: CountsMemory, hasPaused: boolean): ClosedStep {
    const row = memory.open.shift() as number[]
    const unheard = memory.unheard.shift() as boolean
    const rates = new Float64Array(streets + 1).fill(NaN)
    const freed: number[] = []
    for (let slot = 0; slot < streets; slot++) {
      if (memory.names[slot] === null) continue
      if (!unheard) rates[slot] = (row[slot] * 1_000) / step
      if (row[slot] > 0 || memory.open.some((later) => later[slot] > 0)) memory.silent[slot] = 0
      else if (!unheard && ++memory.silent[slot] >= forgetSteps) freed.push(slot)
    }
    if (!unheard && memory.restSeen) rates[streets] = (row[streets] * 1_000) / step
    for (const slot of freed) free(slot, memory)
    const startMs = memory.firstStep * step
    memory.firstStep++
    memory.open.push(row.fill(0))
    memory.unheard.push(hasPaused || !memory.listening)
    return { startMs, rates, freed }
  }

  function free(slot: number, memory: CountsMemory): void {
    delete memory.slots[memory.names[slot] as string]
    memory.names[slot] = null
    memory.used--
  }

  function listen(isListening: boolean, memory: CountsMemory): void {
    memory.listening = isListening
    // Also when they come again: what was held back meanwhile arrives in one step.
    memory.unheard.fill(true)
  }

  function soFar(slot: number, { open }: CountsMemory): number {
    return open[0][slot]
  }
}
