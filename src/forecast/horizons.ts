/**
 * Which horizons are learned one by one. Near ones matter most and differ most, so far ones are learned at growing
 * distances and what lies between is interpolated: work grows with the logarithm of the horizon.
 */
export interface Horizons {
  /** Learned horizons in steps, ascending, from 1 to the last. */
  readonly nodes: readonly number[]
  /** For every horizon h (index h − 1): the node at or below it, the next one, and how far it is between, 0..1. */
  readonly below: Uint32Array
  readonly above: Uint32Array
  readonly share: Float64Array
}

export function horizonNodes(last: number, dense: number, growth: number): Horizons {
  const nodes: number[] = []
  for (let h = 1; h < last; h = h < dense ? h + 1 : Math.max(h + 1, Math.round(h * growth))) nodes.push(h)
  nodes.push(last)
  const below = new Uint32Array(last)
  const above = new Uint32Array(last)
  const share = new Float64Array(last)
  for (let h = 1, k = 0; h <= last; h++) {
    while (k + 1 < nodes.length && nodes[k + 1] <= h) k++
    const next = Math.min(nodes.length - 1, k + 1)
    below[h - 1] = k
    above[h - 1] = next
    share[h - 1] = next === k ? 0 : (h - nodes[k]) / (nodes[next] - nodes[k])
  }
  return { nodes, below, above, share }
}
