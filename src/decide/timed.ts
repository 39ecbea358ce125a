/**
 * What happened when — moments with a number each, oldest first, as plain JSON that is cheap to copy.
 *
 * Two things are kept this way: events that are summed over a period, and the extremes of a window (a monotone queue:
 * amortised O(1) a value, the extreme is at the front).
 */

/** Moments and numbers by turns: `[t0, v0, t1, v1, …]`, oldest first. Plain JSON and cheap to copy. */
export type Timed = readonly number[]

/** The sum of the numbers later than a moment. */
export function sumSince(timed: Timed, ms: number): number {
  let sum = 0
  for (let i = timed.length - 2; i >= 0 && timed[i] > ms; i -= 2) sum += timed[i + 1]
  return sum
}

/** The events with one more, without those that no period reaches any more. */
export function remember(timed: Timed, nowMs: number, value: number, keepMs: number): Timed {
  const kept = timed.slice(firstAfter(timed, nowMs - keepMs))
  kept.push(nowMs, value)
  return kept
}

/**
 * A window's largest (sign 1) or smallest (sign −1) number, kept as a monotone queue: what an equal or better, younger
 * number covers can never count again. The new number is in it; the front is the answer.
 */
export function push(queue: Timed, nowMs: number, value: number, windowMs: number, sign: 1 | -1): Timed {
  const first = firstAfter(queue, nowMs - windowMs)
  let end = queue.length
  while (end > first && sign * (value - queue[end - 1]) >= 0) end -= 2
  if (end === first) return [nowMs, value]
  const kept = queue.slice(first, end)
  kept.push(nowMs, value)
  return kept
}

function firstAfter(timed: Timed, ms: number): number {
  let first = 0
  while (first < timed.length && timed[first] <= ms) first += 2
  return first
}
