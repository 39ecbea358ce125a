/**
 * What each number of units would cost in each step ahead, as a problem for the dynamic programme.
 *
 *   stage[t](n)  = share[t] · (n + price · (P(load[t] > capacity(n)) + failures · lost · C/(C − load)))
 *   change[t](n) = price · restart · C/(C − load)    C = n·unitRate: an outage of length o is drained with what C leaves
 *   up[t]        = units paid while they start
 *   cap[t]       = ready + starting, before anything asked for now could be there
 *
 * All in units × steps of the forecast.
 */
import type { MpcOptions } from './mpc.ts'
import type { Outlook } from './mpc-outlook.ts'
import type { Problem } from './mpc-plan.ts'
import { exceedance, quantileAt } from './mpc-quantiles.ts'
import type { Situation } from './mpc-situation.ts'

export function problemOf(now: Situation, outlook: Outlook, options: MpcOptions): Problem {
  const { steps, stepMs, waitMs, share, first } = outlook
  const { least } = now
  const levels = topLevel(now, outlook, options.price) - least + 1
  const stage = new Float64Array(steps * levels)
  const up = new Float64Array(steps)
  const cap = new Float64Array(steps)
  const changes = now.restartMs > 0 ? new Float64Array(steps * levels) : undefined
  const capacity = {
    offset: -now.spare / outlook.peak - outlook.shift,
    perUnit: now.unitRate / outlook.peak,
    least
  }
  for (let t = 0; t < steps; t++) {
    const row = t * levels
    up[t] = Math.min(waitMs[t], now.paidMs) / stepMs
    cap[t] = waitMs[t] >= now.reachMs ? now.most : comesUntil(now, waitMs[t])
    exceedance(outlook.levels, first + t, capacity, stage, row, levels)
    for (let i = 0; i < levels; i++) {
      const failed = failures(now, (least + i) * now.unitRate, outlook.mean[first + t] + outlook.shift)
      stage[row + i] = share[t] * (least + i + options.price * (stage[row + i] + failed))
    }
    if (changes !== undefined) {
      for (let i = 0; i < levels; i++) {
        const late = drained(
          now.restartMs,
          (least + i) * now.unitRate,
          outlook.mean[first + t] + outlook.shift
        )
        changes[row + i] = (options.price * late) / stepMs
      }
    }
  }
  return { steps, least, levels, stage, change: changes, up, cap, from: now.ready }
}

/** Most units that could pay: where one more unit costs more than the lateness that is left. */
function topLevel(now: Situation, outlook: Outlook, price: number): number {
  let most = Math.max(now.ready, now.floor || 0)
  const chance = 1 / Math.max(price, 1) / 4
  for (let t = 0; t < outlook.steps; t++) {
    const load = (quantileAt(outlook.levels, outlook.first + t, chance) + outlook.shift) * outlook.peak
    most = Math.max(most, Math.ceil((load + now.spare) / now.unitRate))
  }
  for (const { units } of now.coming) most += units
  return Math.max(now.least, Math.min(most + 1, now.most))
}

export function comesUntil(now: Situation, ms: number): number {
  let units = now.ready
  for (const batch of now.coming) if (batch.inMs <= ms) units += batch.units
  return units
}

/** Longest time that one outage can make late: after that the plan has changed. */
const LONGEST_MS = 30 * 60_000

/** Share of the time that is late because of failures. */
function failures(now: Situation, capacity: number, load: number): number {
  return now.stopsPerMs === 0 ? 0 : now.stopsPerMs * drained(now.stopMs, capacity, load)
}

/** How long an outage is felt: o · C/(C − load). */
export function drained(outageMs: number, capacity: number, load: number): number {
  return capacity > load ? Math.min((outageMs * capacity) / (capacity - load), LONGEST_MS) : LONGEST_MS
}
