/**
 * Alarm — capacity for a burst that a gateway announces, before anybody else sees it.
 *
 *   expected = load + Σ over the alarms of trust · max(0, predicted − load)
 *   floor = ⌈expected / (target · unit rate)⌉         of one resource whose unit rate is known; of several ⌈answer · expected / load⌉
 *   to = max(answer, floor)                           until the horizon of the last alarm is over
 *
 * For policies that look at load and forecast only. The floor stays for a horizon, because the gateway's alarm ends as soon as the burst is there and
 * the load that the policy is shown lags behind. It only ever adds; what it may add is bounded by `withSignalCap` around it.
 */
import { requireOption } from '../base/index.ts'
import { latestLoad, usable, withinBounds } from '../decide/answer.ts'
import { type Guarded, guarded } from '../decide/guard.ts'
import type { EdgeSignal, Observation, Policy, Units } from '../roles.ts'
import { newest } from './newest.ts'

/** What the last alarm asked for; null: none is on. */
type AlarmMemory = {
  readonly floor: Units
  readonly untilMs: number
  readonly by: string
  /** Of several resources: units for each event/s when the alarm began. */
  readonly per: Units | null
} | null

export interface AlarmOptions {
  /** Utilisation that the burst is sized for; 0.8. */
  readonly target?: number
}

/** Throws `BAD_OPTION` for a target that cannot be. */
export function withAlarm<Memory>(
  policy: Policy<Memory>,
  { target = 0.8 }: AlarmOptions = {}
): Policy<Guarded<Memory, AlarmMemory>> {
  requireOption(target > 0 && target <= 1, 'withAlarm.target', target, 'above 0, at most 1')
  return guarded(policy, {
    name: 'withAlarm',
    initial: (): AlarmMemory => null,
    rule: (seen, { to }, before) => {
      const own = renewed(seen, to, before, target)
      if (own === null) return { to, own }
      const raised = raise(seen, to, own.floor)
      return { to: raised, own, bound: 'alarm', because: own.by }
    }
  })
}

function renewed(seen: Observation, to: Units, before: AlarmMemory, target: number): AlarmMemory {
  // A clock that runs backwards ends nothing: the horizon is the most it can be away.
  const kept = before !== null && seen.nowMs <= before.untilMs ? before : null
  const alarms = newest(seen.signals).filter(
    ({ burstAlarm, predictedLoad }) => burstAlarm && usable(predictedLoad)
  )
  if (alarms.length === 0) return kept
  const expected = expectedLoad(seen, alarms)
  const per = kept?.per ?? unitsPerEvent(seen, to)
  const floor = floorOf(seen, to, expected, target, per)
  const untilMs = Math.max(
    ...alarms.map(({ sentMs, horizonMs }) => sentMs + horizonMs),
    kept?.untilMs ?? -Infinity
  )
  if (floor === undefined || untilMs < seen.nowMs) return kept
  const by = `${alarms.map(({ gateway }) => gateway).join(', ')} announces ${Math.round(Math.max(...alarms.map(({ predictedLoad }) => predictedLoad)))}/s`
  return {
    floor: kept === null ? floor : raise(seen, floor, kept.floor),
    untilMs,
    by,
    per
  }
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

/** Undefined where nothing is known that it could be a multiple of. */
function floorOf(
  seen: Observation,
  to: Units,
  expected: number,
  target: number,
  per: Units | null
): Units | undefined {
  const names = Object.keys(to)
  const unitRate = seen.service?.unitRate
  if (names.length === 1 && usable(unitRate) && unitRate > 0) {
    return { [names[0]]: Math.ceil(expected / (target * unitRate)) }
  }
  if (per === null) return undefined
  return Object.fromEntries(names.map((name) => [name, Math.ceil((per[name] ?? 0) * expected)]))
}

/** What the policy asks for now. Later what the alarm itself has added is in its answer, and a multiple of that would be one of a multiple. */
function unitsPerEvent(seen: Observation, to: Units): Units | null {
  const load = latestLoad(seen)
  return load > 0 ? Object.fromEntries(Object.keys(to).map((name) => [name, to[name] / load])) : null
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
