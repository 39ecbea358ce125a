/**
 * Lead time — how long from asking for a unit to the moment it serves.
 *
 *   L = P50 · e^{σz},  σ = ln(P90/P50)/z₉₀     log-normal through the two given quantiles; P50 = P90 is a fixed time
 *
 * The luck of a moment belongs to the moment: z comes from (seed, step), so every policy that asks in that step waits
 * equally long, whatever it asked for before. Boot times are skewed to the right and positive, hence log-normal.
 */
import { requireOption, uniformAt } from '../base/index.ts'
import { normalQuantile, Z90 } from '../math/normal.ts'

export interface LeadTime {
  readonly p50Ms: number
  readonly p90Ms: number
}

/** The lead time of what is asked for in step `step`, ms. Throws `BAD_OPTION` unless 0 ≤ P50 ≤ P90 < ∞. */
export function leadTimes({ p50Ms, p90Ms }: LeadTime): (seed: number, step: number) => number {
  requireOption(p50Ms >= 0 && Number.isFinite(p50Ms), 'leadTime.p50Ms', p50Ms, 'a duration of at least 0 ms')
  requireOption(
    p90Ms >= p50Ms && Number.isFinite(p90Ms),
    'leadTime.p90Ms',
    p90Ms,
    `at least P50, ${p50Ms} ms`
  )
  if (p90Ms === p50Ms) return () => p50Ms
  requireOption(p50Ms > 0, 'leadTime.p50Ms', p50Ms, 'above 0 ms where P90 is')
  const sigma = Math.log(p90Ms / p50Ms) / Z90
  // A uniform number can be exactly 0; the smallest step of its grid stands for it.
  const z = (seed: number, step: number) =>
    normalQuantile(Math.max(uniformAt(seed, 'lead-time', step), 2 ** -54))
  return (seed, step) => p50Ms * Math.exp(sigma * z(seed, step))
}
