/**
 * Lower hull of (cost, loss) points — what money can buy, mixing settings allowed.
 *
 *   the points no mixture of others undercuts: cost rises, loss falls, and each further unit of cost buys less
 *
 * Andrew's monotone chain (1979), cut off behind the point of least loss.
 */
export interface CostLoss {
  readonly cost: number
  readonly loss: number
}

/** The hull, cheapest first. Points with a `NaN` are left out. */
export function lowerHull<P extends CostLoss>(points: readonly P[]): P[] {
  const sorted = points
    .filter((p) => !Number.isNaN(p.cost) && !Number.isNaN(p.loss))
    .sort((a, b) => a.cost - b.cost || a.loss - b.loss)
  const hull: P[] = []
  for (const point of sorted) {
    // What costs at least as much and loses no less is never bought.
    if (hull.length > 0 && point.loss >= hull[hull.length - 1].loss) continue
    while (hull.length > 1 && !isBelow(hull[hull.length - 2], hull[hull.length - 1], point)) hull.pop()
    hull.push(point)
  }
  return hull
}

/**
 * The loss at a cost, linear between the hull's points. Cheaper than the cheapest point: `NaN`, it was not reached.
 * Dearer than the last: the last loss, as more money need not be spent.
 */
export function lossAt(hull: readonly CostLoss[], cost: number): number {
  return along(hull, cost)
}

/** The cost at which the hull reaches a loss; above the cheapest point's loss that point's cost, below the least `NaN`. */
export function costAt(hull: readonly CostLoss[], loss: number): number {
  return along(hull.map((p) => ({ cost: p.loss, loss: p.cost })).reverse(), loss)
}

function along(points: readonly CostLoss[], x: number): number {
  if (points.length === 0 || !(x >= points[0].cost)) return NaN
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]]
    if (x <= b.cost) return a.loss + ((x - a.cost) / (b.cost - a.cost)) * (b.loss - a.loss)
  }
  return points[points.length - 1].loss
}

/** Whether `b` lies strictly below the line from `a` to `c`. */
function isBelow(a: CostLoss, b: CostLoss, c: CostLoss): boolean {
  return (b.loss - a.loss) * (c.cost - a.cost) < (c.loss - a.loss) * (b.cost - a.cost)
}
