/** All orders with one d and D: one differenced series, fitted by conditional squares as often as is asked, each order once. */
import { type Conditional, type ConditionalFit, conditional } from './conditional.ts'
import { hannanRissanen } from './hannan-rissanen.ts'
import { difference } from './lags.ts'
import { type Criterion, criterionOf } from './model.ts'
import { type Coefficients, lostTo, type Orders, orderName, resized } from './orders.ts'

export interface Candidate extends ConditionalFit {
  /** The criterion over the common steps: comparable between families. */
  readonly score: number
}

export interface Family {
  readonly d: number
  readonly D: number
  look(orders: Orders): Candidate
  /** Everything looked at, the best first. */
  ranked(): readonly Candidate[]
}

export interface FamilyOptions {
  readonly d: number
  readonly D: number
  readonly m: number
  /** Step of y from which all families are compared. */
  readonly from: number
  readonly maxOrder: number
  readonly criterion: Criterion
}

export function familyOf(y: Float64Array, { d, D, m, from, maxOrder, criterion }: FamilyOptions): Family {
  const w = difference(y, { d, D, m })
  const mean = meanOf(w)
  const centred = w.map((v) => (Number.isNaN(v) ? 0 : v - mean))
  const quick = hannanRissanen(centred, maxOrder)
  const squares: Conditional = conditional(w, from - lostTo({ d, D, m }))
  const seen = new Map<string, Candidate>()

  function look(orders: Orders): Candidate {
    const name = nameOf(orders)
    const known = seen.get(name)
    if (known) return known
    const smaller = bestSmaller(orders)
    let best = squares.fit(orders, freshStart(orders))
    // Not better than fewer orders: it stopped on the way, and begins again where those ended.
    if (smaller && best.sum >= smaller.sum * (1 - 1e-9)) {
      const again = squares.fit(orders, resized(smaller.coefficients, orders))
      if (again.sum < best.sum) best = again
    }
    const { sum, count } = best
    // A series that is explained to the last digit has log 0.
    const minusTwoLog = count * Math.log(Math.max(sum / count, 1e-24))
    // A difference is paid for like the mean that it stands for: noise is not to be differenced for nothing.
    const found = { ...best, score: criterionOf(criterion, minusTwoLog, orders, count, d + D) }
    seen.set(name, found)
    return found
  }

  function freshStart(orders: Orders): Coefficients {
    return {
      ...quick.start(orders.p, orders.q),
      seasonalPhi: new Array<number>(orders.P).fill(0.1),
      seasonalTheta: new Array<number>(orders.Q).fill(D > 0 ? -0.5 : 0.1),
      constant: orders.constant ? mean : 0
    }
  }

  function bestSmaller(orders: Orders): Candidate | undefined {
    let best: Candidate | undefined
    for (const less of smallerThan(orders)) {
      const known = seen.get(nameOf(less))
      if (known && (!best || known.sum < best.sum)) best = known
    }
    return best
  }

  return {
    d,
    D,
    look,
    ranked: () => [...seen.values()].sort((a, b) => a.score - b.score)
  }
}

const nameOf = (orders: Orders) => `${orderName(orders)}${orders.constant ? 'c' : ''}`

function smallerThan(orders: Orders): Orders[] {
  const less = (['p', 'q', 'P', 'Q'] as const)
    .filter((which) => orders[which] > 0)
    .map((which) => ({ ...orders, [which]: orders[which] - 1 }))
  return orders.constant ? [...less, { ...orders, constant: false }] : less
}

export function meanOf(values: Float64Array): number {
  let [sum, count] = [0, 0]
  for (const v of values) {
    if (Number.isNaN(v)) continue
    sum += v
    count++
  }
  return count === 0 ? 0 : sum / count
}
