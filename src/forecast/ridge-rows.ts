/** Rows of features as they were when a forecast was made, kept until its value comes: one ring for each learned horizon. */
import type { Features } from './ridge-features.ts'

export interface Rows {
  /** Calls `each` for every horizon k whose row was remembered nodes[k] steps before step t, with the value of then. */
  due(t: number, each: (k: number, x: Float64Array, at: number, now: number) => void): void
  /** Remembers the rows of step t, the newest of the features, where it was measured. */
  remember(t: number): void
}

/** With `every`, only one row in so many of a horizon is remembered. */
export function rowsOf(features: Features, nodes: readonly number[], every?: readonly number[]): Rows {
  const p = features.width
  const rings = nodes.map((h) => new Float64Array(h * p))
  const values = nodes.map((h) => new Float64Array(h).fill(NaN))
  return {
    due(t, each) {
      for (let k = 0; k < nodes.length; k++) {
        const slot = t % nodes[k]
        const now = values[k][slot]
        if (!Number.isNaN(now)) each(k, rings[k], slot * p, now)
      }
    },
    remember(t) {
      const now = features.measured() ? features.now() : NaN
      for (let k = 0; k < nodes.length; k++) {
        const slot = t % nodes[k]
        const wanted = every === undefined || (t + k) % every[k] === 0
        values[k][slot] = wanted ? now : NaN
        if (wanted && !Number.isNaN(now)) features.write(nodes[k], rings[k], slot * p)
      }
    }
  }
}
