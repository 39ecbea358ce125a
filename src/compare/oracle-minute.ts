/**
 * What one unit costs within one minute, by where it has to be: the prices that the oracle's dynamic programme is made of.
 *
 *   held(τ)  = min( τ + 1, fresh(τ) )                     is there at the beginning: stays until τ, or comes again
 *   fresh(τ) = min over s ≤ τ of  start[s] + τ − s + 1     becomes ready in s and stays until τ
 *   back(τ)  = min( T − τ, min over s > τ of  start[s] + T − s + 1 )      from τ to the last step T
 *
 * Steps count from the beginning of the minute. A unit that is needed at the end costs held(T) or fresh(T); one that is
 * needed in τ only costs held(τ) or fresh(τ), and back(τ) more when it is needed at the end as well.
 */

/** Ready from one step to another; `starts` says that it was started for it, else it was there before. */
export interface Stay {
  readonly price: number
  readonly from: number
  readonly until: number
  readonly starts: boolean
}

/** A step in which the need of the minute is met, after which units may go. */
export interface Peak {
  readonly held: Stay
  readonly fresh: Stay
  readonly back: Stay
}

export interface MinutePrices {
  readonly held: Stay
  readonly fresh: Stay
  readonly peaks: readonly Peak[]
}

/** Prices of the minute that begins in step `at` and has so many steps. */
export function minutePrices(start: ArrayLike<number>, at: number, steps: number): MinutePrices {
  const last = steps - 1
  const upTo: { held: Stay; fresh: Stay }[] = []
  let from = 0
  for (let until = 0; until <= last; until++) {
    // Coming a step later saves a step; of equals the later, since it is less to be sure of.
    if (start[at + until] - until <= start[at + from] - from) from = until
    const fresh = { price: start[at + from] + until - from + 1, from, until, starts: true }
    const held = until + 1 <= fresh.price ? { price: until + 1, from: 0, until, starts: false } : fresh
    upTo.push({ held, fresh })
  }
  const peaks: Peak[] = []
  let again = { price: Infinity, from: last, until: last, starts: true }
  for (let tau = last - 1; tau >= 0; tau--) {
    const price = start[at + tau + 1] + last - tau
    if (price < again.price) again = { price, from: tau + 1, until: last, starts: true }
    const stay = { price: last - tau, from: tau + 1, until: last, starts: false }
    peaks.push({ ...upTo[tau], back: stay.price <= again.price ? stay : again })
  }
  return { ...upTo[last], peaks: worthwhile(peaks) }
}

/**
 * Peaks that can be the best one for some numbers of units. What a peak costs is linear in them, so of those whose fresh
 * units cost the same only the corners of the lower hull of (held, back) can be.
 */
function worthwhile(peaks: readonly Peak[]): Peak[] {
  const byHeld = peaks.toSorted((a, b) => a.held.price - b.held.price || a.back.price - b.back.price)
  const alike = byHeld.every((peak) => peak.fresh.price === byHeld[0].fresh.price)
  if (!alike)
    return byHeld.filter((peak, i) => !byHeld.some((other, j) => i !== j && covers(other, peak, j < i)))
  const corners: Peak[] = []
  for (const peak of byHeld) {
    if (corners.length > 0 && peak.back.price >= corners[corners.length - 1].back.price) continue
    while (corners.length > 1 && !isCorner(corners[corners.length - 2], corners[corners.length - 1], peak)) {
      corners.pop()
    }
    corners.push(peak)
  }
  return corners
}

/** Nothing of `a` costs more than of `b`, and of two alike the first counts. */
function covers(a: Peak, b: Peak, isFirst: boolean): boolean {
  const prices = ({ held, fresh, back }: Peak) => [held.price, fresh.price, back.price]
  const [ours, theirs] = [prices(a), prices(b)]
  if (ours.some((price, i) => price > theirs[i])) return false
  return isFirst || ours.some((price, i) => price < theirs[i])
}

/** Whether `b` lies below the line from `a` to `c`. */
function isCorner(a: Peak, b: Peak, c: Peak): boolean {
  const held = (to: Peak) => to.held.price - a.held.price
  const back = (to: Peak) => to.back.price - a.back.price
  return back(b) * held(c) < back(c) * held(b)
}
