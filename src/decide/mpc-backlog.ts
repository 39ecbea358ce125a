/**
 * Backlog — how many units what already waits is worth.
 *
 *   minimise over n ≥ ready   (n − ready) · (starting + D(n)) + price · (D(n) + restart back)
 *   D(n) = restart + (B + restart·load) / (n·unitRate − load),   D(ready) without the restart
 *
 * B is the backlog at the moment when the next units are there: those that are starting, else those asked for now. So a
 * request finds the same B again and again until it is fulfilled, and is not withdrawn half-way. Units that are ready
 * stay until what waits is gone. The plan itself looks at loads only: a backlog as a second state would square its size.
 */

import { drained } from './mpc-costs.ts'
import type { MpcOptions } from './mpc-options.ts'
import type { Outlook } from './mpc-outlook.ts'
import type { Situation } from './mpc-situation.ts'

/** Units that the backlog asks for; 0 when nobody waits longer than the SLO allows. */
export function backlogUnits(now: Situation, outlook: Outlook, options: MpcOptions): number {
  if (!(now.backlog > now.patience * now.ready * now.unitRate)) return 0
  const inMs = nextMs(now)
  let left = now.backlog
  let t = 0
  for (; t < outlook.steps && outlook.waitMs[t] < inMs; t++) {
    const end = outlook.waitMs[t] + outlook.share[t] * outlook.stepMs
    const seconds = (Math.min(end, inMs) - outlook.waitMs[t]) / 1_000
    left = Math.max(0, left + (loadAt(outlook, t) - now.ready * now.unitRate) * seconds)
  }
  const load = loadAt(outlook, Math.min(t, outlook.steps - 1))
  const cost = (units: number) => {
    const restart = units === now.ready ? 0 : now.restartMs / 1_000
    const capacity = units * now.unitRate
    // What was added is given back later, and that is a restart of its own.
    const back =
      units === now.ready ? 0 : drained(now.restartMs, now.ready * now.unitRate, load) / outlook.stepMs
    const wait = capacity > load ? (left + restart * load) / (capacity - load) + restart : Infinity
    const steps = Math.min((wait * 1_000) / outlook.stepMs, options.horizon)
    return (units - now.ready) * (now.paidMs / outlook.stepMs + steps) + options.price * (steps + back)
  }
  let best = now.ready
  let least = cost(best)
  // Twice what would drain it in a step is more than any price is worth.
  const most = Math.min(now.most, Math.ceil((load + (2_000 * left) / outlook.stepMs) / now.unitRate) + 1)
  for (let units = now.ready + 1; units <= most; units++) {
    const tried = cost(units)
    if (tried < least) [best, least] = [units, tried]
  }
  return best
}

/** When the next units will be there. */
function nextMs(now: Situation): number {
  let inMs = now.reachMs
  for (const batch of now.coming) if (batch.inMs < inMs) inMs = batch.inMs
  return inMs
}

function loadAt({ mean, first, shift }: Outlook, t: number): number {
  return Math.max(0, mean[first + t] + (t === 0 ? 0 : shift))
}
