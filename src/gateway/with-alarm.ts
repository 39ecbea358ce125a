/**
 * Alarm — capacity for a burst that a gateway announces, before anybody else sees it.
 *
 *   expected = load + Σ over the alarms of trust · max(0, predicted − load)
 *   floor = what the policy itself would want if that load were there, see `announced.ts`
 *   to = max(answer, floor)                           until the horizon of the last alarm is over
 *
 * For policies that look at load, rates and forecast only; one that wants the same at any load is not moved. So of a job each operator is
 * raised as far as that load needs it, and none that can do it already. The floor stays for a horizon, because the gateway's alarm ends as
 * soon as the burst is there and the load that the policy is shown lags behind. It only ever adds; what it may add is bounded by
 * `withSignalCap` around it.
 */
import { latestLoad, usable, withinBounds } from '../decide/answer.ts'
import { changed, type Guarded, sameUnits } from '../decide/guard.ts'
import type { EdgeSignal, Observation, Policy, Units } from '../roles.ts'
import { announced } from './announced.ts'
import { newest } from './newest.ts'

/** What the last alarm asked for; null: none is on. */
type AlarmMemory = {
  readonly floor: Units
  readonly untilMs: number
  readonly by: string
} | null

/** The policy asked a second time while an alarm is on; its memory is that of what it was shown really. */
export function withAlarm<Memory>(policy: Policy<Memory>): Policy<Guarded<Memory, AlarmMemory>> {
  return {
    name: `withAlarm(${policy.name})`,
    intervalMs: policy.intervalMs,
    initial: () => ({ inner: policy.initial(), own: null }),
    decide(seen, memory) {
      const { decision, memory: inner } = policy.decide(seen, memory.inner)
      const wanted = (imagined: Observation) => policy.decide(imagined, memory.inner).decision.to
      const own = renewed(seen, memory.own, wanted)
      const to = own === null ? decision.to : raise(seen, decision.to, own.floor)
      const after = { inner, own }
      if (own === null || sameUnits(to, decision.to)) return { decision, memory: after }
      return { decision: changed(seen, decision, to, 'withAlarm', 'alarm', own.by), memory: after }
    }
  }
}

function renewed(
  seen: Observation,
  before: AlarmMemory,
  wanted: (imagined: Observation) => Units
): AlarmMemory {
  // A clock that runs backwards ends nothing: the horizon is the most it can be away.
  const kept = before !== null && seen.nowMs <= before.untilMs ? before : null
  const alarms = newest(seen.signals).filter(
    ({ burstAlarm, predictedLoad }) => burstAlarm && usable(predictedLoad)
  )
  const untilMs = Math.max(
    ...alarms.map(({ sentMs, horizonMs }) => sentMs + horizonMs),
    kept?.untilMs ?? Number.NEGATIVE_INFINITY
  )
  if (alarms.length === 0 || !(untilMs >= seen.nowMs)) return kept
  const expected = expectedLoad(seen, alarms)
  // No more than there is: nothing to ask for.
  if (expected <= latestLoad(seen)) return kept
  const floor = wanted(announced(seen, expected, untilMs))
  const by = `${alarms.map(({ gateway }) => gateway).join(', ')} announces ${Math.round(Math.max(...alarms.map(({ predictedLoad }) => predictedLoad)))}/s`
  return { floor: kept === null ? floor : higher(floor, kept.floor), untilMs, by }
}

function expectedLoad(seen: Observation, alarms: readonly EdgeSignal[]): number {
  const load = latestLoad(seen)
  const from = Number.isNaN(load) ? 0 : load
  let expected = from
  for (const { predictedLoad, trust = 0 } of alarms) {
    expected += Math.min(1, Math.max(0, trust)) * Math.max(0, predictedLoad - from)
  }
  return expected
}

function higher(a: Units, b: Units): Units {
  return Object.fromEntries(Object.keys(a).map((name) => [name, Math.max(a[name], b[name] ?? a[name])]))
}

/** The larger of both, within bounds; unknown stays unknown. */
function raise(seen: Observation, to: Units, floor: Units): Units {
  const raised: Record<string, number> = {}
  for (const name in to) {
    const least = Math.min(floor[name] ?? 0, Number.MAX_SAFE_INTEGER)
    raised[name] = least > to[name] ? Math.max(to[name], withinBounds(seen, name, least, [])) : to[name]
  }
  return raised
}
