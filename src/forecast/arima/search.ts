/**
 * The search for orders — those with the least criterion.
 *
 *   1  for every d and D allowed: w = (1−B)^d (1−B^m)^D y, started by Hannan–Rissanen, fitted by conditional squares
 *   2  d and D: the least n log(S/n) + penalty over the same steps t ≥ t₀ of y
 *   3  within them: the best few p, q, P, Q, with a drift too where one is possible, by exact likelihood if affordable
 *
 * Differencing has no Jacobian, so conditional sums over the same steps compare an ARMA of y with one of Δy: no unit
 * root test is needed, and d is what forecasts one step best. Without a season every p and q up to 3 is tried; else
 * the search walks as Hyndman & Khandakar 2008 do, from a few starts to the best neighbour. A fit that comes out no better than
 * with fewer orders begins again from theirs, so that more orders are never worse.
 */
import { fitExact, isExact } from './exact.ts'
import { type Candidate, type Family, familyOf } from './family.ts'
import { type ArimaModel, type Criterion, modelOf } from './model.ts'
import type { Orders } from './orders.ts'

export type FixedOrders = Partial<Pick<Orders, 'p' | 'd' | 'q' | 'P' | 'D' | 'Q' | 'constant'>>

export interface SearchOptions {
  /** Steps in a season, 0 = none. */
  readonly season: number
  /** Orders that are given; the others are chosen. */
  readonly fixed: FixedOrders
  /** Largest p and q. */
  readonly maxOrder: number
  readonly criterion: Criterion
  readonly optimizer: 'bfgs' | 'nelder-mead'
  readonly maxIterations: number
  /** How many of the best are fitted by exact likelihood, at most. */
  readonly shortlist: number
  /** And how much worse than the best they may be, as the criterion counts. */
  readonly margin: number
}

/** Most p and q for which all pairs are tried. */
const wholeGrid = 3
/** Steps up to which the whole shortlist is fitted exactly. */
const short = 1_000
/** Of the history, what may be given up for the first lags: a season that leaves less is not regressed on. */
const mostLost = 0.6

/** y of size 1, its first value measured. Undefined when no orders can be fitted to it. */
export function searchArima(y: Float64Array, options: SearchOptions): ArimaModel | undefined {
  const room = roomFor(y.length, options)
  const families = room.d.flatMap((d) =>
    room.D.map((D) =>
      familyOf(y, {
        d,
        D,
        m: options.season,
        from: room.from,
        maxOrder: room.most,
        criterion: options.criterion
      })
    )
  )
  for (const family of families) {
    for (const orders of firstLooks(family, room, options)) family.look(orders)
  }
  const family = families.reduce((a, b) => (bestOf(b) < bestOf(a) ? b : a))
  if (!(bestOf(family) < Infinity)) return undefined
  walk(family, room, options)
  return settle(y, family, options)
}

const bestOf = (family: Family) => family.ranked()[0]?.score ?? Infinity

/** What may be tried: for p, q, P, Q the least and the most. */
interface Room {
  readonly d: readonly number[]
  readonly D: readonly number[]
  readonly p: readonly [number, number]
  readonly q: readonly [number, number]
  readonly P: readonly [number, number]
  readonly Q: readonly [number, number]
  readonly most: number
  readonly from: number
}

function roomFor(steps: number, { season, fixed, maxOrder }: SearchOptions): Room {
  const range = (given: number | undefined, most: number) => [given ?? 0, given ?? most] as const
  const [p, q] = [range(fixed.p, maxOrder), range(fixed.q, maxOrder)]
  const d = fixed.d === undefined ? [0, 1] : [fixed.d]
  const D = season === 0 ? [0] : fixed.D === undefined ? [0, 1] : [fixed.D]
  const lost = Math.max(...d) + Math.max(...D) * season + p[1]
  const P =
    season === 0 || lost + season > mostLost * steps
      ? range(season === 0 ? 0 : fixed.P, 0)
      : range(fixed.P, 1)
  const Q = season === 0 ? range(0, 0) : range(fixed.Q, 1)
  return { d, D, p, q, P, Q, most: Math.max(p[1], q[1], 1), from: lost + P[1] * season }
}

function firstLooks({ d, D }: Family, room: Room, { season: m, fixed }: SearchOptions): Orders[] {
  const constant = fixed.constant ?? d + D === 0
  const within = ([least, most]: readonly [number, number], value: number) =>
    Math.min(most, Math.max(least, value))
  const at = (p: number, q: number, P: number, Q: number): Orders => ({
    p: within(room.p, p),
    d,
    q: within(room.q, q),
    P: within(room.P, P),
    D,
    Q: within(room.Q, Q),
    m,
    constant
  })
  if (m > 0 || room.most > wholeGrid) {
    return [at(0, 0, 0, 0), at(1, 0, 1, 0), at(0, 1, 0, 1), at(2, 2, 0, 1), at(room.most, 0, 0, 1)]
  }
  const grid: Orders[] = []
  for (let p = room.p[0]; p <= room.p[1]; p++)
    for (let q = room.q[0]; q <= room.q[1]; q++) grid.push(at(p, q, 0, 0))
  return grid
}

/** From the best to its best neighbour, until none is better. */
function walk(family: Family, room: Room, { fixed }: SearchOptions): void {
  for (;;) {
    const best = family.ranked()[0]
    for (const next of neighboursOf(best.orders, room, fixed.constant === undefined)) family.look(next)
    if (family.ranked()[0] === best) return
  }
}

function neighboursOf(orders: Orders, room: Room, mayDrift: boolean): Orders[] {
  const moves: Partial<Orders>[] = []
  for (const step of [-1, 1]) {
    for (const which of ['p', 'q', 'P', 'Q'] as const) moves.push({ [which]: orders[which] + step })
    moves.push({ p: orders.p + step, q: orders.q + step }, { P: orders.P + step, Q: orders.Q + step })
  }
  // Without differencing the mean stays: a load's zero is not its mean.
  if (mayDrift && orders.d + orders.D === 1) moves.push({ constant: !orders.constant })
  const inside = (o: Orders) =>
    (['p', 'q', 'P', 'Q'] as const).every((which) => o[which] >= room[which][0] && o[which] <= room[which][1])
  return moves.map((move) => ({ ...orders, ...move })).filter(inside)
}

function settle(y: Float64Array, family: Family, options: SearchOptions): ArimaModel {
  const ranked = family.ranked()
  // Conditional squares rank short series badly: near the unit circle they forget what the start is worth.
  const margin = y.length <= short ? Infinity : options.margin
  const [{ score }] = ranked
  const list = ranked.slice(0, options.shortlist).filter((one) => one.score <= score + margin)
  if (list.every(({ orders }) => isExact(orders, y.length))) {
    const models = list.map((one) => exactly(y, one, options, ranked.length))
    return models.reduce((a, b) => (b[options.criterion] < a[options.criterion] ? b : a))
  }
  const [best] = ranked
  return isExact(best.orders, y.length)
    ? exactly(y, best, options, ranked.length)
    : conditionally(best, ranked.length)
}

function exactly(
  y: Float64Array,
  candidate: Candidate,
  { optimizer, maxIterations }: SearchOptions,
  tried: number
): ArimaModel {
  const { orders, coefficients } = candidate
  const fit = fitExact(y, orders, coefficients, { optimizer, maxIterations })
  return Number.isFinite(fit.logLikelihood) ? modelOf(fit, 'exact', tried) : conditionally(candidate, tried)
}

function conditionally({ orders, coefficients, sum, count }: Candidate, tried: number): ArimaModel {
  const sigma2 = sum / count
  const logLikelihood = -0.5 * count * (Math.log(2 * Math.PI * sigma2) + 1)
  return modelOf({ orders, coefficients, sigma2, logLikelihood, count }, 'conditional', tried)
}
