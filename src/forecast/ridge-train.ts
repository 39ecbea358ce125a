/**
 * Training of ridge: sums of products of the history in chronological parts, penalties for each learned horizon, and
 * coefficients of the earlier parts. The later parts are left for the model to learn online, so that it is scored on
 * steps that it had not seen.
 */
import type { Series } from '../base/index.ts'
import type { Features } from './ridge-features.ts'
import {
  addRow,
  addTarget,
  choosePenalties,
  clearTargets,
  linear,
  type Products,
  penalties,
  ridgeCoefficients,
  squaredError,
  sumOf,
  weightOf
} from './ridge-fit.ts'
import { bounded, farthest, weightOfRow } from './ridge-robust.ts'
import { rowsOf } from './ridge-rows.ts'

/** By learned horizon, everything in units of the load's size. */
export interface Trained {
  /** λ by group of features. */
  readonly penalties: readonly (readonly number[])[]
  /** b, with b₀ last. */
  readonly coefficients: readonly Float64Array[]
  /** Sums over what was learned. */
  readonly products: readonly Products[]
  /** How far off it usually is. */
  readonly misses: readonly number[]
  /** Step of the history behind the last one it has learned. */
  readonly until: number
}

export interface TrainOptions {
  readonly nodes: readonly number[]
  readonly size: number
  /** One for all; absent = chosen. */
  readonly penalty?: number
  readonly progress?: (done: number, of: number) => void
}

/** More steps change little; three weeks of minutes. */
const trainedOn = 30_240
/** So many rows are enough for a far horizon: its rows are alike from step to step. */
const enoughRows = 10_000
/** Steps that are left to be learned online, if that is not much more than half. */
const online = 1_500
/** Parts of the history; fewer where one would have less than so many steps. */
const [mostParts, fewestSteps] = [10, 20]
/** Of the first pass, which only tells outliers from others, and where there is nothing to choose by. */
const cautious = 0.1

/** `fresh` makes features that have seen nothing. */
export function trainRidge(history: Series, fresh: () => Features, options: TrainOptions): Trained {
  const { nodes, size, penalty, progress } = options
  const { values } = history
  const { width: p, groups, groupOf } = fresh()
  const from = Math.max(0, values.length - trainedOn)
  const steps = values.length - from
  const count = Math.max(2, Math.min(mostParts, Math.floor(steps / fewestSteps)))
  const stride = nodes.map((h) => (h === 1 ? 1 : Math.ceil(steps / enoughRows)))
  const parts = nodes.map(() => Array.from({ length: count }, () => new Float64Array((p + 2) ** 2)))
  const partOf = (t: number) => Math.floor(((t - from) * count) / steps)
  const startOf = (part: number) => from + Math.ceil((part * steps) / count)
  let early = count - 1
  while (early > 1 && values.length - startOf(early) < Math.min(online, 0.55 * steps)) early--

  type Take = (k: number, part: Products, x: Float64Array, at: number, u: number, w: number) => void
  function walk(pass: number, take: Take): void {
    const seen = fresh()
    const rows = rowsOf(seen, nodes, stride)
    for (let t = 0; t < values.length; t++) {
      const y = values[t]
      if (t > from && !Number.isNaN(y)) {
        rows.due(t, (k, x, at, now) => {
          const u = bounded(y / size) - now
          take(k, parts[k][partOf(t)], x, at, u, stride[k] * weightOfRow(x, at, p, u))
        })
      }
      seen.observe(y)
      if (t >= from) rows.remember(t)
      if (t % 5_000 === 0) progress?.(pass * values.length + t, 2 * values.length)
    }
  }

  const alike = new Float64Array(p).fill(penalty ?? cautious)
  walk(0, (_, part, x, at, u, w) => addRow(part, x, at, p, u, w))
  const rough = parts.map((part) => {
    const all = sumOf(part)
    const b = ridgeCoefficients(all, alike)
    const variance = squaredError(all, b, p) / weightOf(all, p)
    for (const one of part) clearTargets(one, p)
    return { b, miss: variance > 0 ? Math.sqrt(variance) : 0 }
  })
  const off = nodes.map(() => ({ sum: 0, rows: 0 }))
  walk(1, (k, part, x, at, u, w) => {
    const said = linear(rough[k].b, x, at, p)
    off[k].sum += Math.abs(u - said)
    off[k].rows++
    addTarget(part, x, at, p, said + farthest(u - said, rough[k].miss), w)
  })

  const fitted: { lambda: number[]; indices: number[]; b: Float64Array; sums: Products; miss: number }[] = []
  for (let k = 0; k < nodes.length; k++) {
    const known = parts[k].filter((part) => weightOf(part, p) > 0)
    const indices =
      penalty !== undefined || known.length < 4
        ? []
        : choosePenalties(known, groupOf, groups.length, fitted[k - 1]?.indices)
    const lambda = groups.map((_, g) => (indices.length > 0 ? penalties[indices[g]] : (penalty ?? 10)))
    const sums = sumOf(parts[k].slice(0, early))
    const b = ridgeCoefficients(
      sums,
      groupOf.map((g) => lambda[g])
    )
    fitted.push({ lambda, indices, b, sums, miss: off[k].rows > 0 ? (1.25 * off[k].sum) / off[k].rows : 0 })
  }
  return {
    penalties: fitted.map(({ lambda }) => lambda),
    coefficients: fitted.map(({ b }) => b),
    products: fitted.map(({ sums }) => sums),
    misses: fitted.map(({ miss }) => miss),
    until: startOf(early)
  }
}
