/**
 * Scoring of alarms against what really happened.
 *
 *   hit: an alarm that began before the onset, and not before its precursor (without one: `window` before the onset)
 *   late: began at or behind the onset, while the burst lasted        false: any other
 *   precision = hits / (hits + false)      recall = bursts with a hit / bursts      lead = onset − beginning of the first hit
 */
import { DAY } from '../../base/index.ts'

/** What happened. A burst without a precursor cannot be foreseen: a hit on it is luck. */
export interface Happened {
  readonly precursorMs: number | null
  readonly onsetMs: number
  readonly endMs: number
}

export interface BurstScore {
  readonly bursts: number
  readonly alarms: number
  readonly precision: number
  readonly recall: number
  /** Of the bursts that could be foreseen. */
  readonly recallForeseeable: number
  /** Median and tenth percentile over the bursts that were hit, ms; `NaN` where none was. */
  readonly leadMs: { readonly p50: number; readonly p10: number }
  readonly falsePerDay: number
  readonly late: number
}

/** `alarms[i]`: an alarm is on at the end of step i, that is at startMs + (i+1)·stepMs. */
export function scoreAlarms(
  alarms: ArrayLike<number | boolean>,
  happened: readonly Happened[],
  clock: { readonly startMs: number; readonly stepMs: number; readonly windowMs?: number }
): BurstScore {
  const { startMs, stepMs, windowMs = 120_000 } = clock
  const leads: number[] = []
  const hit = new Set<Happened>()
  let [begun, hits, late, wrong] = [0, 0, 0, 0]
  let next = 0
  for (let i = 0; i < alarms.length; i++) {
    if (!alarms[i] || (i > 0 && alarms[i - 1])) continue
    begun++
    const atMs = startMs + (i + 1) * stepMs
    while (next < happened.length && happened[next].endMs < atMs) next++
    const burst = happened[next]
    if (burst === undefined || atMs < (burst.precursorMs ?? burst.onsetMs - windowMs)) wrong++
    else if (atMs >= burst.onsetMs) late++
    else {
      hits++
      if (!hit.has(burst)) leads.push(burst.onsetMs - atMs)
      hit.add(burst)
    }
  }
  leads.sort((a, b) => a - b)
  const foreseeable = happened.filter(({ precursorMs }) => precursorMs !== null)
  return {
    bursts: happened.length,
    alarms: begun,
    precision: hits / (hits + wrong),
    recall: hit.size / happened.length,
    recallForeseeable: foreseeable.filter((burst) => hit.has(burst)).length / foreseeable.length,
    leadMs: { p50: rank(leads, 0.5), p10: rank(leads, 0.1) },
    falsePerDay: (wrong * DAY) / (alarms.length * stepMs),
    late
  }
}

function rank(sorted: readonly number[], level: number): number {
  return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))]
}
