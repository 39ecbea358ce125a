/**
 * The `behavior` of the Kubernetes HorizontalPodAutoscaler: how far and how fast a recommendation may move the size.
 *
 *   stabilised: now ≥ min of the recommendations of the last `upWindow`, now ≤ max of those of the last `downWindow`
 *   start   = now − added + removed                 in the policy's period
 *   Pods    → start ± value        Percent → ⌈start · (1 + value %)⌉ up, ⌊start · (1 − value %)⌋ down
 *   limit   = largest change of the policies (Max), the smallest (Min), or none (Disabled)
 *
 * Source: kubernetes pkg/controller/podautoscaler/horizontal.go (1.33 and later), autoscaling/v2 HPAScalingRules.
 */
import { PrescaleError, parseDuration } from '../base/index.ts'
import type { Observation } from '../roles.ts'
import { note } from './answer.ts'
import { remember, sumSince, type Timed } from './timed.ts'

export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent'
  readonly value: number
  readonly periodMs: number
}

export interface ScalingRules {
  readonly select: 'Max' | 'Min' | 'Disabled'
  readonly policies: readonly ScalingPolicy[]
  readonly longestPeriodMs: number
}

/** `Percent:100:15+Pods:4:15`, `Min:Pods:2:1m+Percent:10:1m` or `Disabled`; periods are seconds unless they say more. */
export function parseRules(name: string, text: string): ScalingRules {
  if (text === 'Disabled') return { select: 'Disabled', policies: [], longestPeriodMs: 0 }
  const select = text.startsWith('Min:') ? 'Min' : 'Max'
  const policies = text
    .replace(/^(Min|Max):/, '')
    .split('+')
    .map((part) => parsePolicy(name, text, part))
  return { select, policies, longestPeriodMs: Math.max(...policies.map((policy) => policy.periodMs)) }
}

function parsePolicy(name: string, text: string, part: string): ScalingPolicy {
  const [type, value, period] = part.split(':')
  const amount = Number(value)
  if (
    (type !== 'Pods' && type !== 'Percent') ||
    !(amount > 0) ||
    !Number.isInteger(amount) ||
    period === undefined
  ) {
    throw new PrescaleError(
      'BAD_OPTION',
      `${name} must be policies such as Percent:100:15+Pods:4:15, with Min: in front or Disabled, was '${text}'`
    )
  }
  const periodMs = /^\d+$/.test(period) ? Number(period) * 1_000 : parseDuration(period, name)
  return { type, value: amount, periodMs }
}

/** Both directions; `undefined` for a target without a `behavior`. */
export type Behavior = { readonly up: ScalingRules; readonly down: ScalingRules } | undefined

/**
 * The wish after the windows: `highest` and `lowest` are the queues of the recommendations, this one included. Without a
 * behavior only the way down is stabilised, and the highest wish of the window is the answer.
 */
export function stabilized(
  behavior: Behavior,
  now: number,
  wish: number,
  highest: Timed,
  lowest: Timed
): number {
  const ceiling = highest.length > 0 ? highest[1] : wish
  if (behavior === undefined) return ceiling
  const floor = lowest.length > 0 ? lowest[1] : wish
  return Math.min(Math.max(now, floor), ceiling)
}

/** What the wish is measured against. `added` and `removed` hold the changes that were made. */
export interface Limits {
  readonly now: number
  readonly nowMs: number
  readonly min: number
  readonly max: number
  readonly added: Timed
  readonly removed: Timed
}

/** The wish within the rules and the bounds; names what held it in `bound`. */
export function limited(behavior: Behavior, wish: number, limits: Limits, bound: string[]): number {
  const { now, min, max } = limits
  if (behavior === undefined) {
    if (wish < min) return held(bound, 'minReplicas', min)
    const most = Math.max(2 * now, 4)
    if (wish > Math.min(max, most))
      return max > most ? held(bound, 'scaleUpLimit', most) : held(bound, 'maxReplicas', max)
  } else if (wish > now) {
    const most = upLimit(behavior.up, limits)
    if (wish > Math.min(max, most))
      return max > most ? held(bound, 'scaleUpLimit', most) : held(bound, 'maxReplicas', max)
  } else if (wish < now) {
    const least = downLimit(behavior.down, limits)
    if (wish < Math.max(min, least))
      return min < least ? held(bound, 'scaleDownLimit', least) : held(bound, 'minReplicas', min)
  }
  return wish
}

function held(bound: string[], name: string, value: number): number {
  note(bound, name)
  return value
}

/** The largest size that the rules allow now. */
export function upLimit(rules: ScalingRules, { now, nowMs, added, removed }: Limits): number {
  if (rules.select === 'Disabled') return now
  const least = rules.select === 'Min'
  let limit = least ? Infinity : -Infinity
  for (const { type, value, periodMs } of rules.policies) {
    const start = now - sumSince(added, nowMs - periodMs) + sumSince(removed, nowMs - periodMs)
    const proposed = type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100))
    limit = least ? Math.min(limit, proposed) : Math.max(limit, proposed)
  }
  // Many additions lately can put the limit below what is there; that is no reason to go down.
  return Math.max(limit, now)
}

/** The smallest size that the rules allow now. */
export function downLimit(rules: ScalingRules, { now, nowMs, added, removed }: Limits): number {
  if (rules.select === 'Disabled') return now
  const least = rules.select === 'Min'
  let limit = least ? -Infinity : Infinity
  for (const { type, value, periodMs } of rules.policies) {
    const start = now - sumSince(added, nowMs - periodMs) + sumSince(removed, nowMs - periodMs)
    const proposed = type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100))
    limit = least ? Math.max(limit, proposed) : Math.min(limit, proposed)
  }
  return Math.min(limit, now)
}

/** The changes made to a size, and the one asked for last, `null` when that was none. */
export type Moves = { readonly added: Timed; readonly removed: Timed; readonly asked: number | null }

/** The change from `now` to `to` becomes an event of the rules, for as long as a period can look back. */
export function moved<M extends Moves>(
  behavior: Behavior,
  moves: M,
  nowMs: number,
  now: number,
  to: number
): M {
  if (to === now || behavior === undefined) return moves.asked === null ? moves : { ...moves, asked: null }
  return to > now
    ? { ...moves, asked: to, added: remember(moves.added, nowMs, to - now, behavior.up.longestPeriodMs) }
    : {
        ...moves,
        asked: to,
        removed: remember(moves.removed, nowMs, now - to, behavior.down.longestPeriodMs)
      }
}

/** A change counts once it was accepted; what is wanted now says whether it was. One that was not is taken back. */
export function settled<M extends Moves>(moves: M, seen: Observation, resource: string): M {
  const wanted = seen.capacity.wanted?.[resource]
  if (moves.asked === null || wanted === undefined || wanted === moves.asked) return moves
  const lastUp = moves.added.at(-2) ?? -Infinity
  const lastDown = moves.removed.at(-2) ?? -Infinity
  return lastUp > lastDown
    ? { ...moves, asked: null, added: moves.added.slice(0, -2) }
    : { ...moves, asked: null, removed: moves.removed.slice(0, -2) }
}
