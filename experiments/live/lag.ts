/**
 * How late a job is, seen from outside: from what its group has committed in Kafka, not from what it says of itself.
 *
 *   position = Σ committed offsets        lag in time = now − when the record at that position was sent
 *
 * Commits follow checkpoints, one a second, so a job that keeps up is about a second behind.
 */

import type { FlinkRest } from '../../src/net/index.ts'
import { kafkaOffsets } from '../../src/observe/kafka-lag.ts'
import { sentMsAt, type Traffic } from './traffic.ts'

export interface LagSample {
  readonly atMs: number
  readonly position: number
  /** Tasks that run, of the operator that has most: slots, as they share. */
  readonly slots: number
}

const EVERY_MS = 500

export interface LagAt {
  readonly kafka: string
  readonly topic: string
  readonly group: string
  readonly rest: FlinkRest
  readonly job: string
}

/** Looks when it is asked to; undefined where not all can be asked at the moment. */
export async function openLag(at: LagAt) {
  const offsets = await kafkaOffsets({ bootstrapServers: [at.kafka] })
  const never = new AbortController().signal
  return {
    async look(): Promise<LagSample | undefined> {
      const atMs = Date.now()
      const [committed, job] = await Promise.all([
        offsets.committed(at.group, [at.topic]).catch(() => undefined),
        at.rest.job(at.job, never).catch(() => undefined)
      ])
      if (committed === undefined || job === undefined) return undefined
      const parts = committed.get(at.topic) ?? []
      // A partition without a commit was not read yet.
      const position = parts.reduce((sum, offset) => sum + (Number.isNaN(offset) ? 0 : offset), 0)
      return { atMs, position, slots: Math.max(0, ...job.vertices.map(({ running }) => running)) }
    },
    close: offsets.close
  }
}

/** Samples until aborted. What cannot be asked at a moment is left out. */
export async function watchLag(at: LagAt, abort: AbortSignal): Promise<LagSample[]> {
  const lag = await openLag(at)
  const samples: LagSample[] = []
  try {
    while (!abort.aborted) {
      const beganMs = Date.now()
      const sample = await lag.look()
      if (sample) samples.push(sample)
      await new Promise((later) => setTimeout(later, Math.max(0, beganMs + EVERY_MS - Date.now())))
    }
    return samples
  } finally {
    await lag.close()
  }
}

/** One moment of a run, as it is drawn and judged. */
export interface Moment {
  /** Since the first record was sent. */
  readonly atS: number
  /** For how long the oldest record that waits has waited. */
  readonly lagS: number
  readonly slots: number
}

/** Between the first record and the last. */
export function momentsOf(samples: readonly LagSample[], traffic: Traffic): Moment[] {
  const { sent } = traffic
  const [fromMs, untilMs] = [sent[0].atMs, sent[sent.length - 1].atMs]
  return samples
    .filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs)
    .map(({ atMs, position, slots }) => {
      const total = sent.findLast((it) => it.atMs <= atMs)?.total ?? 0
      const lagMs = position >= total ? 0 : atMs - sentMsAt(traffic, position)
      return { atS: (atMs - fromMs) / 1_000, lagS: lagMs / 1_000, slots }
    })
}

export interface Lateness {
  readonly lateShare: number
  readonly meanSlots: number
  readonly worstLagS: number
}

export function latenessOf(moments: readonly Moment[], lateMs: number): Lateness {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    lateShare: mean(moments.map(({ lagS }) => (1_000 * lagS > lateMs ? 1 : 0))),
    meanSlots: mean(moments.map(({ slots }) => slots)),
    worstLagS: Math.max(...moments.map(({ lagS }) => lagS))
  }
}
