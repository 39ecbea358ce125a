/**
 * What each number of units would cost in each step ahead, as a problem for the dynamic programme.
 *
 *   stage[t](n)  = share[t] · (n + price · (P(load[t] > capacity(n)) + failures · lost · C/(C − load)))
 *   change[t](n) = price · felt · C/(C − load)       felt: what of a restart is late    C = n·unitRate: an outage of length o is drained with what C leaves
 *   up[t]        = units paid while they start
 *   cap[t]       = ready + starting, before anything asked for now could be there
 *
 * All in units × steps of the forecast.
 */
import type { MpcOptions } from './mpc-options.ts'
import type { Outlook } from './mpc-outlook.ts'
import type { Problem } from './mpc-plan.ts'
import { exceedance, quantileAt } from './mpc-quantiles.ts'
import type { Situation } from './mpc-situation.ts'

/** `floor`: units that must be there as soon as anything asked for now can be. `top`: the most that is looked at. */
export function problemOf(
  now: Situation,
  outlook: Outlook,
  floor: number,
  top: number,
  options: MpcOptions
): Problem {
  const { steps, stepMs, waitMs, share, first } = outlook
  const { least } = now
  const levels = top - least + 1
  const stage = new Float64Array(steps * levels)
  const up = new Float64Array(steps)
  const cap = new Float64Array(steps)
  const changes = now.restartMs > 0 ? new Float64Array(steps * levels) : undefined
  const capacity = {
    offset: -now.spare / outlook.peak - outlook.shift,
    perUnit: now.unitRate / outlook.peak,
    least
  }
  const urgent = firstReachable(now, outlook)
  for (let t = 0; t < steps; t++) {
    const row = t * levels
    up[t] = Math.min(waitMs[t], now.paidMs) / stepMs
    // The restart itself is in `change`: what it costs is counted, not that it takes time.
    cap[t] = waitMs[t] >= now.leadMs ? now.most : comesUntil(now, waitMs[t])
    exceedance(outlook.levels, first + t, capacity, stage, row, levels)
    for (let i = 0; i < levels; i++) {
      const failed = failures(now, (least + i) * now.unitRate, outlook.mean[first + t] + outlook.shift)
      stage[row + i] = share[t] * (least + i + options.price * (stage[row + i] + failed))
    }
    if (t <= urgent) {
      const must = Math.min(floor, cap[t]) - least
      for (let i = 0; i < Math.min(must, levels); i++) stage[row + i] += FORBIDDEN
    }
    if (changes !== undefined) {
      for (let i = 0; i < levels; i++) {
        const late = drained(now.feltMs, (least + i) * now.unitRate, outlook.mean[first + t] + outlook.shift)
        changes[row + i] = (options.price * late) / stepMs
      }
    }
  }
  return {
    steps,
    least,
    levels,
    stage,
    change: changes,
    back: options.back,
    up,
    cap,
    from: now.ready
  }
}

/** More than any path costs, and finite, so that the cheapest of forbidden paths is still found. */
const FORBIDDEN = 1e12
/** Room that drains an outage is worth having up to here: twice the load halves the time to catch up, thrice hardly more. */
const SPARE = 2

/** Most units that could pay: where one more unit costs more than the lateness that is left. */
export function topLevel(now: Situation, outlook: Outlook, floor: number, price: number): number {
  let most = Math.max(now.ready, floor)
  const stops = now.restartMs > 0 || now.stopsPerMs > 0
  const chance = 1 / Math.max(price, 1) / 4
  for (let t = 0; t < outlook.steps; t++) {
    const load = (quantileAt(outlook.levels, outlook.first + t, chance) + outlook.shift) * outlook.peak
    most = Math.max(most, Math.ceil((load + now.spare) / now.unitRate))
    if (stops) most = Math.max(most, Math.ceil((SPARE * outlook.mean[outlook.first + t]) / now.unitRate))
  }
  for (const { units } of now.coming) most += units
  return Math.max(now.least, Math.min(most + 1, now.most))
}

/** The first step in which units that are asked for now are ready. */
export function firstReachable(now: Situation, { waitMs, steps }: Outlook): number {
  for (let t = 0; t < steps; t++) if (waitMs[t] >= now.leadMs) return t
  return steps - 1
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
