/**
 * The averaging windows of Knative's autoscaler: buckets of equal length, newest last.
 *
 *   average = sum of the buckets of the window that lie between the first and the last write / how many those are
 *
 * A bucket that was skipped between two writes counts as zero; time before the first write and after the last does
 * not count. Source: knative serving pkg/autoscaler/aggregation/bucketing.go (TimedFloat64Buckets).
 */

/** `last` is the index of the newest bucket (time / bucket length), −1 before anything was written. */
export type Buckets = { readonly last: number; readonly values: readonly number[] }

export const noBuckets: Buckets = { last: -1, values: [] }

/** Adds a value to its bucket, in a window of `size` buckets. */
export function record(buckets: Buckets, index: number, value: number, size: number): Buckets {
  const { last, values } = buckets
  const after = index - last
  if (values.length === 0 || after >= size) return { last: index, values: [value] }
  if (after > 0) {
    const kept = values.slice(Math.max(0, values.length + after - size))
    for (let skipped = 1; skipped < after; skipped++) kept.push(0)
    kept.push(value)
    return { last: index, values: kept }
  }
  if (-after >= size) return buckets
  const place = values.length - 1 + after
  const added = place < 0 ? [...Array<number>(-place).fill(0), ...values] : values.slice()
  added[Math.max(0, place)] += value
  return { last, values: added }
}

/** The mean over the last `size` buckets as seen at bucket `index`, to 6 decimals; 0 where all are older. */
export function average({ last, values }: Buckets, index: number, size: number): number {
  const since = Math.max(0, index - last)
  const valid = Math.min(values.length, size - since)
  if (valid <= 0) return 0
  let sum = 0
  for (let i = values.length - valid; i < values.length; i++) sum += values[i]
  return Math.round((sum / valid) * 1e6) / 1e6
}

/** Nothing was written for longer than the window. */
export function isEmpty({ last, values }: Buckets, index: number, size: number): boolean {
  return values.length === 0 || index - last > size
}
