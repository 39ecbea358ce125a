/**
 * Fuse — warnings from outside into what an Observation may hold: who sent it, is it news, how old is it really, how far is it believed.
 *
 *   shape (at the door) → known → cheap refusals → budget → signature → time and sequence → accepted
 *   offset = min over the last minutes of (received − sent), at most `maxSkew` either way          sent' = sent + offset
 *
 * The least delay that was seen is what the clocks differ by, and the way itself; so `sent'` is in the receiver's time, and the age of a signal
 * is how much longer than the fastest it took. Clocks further apart than `maxSkew` are refused by name, not corrected. Sequence and time to live
 * are those of `decide/edge-view.ts`. Work is bounded: a replay costs a comparison, and of each gateway at most `20 · maxPerSecond`
 * signatures a second are looked at. Memory is plain JSON, changed in place, one entry a known gateway.
 */
import { MINUTE } from '../base/index.ts'
import { type EdgeMemory, hear } from '../decide/edge-view.ts'
import type { EdgeSignal } from '../roles.ts'
import { isSignedBy, type SignalKey } from './sign.ts'
import { type Outcome, type Trust, type TrustLearner, type TrustMemory, trustLearner } from './trust.ts'

/** A gateway that is believed, as far as it was right. */
export interface TrustedGateway {
  readonly id: string
  /** What proves its signals; several while keys are changed. */
  readonly keys?: readonly SignalKey[]
  readonly ttlMs: number
  /** Hits and misses it begins with. */
  readonly prior?: { readonly hits: number; readonly misses: number }
  /** Whom it may warn; all when absent. */
  readonly targets?: readonly string[]
}

export interface FuseOptions {
  readonly gateways: readonly TrustedGateway[]
  /** Unsigned ones are refused; true when absent. */
  readonly signed?: boolean
  readonly replayWindowMs?: number
  readonly maxSkewMs?: number
  /** Accepted from one gateway; 100. */
  readonly maxPerSecond?: number
  /** Who announces something for later is believed for so long only: it is what a gateway can know, and a miss is known by then. 15 min. */
  readonly maxHorizonMs?: number
}

export type RefusedBecause =
  | 'unknown gateway'
  | 'unsigned'
  | 'forged'
  | 'replayed'
  | 'from the future'
  | 'stale'
  | 'clock behind'
  | 'duplicate'
  | 'out of order'
  | 'too many'
  | 'its load is not known'

export type Taken =
  | { readonly accepted: true /** A new alarm: do not wait for the tick. */; readonly wake: boolean }
  | { readonly accepted: false; readonly because: RefusedBecause }

export type FuseMemory = { readonly gateways: Record<string, GatewayRecord>; unknown: number }

export type GatewayRecord = {
  heard: EdgeMemory
  last: EdgeSignal | null
  /** Least delays of this and of the last window, ms; `null` before the first. */
  offset: { nowMs: number; now: number; before: number | null } | null
  second: { startMs: number; looked: number; accepted: number }
  readonly refused: Record<string, number>
  accepted: number
  /** By target. */
  readonly trust: Record<string, TrustMemory>
}

export interface Fuse {
  initial(): FuseMemory
  /** One signal, as it came in. `receivedMs` is when. */
  take(signal: EdgeSignal, receivedMs: number, memory: FuseMemory): Taken
  /** What an Observation of this target may hold now: one a gateway that is alive, in the receiver's time, with its trust and with what silence of all of them says. */
  signals(target: string, nowMs: number, memory: FuseMemory): EdgeSignal[]
  /** The load of a target as measured: were the alarms right? */
  learn(
    target: string,
    nowMs: number,
    load: number,
    memory: FuseMemory
  ): { gateway: string; outcome: Outcome }[]
  trust(gateway: string, target: string, memory: FuseMemory): Trust | undefined
  mayWarn(gateway: string, target: string): boolean
}

const OFFSET_WINDOW_MS = 10 * MINUTE
/** Signatures looked at, per accepted signal that is allowed. */
const LOOKS = 20

export function fuse(options: FuseOptions): Fuse {
  const { signed = true, replayWindowMs = 2 * MINUTE, maxSkewMs = 30_000 } = options
  const { maxPerSecond = 100, maxHorizonMs = 15 * MINUTE } = options
  const known = new Map<string, TrustedGateway>(options.gateways.map((gateway) => [gateway.id, gateway]))
  const learners = new Map<string, TrustLearner>(
    options.gateways.map(({ id, prior = {} }) => [id, trustLearner({ ...prior })])
  )
  return { initial: () => ({ gateways: {}, unknown: 0 }), take, signals, learn, trust, mayWarn }

  function take(signal: EdgeSignal, receivedMs: number, memory: FuseMemory): Taken {
    const gateway = known.get(signal.gateway)
    if (gateway === undefined) {
      memory.unknown++
      return { accepted: false, because: 'unknown gateway' }
    }
    const record = recordOf(gateway.id, receivedMs, memory)
    const because = refusal(gateway, signal, receivedMs, record)
    if (because !== undefined) {
      record.refused[because] = (record.refused[because] ?? 0) + 1
      return { accepted: false, because }
    }
    return accept(gateway, signal, receivedMs, record)
  }

  function refusal(
    gateway: TrustedGateway,
    signal: EdgeSignal,
    receivedMs: number,
    record: GatewayRecord
  ): RefusedBecause | undefined {
    const { last, second } = record
    if (last !== null && signal.seq === last.seq) return 'duplicate'
    const ageMs = receivedMs - signal.sentMs
    if (-ageMs > maxSkewMs) return 'from the future'
    if (ageMs > replayWindowMs) return 'replayed'
    if (signed && (signal.sig === undefined || !gateway.keys?.length)) return 'unsigned'
    if (receivedMs - second.startMs >= 1_000 || receivedMs < second.startMs) {
      record.second = { startMs: receivedMs, looked: 0, accepted: 0 }
    }
    if (record.second.accepted >= maxPerSecond) return 'too many'
    if (gateway.keys?.length && signal.sig !== undefined) {
      if (record.second.looked >= LOOKS * maxPerSecond) return 'too many'
      record.second.looked++
      if (!gateway.keys.some((key) => isSignedBy(signal, key))) return 'forged'
    }
    return undefined
  }

  function accept(
    gateway: TrustedGateway,
    signal: EdgeSignal,
    receivedMs: number,
    record: GatewayRecord
  ): Taken {
    const offset = offsetOf(receivedMs - signal.sentMs, receivedMs, record)
    const horizonMs = Math.min(signal.horizonMs, maxHorizonMs)
    const inOurTime = { ...signal, sentMs: signal.sentMs + offset, receivedMs, horizonMs }
    const before = record.heard[0]
    const heard = hear([inOurTime], record.heard, receivedMs, {
      ttlMs: gateway.ttlMs,
      skewMs: maxSkewMs,
      forgetMs: 10 * gateway.ttlMs
    })
    const [no] = heard.refused
    if (no !== undefined) {
      const because = reasons[no.because] ?? 'stale'
      record.refused[because] = (record.refused[because] ?? 0) + 1
      return { accepted: false, because }
    }
    record.heard = heard.memory
    record.last = inOurTime
    record.accepted++
    record.second.accepted++
    if (signal.burstAlarm) {
      const learner = learners.get(gateway.id)
      for (const memory of Object.values(record.trust)) learner?.alarm(receivedMs, horizonMs, memory)
    }
    const wasOn = before?.burstAlarm === true && before.untilMs >= receivedMs
    return { accepted: true, wake: signal.burstAlarm && !wasOn }
  }

  /** The least delay lately, where it can be a difference of clocks; a window that begins takes the old one's along. */
  function offsetOf(delayMs: number, receivedMs: number, record: GatewayRecord): number {
    const { offset } = record
    if (offset === null || receivedMs < offset.nowMs) {
      record.offset = { nowMs: receivedMs, now: delayMs, before: null }
    } else if (receivedMs - offset.nowMs > OFFSET_WINDOW_MS) {
      record.offset = { nowMs: receivedMs, now: delayMs, before: offset.now }
    } else offset.now = Math.min(offset.now, delayMs)
    const { now, before } = record.offset ?? { now: delayMs, before: null }
    return Math.max(-maxSkewMs, Math.min(maxSkewMs, before === null ? now : Math.min(now, before)))
  }

  function signals(target: string, nowMs: number, memory: FuseMemory): EdgeSignal[] {
    const alive: EdgeSignal[] = []
    // One that is dead, or was never heard, may miss what the others cannot see.
    let surest = 1
    for (const gateway of options.gateways) {
      if (!mayWarn(gateway.id, target)) continue
      const record = memory.gateways[gateway.id]
      const last = record?.last ?? null
      if (last === null || nowMs - last.sentMs > gateway.ttlMs) {
        surest = 0
        continue
      }
      const { lower, heard } = learnerOf(gateway.id).of(trustOf(target, gateway.id, record))
      const { sig: _, keyId: __, ...signal } = last
      surest = Math.min(surest, heard)
      alive.push({ ...signal, trust: lower })
    }
    return alive.map((signal) => ({ ...signal, heard: surest }))
  }

  function learn(
    target: string,
    nowMs: number,
    load: number,
    memory: FuseMemory
  ): { gateway: string; outcome: Outcome }[] {
    return options.gateways.flatMap(({ id }) => {
      if (!mayWarn(id, target)) return []
      const record = recordOf(id, nowMs, memory)
      const outcomes = learnerOf(id).load(nowMs, load, trustOf(target, id, record))
      return outcomes.map((outcome) => ({ gateway: id, outcome }))
    })
  }

  function trust(gateway: string, target: string, memory: FuseMemory): Trust | undefined {
    const record = Object.hasOwn(memory.gateways, gateway) ? memory.gateways[gateway] : undefined
    return record === undefined ? undefined : learnerOf(gateway).of(trustOf(target, gateway, record))
  }

  function mayWarn(gateway: string, target: string): boolean {
    const entry = known.get(gateway)
    return entry !== undefined && (entry.targets?.includes(target) ?? true)
  }

  function trustOf(target: string, gateway: string, record: GatewayRecord): TrustMemory {
    if (!Object.hasOwn(record.trust, target)) record.trust[target] = learnerOf(gateway).initial()
    return record.trust[target]
  }

  function learnerOf(gateway: string): TrustLearner {
    return learners.get(gateway) as TrustLearner
  }

  function recordOf(id: string, nowMs: number, memory: FuseMemory): GatewayRecord {
    if (!Object.hasOwn(memory.gateways, id)) {
      memory.gateways[id] = {
        heard: [],
        last: null,
        offset: null,
        second: { startMs: nowMs, looked: 0, accepted: 0 },
        refused: {},
        accepted: 0,
        trust: {}
      }
    }
    return memory.gateways[id]
  }
}

/** Words of `edge-view.ts` into ours. */
const reasons: Readonly<Record<string, RefusedBecause>> = {
  duplicate: 'duplicate',
  'out of order': 'out of order',
  'its numbers began again': 'out of order',
  'from the future': 'from the future',
  stale: 'stale',
  'its load is not known': 'its load is not known'
}
