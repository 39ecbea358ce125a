/**
 * Spearman's rank correlation — do two series rise and fall together, whatever their scale?
 *
 *   ρ = Pearson's correlation of the ranks; ties share their mean rank
 *
 * Pairs with a `NaN` are left out; fewer than 3 pairs, or one side constant, is `NaN`. Spearman 1904.
 */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const pairs: [number, number][] = []
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (!Number.isNaN(a[i]) && !Number.isNaN(b[i])) pairs.push([a[i], b[i]])
  }
  if (pairs.length < 3) return NaN
  return pearson(ranks(pairs.map(([x]) => x)), ranks(pairs.map(([, y]) => y)))
}

/** Ranks from 1, ties with the mean of theirs. */
export function ranks(values: readonly number[]): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((i, j) => values[i] - values[j])
  const out = new Float64Array(values.length)
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && values[order[to]] === values[order[from]]) to++
    for (let i = from; i < to; i++) out[order[i]] = (from + to + 1) / 2
    from = to
  }
  return out
}

/** Pearson's correlation; `NaN` when one side does not vary. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length
  let [meanA, meanB] = [0, 0]
  for (let i = 0; i < n; i++) {
    meanA += a[i] / n
    meanB += b[i] / n
  }
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    ab += (a[i] - meanA) * (b[i] - meanB)
    aa += (a[i] - meanA) ** 2
    bb += (b[i] - meanB) ** 2
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : NaN
}
