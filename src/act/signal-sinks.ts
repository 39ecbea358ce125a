/** What sinks of a gateway have in common: a signal as it goes on the wire, and raw records on their way. */
import { canonicalJson, PrescaleError } from '../base/index.ts'
import type { EdgeSignal, SignalSink } from '../roles.ts'

export interface OpenSink extends SignalSink {
  close(): Promise<void>
}

/** One raw message on its way to the cloud. `id` grows, and is the same when the message is sent again. */
export interface RawRecord {
  readonly id: number
  readonly topic: string
  readonly payload: Uint8Array
  readonly atMs: number
}

/** Where raw data goes. Resolves when all of them are there for good; what was refused is sent again, with the same ids. */
export interface RawSink {
  send(records: readonly RawRecord[], abort: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** What the receiver adds is not sent. */
export function wireBytes({ receivedMs: _, trust: __, heard: ___, ...wire }: EdgeSignal): Buffer {
  return Buffer.from(canonicalJson(wire))
}

/** The promise, or INTERRUPTED as soon as the signal comes, or UNREACHABLE after a time. Nobody waits for what a client still does. */
export async function within<T>(what: string, work: Promise<T>, ms: number, abort: AbortSignal): Promise<T> {
  const over = AbortSignal.any([abort, AbortSignal.timeout(ms)])
  work.catch(() => {})
  return await new Promise<T>((resolve, reject) => {
    const ended = () =>
      reject(
        abort.aborted
          ? new PrescaleError('INTERRUPTED', `${what}: interrupted`)
          : new PrescaleError('UNREACHABLE', `${what}: no answer within ${ms} ms`)
      )
    if (over.aborted) return ended()
    over.addEventListener('abort', ended, { once: true })
    work.then(resolve, reject).finally(() => over.removeEventListener('abort', ended))
  })
}
