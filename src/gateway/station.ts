/**
 * The gateway at work — sources in, signals and raw data out, by what it is handed: nothing is opened here.
 *
 *   message → outbox (raw data on its way) → count → signal → sign → every sink
 *
 * A signal that cannot be sent is not queued: the newest is tried again every second until its own horizon is over, and then dropped and
 * counted. So after hours without an uplink the cloud hears what is coming, and nothing of what was coming then. Raw data has waited in the
 * outbox meanwhile and follows with its own times and ids.
 */
import type { EdgeSignal, Turn } from '../roles.ts'
import type { EdgeGateway, GatewayMemory } from './gateway.ts'
import type { LocalCapacity, LocalMemory } from './local.ts'
import { type SignalKey, signSignal } from './sign.ts'

export interface RawListener {
  message(street: string, topic: string, payload: Uint8Array, atMs?: number): void
  state(isListening: boolean, because?: string): void
  /** Everything that came is sent or on disk. */
  stored(): boolean
}

export interface RawOutbox {
  append(topic: string, payload: Uint8Array, atMs: number): void
  take(most: number): readonly OutgoingRecord[]
  ack(id: number): void
  flush(): boolean
}

export interface OutgoingRecord {
  readonly id: number
  readonly topic: string
  readonly payload: Uint8Array
  readonly atMs: number
}

export interface StationParts {
  readonly gateway: EdgeGateway
  readonly clock: () => number
  readonly sleepUntil: (atMs: number, abort: AbortSignal) => Promise<void>
  readonly sources: readonly ((listener: RawListener, abort: AbortSignal) => Promise<void>)[]
  readonly sinks: readonly ((signal: EdgeSignal, abort: AbortSignal) => Promise<void>)[]
  readonly sign?: SignalKey
  /** A number higher than any that was used; told of those that are. */
  readonly seq?: { readonly first: number; used(seq: number): unknown }
  readonly outbox?: RawOutbox
  readonly forward?: (records: readonly OutgoingRecord[], abort: AbortSignal) => Promise<void>
  readonly local?: LocalCapacity
  readonly acted?: (turn: Turn) => void
  readonly tell?: (event: StationEvent) => void
}

export type StationEvent =
  | { readonly what: 'sent'; readonly signal: EdgeSignal; readonly tookMs: number }
  | { readonly what: 'dropped'; readonly signal: EdgeSignal }
  | { readonly what: 'cut' | 'unheard' | 'forward-failed' | 'disk'; readonly because: string }
  | { readonly what: 'connected' | 'heard' }
  | { readonly what: 'forwarded'; readonly records: number; readonly delayMs: number }

export interface Station {
  readonly memory: GatewayMemory
  readonly local: LocalMemory | undefined
  state(): {
    readonly connected: boolean
    readonly heard: boolean
    readonly sent: number
    readonly dropped: number
  }
  /** Works until aborted; what is on its way then is sent or stored. Errors of sources that can never work are thrown. */
  run(abort: AbortSignal): Promise<void>
}

/** One sink, and the newest signal that it was not sent yet. */
interface Slot {
  readonly sink: StationParts['sinks'][number]
  pending: EdgeSignal | undefined
  isUp: boolean
  wake: () => void
}

const FLUSH_MS = 200
const RETRY_MS = 1_000
const MOST_WAIT_MS = 30_000
const BATCH = 1_000
/** How long new raw data waits for more of it. */
const LINGER_MS = 5

export function station(parts: StationParts): Station {
  const { gateway, clock, sleepUntil, outbox, forward, local, tell = () => {} } = parts
  const memory = gateway.initial(clock(), parts.seq?.first)
  const own = local?.initial(clock())
  const heard = parts.sources.map(() => false)
  const slots: Slot[] = parts.sinks.map((sink) => ({ sink, pending: undefined, isUp: true, wake: () => {} }))
  let newest: EdgeSignal | undefined
  let connected = true
  let [sent, dropped] = [0, 0]
  let wakeForwarder = () => {}
  let diskSaid = ''
  gateway.listen(false, memory)

  return {
    memory,
    local: own,
    state: () => ({ connected, heard: heard.every(Boolean), sent, dropped }),
    run
  }

  async function run(abort: AbortSignal): Promise<void> {
    const stop = new AbortController()
    const ended = AbortSignal.any([abort, stop.signal])
    ended.addEventListener('abort', wakeAll, { once: true })
    const work = [
      ...parts.sources.map((source, i) => source(listenerOf(i), ended)),
      ticking(ended),
      ...slots.map((slot) => sending(slot, ended)),
      flushing(ended),
      ...(forward === undefined ? [] : [forwarding(forward, ended)])
    ]
    try {
      await Promise.all(work)
    } finally {
      stop.abort()
      await Promise.allSettled(work)
      flush()
    }
  }

  function wakeAll(): void {
    for (const { wake } of slots) wake()
    wakeForwarder()
  }

  function listenerOf(i: number): RawListener {
    return {
      message(street, topic, payload, atMs) {
        const nowMs = clock()
        if (outbox !== undefined) {
          outbox.append(topic, payload, atMs ?? nowMs)
          wakeForwarder()
        }
        const signal = gateway.count(street, 1, nowMs, memory, atMs)
        if (signal !== undefined) say(signal)
      },
      state(isListening, because = 'not connected') {
        heard[i] = isListening
        // Of several sources one that is not heard makes the sum a part.
        gateway.listen(heard.every(Boolean), memory)
        tell(isListening ? { what: 'heard' } : { what: 'unheard', because })
      },
      stored: flush
    }
  }

  function say(signal: EdgeSignal): void {
    parts.seq?.used(signal.seq)
    newest = signal
    const signed = parts.sign === undefined ? signal : signSignal(signal, parts.sign)
    for (const slot of slots) {
      if (slot.pending !== undefined) drop(slot.pending)
      slot.pending = signed
      slot.wake()
    }
  }

  function drop(signal: EdgeSignal): void {
    dropped++
    tell({ what: 'dropped', signal })
  }

  async function ticking(abort: AbortSignal): Promise<void> {
    const everyMs = Math.min(250, gateway.stepMs)
    while (!abort.aborted) {
      const nowMs = clock()
      const signal = gateway.tick(nowMs, memory)
      if (signal !== undefined) say(signal)
      if (local !== undefined && own !== undefined) {
        const turn = local.turn(nowMs, memory, gateway.stepMs, newest, own)
        if (turn !== undefined) parts.acted?.(turn)
      }
      await sleepUntil(nowMs + everyMs, abort)
    }
  }

  /** One sink: a slow or dead one holds up no other. */
  async function sending(slot: Slot, abort: AbortSignal): Promise<void> {
    while (!abort.aborted) {
      const signal = slot.pending
      if (signal === undefined) {
        await new Promise<void>((wake) => {
          slot.wake = wake
        })
        continue
      }
      slot.pending = undefined
      const beganMs = clock()
      const failed = await slot.sink(signal, abort).then(() => undefined, messageOf)
      const nowMs = clock()
      if (failed === undefined) {
        sent++
        tell({ what: 'sent', signal, tookMs: nowMs - beganMs })
        uplink(slot, true, nowMs)
        continue
      }
      if (abort.aborted) return
      uplink(slot, false, nowMs, failed)
      // Something newer is better than this one again.
      if (slot.pending === undefined && nowMs - signal.sentMs < signal.horizonMs) slot.pending = signal
      else drop(signal)
      await sleepUntil(nowMs + RETRY_MS, abort)
    }
  }

  /** Cut off is who reaches nobody. */
  function uplink(slot: Slot, isUp: boolean, nowMs: number, because = ''): void {
    slot.isUp = isUp
    const isConnected = slots.some((each) => each.isUp)
    if (own !== undefined) local?.uplink(isConnected, nowMs, own)
    if (isConnected === connected) return
    connected = isConnected
    tell(isConnected ? { what: 'connected' } : { what: 'cut', because })
  }

  async function flushing(abort: AbortSignal): Promise<void> {
    while (outbox !== undefined && !abort.aborted) {
      await sleepUntil(clock() + FLUSH_MS, abort)
      flush()
    }
  }

  function flush(): boolean {
    const isStored = outbox?.flush() ?? true
    const says = isStored ? '' : 'raw data is kept in memory only: the disk cannot be written'
    if (says !== diskSaid && says !== '') tell({ what: 'disk', because: says })
    diskSaid = says
    return isStored
  }

  async function forwarding(send: NonNullable<StationParts['forward']>, abort: AbortSignal): Promise<void> {
    let waitMs = RETRY_MS
    while (!abort.aborted) {
      const records = outbox?.take(BATCH) ?? []
      if (records.length === 0) {
        await new Promise<void>((wake) => {
          wakeForwarder = wake
        })
        await sleepUntil(clock() + LINGER_MS, abort)
        continue
      }
      try {
        await send(records, abort)
        outbox?.ack(records[records.length - 1].id)
        tell({ what: 'forwarded', records: records.length, delayMs: clock() - records[0].atMs })
        waitMs = RETRY_MS
      } catch (error) {
        if (abort.aborted) return
        tell({ what: 'forward-failed', because: messageOf(error) })
        await sleepUntil(clock() + waitMs, abort)
        waitMs = Math.min(MOST_WAIT_MS, 2 * waitMs)
      }
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
