/**
 * Demand — whole events per step of a run, drawn once from a trace's rates and then the same for every policy.
 *
 *   N = rate · traceStep, a whole number      (n₁ … n_m) ~ Multinomial(N; 1/m, …, 1/m)
 *
 * Within a step of the trace an event comes at any moment with the same chance; the trace's count is kept exactly. Drawn as
 * binomials one after the other (Devroye, *Non-Uniform Random Variate Generation* 1986, ch. XI.1.3), on the largest
 * step that divides both the trace's and the run's: sums of multinomial cells are multinomial, so nothing finer needs
 * to be drawn. Chance belongs to the moment, so a slice of a trace meets the same events as the whole.
 */
import { PrescaleError, type Random, random, requireOption, type Series } from '../../base/index.ts'

/** Counts that went through a division and back differ from whole numbers by rounding only. */
const ROUNDING = 1e-6

/**
 * Events in each full step of `stepMs` from the start of `rates` (events/s). Where the trace was not measured the demand is
 * `NaN`: an unknown load, no arrivals, and the minute is not scored. A count that is not whole is rounded up with the
 * chance of its fraction. Throws `BAD_INPUT` for a rate that is negative or infinite, and for more events in one step
 * than a number holds exactly.
 */
export function splitCounts(rates: Series, stepMs: number, seed: number): Float64Array {
  requireOption(Number.isInteger(stepMs) && stepMs > 0, 'stepMs', stepMs, 'a whole number of milliseconds')
  requireOption(Number.isInteger(rates.stepMs), 'trace step', rates.stepMs, 'a whole number of milliseconds')
  const gridMs = greatestCommonDivisor(rates.stepMs, stepMs)
  const cells = rates.stepMs / gridMs
  const cellsPerStep = stepMs / gridMs
  const demand = new Float64Array(Math.floor((rates.values.length * cells) / cellsPerStep))
  for (let i = 0; i < rates.values.length; i++) {
    const rng = random(seed, 'demand', rates.startMs + i * rates.stepMs)
    let left = wholeCount(rates, i, rng)
    for (let cell = 0; cell < cells; cell++) {
      const count = Number.isNaN(left) ? NaN : rng.binomial(left, 1 / (cells - cell))
      const step = Math.floor((i * cells + cell) / cellsPerStep)
      if (step < demand.length) demand[step] += count
      left -= count
    }
  }
  return demand
}

function wholeCount(rates: Series, i: number, rng: Random): number {
  const count = (rates.values[i] * rates.stepMs) / 1_000
  if (Number.isNaN(count)) return NaN
  if (!(count >= 0 && count < Number.POSITIVE_INFINITY)) {
    throw new PrescaleError(
      'BAD_INPUT',
      `the load at step ${i} must be a rate of at least 0 events/s, was ${rates.values[i]}`
    )
  }
  if (count > Number.MAX_SAFE_INTEGER) {
    throw new PrescaleError(
      'BAD_INPUT',
      `the load at step ${i} is ${count} events in one step, more than can be counted (${Number.MAX_SAFE_INTEGER}); is the unit right? --scale makes it smaller`
    )
  }
  const whole = Math.round(count)
  if (Math.abs(count - whole) <= ROUNDING * Math.max(1, count)) return whole
  return Math.floor(count + rng.next())
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
