/**
 * What rescales of a Flink job took, by the adaptive scheduler's own history (Flink ≥ 2.3 with `web.adaptive-scheduler.rescale-history.size`).
 *
 *   rescaleMs     end − start                         asked → executing again: the lead time; waits for slots and for a checkpoint are in it
 *   rescaleDownMs Executing again − Restarting        nothing is processed; starting the tasks and what is read again come on top
 *
 * Told of the newest, and as `.p50` and `.p90` of the last 32 that somebody asked for and that were completed: a loop that begins knows
 * at once what its job's rescales took before. Of a job without history nothing is told, which is not zero. Where details cannot be had no
 * more are asked for in this look: the metrics of now wait behind it.
 */
import { quantile } from '../math/index.ts'
import type { FlinkRescale } from '../net/index.ts'

export interface RescaleMemory {
  /** By rescale, ms: each is asked for once. */
  readonly downMs: ReadonlyMap<string, number>
}

/** As many as the estimator keeps of what it measures itself. */
const SAMPLES = 32
/** Details are one question each: a long history is read over several looks, newest first. */
const DETAILS_A_LOOK = 8

/** Metrics by name, newest rescale first. `downOf` gives undefined for what cannot be had now. */
export async function rescaleMetrics(
  rescales: readonly FlinkRescale[],
  memory: RescaleMemory,
  downOf: (rescale: string) => Promise<number | undefined>
): Promise<{ readonly told: Readonly<Record<string, number>>; readonly memory: RescaleMemory }> {
  const done = rescales
    .filter(({ state, cause }) => state === 'COMPLETED' && cause === 'UPDATE_REQUIREMENT')
    .slice(0, SAMPLES)
  if (done.length === 0) return { told: {}, memory }
  const downMs = new Map<string, number>()
  let left = DETAILS_A_LOOK
  for (const { id } of done) {
    const known = memory.downMs.get(id)
    const isAsked = known === undefined && id !== '' && left-- > 0
    const down = isAsked ? await downOf(id) : known
    if (down !== undefined) downMs.set(id, down)
    else if (isAsked) left = 0
  }
  const told = {
    ...summary(
      'rescaleMs',
      done.map(({ startMs, endMs }) => endMs - startMs)
    ),
    ...summary(
      'rescaleDownMs',
      [...downMs.values()].filter((ms) => ms >= 0)
    )
  }
  return { told, memory: { downMs } }
}

function summary(name: string, ms: readonly number[]): Record<string, number> {
  if (ms.length === 0) return {}
  return { [name]: ms[0], [`${name}.p50`]: quantile(ms, 0.5), [`${name}.p90`]: quantile(ms, 0.9) }
}
