import type { Random } from '../base/index.ts'

export interface Backoff {
  readonly baseMs: number
  readonly mostMs: number
}

/**
 * Exponential backoff with equal jitter: wait = w/2 + U(0, w/2), w = min(most, base · 2^attempt), and never less than the server asked for.
 * Many who were refused at once must not come back at once. Brooker, Exponential Backoff and Jitter (AWS Architecture Blog, 2015).
 */
export function backoff(attempt: number, { baseMs, mostMs }: Backoff, rng: Random, askedMs = 0): number {
  const wait = Math.min(mostMs, baseMs * 2 ** attempt)
  return Math.max(wait / 2 + (rng.next() * wait) / 2, Math.min(askedMs, mostMs))
}
