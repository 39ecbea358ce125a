/**
 * Signals of gateways — a source over MQTT, Kafka or both.
 *
 *   bytes → shape (signal-wire.ts) → { kind: 'signal' }          what is none: counted, and told once a minute as an event
 *
 * Whoever reads slower than signals come is given the newest: at most `MOST` wait, older ones are dropped and counted.
 */
import type { EdgeSignal, Reading, Source } from '../roles.ts'
import { consumeKafka, type KafkaSubscription } from './kafka.ts'
import { type MqttSubscription, subscribeMqtt } from './mqtt.ts'
import { readSignal } from './signal-wire.ts'

export type SignalTransport =
  | ({ readonly type: 'mqtt' } & MqttSubscription)
  | ({ readonly type: 'kafka' } & KafkaSubscription)

export interface SignalsOptions {
  readonly from: readonly SignalTransport[]
  readonly clock: () => number
}

const MOST = 1_000
const TELL_MS = 60_000

export function signals(options: SignalsOptions): Source {
  return { read: (abort) => read(options, abort) }
}

async function* read({ from, clock }: SignalsOptions, abort: AbortSignal): AsyncIterable<Reading> {
  const stop = new AbortController()
  const ended = AbortSignal.any([abort, stop.signal])
  const desk = mailbox(clock)
  let failed: unknown
  const running = from.map((transport) =>
    listen(transport, desk, ended).catch((error) => {
      failed ??= error
      desk.ring()
    })
  )
  ended.addEventListener('abort', desk.ring, { once: true })
  try {
    while (!ended.aborted && failed === undefined) {
      const reading = desk.next()
      if (reading === undefined) await desk.rung()
      else yield reading
    }
    if (failed !== undefined) throw failed
  } finally {
    stop.abort()
    await Promise.all(running)
  }
}

type Mailbox = ReturnType<typeof mailbox>

function listen(transport: SignalTransport, desk: Mailbox, abort: AbortSignal): Promise<void> {
  if (transport.type === 'mqtt') {
    const message = (_topic: string, payload: Uint8Array) => desk.put(payload)
    return subscribeMqtt(transport, { message, state: desk.state }, abort)
  }
  const batch = (records: readonly { readonly value: Uint8Array }[]) => {
    for (const { value } of records) desk.put(value)
  }
  return consumeKafka(transport, { batch, state: desk.state }, abort)
}

/** What came and was not read yet. */
function mailbox(clock: () => number) {
  let waiting: EdgeSignal[] = []
  const events: Reading[] = []
  let bad = 0
  let dropped = 0
  let toldMs = Number.NEGATIVE_INFINITY
  let wake = () => {}
  const tell = (what: string, text: string) => {
    events.push({ kind: 'event', atMs: clock(), what, text })
    wake()
  }
  return {
    put(bytes: Uint8Array): void {
      const signal = readSignal(bytes)
      if (typeof signal === 'string') {
        bad++
        const nowMs = clock()
        if (nowMs - toldMs < TELL_MS && nowMs >= toldMs) return
        toldMs = nowMs
        tell('signal-malformed', `${bad} so far, the last: ${signal}; ${dropped} dropped unread`)
        return
      }
      waiting.push({ ...signal, receivedMs: clock() })
      if (waiting.length > 2 * MOST) {
        dropped += waiting.length - MOST
        waiting = waiting.slice(-MOST)
      }
      wake()
    },
    state(isListening: boolean, because = ''): void {
      tell(isListening ? 'source-back' : 'source-unreachable', isListening ? 'signals come in' : because)
    },
    next(): Reading | undefined {
      const event = events.shift()
      if (event !== undefined) return event
      const signal = waiting.shift()
      return signal && { kind: 'signal', signal }
    },
    ring: () => wake(),
    rung: () =>
      new Promise<void>((resolve) => {
        wake = resolve
      })
  }
}
