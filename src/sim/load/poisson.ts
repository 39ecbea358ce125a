/**
 * Poisson arrivals — events that come independently of each other, at a rate that may change from step to step.
 *
 *   n[t] ~ Poisson(rate[t] · step)
 *
 * The arrival process of M/M/c; a step's luck does not depend on other steps.
 */
import { random, type Series } from '../../base/index.ts'

/** The rates that are really seen, events/s: whole events in each step, divided by its length. `NaN` stays `NaN`. */
export function poissonArrivals(expected: Series, seed: number): Series {
  const seconds = expected.stepMs / 1_000
  const rng = random(seed, 'poisson')
  const values = expected.values.map((rate) =>
    Number.isNaN(rate) ? NaN : rng.poisson(rate * seconds) / seconds
  )
  return { ...expected, values }
}
