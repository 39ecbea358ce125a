/**
 * Rescale budget — no more than `most` changes in any `windowMs`.
 *
 *   to = now   while   changes in (nowMs − windowMs, nowMs] ≥ most
 *
 * For stateful jobs, where every change costs a restart: a day of them is better than an hour of them. What is asked for
 * counts, carried out or not; so the budget holds whatever the engine does.
 */
import { formatDuration, requireOption } from '../base/index.ts'
import type { Policy } from '../roles.ts'
import { wantedNow } from './answer.ts'
import { type Guarded, guarded, keep, sameUnits } from './guard.ts'

/** Moments of the changes that may still count, oldest first. */
type BudgetMemory = readonly number[]

/** `most` changes in any `windowMs`. Throws `BAD_OPTION` for half a change or an empty window. */
export function withRescaleBudget<Memory>(
  policy: Policy<Memory>,
  most: number,
  windowMs: number
): Policy<Guarded<Memory, BudgetMemory>> {
  requireOption(
    Number.isInteger(most) && most >= 0,
    'withRescaleBudget.most',
    most,
    'a whole number, at least 0'
  )
  requireOption(windowMs > 0, 'withRescaleBudget.windowMs', windowMs, 'more than 0 ms')
  return guarded(policy, {
    name: 'withRescaleBudget',
    initial: (): BudgetMemory => [],
    rule: (seen, { to }, own) => {
      const now = wantedNow(seen)
      if (sameUnits(to, now)) return { to, own }
      const recent = own.filter((ms) => ms > seen.nowMs - windowMs)
      if (recent.length < most) return { to, own: [...recent, seen.nowMs] }
      const because = `${recent.length} of ${most} changes used in ${formatDuration(windowMs)}`
      return { to: keep(now, to), own: recent, bound: 'rescaleBudget', because }
    }
  })
}
