/**
 * Traffic of a city in real time: records of all streets together into Kafka, and each street's own messages to its gateway.
 *
 * The load is the accidents generator's, played `speed` times as fast: rates stay, durations shrink. The cloud's topic gets the total, and only
 * the gateway hears the streets, in which an accident shows before its messages come.
 */
import { Producer, stringSerializers } from '@platformatic/kafka'
import { connectAsync } from 'mqtt'
import { random } from '../../src/base/index.ts'
import { type AccidentLoad, accidents } from '../../src/sim/index.ts'

export interface TrafficOptions {
  readonly kafka: string
  readonly topic: string
  /** Where the gateway listens; absent: nobody hears the streets. */
  readonly mqtt?: string
  readonly load: AccidentLoad
  readonly speed: number
  readonly seed: number
  /** Filled as it goes, for who looks meanwhile. */
  readonly sent?: { atMs: number; total: number }[]
}

export interface Traffic {
  /** Moments and how many records had been sent by then, for whoever asks how old a position is. */
  readonly sent: { readonly atMs: number; readonly total: number }[]
  /** Sent with each key. */
  readonly byKey: ReadonlyMap<string, number>
}

/** So many days, the first from a seed on on which an accident sets in that its street shows before. Chosen by what the city does, not by what anybody made of it. */
export function warnedDays(
  count: number,
  firstSeed: number,
  durationMs: number
): { readonly seed: number; readonly load: AccidentLoad }[] {
  const days: { seed: number; load: AccidentLoad }[] = []
  for (let seed = firstSeed; days.length < count; seed++) {
    const load = cityDay(durationMs, seed)
    if (isWarned(load, durationMs)) days.push({ seed, load })
  }
  return days
}

/** An accident sets in on that day which its street shows before. */
export function isWarned({ accidents }: AccidentLoad, durationMs: number): boolean {
  return accidents.some(({ precursorMs, onsetMs }) => precursorMs !== null && onsetMs < durationMs)
}

/** Accidents and jams as they come, the first one not before a gateway knows what is usual. */
export function cityDay(durationMs: number, seed: number): AccidentLoad {
  const often = { quietMs: 150_000, perDay: 160, jamsPerDay: 48, holdMs: [120_000, 300_000] } as const
  return accidents({ durationMs, ...often }, seed)
}

const TICK_MS = 50
/** Enough that an instance of twelve gets at most about a quarter more than its share. */
const KEYS = 512

/** Plays all of it; resolves when the last record is acknowledged. */
export async function playTraffic(options: TrafficOptions, abort: AbortSignal): Promise<Traffic> {
  const { kafka, topic, load, speed, seed } = options
  const producer = new Producer({
    clientId: 'traffic',
    bootstrapBrokers: [kafka],
    serializers: stringSerializers
  })
  const broker = options.mqtt === undefined ? undefined : await connectAsync(options.mqtt)
  const rng = random(seed, 'traffic')
  const byKey = new Map<string, number>()
  const sent = options.sent ?? []
  sent.push({ atMs: Date.now(), total: 0 })
  const owed = { total: 0, streets: load.streets.map(() => 0) }
  let total = 0
  const beganMs = Date.now()
  const durationMs = (load.total.values.length * load.total.stepMs) / speed
  const waiting = new Set<Promise<unknown>>()
  try {
    for (let lastMs = beganMs; !abort.aborted; ) {
      await new Promise((later) => setTimeout(later, TICK_MS))
      const nowMs = Date.now()
      const traceMs = (lastMs - beganMs) * speed
      const seconds = (nowMs - lastMs) / 1_000
      lastMs = nowMs
      if (traceMs >= durationMs * speed) break
      owed.total += valueAt(load.total, traceMs) * seconds
      const messages: { topic: string; key: string; value: string }[] = []
      for (; owed.total >= 1; owed.total--) {
        const key = `street-${rng.integer(KEYS)}`
        messages.push({ topic, key, value: `${key},${nowMs}` })
        byKey.set(key, (byKey.get(key) ?? 0) + 1)
      }
      total += messages.length
      if (messages.length > 0) {
        const sending = producer.send({ messages }).finally(() => waiting.delete(sending))
        waiting.add(sending)
      }
      sent.push({ atMs: nowMs, total })
      if (broker === undefined) continue
      for (const [i, street] of load.streets.entries()) {
        owed.streets[i] += valueAt(street, traceMs) * seconds
        for (; owed.streets[i] >= 1; owed.streets[i]--) broker.publish(`sensors/${i}/raw`, '1', { qos: 0 })
      }
    }
    await Promise.all(waiting)
    return { sent, byKey }
  } finally {
    await Promise.allSettled(waiting)
    await producer.close()
    await broker?.endAsync()
  }
}

function valueAt({ values, stepMs }: { readonly values: Float64Array; readonly stepMs: number }, ms: number) {
  return values[Math.min(values.length - 1, Math.floor(ms / stepMs))]
}

/** When the record was sent that a position has come to: how far behind a reader there is. */
export function sentMsAt(
  { sent }: { readonly sent: readonly { readonly atMs: number; readonly total: number }[] },
  position: number
): number {
  let [low, high] = [0, sent.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sent[middle].total > position) high = middle
    else low = middle + 1
  }
  return sent[low].atMs
}
