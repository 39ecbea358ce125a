/** The largest size of a measured value, 1 where there is none: values are divided by it, as those near 1e300 have no squares. */
export function sizeOf(values: Float64Array): number {
  let size = 0
  for (const y of values) if (Math.abs(y) > size) size = Math.abs(y)
  return size > 0 ? size : 1
}
