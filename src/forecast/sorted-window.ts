/** The last `size` values, kept sorted: O(log n) to find a place and one short memory move to take it. */
export interface SortedWindow {
  push(value: number): void
  /** The order statistic at p · (n + 1), linear between neighbours, the outermost beyond; `NaN` of none. */
  at(p: number): number
  count(): number
}

export function sortedWindow(size: number): SortedWindow {
  const ring = new Float64Array(size)
  const sorted = new Float64Array(size)
  let n = 0
  let next = 0
  function place(value: number): number {
    let low = 0
    let high = n
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sorted[middle] < value) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    push(value) {
      const at = place(value)
      if (n < size) {
        sorted.copyWithin(at + 1, at, n)
        sorted[at] = value
        n++
      } else {
        // The oldest leaves and only what lies between the two places moves.
        let hole = place(ring[next])
        for (; hole + 1 < at; hole++) sorted[hole] = sorted[hole + 1]
        for (; hole > at; hole--) sorted[hole] = sorted[hole - 1]
        sorted[hole] = value
      }
      ring[next] = value
      next = (next + 1) % size
    },
    at(p) {
      if (n === 0) return NaN
      const position = Math.min(n - 1, Math.max(0, p * (n + 1) - 1))
      const below = Math.floor(position)
      const above = Math.min(n - 1, below + 1)
      return sorted[below] + (position - below) * (sorted[above] - sorted[below])
    },
    count: () => n
  }
}
