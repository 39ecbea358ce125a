/** Records lost or doubled: what came out, read as a transactional reader reads, against what was sent, key by key. */
import { Consumer, FetchIsolationLevels, stringDeserializers } from '@platformatic/kafka'

export interface Outcome {
  readonly counted: number
  readonly lost: number
  readonly doubled: number
}

/**
 * Waits until all has come out, or nothing more comes for `quietMs`, and counts then, from the beginning: while a job still writes, this
 * client has given records twice that it and Kafka's own give once when everything is over.
 */
export async function outcomeOf(
  kafka: string,
  topic: string,
  sent: ReadonlyMap<string, number>,
  quietMs = 30_000
): Promise<Outcome> {
  const total = [...sent.values()].reduce((sum, n) => sum + n, 0)
  await countsOf(kafka, topic, total, quietMs)
  const counts = await countsOf(kafka, topic, total, Math.min(quietMs, 5_000))
  let [counted, lost, doubled] = [0, 0, 0]
  for (const key of new Set([...sent.keys(), ...counts.keys()])) {
    const count = counts.get(key) ?? 0
    const more = count - (sent.get(key) ?? 0)
    counted += count
    lost += Math.max(0, -more)
    doubled += Math.max(0, more)
  }
  return { counted, lost, doubled }
}

/** By key, of all there is, and of what comes until there is nothing new for `quietMs`. */
async function countsOf(
  kafka: string,
  topic: string,
  total: number,
  quietMs: number
): Promise<ReadonlyMap<string, number>> {
  const consumer = new Consumer({
    clientId: 'outcome',
    groupId: `outcome-${topic}-${Date.now()}`,
    bootstrapBrokers: [kafka],
    isolationLevel: FetchIsolationLevels.READ_COMMITTED,
    deserializers: stringDeserializers
  })
  const counts = new Map<string, number>()
  let counted = 0
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
  const end = () => void stream.close()
  let quiet = setTimeout(end, quietMs)
  try {
    for await (const { value } of stream) {
      const [key, count] = String(value).split(',')
      counts.set(key, (counts.get(key) ?? 0) + Number(count))
      counted += Number(count)
      clearTimeout(quiet)
      // A moment longer than all: what is doubled comes behind.
      quiet = setTimeout(end, counted >= total ? 2_000 : quietMs)
    }
  } finally {
    clearTimeout(quiet)
    await consumer.close(true)
  }
  return counts
}
