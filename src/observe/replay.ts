/**
 * Replay — a Series again as readings, at any speed.
 *
 *   step i is read at  began + (i + 1)·stepMs / speed
 *
 * A step is known only when it is over, as it was the first time. `speed` 1 is as it happened, 60 an hour in a minute,
 * Infinity as fast as the reader reads. The clock is handed in, so a test needs no waiting.
 */
import { requireOption, type Series, sliceSteps } from '../base/index.ts'
import type { Reading, Source } from '../roles.ts'

export interface ReplayOptions {
  /** What the readings call the series. */
  readonly name: string
  readonly speed?: number
  readonly clock: () => number
  /** Waits until a moment of the clock, or less when aborted. */
  readonly sleepUntil: (atMs: number, abort: AbortSignal) => Promise<void>
}

export function replay(series: Series, options: ReplayOptions): Source {
  const { speed = 1 } = options
  requireOption(speed > 0, 'speed', speed, 'above 0; Infinity is as fast as possible')
  return { read: (abort) => read(series, { ...options, speed }, abort) }
}

async function* read(
  series: Series,
  { name, speed, clock, sleepUntil }: Required<ReplayOptions>,
  abort: AbortSignal
): AsyncIterable<Reading> {
  const beganMs = clock()
  for (let i = 0; i < series.values.length; i++) {
    // From the beginning, not from the last step: waits that are a little long do not add up.
    const dueMs = beganMs + ((i + 1) * series.stepMs) / speed
    if (clock() < dueMs) await sleepUntil(dueMs, abort)
    if (abort.aborted) return
    yield {
      kind: 'series',
      name,
      series: sliceSteps(series, i, i + 1),
      quality: Number.isNaN(series.values[i]) ? 'missing' : 'ok'
    }
  }
}
