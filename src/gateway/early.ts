/**
 * Early — how many messages of a running step would fire the alarm of a street, whatever the rest of the step brings.
 *
 *   early = the least n with alarm(n / step)
 *
 * A count only grows until its step is over, and an alarm at some rate is an alarm at any higher one. So the message with which the
 * count reaches `early` is the one that fires, and nobody waits for the end of the step. Found by doubling and halving on copies of the
 * predictor's memory, once a step: counting itself stays one comparison.
 */
import type { BurstPredictor, Json } from '../roles.ts'

/** No count fires: one reading alone is not enough, or the alarm is on already. */
export const NEVER = Number.MAX_SAFE_INTEGER

/** More than any step counts. */
const MOST = 2 ** 40

export function earlyCount(predictor: BurstPredictor, memory: Json, stepMs: number, usual: number): number {
  const fires = (n: number) => predictor.update((n * 1_000) / stepMs, structuredClone(memory)).burstAlarm
  // An alarm that is on, and one that a reading of nothing would not end, is no news.
  if (!fires(MOST) || fires(0)) return NEVER
  let low = 0
  let high = Math.max(1, Math.ceil(usual))
  while (high < MOST && !fires(high)) {
    low = high
    high *= 2
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (fires(middle)) high = middle
    else low = middle
  }
  return high
}
