/**
 * Cooldown — after a change, none for a while.
 *
 *   to = now   while   nowMs − (last change) < quiet
 *
 * One clock for the whole target: a stream job restarts as a whole, whichever operator is resized. The quiet time is
 * that of the change that is asked for; a change is upwards when any resource grows.
 */
import { formatDuration, requireOption } from '../base/index.ts'
import type { Policy } from '../roles.ts'
import { wantedNow } from './answer.ts'
import { type Guarded, guarded, isUp, keep, sameUnits } from './guard.ts'

export interface QuietTimes {
  readonly upMs: number
  readonly downMs: number
}

/** When this guard last let a change through, `null` before the first. */
type CooldownMemory = { readonly changedMs: number | null }

/** Quiet time in milliseconds, one for both ways or each its own. Throws `BAD_OPTION` when negative. */
export function withCooldown<Memory>(
  policy: Policy<Memory>,
  quiet: number | QuietTimes
): Policy<Guarded<Memory, CooldownMemory>> {
  const { upMs, downMs } = typeof quiet === 'number' ? { upMs: quiet, downMs: quiet } : quiet
  requireOption(upMs >= 0 && downMs >= 0, 'withCooldown.quiet', quiet, 'at least 0 ms')
  return guarded(policy, {
    name: 'withCooldown',
    initial: (): CooldownMemory => ({ changedMs: null }),
    rule: (seen, { to }, own) => {
      const now = wantedNow(seen)
      if (sameUnits(to, now)) return { to, own }
      const quietMs = isUp(now, to) ? upMs : downMs
      const sinceMs = own.changedMs === null ? Number.POSITIVE_INFINITY : seen.nowMs - own.changedMs
      // A clock that runs backwards says nothing about how long ago it was: the pause goes on.
      if (sinceMs >= quietMs) return { to, own: { changedMs: seen.nowMs } }
      const because = `changed ${formatDuration(sinceMs)} ago, quiet for ${formatDuration(quietMs)}`
      return { to: keep(now, to), own, bound: 'cooldown', because }
    }
  })
}
