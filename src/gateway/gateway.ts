/**
 * The edge gateway — raw messages of many streets in, one signal for the cloud out.
 *
 *   message → counts → (a step is over, or a count says it all before) → street watch → signal
 *
 * A signal is due when the alarm changes, when what is predicted moved by `change`, and every `heartbeat`; with `publish: step` at every
 * step. Nothing is said while nothing was measured: silence is what a receiver takes for unknown.
 *
 * `seq` never goes back, also not across restarts: it begins at the later of what was kept (`firstSeq`) and the time in milliseconds, and
 * grows by one a signal. A gateway sends fewer than a thousand signals a second, so the clock of a later start is always ahead; where the
 * clock is wrong, what was kept is. Memory is plain JSON, changed in place, and does not grow.
 */
import {
  type GivenOptions,
  type OptionTable,
  PrescaleError,
  readOptions,
  SECOND,
  unknownName
} from '../base/index.ts'
import type { EdgeSignal } from '../roles.ts'
import {
  type BurstMethod,
  burstPredictors,
  type Fused,
  type StreetWatchMemory,
  streetWatch
} from './burst/index.ts'
import { type ClosedStep, type CountsMemory, counts, countsOptions } from './counts.ts'
import { earlyCount, NEVER } from './early.ts'

export const gatewayOptions = {
  ...countsOptions,
  predictor: {
    kind: 'text',
    default: 'cusum',
    oneOf: Object.keys(burstPredictors),
    says: 'which burst predictor watches each street'
  },
  level: {
    kind: 'integer',
    min: 0,
    says: 'which level of a topic names its street, the first is 0; absent: the whole topic is one'
  },
  publish: {
    kind: 'text',
    default: 'change',
    oneOf: ['change', 'step'],
    says: 'a signal when something changed, or at every step'
  },
  heartbeat: { kind: 'duration', default: 10 * SECOND, min: 100, says: 'a signal at least this often' },
  change: {
    kind: 'number',
    default: 0.1,
    min: 0,
    says: 'what is predicted has changed when it moved by this share'
  }
} satisfies OptionTable

export interface GatewaySettings {
  /** The name that its signals carry. */
  readonly gateway: string
  /** As in `gatewayOptions`. */
  readonly options?: GivenOptions
  /** Of the predictor and of the fusion; `step` is the gateway's own. */
  readonly predictor?: GivenOptions
  readonly fusion?: GivenOptions
}

export type GatewayMemory = {
  readonly counts: CountsMemory
  readonly watch: StreetWatchMemory
  /** The count in a running step that fires, by slot. */
  readonly early: number[]
  /** Rates of the last step that was closed, `null`: not measured. */
  readonly last: (number | null)[]
  /** Of the last steps, oldest first: messages/s over all streets. */
  readonly totals: (number | null)[]
  totalsEndMs: number
  said: Said | null
  seq: number
  sentMs: number | null
  sentLoad: number
  sentAlarm: boolean
  /** Looks ahead into the running step, bounded so that a flood cannot buy work. */
  looks: number
}

type Said = { load: number; alarm: boolean; horizonMs: number; confidence: number }

export interface EdgeGateway {
  readonly name: string
  readonly stepMs: number
  /** The street of a topic. */
  street(topic: string): string
  /** `firstSeq`: higher than any number that was used before, where that is known. */
  initial(nowMs: number, firstSeq?: number): GatewayMemory
  /** `n` messages of a street. Gives a signal when they fire the alarm. */
  count(
    street: string,
    n: number,
    nowMs: number,
    memory: GatewayMemory,
    atMs?: number
  ): EdgeSignal | undefined
  /** To be asked at least once a step. Gives a signal when one is due. */
  tick(nowMs: number, memory: GatewayMemory): EdgeSignal | undefined
  /** The messages come in, or they do not. */
  listen(isListening: boolean, memory: GatewayMemory): void
}

/** Steps of the own total that are kept: what a local policy looks back on. */
const KEPT_STEPS = 360
const LOOKS = 4

/** Throws `BAD_OPTION` for a name or an option that cannot be. */
export function edgeGateway(settings: GatewaySettings): EdgeGateway {
  const { gateway: name } = settings
  if (!/^[\w.:-]{1,64}$/.test(name)) {
    throw new PrescaleError(
      'BAD_OPTION',
      `gateway must be a name of 1 to 64 letters, digits and . _ : -, was '${name}'`
    )
  }
  const options = readOptions('gateway', gatewayOptions, settings.options)
  const counted = counts(pick(settings.options ?? {}, Object.keys(countsOptions)))
  const { stepMs } = counted
  if (!Object.hasOwn(burstPredictors, options.predictor)) {
    throw new PrescaleError(
      'BAD_OPTION',
      unknownName('a burst predictor', options.predictor, Object.keys(burstPredictors))
    )
  }
  const entry = burstPredictors[options.predictor as BurstMethod]
  const predictor = entry.make({ ...settings.predictor, step: stepMs })
  const watch = streetWatch(predictor, { ...settings.fusion, step: stepMs })

  return {
    name,
    stepMs,
    street: (topic) => (options.level === undefined ? topic : (topic.split('/')[options.level] ?? topic)),
    initial,
    count,
    tick,
    listen: (isListening, memory) => counted.listen(isListening, memory.counts)
  }

  function initial(nowMs: number, firstSeq = 0): GatewayMemory {
    return {
      counts: counted.initial(nowMs),
      watch: watch.initial(counted.slots),
      early: new Array<number>(counted.slots).fill(NEVER),
      last: new Array<number | null>(counted.slots).fill(null),
      totals: [],
      totalsEndMs: 0,
      said: null,
      seq: Math.max(Math.floor(nowMs), firstSeq) - 1,
      sentMs: null,
      sentLoad: 0,
      sentAlarm: false,
      looks: 0
    }
  }

  function count(
    street: string,
    n: number,
    nowMs: number,
    memory: GatewayMemory,
    atMs = nowMs
  ): EdgeSignal | undefined {
    if (counted.isDue(nowMs, memory.counts)) closeSteps(nowMs, memory)
    const slot = counted.add(street, n, Math.min(atMs, nowMs), memory.counts)
    if (slot < 0 || counted.soFar(slot, memory.counts) < memory.early[slot]) return undefined
    return look(slot, nowMs, memory)
  }

  function tick(nowMs: number, memory: GatewayMemory): EdgeSignal | undefined {
    const isNew = counted.isDue(nowMs, memory.counts) && closeSteps(nowMs, memory)
    const { said, sentMs, sentLoad, sentAlarm } = memory
    if (said === null) return undefined
    const isMoved = Math.abs(said.load - sentLoad) > options.change * sentLoad
    const isDue =
      sentMs === null ||
      nowMs < sentMs ||
      nowMs - sentMs >= options.heartbeat ||
      (isNew && (options.publish === 'step' || said.alarm !== sentAlarm || isMoved))
    return isDue ? send(said, nowMs, memory) : undefined
  }

  /** Whether anything was measured. */
  function closeSteps(nowMs: number, memory: GatewayMemory): boolean {
    const closed = counted.close(nowMs, memory.counts)
    for (const step of closed) takeStep(step, memory)
    // A pause longer than what was open: what was said before it is old.
    if (closed.length === 0) memory.said = null
    memory.looks = 0
    return memory.said !== null
  }

  function takeStep({ startMs, rates, freed }: ClosedStep, memory: GatewayMemory): void {
    for (const slot of freed) memory.watch.streets[slot] = predictor.initial()
    const fused = watch.update(rates, memory.watch)
    for (let slot = 0; slot < rates.length; slot++) {
      const isMeasured = !Number.isNaN(rates[slot])
      memory.last[slot] = isMeasured ? rates[slot] : null
      memory.early[slot] = isMeasured
        ? earlyCount(predictor, memory.watch.streets[slot], stepMs, (rates[slot] * stepMs) / 1_000)
        : NEVER
    }
    keepTotal(startMs, fused.total, memory)
    // Not measured: nothing to say, and what was said is not said again.
    memory.said = Number.isNaN(fused.total) ? null : saidOf(fused)
  }

  function keepTotal(startMs: number, total: number, memory: GatewayMemory): void {
    if (memory.totals.length > 0) {
      const missing = Math.round((startMs - memory.totalsEndMs) / stepMs)
      if (missing < 0 || missing > KEPT_STEPS) memory.totals.length = 0
      else for (let i = 0; i < missing; i++) memory.totals.push(null)
    }
    memory.totals.push(Number.isNaN(total) ? null : total)
    memory.totalsEndMs = startMs + stepMs
    if (memory.totals.length > KEPT_STEPS) memory.totals.splice(0, memory.totals.length - KEPT_STEPS)
  }

  /** What would be said if this street's step ended now, and all others went on as they were. */
  function look(slot: number, nowMs: number, memory: GatewayMemory): EdgeSignal | undefined {
    memory.early[slot] = NEVER
    if (memory.looks >= LOOKS) return undefined
    memory.looks++
    const rates = Float64Array.from(memory.last, (rate) => rate ?? NaN)
    for (let s = 0; s < rates.length; s++) {
      const soFar = (counted.soFar(s, memory.counts) * 1_000) / stepMs
      if (s === slot || soFar > rates[s]) rates[s] = soFar
    }
    const fused = watch.update(rates, structuredClone(memory.watch))
    if (!fused.burstAlarm || Number.isNaN(fused.total)) return undefined
    // What is sent again before the step is over is this, not what the last step said.
    memory.said = saidOf(fused)
    return memory.sentAlarm ? undefined : send(memory.said, nowMs, memory)
  }

  function send(said: Said, nowMs: number, memory: GatewayMemory): EdgeSignal {
    memory.seq++
    memory.sentMs = nowMs
    memory.sentLoad = said.load
    memory.sentAlarm = said.alarm
    return {
      gateway: name,
      seq: memory.seq,
      sentMs: Math.round(nowMs),
      predictedLoad: said.load,
      burstAlarm: said.alarm,
      horizonMs: said.horizonMs,
      confidence: said.confidence
    }
  }
}

function saidOf({ predictedLoad, total, burstAlarm, horizonMs, confidence }: Fused): Said {
  const load = Number.isNaN(predictedLoad) ? total : predictedLoad
  return { load, alarm: burstAlarm, horizonMs, confidence }
}

function pick(given: GivenOptions, names: readonly string[]): GivenOptions {
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)))
}
