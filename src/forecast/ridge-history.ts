/** The newest values of a load, gaps filled: what features look back on. */
export interface LoadHistory {
  push(y: number): void
  /** The value `lag` steps before the newest; `NaN` before the first. */
  back(lag: number): number
}

/** Reaches `longest` steps back. */
export function loadHistory(longest: number): LoadHistory {
  const size = longest + 1
  const ring = new Float64Array(size).fill(NaN)
  let at = size - 1
  return {
    push(y) {
      at = at + 1 === size ? 0 : at + 1
      ring[at] = y
    },
    back: (lag) => ring[at >= lag ? at - lag : at - lag + size]
  }
}
