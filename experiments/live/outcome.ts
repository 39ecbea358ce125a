/** Records lost or doubled: what came out, read as a transactional reader reads, against what was sent, key by key. */
import { Consumer, FetchIsolationLevels, stringDeserializers } from '@platformatic/kafka'

export interface Outcome {
  readonly counted: number
  readonly lost: number
  readonly doubled: number
}

/** Reads `topic` until all is there or nothing more comes for `quietMs`. */
export async function outcomeOf(
  kafka: string,
  topic: string,
  sent: ReadonlyMap<string, number>,
  quietMs = 30_000
): Promise<Outcome> {
  const consumer = new Consumer({
    clientId: 'outcome',
    groupId: `outcome-${topic}-${Date.now()}`,
    bootstrapBrokers: [kafka],
    isolationLevel: FetchIsolationLevels.READ_COMMITTED,
    deserializers: stringDeserializers
  })
  const counts = new Map<string, number>()
  const total = [...sent.values()].reduce((sum, n) => sum + n, 0)
  let counted = 0
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
  let quiet: NodeJS.Timeout | undefined
  const end = () => void stream.close()
  try {
    quiet = setTimeout(end, quietMs)
    for await (const { value } of stream) {
      const [key, count] = String(value).split(',')
      counts.set(key, (counts.get(key) ?? 0) + Number(count))
      counted += Number(count)
      clearTimeout(quiet)
      if (counted >= total) {
        // A moment longer: what is doubled comes behind.
        quiet = setTimeout(end, 2_000)
      } else quiet = setTimeout(end, quietMs)
    }
  } finally {
    clearTimeout(quiet)
    await consumer.close(true)
  }
  let [lost, doubled] = [0, 0]
  for (const key of new Set([...sent.keys(), ...counts.keys()])) {
    const more = (counts.get(key) ?? 0) - (sent.get(key) ?? 0)
    lost += Math.max(0, -more)
    doubled += Math.max(0, more)
  }
  return { counted, lost, doubled }
}
