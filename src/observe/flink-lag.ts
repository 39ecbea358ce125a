/**
 * Lag of a Flink source — records that are written in Kafka and not read by the job yet.
 *
 *   lag = Σ_p max(0, end_p − position_p)        position_p = currentOffset_p + 1, or committedOffset_p before the first record
 *
 * `pendingRecords` is not it: in a backpressured job it was 0–428 while 10,000 records waited (recorded from Flink 2.3.0), since it
 * counts only what the reader has fetched. It is told as `pendingRecords`, not as lag.
 */
import type { Offsets } from './kafka-lag.ts'

export interface SourceMetricIds {
  /** Of the reader's positions. */
  readonly offsets: readonly string[]
  /** Gauges of the source: `pendingRecords`, `currentEmitEventTimeLag`. */
  readonly gauges: readonly string[]
}

const offsetId = /\.KafkaSourceReader\.topic\.(.+)\.partition\.(\d+)\.(currentOffset|committedOffset)$/
const gaugeId = /\.(pendingRecords|currentEmitEventTimeLag)$/

/** Those of a vertex's metrics that tell where its source is. */
export function sourceMetricIds(ids: readonly string[]): SourceMetricIds {
  return {
    offsets: ids.filter((id) => offsetId.test(id)),
    gauges: ids.filter((id) => gaugeId.test(id))
  }
}

/** The next offset of each partition the source has told of; `NaN` where it has read and committed nothing. */
export function positionsOf(values: ReadonlyMap<string, { readonly max: number }>): Offsets {
  const found = new Map<string, number[]>()
  for (const [id, { max }] of values) {
    const [, topic, partition, what] = offsetId.exec(id) ?? []
    if (topic === undefined) continue
    const offsets = found.get(topic) ?? []
    found.set(topic, offsets)
    const p = Number(partition)
    // −1, or the smallest number there is: nothing yet.
    const position = max < 0 ? NaN : what === 'currentOffset' ? max + 1 : max
    offsets[p] = Math.max(...[offsets[p] ?? NaN, position].filter((it) => !Number.isNaN(it)))
  }
  for (const offsets of found.values()) {
    for (let p = 0; p < offsets.length; p++) offsets[p] = Number.isFinite(offsets[p]) ? offsets[p] : NaN
  }
  return found
}

/** A gauge of several sources in one vertex: summed where it counts, the largest where it is a time. */
export function gaugeOf(
  values: ReadonlyMap<string, { readonly sum: number; readonly max: number }>,
  name: 'pendingRecords' | 'currentEmitEventTimeLag'
): number {
  const found = [...values].filter(([id]) => id.endsWith(`.${name}`)).map(([, value]) => value)
  if (found.length === 0) return NaN
  const value =
    name === 'pendingRecords'
      ? found.reduce((total, { sum }) => total + sum, 0)
      : Math.max(...found.map(({ max }) => max))
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : NaN
}
