/**
 * Edge view — what all gateways say at this moment, out of signals that come late, twice, in the wrong order or not at all.
 *
 *   of each gateway    the signal with the largest seq, for as long as it is not older than its time to live
 *   predicted load     Σ over the gateways that are alive        alarm    some gateway that is alive raised one
 *
 * Age is counted from when a signal was sent, so one that travelled long lives shorter. Without `ttlMs` a signal lives for twice the horizon
 * that it names, or a minute. A gateway whose last signal has run out is dead: the sum is then only a part, and says so. One that has been
 * dead for `forgetMs` is taken for gone. Numbers that begin again (a gateway was restarted) are believed once what was heard before has
 * run out. Handing the same signals in twice changes nothing.
 */
import { MINUTE } from '../base/index.ts'
import type { EdgeSignal } from '../roles.ts'
import { usable } from './answer.ts'
import type { EdgeView } from './spark-state.ts'

export interface EdgeOptions {
  /** How long a signal counts; absent: twice its own horizon, or a minute where it names none. */
  readonly ttlMs?: number
  /** The clock of a gateway may run ahead by this much. */
  readonly skewMs: number
  /** A gateway that was silent for this long is no longer missed. */
  readonly forgetMs: number
}

/** The newest that was heard of a gateway. */
export type Heard = {
  readonly gateway: string
  readonly seq: number
  readonly sentMs: number
  /** It counts up to and with this moment. */
  readonly untilMs: number
  readonly predictedLoad: number
  readonly burstAlarm: boolean
}

/** Plain JSON, one entry for each gateway that is alive or missed. */
export type EdgeMemory = readonly Heard[]

export interface Refused {
  readonly gateway: string
  readonly seq: number
  readonly because: string
}

export interface EdgeHeard {
  /** All gateways together; undefined where none is alive. */
  readonly view: EdgeView | undefined
  readonly used: EdgeMemory
  /** Gateways that were heard and have fallen silent. */
  readonly dead: readonly string[]
  readonly refused: readonly Refused[]
  readonly memory: EdgeMemory
}

/** Takes signals in. Pure: neither the signals nor the memory are changed. */
export function hear(
  signals: readonly EdgeSignal[],
  before: EdgeMemory,
  nowMs: number,
  options: EdgeOptions
): EdgeHeard {
  const memory = before.filter(({ untilMs }) => nowMs - untilMs <= options.forgetMs)
  const refused: Refused[] = []
  for (const signal of signals) {
    const at = memory.findIndex(({ gateway }) => gateway === signal.gateway)
    const heard = newsOf(signal, nowMs, options)
    const because = typeof heard === 'string' ? heard : at < 0 ? undefined : behind(heard, memory[at], nowMs)
    if (typeof heard === 'string' || because !== undefined) {
      refused.push({ gateway: signal.gateway, seq: signal.seq, because: because ?? '' })
    } else if (at < 0) memory.push(heard)
    else memory[at] = heard
  }
  const used = memory.filter(({ untilMs }) => untilMs >= nowMs)
  const dead = memory.filter(({ untilMs }) => untilMs < nowMs).map(({ gateway }) => gateway)
  return { view: viewOf(used), used, dead, refused, memory }
}

/** What is remembered of a signal, or why it is not believed. */
function newsOf(signal: EdgeSignal, nowMs: number, options: EdgeOptions): Heard | string {
  const { gateway, seq, sentMs, predictedLoad, burstAlarm, horizonMs, trust } = signal
  if (!Number.isFinite(sentMs) || !Number.isFinite(seq)) return 'has no time or number'
  if (!usable(predictedLoad)) return 'its load is not known'
  if (trust === 0) return 'its gateway is not trusted'
  if (sentMs - nowMs > options.skewMs) return 'from the future'
  const lives =
    options.ttlMs ??
    (horizonMs > 0 && horizonMs < Infinity ? Math.min(2 * horizonMs, options.forgetMs) : MINUTE)
  const untilMs = sentMs + lives
  return untilMs < nowMs ? 'stale' : { gateway, seq, sentMs, untilMs, predictedLoad, burstAlarm }
}

/** Why news of a gateway that is alive is none. */
function behind(news: Heard, known: Heard, nowMs: number): string | undefined {
  if (known.untilMs < nowMs || news.seq > known.seq) return undefined
  if (news.seq === known.seq) return 'duplicate'
  return news.sentMs > known.sentMs ? 'its numbers began again' : 'out of order'
}

function viewOf(alive: EdgeMemory): EdgeView | undefined {
  if (alive.length === 0) return undefined
  return {
    predictedLoad: alive.reduce((sum, { predictedLoad }) => sum + predictedLoad, 0),
    burstAlarm: alive.some(({ burstAlarm }) => burstAlarm)
  }
}
