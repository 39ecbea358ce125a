/**
 * The frontier — what each policy can buy for how much, its own knob swept.
 *
 *   lower hull of (unit-hours, overloaded minutes); *at equal cost* is linear interpolation along it
 *
 * Anyone can buy fewer late minutes with a lower target, so a policy is better only where it lies below the hull of the
 * others at its own cost.
 */
import { lossAt, lowerHull } from '../math/index.ts'
import type { Json } from '../roles.ts'

export interface FrontierPoint {
  readonly policy: string
  readonly knob: Json
  readonly unitHours: number
  readonly overloadedMinutes: number
}

/** Points of the named policies that no mixture of them undercuts, cheapest first. */
export function frontierOf(points: readonly FrontierPoint[], policies: readonly string[]): FrontierPoint[] {
  return lowerHull(
    points
      .filter(({ policy }) => policies.includes(policy))
      .map((point) => ({ ...point, cost: point.unitHours, loss: point.overloadedMinutes }))
  ).map(({ cost: _cost, loss: _loss, ...point }) => point)
}

/** Overloaded minutes that a frontier has at this cost; `NaN` where it never was so cheap. */
export function overloadedAt(frontier: readonly FrontierPoint[], unitHours: number): number {
  return lossAt(
    frontier.map((point) => ({ cost: point.unitHours, loss: point.overloadedMinutes })),
    unitHours
  )
}

export interface EqualCost {
  /** Overloaded minutes of the point. */
  readonly ours: number
  /** Overloaded minutes of the others' frontier at the same unit-hours. */
  readonly theirs: number
  /** 1 − ours / theirs: share of late minutes saved for the same money; `NaN` where the others were never so cheap. */
  readonly saved: number
}

export function atEqualCost(point: FrontierPoint, frontier: readonly FrontierPoint[]): EqualCost {
  const ours = point.overloadedMinutes
  const theirs = overloadedAt(frontier, point.unitHours)
  // Nothing to save where nobody is late: equal, not undefined.
  return { ours, theirs, saved: theirs === 0 ? (ours === 0 ? 0 : -Infinity) : 1 - ours / theirs }
}

/** The knob for the headline: fewest overloaded minutes at no more than 1.2 × the cost of `hpa`, both on the training part. */
export function chooseKnob<P extends { readonly unitHours: number; readonly overloadedMinutes: number }>(
  training: readonly P[],
  hpaUnitHours: number
): P | undefined {
  const affordable = training.filter(({ unitHours }) => unitHours <= 1.2 * hpaUnitHours)
  const best = (a: P, b: P) => a.overloadedMinutes - b.overloadedMinutes || a.unitHours - b.unitHours
  // Nothing affordable: the cheapest setting is the one that breaks the limit least.
  return affordable.toSorted(best)[0] ?? training.toSorted((a, b) => a.unitHours - b.unitHours)[0]
}
