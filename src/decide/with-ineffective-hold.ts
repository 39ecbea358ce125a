/**
 * Ineffective hold — no more of what brought nothing.
 *
 *   gain     = throughput now / throughput before − 1         expected = ready now / ready before − 1
 *   held     while   gain < threshold · expected   and   it is short          once the increase has been ready for `settleMs`
 *
 * Where keys fall on few instances, or a database behind the job is the limit, more instances change nothing, and a policy that looks at lag
 * asks for ever more of them. An increase is judged when the next one is asked for: several before the first has settled are judged as
 * one. It was needed when the target is short: sources are held back, or take in 5 % less than comes. A target that is not short
 * may have grown ahead of its load, which is no fault. After `holdMs` one more increase is tried, alone, and judged anew. What is not known
 * holds nobody back. Flink's autoscaler: `scaling.effectiveness.detection.enabled`, there by true rates, which skew does not change.
 */
import { formatDuration, MINUTE, requireOption, SECOND } from '../base/index.ts'
import type { Observation, Policy } from '../roles.ts'
import { latestLoad, trusted, usable, wantedNow } from './answer.ts'
import { type Guarded, guarded } from './guard.ts'

export interface IneffectiveHold {
  /** Less than this share of what was expected is nothing. Flink's default. */
  readonly threshold?: number
  /** From more being ready to the judgement. Meters that look back a minute show half of it by then, far more than the threshold; 30 s. */
  readonly settleMs?: number
  /** 30 min. */
  readonly holdMs?: number
}

/** The increase that was asked for last, by resource; `null`: not known, or not yet. */
type Increases = Readonly<
  Record<
    string,
    {
      readonly from: number
      readonly rate: number | null
      readonly readyMs: number | null
      readonly heldMs: number | null
      /** Since when it is tried again behind a hold. */
      readonly triedMs: number | null
    }
  >
>

/** A source that cannot hand on so much of its time is held back. */
const HELD_BACK = 0.2
/** Load and throughput are each seen with about 1 % noise. */
const SHORT = 0.95

/** Throws `BAD_OPTION` for a threshold outside 0..1 or a time below 0. */
export function withIneffectiveHold<Memory>(
  policy: Policy<Memory>,
  options: IneffectiveHold = {}
): Policy<Guarded<Memory, Increases>> {
  const { threshold = 0.1, settleMs = 30 * SECOND, holdMs = 30 * MINUTE } = options
  requireOption(threshold >= 0 && threshold <= 1, 'withIneffectiveHold.threshold', threshold, '0..1')
  requireOption(settleMs >= 0, 'withIneffectiveHold.settleMs', settleMs, 'at least 0 ms')
  requireOption(holdMs >= 0, 'withIneffectiveHold.holdMs', holdMs, 'at least 0 ms')
  return guarded(policy, {
    name: 'withIneffectiveHold',
    initial: (): Increases => ({}),
    rule: (seen, answer, before) => {
      const { nowMs } = seen
      const now = wantedNow(seen)
      const own: Record<string, Increases[string]> = { ...watched(seen, before) }
      const to: Record<string, number> = { ...answer.to }
      const said: string[] = []
      for (const resource in answer.to) {
        if (!(answer.to[resource] > now[resource])) continue
        const last = own[resource]
        const trial = last?.triedMs != null && nowMs - last.triedMs < holdMs
        const nothing = last && broughtNothing(seen, resource, last, threshold, settleMs)
        if (nothing && nowMs - (last.heldMs ?? nowMs) < holdMs) {
          own[resource] = { ...last, heldMs: last.heldMs ?? nowMs }
          to[resource] = now[resource]
          said.push(`${nothing}, held for ${formatDuration(holdMs)}`)
        } else if (trial && !isSettled(last, nowMs, settleMs)) {
          to[resource] = now[resource]
          said.push(`${resource} from ${last.from} is tried again, and not judged yet`)
        } else if (last === undefined || isSettled(last, nowMs, settleMs)) {
          const rate = throughputOf(seen, resource)
          const from = seen.capacity.ready[resource] ?? now[resource]
          const triedMs = nothing ? nowMs : null
          own[resource] = { from, rate: usable(rate) ? rate : null, readyMs: null, heldMs: null, triedMs }
        }
      }
      return { to, own, bound: 'ineffective', because: said.join('; ') }
    }
  })
}

/** When more became ready; what is back at its old size has no increase any more. */
function watched({ capacity, nowMs }: Observation, before: Increases): Increases {
  const kept: Record<string, Increases[string]> = {}
  for (const resource in before) {
    const last = before[resource]
    const ready = capacity.ready[resource]
    const isThere = ready > last.from
    if (last.readyMs !== null && ready <= last.from) continue
    kept[resource] = isThere && last.readyMs === null ? { ...last, readyMs: nowMs } : last
  }
  return kept
}

const isSettled = ({ readyMs }: Increases[string], nowMs: number, settleMs: number) =>
  readyMs !== null && nowMs - readyMs >= settleMs

/** In words, when it is known to have brought nothing although more was needed. */
function broughtNothing(
  seen: Observation,
  resource: string,
  last: Increases[string],
  threshold: number,
  settleMs: number
): string | undefined {
  const rate = throughputOf(seen, resource)
  const ready = seen.capacity.ready[resource]
  if (!isSettled(last, seen.nowMs, settleMs) || last.rate === null || !(last.rate > 0)) return undefined
  // From nothing there is no share: its rate was that of before.
  if (!usable(rate) || !usable(ready) || !(last.from > 0) || !isShort(seen)) return undefined
  const [gain, expected] = [rate / last.rate - 1, ready / last.from - 1]
  if (gain >= threshold * expected) return undefined
  const percent = (share: number) => `${Math.round(100 * share)} %`
  return `${resource} from ${last.from} to ${ready} brought ${percent(gain)} of throughput, not ${percent(expected)}`
}

/** Records/s of the operator, or of the target where it is one. */
function throughputOf(seen: Observation, resource: string): number {
  const { topology, metrics, capacity } = seen
  const operator = topology?.operators.find(({ id }) => id === resource)
  if (operator !== undefined) return operator.observedProcessingRate ?? NaN
  return Object.keys(capacity.ready).length === 1 ? trusted(metrics?.throughput) : NaN
}

/** It does not do what there is to do. Not known: not short. */
function isShort(seen: Observation): boolean {
  const sources = seen.topology?.operators.filter(({ source }) => source) ?? []
  if (sources.some(({ backpressured = NaN }) => backpressured >= HELD_BACK)) return true
  let taken = 0
  for (const { observedProcessingRate = NaN } of sources) taken += observedProcessingRate
  return (sources.length > 0 ? taken : trusted(seen.metrics?.throughput)) < SHORT * latestLoad(seen)
}
