/**
 * Need — the fewest ready units at which a minute would not be overloaded, starting from an empty queue.
 *
 *   need(m) = min { n : missed ≤ 5 % of the minute's arrivals, none dropped }
 *
 * The minute is lived through with the world's own `serveStep`, step by step, its backlog carried. One more unit never
 * makes a minute worse, so the answer is found by doubling the distance from the last minute's and halving between.
 * The words and the 5 % as in docs/reference.md.
 */
import { requireOption } from '../base/index.ts'
import { type Closed, type Facility, type Queue, serveStep } from './queue.ts'
import { facilityOf, type ServiceOptions, serviceConfig } from './service-config.ts'

/** Share of a minute's arrivals that may miss the SLO before the minute counts as overloaded. */
export const OVERLOAD_SHARE = 0.05
const empty: Queue = { backlog: 0, chance: 1 }
/** Never used: at least one unit works. */
const closed: Closed = { opensIn: 0, rate: 1 }

/**
 * Units needed in every full minute of `arrivalsPerStep`, whole events per step of the world's `stepMs`. 0 for a minute in
 * which nothing comes or of which a step is unknown: such a minute is not scored. Not held by `minUnits` and
 * `maxUnits`; outages are not looked at. Throws `BAD_OPTION` unless the steps fill minutes.
 */
export function needSeries(arrivalsPerStep: ArrayLike<number>, given: ServiceOptions): Int32Array {
  const config = serviceConfig(given)
  const perMinute = 60_000 / config.stepMs
  requireOption(
    Number.isInteger(perMinute),
    'stepMs',
    config.stepMs,
    'a step that fills minutes, such as 15 s'
  )
  const facility = facilityOf(config)
  const seconds = config.stepMs / 1_000
  const minute = new Float64Array(perMinute)
  const need = new Int32Array(Math.floor(arrivalsPerStep.length / perMinute))
  let last = 1
  for (let m = 0; m < need.length; m++) {
    let total = 0
    for (let i = 0; i < perMinute; i++) {
      minute[i] = arrivalsPerStep[m * perMinute + i]
      total += minute[i]
    }
    requireOption(
      total !== Number.POSITIVE_INFINITY,
      'arrivals',
      total,
      'a finite number of events in a minute'
    )
    if (!(total > 0)) continue
    need[m] = fewest((units) => isOverloaded(minute, total, units, facility, seconds), last)
    last = need[m]
  }
  return need
}

function isOverloaded(
  minute: Float64Array,
  total: number,
  units: number,
  facility: Facility,
  seconds: number
): boolean {
  let queue = empty
  let missed = 0
  for (const arrivals of minute) {
    const step = serveStep(facility, units, queue, arrivals, seconds, closed)
    missed += step.missed
    if (step.dropped > 0 || missed > OVERLOAD_SHARE * total) return true
    queue = step
  }
  return false
}

/** The smallest number, at least 1, for which `tooFew` is false; it is true below and false above. */
function fewest(tooFew: (units: number) => boolean, guess: number): number {
  let low = guess
  let high = guess
  if (tooFew(guess)) {
    for (let stride = 1; tooFew(high); stride *= 2) {
      low = high
      high += stride
    }
  } else {
    for (let stride = 1; low > 0 && !tooFew(low); stride *= 2) {
      high = low
      low = Math.max(0, low - stride)
    }
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (tooFew(middle)) low = middle
    else high = middle
  }
  return high
}
