/**
 * Spend limit — a window of time costs no more than its budget.
 *
 *   Σ units ≤ Σ floor + (budget left / price − Σ floor · time left) / time until the next decision
 *
 * Units cost `unitHour` an hour from the moment they are wanted. What is left of the window's budget may be spent on a
 * peak, as long as the floor (the minimum of the bounds, else 1 unit of a resource) stays affordable to the end of the
 * window. It holds even against bounds and shield when it is outermost; it cannot hold when the floor alone costs more,
 * and is then held at the floor. Cuts are shared out in proportion to what was asked above the floor. Where the price is not known
 * nothing grows.
 */
import { DAY, HOUR, requireOption } from '../base/index.ts'
import type { Observation, Policy, Units } from '../roles.ts'
import { leastUnits, usable, wantedNow } from './answer.ts'
import { type Guarded, guarded, keep } from './guard.ts'

export interface SpendLimit {
  /** Money for one window; without it, `price.budgetPerMonth` of the observation and 30 days. */
  readonly budget?: number
  readonly windowMs?: number
  /** Price of a unit for an hour; without it, `price.unitHour` of the observation. */
  readonly unitHour?: number
  /** The longest time until the next decision; the policy's interval unless set. Later ones are not covered. */
  readonly everyMs?: number
}

/** The window that runs, what was spent in it up to `atMs`, and the money an hour that runs since then. */
type SpendMemory = {
  readonly startMs: number
  readonly atMs: number
  readonly spent: number
  readonly hourly: number
} | null

/** Money in the currency of the observation, times in milliseconds. Throws `BAD_OPTION` for a budget below 0 or an empty window. */
export function withSpendLimit<Memory>(
  policy: Policy<Memory>,
  limit: SpendLimit = {}
): Policy<Guarded<Memory, SpendMemory>> {
  const windowMs = limit.windowMs ?? 30 * DAY
  const everyMs = Math.min(limit.everyMs ?? policy.intervalMs, windowMs)
  requireOption((limit.budget ?? 0) >= 0, 'withSpendLimit.budget', limit.budget, 'at least 0')
  requireOption(windowMs > 0, 'withSpendLimit.windowMs', windowMs, 'more than 0 ms')
  return guarded(policy, {
    name: 'withSpendLimit',
    initial: (): SpendMemory => null,
    rule: (seen, { to }, own) => {
      const price = limit.unitHour ?? seen.price?.unitHour
      const budget = limit.budget ?? seen.price?.budgetPerMonth
      if (budget === undefined || Number.isNaN(budget)) return { to, own }
      if (!usable(price))
        return { to: noneMore(seen, to), own, bound: 'spendLimit', because: 'price not known' }
      const before = own ?? { startMs: seen.nowMs, atMs: seen.nowMs, spent: 0, hourly: 0 }
      const { startMs, spent } = spentUntil(before, seen, price, windowMs)
      const floor = floorOf(seen, to)
      const leftMs = startMs + windowMs - seen.nowMs
      // The stretch until the next decision may end in the next window, which pays its part of it.
      const here = mostUnits((budget - spent) / price, floor, leftMs, Math.min(everyMs, leftMs))
      const next = mostUnits(budget / price, floor, windowMs, everyMs - leftMs)
      const held = cutTo(seen, to, price === 0 ? Infinity : Math.min(here, next))
      const after = { startMs, atMs: seen.nowMs, spent, hourly: sum(held) * price }
      return {
        to: held,
        own: after,
        bound: 'spendLimit',
        because: `${round(spent)} of ${round(budget)} spent`
      }
    }
  })
}

/**
 * Spending went on as it was decided last, or as what is there now if that is more. At the end of a window the next one
 * starts with what ran over into it.
 */
function spentUntil(
  { startMs, atMs, spent, hourly }: NonNullable<SpendMemory>,
  seen: Observation,
  price: number,
  windowMs: number
): { readonly startMs: number; readonly spent: number } {
  const { nowMs, capacity } = seen
  let paid = sum(capacity.ready)
  for (const { units } of capacity.starting ?? []) paid += usable(units) ? units : 0
  const rate = Math.max(hourly, atMs < nowMs ? paid * price : 0) / HOUR
  const passed = Math.max(0, Math.floor((nowMs - startMs) / windowMs))
  if (passed === 0) return { startMs, spent: spent + rate * Math.max(0, nowMs - atMs) }
  const newStartMs = startMs + passed * windowMs
  return { startMs: newStartMs, spent: rate * (nowMs - Math.max(newStartMs, atMs)) }
}

/** Whole units affordable for `forMs`, with so many unit-hours left and the floor kept for the rest of `leftMs`. */
function mostUnits(unitHours: number, floor: number, leftMs: number, forMs: number): number {
  if (forMs <= 0) return Infinity
  return floor + Math.floor(((unitHours - (floor * leftMs) / HOUR) * HOUR) / forMs)
}

function floorOf(seen: Observation, to: Units): number {
  let floor = 0
  for (const resource in to) floor += leastUnits(seen, resource)
  return floor
}

/** No more than `cap` units in all, but no resource below its minimum. */
function cutTo(seen: Observation, to: Units, cap: number): Units {
  const asked = sum(to)
  if (!(asked > cap)) return to
  const least = (resource: string) => Math.min(to[resource], leastUnits(seen, resource))
  let floor = 0
  for (const resource in to) floor += least(resource)
  if (asked <= floor) return to
  const share = Math.max(0, cap - floor) / (asked - floor)
  const held: Record<string, number> = {}
  for (const resource in to) {
    held[resource] = least(resource) + Math.floor((to[resource] - least(resource)) * share)
  }
  return held
}

function noneMore(seen: Observation, to: Units): Units {
  const now = keep(wantedNow(seen), to)
  const held: Record<string, number> = {}
  for (const resource in to) held[resource] = Math.min(to[resource], now[resource])
  return held
}

function sum(units: Units): number {
  let all = 0
  for (const resource in units) all += usable(units[resource]) ? units[resource] : 0
  return all
}

function round(money: number): number {
  return Math.round(money * 100) / 100
}
