/** The trained ridge at work: forecasts from the newest row, learns from each value that comes, renews its coefficients in turn. */
import type { Json } from '../roles.ts'
import { horizonNodes } from './horizons.ts'
import type { PointModel } from './online.ts'
import type { Features } from './ridge-features.ts'
import { addRow, linear, type Products, ridgeCoefficients } from './ridge-fit.ts'
import { bounded, farthest, weightOfRow } from './ridge-robust.ts'
import { rowsOf } from './ridge-rows.ts'
import type { Trained } from './ridge-train.ts'
import { spreads } from './spread.ts'

export interface RidgeParts {
  readonly trained: Trained
  readonly features: Features
  readonly horizon: number
  readonly size: number
  readonly steps: number
  /** Steps since the epoch before the first of the history: what is done every so often does not depend on where it begins. */
  readonly firstStep: number
  /** Steps after which what was learned counts 1/e. */
  readonly memory: number
  readonly describe: (now: Trained) => Json
}

/** Steps between two renewals of one horizon's coefficients. */
const renewal = 32
const trustMemory = 500
const missRate = 0.002
/** What the spread and the trust are learned on, before what is learned from. */
const warmUp = 3_000
/** With fewer steps behind what it learned, how wrong it will be is told by those before as well. */
const enoughScores = 100
const largestWeight = 1e6

export function ridgeModel(parts: RidgeParts): PointModel {
  const { features, size, firstStep, steps, describe } = parts
  const { nodes, below, above, share } = horizonNodes(parts.horizon, 4, 1.4)
  const { width: p, groupOf } = features
  const b: Float64Array[] = parts.trained.coefficients.map((row) => row.slice())
  const products: Products[] = parts.trained.products.map((sums) => sums.slice())
  const lambda = parts.trained.penalties.map((row) => Float64Array.from(groupOf, (g) => row[g]))
  const misses = Float64Array.from(parts.trained.misses)
  const rows = rowsOf(features, nodes)
  const spread = spreads({ nodes, below, above, share })
  const running = nodes.map((h) => new Float64Array(h).fill(NaN))
  const stayed = new Float64Array(nodes.length)
  const missed = new Float64Array(nodes.length)
  const x = new Float64Array(p)
  const learnsFrom = parts.trained.until
  const activeFrom = Math.max(0, Math.min(learnsFrom, steps - warmUp) - parts.horizon)
  const growth = Math.exp(1 / parts.memory)
  const gammaTrust = Math.exp(-1 / trustMemory)
  let weight = 1
  let t = 0
  let last = NaN
  let typical = 0
  let seen = 0

  /** 1 until the misses of staying put are the smaller ones. */
  const trust = (k: number) => (missed[k] > stayed[k] ? (stayed[k] / missed[k]) ** 2 : 1)
  const floor = () => 0.01 * typical + 1e-12

  function learn(y: number): void {
    const z = bounded(y / size)
    rows.due(t, (k, row, at, now) => {
      const u = z - now
      const said = linear(b[k], row, at, p)
      const sigma = misses[k]
      spread.learn(k, y, (now + trust(k) * said) * size, running[k][t % nodes[k]], floor())
      stayed[k] = gammaTrust * stayed[k] + Math.abs(u)
      missed[k] = gammaTrust * missed[k] + Math.abs(u - said)
      if (t < learnsFrom) return
      // 1.25 · mean |e| = σ of normal errors.
      misses[k] += missRate * (1.25 * Math.min(Math.abs(u - said), 4 * sigma + 1e-9) - sigma)
      addRow(products[k], row, at, p, said + farthest(u - said, sigma), weight * weightOfRow(row, at, p, u))
      if ((firstStep + t + 5 * k) % renewal === 0) b[k] = ridgeCoefficients(products[k], lambda[k])
    })
  }

  function fade(): void {
    weight *= growth
    if (weight < largestWeight) return
    for (const sums of products) for (let i = 0; i < sums.length; i++) sums[i] /= weight
    weight = 1
  }

  return {
    trainedUntil: steps - learnsFrom >= Math.min(enoughScores, steps / 2) ? learnsFrom : undefined,
    observe(y) {
      if (!Number.isNaN(y)) {
        learn(y)
        last = y
        typical += Math.max(1 / ++seen, 1 / 20_160) * (Math.abs(y) - typical)
      }
      if (t >= learnsFrom) fade()
      features.observe(y)
      if (Number.isNaN(y)) last = features.now() * size
      if (t >= activeFrom) {
        rows.remember(t)
        for (let k = 0; k < nodes.length; k++) running[k][t % nodes[k]] = spread.running(k)
      }
      t++
    },
    ahead(out) {
      for (let h = 1; h <= out.length; h++) {
        const i = Math.min(h, below.length) - 1
        const [k, k2, f] = [below[i], above[i], share[i]]
        features.write(h, x, 0)
        const near = trust(k) * linear(b[k], x, 0, p)
        const change = f === 0 ? near : near + f * (trust(k2) * linear(b[k2], x, 0, p) - near)
        const y = last + change * size
        out[h - 1] = Number.isFinite(y) ? y : last
      }
    },
    spread(mean, out) {
      for (let h = 1; h <= out.length; h++) out[h - 1] = spread.sigma(h, mean[h - 1], floor())
    },
    parameters: () =>
      describe({
        penalties: parts.trained.penalties,
        coefficients: b,
        products: products.map((sums) => sums.map((value) => value / weight)),
        misses: Array.from(misses),
        until: Math.max(t, learnsFrom)
      })
  }
}
