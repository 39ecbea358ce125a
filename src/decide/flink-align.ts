/**
 * Alignment — move a computed parallelism to one that splits key groups or source partitions evenly.
 *
 *   N = partitions, or key groups (maxParallelism) where there are none
 *   region = [target, min(N, maxParallelism, upper)] on the way up, [target, min(current, …)] on the way down
 *   accept the first p of the region with N mod p = 0, or (BALANCED) ⌊N/p⌋ < ⌊N/target⌋; none: keep the target
 *
 * The two legacy modes search below the target next, and rather leave the parallelism as it is than turn the direction
 * around. Flink Kubernetes operator, flink-autoscaler: BuiltInAlignmentMode, KeyGroupOrPartitionsAdjustMode.
 */

/** `LEGACY_…` are the values of the older setting `scaling.key-group.partitions.adjust.mode`. */
export type AlignmentMode =
  | 'BALANCED'
  | 'EVENLY_SPREAD'
  | 'OFF'
  | 'LEGACY_EVENLY_SPREAD'
  | 'LEGACY_MAXIMIZE_UTILISATION'

export interface Alignable {
  readonly current: number
  /** 0: not a source with partitions. */
  readonly partitions: number
  /** Key groups; `Infinity` where nobody knows. */
  readonly maxParallelism: number
  readonly lower: number
  readonly upper: number
}

/** The parallelism to ask for instead of `target`, which is neither `current` nor out of the limits. */
export function align(mode: AlignmentMode, vertex: Alignable, target: number): number {
  if (mode === 'OFF') return target
  const groups = vertex.partitions > 0 ? vertex.partitions : vertex.maxParallelism
  if (!Number.isFinite(groups)) return target
  const reduces = mode === 'BALANCED' || mode === 'LEGACY_MAXIMIZE_UTILISATION'
  const aligned = firstInRegion(vertex, groups, target, reduces)
  if (aligned > 0) return aligned
  if (mode === 'BALANCED' || mode === 'EVENLY_SPREAD') return target
  const below = Math.max(firstBelow(groups, target), vertex.lower)
  const turnsAround = target > vertex.current ? below <= vertex.current : below >= vertex.current
  return turnsAround ? vertex.current : below
}

function firstInRegion(vertex: Alignable, groups: number, target: number, reduces: boolean): number {
  const most = Math.min(groups, vertex.maxParallelism, vertex.upper)
  const end = target > vertex.current ? most : Math.min(vertex.current, most)
  const share = Math.floor(groups / target)
  for (let p = target; p <= end; p++) {
    if (groups % p === 0 || (reduces && Math.floor(groups / p) < share)) return p
  }
  return 0
}

/** Down to where each instance would get more, then back up to the last that does not, unless it divides evenly. */
function firstBelow(groups: number, target: number): number {
  const share = Math.floor(groups / target)
  for (let p = target; p > 0; p--) {
    if (Math.floor(groups / p) > share) return groups % p === 0 ? p : p + 1
  }
  return 0
}
