/**
 * Kafka offsets — how much arrives in topics, and how much of it a consumer group has not done yet.
 *
 *   arrivals = Σ Δend_p / Δt        lag = Σ max(0, end_p − committed_p)        over the partitions p
 *
 * Asked as an administrator: nothing is consumed. A partition without a leader, or without a commit, is not measured: the lag of the
 * others is a lower bound and `partial`. Commits follow checkpoints, so this lag overstates by what was done since the last one; where
 * Flink itself says its position, the Flink source is nearer. End offsets that ran backwards are another topic of the same name.
 */
import { PrescaleError } from '../base/index.ts'
import { type KafkaAccess, kafkaClient, kafkaError, kafkaOptions } from '../net/index.ts'
import type { Quality, Reading, Source } from '../roles.ts'

/** Offsets by topic, then by partition; `NaN`: not told. */
export type Offsets = ReadonlyMap<string, readonly number[]>

export interface OffsetReader {
  /** The offset of the next record that will be written. */
  ends(topics: readonly string[]): Promise<Offsets>
  /** The offset of the next record that the group will read. */
  committed(group: string, topics: readonly string[]): Promise<Offsets>
  close(): Promise<void>
}

/** Offsets of a real Kafka. Errors: NOT_FOUND (client or topic), UNREACHABLE, BAD_ANSWER (refused). */
export async function kafkaOffsets(access: KafkaAccess): Promise<OffsetReader> {
  const { Admin } = await kafkaClient()
  const admin = new Admin(kafkaOptions(access))
  const said = async <T>(asking: Promise<T>): Promise<T> => {
    try {
      return await asking
    } catch (cause) {
      throw kafkaError(cause, access.bootstrapServers)
    }
  }
  async function partitions(topics: readonly string[]): Promise<Map<string, number>> {
    const { topics: found } = await said(
      admin.metadata({ topics: [...topics], autocreateTopics: false, metadataMaxAge: 30_000 })
    )
    return new Map([...found].map(([name, { partitionsCount }]) => [name, partitionsCount]))
  }
  return {
    async ends(topics) {
      const counts = await partitions(topics)
      const listed = await said(
        admin.listOffsets({
          topics: [...counts].map(([name, count]) => ({
            name,
            // −1: the end.
            partitions: Array.from({ length: count }, (_, partitionIndex) => ({
              partitionIndex,
              timestamp: -1n
            }))
          }))
        })
      )
      return offsetsOf(counts, listed, ({ offset }) => offset)
    },
    async committed(group, topics) {
      const counts = await partitions(topics)
      const wanted = [...counts].map(([name, count]) => ({
        name,
        partitionIndexes: Array.from({ length: count }, (_, p) => p)
      }))
      const [found] = await said(
        admin.listConsumerGroupOffsets({ groups: [{ groupId: group, topics: wanted }] })
      )
      return offsetsOf(counts, found?.topics ?? [], ({ committedOffset }) => committedOffset)
    },
    close: () => admin.close()
  }
}

function offsetsOf<P extends { readonly partitionIndex: number }>(
  counts: ReadonlyMap<string, number>,
  topics: readonly { readonly name: string; readonly partitions: readonly P[] }[],
  offset: (partition: P) => bigint
): Offsets {
  return new Map(
    [...counts].map(([name, count]) => {
      const offsets = new Array<number>(count).fill(NaN)
      for (const partition of topics.find((topic) => topic.name === name)?.partitions ?? []) {
        const value = Number(offset(partition))
        if (value >= 0) offsets[partition.partitionIndex] = value
      }
      return [name, offsets]
    })
  )
}

export interface Measured {
  readonly value: number
  readonly quality: Quality
}

/** Records that are written and not done yet. */
export function lagOf(ends: Offsets, positions: Offsets): Measured {
  let lag = 0
  let known = 0
  let all = 0
  for (const [topic, offsets] of ends) {
    for (const [p, end] of offsets.entries()) {
      all++
      // Nothing was ever written there, so nothing can wait.
      const behind = end === 0 ? 0 : end - (positions.get(topic)?.[p] ?? NaN)
      if (Number.isNaN(behind)) continue
      known++
      lag += Math.max(0, behind)
    }
  }
  if (known === 0) return { value: NaN, quality: 'missing' }
  return { value: lag, quality: known < all ? 'partial' : 'ok' }
}

/** Records per second that arrived between two looks; a partition that was not seen both times is scaled up from the others. */
export function arrivalRate(before: Offsets, after: Offsets, elapsedMs: number): Measured {
  let arrived = 0
  let known = 0
  let all = 0
  let fault = false
  for (const [topic, offsets] of after) {
    for (const [p, end] of offsets.entries()) {
      all++
      const more = end - (before.get(topic)?.[p] ?? NaN)
      if (Number.isNaN(more)) continue
      known++
      arrived += more
      fault ||= more < 0
    }
  }
  if (fault) return { value: NaN, quality: 'invalid' }
  if (known === 0 || !(elapsedMs > 0)) return { value: NaN, quality: 'missing' }
  const rate = (1_000 * arrived) / elapsedMs
  return known < all ? { value: (rate * all) / known, quality: 'partial' } : { value: rate, quality: 'ok' }
}

export interface KafkaLagSource {
  readonly access: KafkaAccess
  readonly topics: readonly string[]
  /** Without it only rates are told. */
  readonly group?: string
  readonly stepMs: number
  readonly clock: () => number
  /** Waits until a moment, or less when aborted. */
  readonly sleepUntil: (atMs: number, abort: AbortSignal) => Promise<void>
  /** Other than a real Kafka, for tests. */
  readonly open?: (access: KafkaAccess) => Promise<OffsetReader>
}

/** Gives the metrics `load` (records/s that arrive in the topics) and, with a group, `lag`. */
export function kafkaLag(options: KafkaLagSource): Source {
  return { read: (abort) => read(options, abort) }
}

async function* read(options: KafkaLagSource, abort: AbortSignal): AsyncIterable<Reading> {
  const { access, topics, group, stepMs, clock, sleepUntil, open = kafkaOffsets } = options
  let reader: OffsetReader | undefined
  let last: { readonly ends: Offsets; readonly atMs: number } | undefined
  let trouble = ''
  try {
    while (!abort.aborted) {
      const atMs = clock()
      try {
        reader ??= await open(access)
        const [ends, committed] = await Promise.all([
          reader.ends(topics),
          group === undefined ? undefined : reader.committed(group, topics)
        ])
        const load = last === undefined ? undefined : arrivalRate(last.ends, ends, atMs - last.atMs)
        last = { ends, atMs }
        if (trouble !== '') yield { kind: 'event', atMs, what: 'source-back', text: 'Kafka answers again' }
        trouble = ''
        if (load !== undefined) yield { kind: 'metric', name: 'load', atMs, metric: load }
        if (committed !== undefined)
          yield { kind: 'metric', name: 'lag', atMs, metric: lagOf(ends, committed) }
      } catch (error) {
        const said = error instanceof PrescaleError ? error : kafkaError(error, access.bootstrapServers)
        // Without its client it can never work.
        if (said.code === 'BAD_OPTION' || (said.code === 'NOT_FOUND' && reader === undefined)) throw said
        const metric = { value: NaN, quality: 'missing' } as const
        yield { kind: 'metric', name: 'load', atMs, metric }
        if (group !== undefined) yield { kind: 'metric', name: 'lag', atMs, metric }
        if (said.message !== trouble)
          yield { kind: 'event', atMs, what: 'source-unreachable', text: said.message }
        trouble = said.message
      }
      await sleepUntil(atMs + stepMs, abort)
    }
  } finally {
    await reader?.close().catch(() => {})
  }
}
