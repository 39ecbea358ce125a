/**
 * Job capacity — what a job of several operators could take in with the instances it has now, in events/s of the outside.
 *
 *   c_i = (true_i / n_i) · (observed sources / observed_i)        what one instance of operator i does, in events of the outside
 *   C   = min_i n_i · c_i                                         the narrowest operator decides
 *
 * c_i is a mean in logs with a gain of 1/n down to 1/40, as the unit rate is. An operator that was never measured leaves the capacity
 * unknown. Kalavri et al., Three steps is all you need (OSDI 2018) §3.
 */
import type { Operator, Units } from '../roles.ts'

/** By operator: log of c_i, and how often it was measured. */
export type JobRates = Record<string, { logRate: number; n: number }>

const SLOWEST = 1 / 40

/** Rates of a job that has run undisturbed for as long as its meters look back. */
export function learnRates(operators: readonly Operator[], rates: JobRates): void {
  let taken = 0
  for (const { source, observedProcessingRate = NaN } of operators)
    if (source) taken += observedProcessingRate
  if (!(taken > 0)) return
  for (const { id, parallelism, trueProcessingRate, observedProcessingRate = NaN } of operators) {
    const rate = (trueProcessingRate / parallelism) * (taken / observedProcessingRate)
    if (!(rate > 0 && rate < Infinity)) continue
    const known = rates[id] ?? { logRate: Math.log(rate), n: 0 }
    const n = Math.min(known.n + 1, 1 / SLOWEST)
    rates[id] = { logRate: known.logRate + (Math.log(rate) - known.logRate) / n, n }
  }
}

/** `NaN` while some operator was never measured, or is not there. */
export function capacityOf(operators: readonly Operator[], ready: Units, rates: JobRates): number {
  let least = Infinity
  for (const { id } of operators) {
    const rate = rates[id]
    if (rate === undefined) return NaN
    least = Math.min(least, (ready[id] ?? NaN) * Math.exp(rate.logRate))
  }
  return Number.isFinite(least) ? least : NaN
}
