/** What `doctor` asks of a Kafka: topics, partitions against units, a consumer group that commits. */
import type { KafkaAccess, KafkaSource, TargetConfig } from '../../config/index.ts'
import { kafkaOffsets, lagOf, type OffsetReader } from '../../observe/kafka-lag.ts'
import { kafkaAccess } from '../live/systems.ts'
import { fail, type Looked, ok, warn } from './checks.ts'
import { reached, timed } from './common.ts'

/** Opens a reader of offsets; another one than a real Kafka's in tests. */
type Open = (access: ReturnType<typeof kafkaAccess>) => Promise<OffsetReader>

export async function* checkKafkaSource(
  source: KafkaSource,
  { maxReplicas }: Pick<TargetConfig, 'maxReplicas'>,
  open: Open = kafkaOffsets
): AsyncIterable<Looked> {
  const { topics, group } = source
  const { value: reader, tookMs } = await timed(() => open(kafkaAccess(source)))
  try {
    const ends = await reader.ends(topics)
    yield reached(`Kafka with ${topics.join(', ')}`, tookMs)
    const partitions = [...ends.values()].reduce((sum, offsets) => sum + offsets.length, 0)
    yield maxReplicas !== undefined && maxReplicas > partitions
      ? warn(
          'partitions',
          `${partitions} partitions, maxReplicas ${maxReplicas}: consumers beyond the partitions get nothing`,
          `lower the maxReplicas of what reads them to ${partitions} (resources:), or add partitions`
        )
      : ok('partitions', `${partitions}`)
    const leaderless = [...ends.values()].flat().filter((offset) => Number.isNaN(offset)).length
    if (leaderless > 0) {
      yield warn(
        'leaders',
        `${leaderless} partitions have no leader`,
        'their lag is not measured: look at the brokers'
      )
    }
    if (group === undefined) return
    const committed = await reader.committed(group, topics)
    const known = [...committed.values()].flat().filter((offset) => !Number.isNaN(offset)).length
    const { value, quality } = lagOf(ends, committed)
    yield known === 0 && [...ends.values()].flat().some((end) => end > 0)
      ? warn(
          'group',
          `'${group}' has committed nothing`,
          'say the group.id of the job, and let it commit on checkpoints'
        )
      : ok(
          'group',
          `'${group}' is ${Number.isNaN(value) ? 'not measured' : `${value} records`} behind (${quality})`
        )
  } finally {
    await reader.close()
  }
}

/** A topic that is written to or listened to. */
export async function* checkTopic(
  access: KafkaAccess,
  topic: string,
  open: Open = kafkaOffsets
): AsyncIterable<Looked> {
  const { value: reader, tookMs } = await timed(() => open(kafkaAccess(access)))
  try {
    const partitions = (await reader.ends([topic])).get(topic)?.length ?? 0
    yield reached('Kafka', tookMs)
    yield partitions > 0
      ? ok('topic', `${topic} with ${partitions} partitions`)
      : fail(
          'topic',
          `there is no topic ${topic}`,
          `create it, apart from the data, so that signals do not wait behind it`
        )
  } finally {
    await reader.close()
  }
}
