/**
 * Status — what the loops are doing, in words that users of HPA and KEDA look for. Made of what the loops tell, so it knows nothing
 * that is not on record.
 *
 *   AbleToScale      False: the last command failed or may not be given        ScalingActive   False: doubt, what is measured is not enough
 *   ScalingLimited   True: a bound held the answer                             Paused, Fallback  as KEDA: held back; no forecast, so reactive, or no metrics, so a safe size
 */
import type { Command, Decision, Quantiles, Receipt, ServiceEstimate, Turn, Units } from '../roles.ts'
import type { LoopEvent } from './cycle-parts.ts'
import { ruleOf } from './turn.ts'

export interface Condition {
  readonly type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited' | 'Fallback'
  readonly status: boolean
  readonly reason: string
  readonly message: string
  readonly lastTransitionMs: number
}

/** `given`: as the configuration says, until it is measured. */
export interface Estimated<T> {
  readonly value: T | null
  readonly from: 'measured' | 'given' | 'unknown'
}

/** What is known of the target itself. */
export interface Estimates {
  readonly unitRate: Estimated<number>
  readonly leadTimeMs: Estimated<Quantiles>
  readonly restartMs: Estimated<Quantiles>
}

export interface TargetStatus {
  readonly target: string
  readonly lastTurnMs: number | null
  /** Units by resource: what serves, what is wanted, what was decided. */
  readonly ready: Units
  readonly wanted: Units
  readonly decision: { readonly kind: Decision['kind']; readonly to: Units; readonly rule: string } | null
  readonly policy: string | null
  /** Why the decision was not commanded. */
  readonly refused: string | null
  /** Null before the first turn, and where a record does not tell. */
  readonly estimates: Estimates | null
  readonly lastScale: { readonly atMs: number; readonly to: Units; readonly outcome: string } | null
  readonly conditions: readonly Condition[]
  readonly lastEvent: { readonly atMs: number; readonly what: string; readonly text: string } | null
  readonly lastError: { readonly atMs: number; readonly what: string } | null
  readonly counts: Counts
}

export interface Counts {
  readonly turns: number
  readonly wakes: number
  readonly commands: number
  readonly failures: number
  readonly errors: number
}

export interface StatusBook {
  take(event: LoopEvent): void
  forget(target: string): void
  of(target: string): TargetStatus | undefined
  all(): readonly TargetStatus[]
}

export function statusBook(): StatusBook {
  const pages = new Map<string, TargetStatus>()
  const pageOf = (target: string) => pages.get(target) ?? blank(target)
  return {
    take(event) {
      const target =
        event.kind === 'turn'
          ? event.turn.target
          : event.kind === 'command'
            ? event.command.target
            : event.target
      pages.set(target, next(pageOf(target), event))
    },
    forget: (target) => void pages.delete(target),
    of: (target) => pages.get(target),
    all: () => [...pages.values()].toSorted((a, b) => (a.target < b.target ? -1 : 1))
  }
}

function blank(target: string): TargetStatus {
  return {
    target,
    lastTurnMs: null,
    ready: {},
    wanted: {},
    decision: null,
    policy: null,
    refused: null,
    estimates: null,
    lastScale: null,
    conditions: [],
    lastEvent: null,
    lastError: null,
    counts: { turns: 0, wakes: 0, commands: 0, failures: 0, errors: 0 }
  }
}

function next(page: TargetStatus, event: LoopEvent): TargetStatus {
  const { counts } = page
  switch (event.kind) {
    case 'turn':
      return afterTurn(page, event.turn, event.woken)
    case 'command':
      return {
        ...page,
        lastScale: { atMs: event.atMs, to: event.command.to, outcome: 'on its way' },
        counts: { ...counts, commands: counts.commands + 1 }
      }
    case 'receipt':
      return afterReceipt(page, event.receipt)
    case 'event':
      return { ...page, lastEvent: { atMs: event.atMs, what: event.what, text: event.text } }
    case 'error':
      return {
        ...page,
        lastError: { atMs: event.atMs, what: event.what },
        counts: { ...counts, errors: counts.errors + 1 }
      }
  }
}

function afterTurn(page: TargetStatus, turn: Turn, woken: boolean): TargetStatus {
  const { decision, observation, receipt, policy, atMs } = turn
  const { ready, wanted = ready } = observation.capacity
  const { counts } = page
  const refused = receipt?.refused ?? null
  const since = changes(page.conditions, atMs)
  return {
    ...page,
    lastTurnMs: atMs,
    ready,
    wanted,
    decision: { kind: decision.kind, to: decision.to, rule: ruleOf(decision) },
    policy: policy.name,
    refused,
    estimates: observation.service ? estimatesOf(observation.service) : page.estimates,
    conditions: [
      since(able(refused)),
      since(active(decision)),
      since(limited(decision)),
      since(fallback(turn))
    ],
    counts: { ...counts, turns: counts.turns + 1, wakes: counts.wakes + (woken ? 1 : 0) }
  }
}

export function estimatesOf(service: ServiceEstimate): Estimates {
  const { unitRate = NaN, leadTimeMs, restartMs, assumed = [] } = service
  const estimated = <T>(name: string, value: T | undefined): Estimated<T> => ({
    value: value ?? null,
    from: value === undefined ? 'unknown' : assumed.includes(name) ? 'given' : 'measured'
  })
  return {
    unitRate: estimated('unitRate', Number.isNaN(unitRate) ? undefined : unitRate),
    leadTimeMs: estimated('leadTimeMs', leadTimeMs),
    restartMs: estimated('restartMs', restartMs)
  }
}

function afterReceipt(page: TargetStatus, receipt: Receipt): TargetStatus {
  const { counts, lastScale, conditions } = page
  const failed = receipt.refused !== undefined
  const since = changes(conditions, receipt.atMs)
  return {
    ...page,
    lastScale: lastScale && { ...lastScale, outcome: receipt.refused ?? pendingWords(receipt) },
    conditions: conditions.map((condition) =>
      condition.type === 'AbleToScale' ? since(able(receipt.refused ?? null)) : condition
    ),
    counts: { ...counts, failures: counts.failures + (failed ? 1 : 0) }
  }
}

function pendingWords({ pending }: Receipt): string {
  const open = Object.entries(pending).filter(([, units]) => units > 0)
  return open.length === 0
    ? 'reached'
    : `pending: ${open.map(([name, units]) => `${name} +${units}`).join(', ')}`
}

type News = Omit<Condition, 'lastTransitionMs'>

function able(refused: string | null): News {
  return refused === null
    ? { type: 'AbleToScale', status: true, reason: 'ReadyForNewScale', message: 'nothing is in the way' }
    : { type: 'AbleToScale', status: false, reason: 'HeldBack', message: refused }
}

/** Rules of ours that speak out of doubt end so, and so does whoever was held by the shield. */
function active({ why }: Decision): News {
  const doubt =
    why.bound.some((name) => name === 'doubt' || name === 'fallback') ||
    /unknown|not-|never-|missing/.test(why.rule)
  const message =
    why.changed.find(({ by }) => by === 'withShield' || by === 'withFallback')?.because ?? why.rule
  return doubt
    ? { type: 'ScalingActive', status: false, reason: 'MetricsUnknown', message }
    : { type: 'ScalingActive', status: true, reason: 'ValidMetricFound', message: why.rule }
}

function limited({ why, kind }: Decision): News {
  const bound = why.bound.filter((name) => name !== 'doubt' && name !== 'fallback')
  return bound.length === 0
    ? {
        type: 'ScalingLimited',
        status: false,
        reason: 'DesiredWithinRange',
        message: `${kind}: no limit held it`
      }
    : {
        type: 'ScalingLimited',
        status: true,
        reason: reasons[bound[0]] ?? bound[0],
        message: bound.join(', ')
      }
}

const reasons: Readonly<Record<string, string>> = {
  maxReplicas: 'TooManyReplicas',
  minReplicas: 'TooFewReplicas'
}

function fallback({ observation, decision, noForecast }: Turn): News {
  if (decision.why.bound.includes('fallback')) {
    const message = decision.why.changed.find(({ by }) => by === 'withFallback')?.because ?? ''
    return { type: 'Fallback', status: true, reason: 'MetricsUnknown', message }
  }
  const wants = 'forecast' in decision.why.inputs
  const without = wants && observation.forecast === undefined
  return without
    ? {
        type: 'Fallback',
        status: true,
        reason: 'NoForecast',
        message: `decided from what is measured${noForecast === undefined ? '' : `; ${noForecast}`}`
      }
    : { type: 'Fallback', status: false, reason: 'AsConfigured', message: '' }
}

/** A condition with the moment since which it says so. */
function changes(before: readonly Condition[], atMs: number): (news: News) => Condition {
  return (news) => {
    const last = before.find(({ type }) => type === news.type)
    const same = last?.status === news.status && last.reason === news.reason
    return { ...news, lastTransitionMs: same ? last.lastTransitionMs : atMs }
  }
}

/** What a command was, for logs. */
export function commandWords({ to, epoch }: Command): string {
  return `command ${epoch}: ${Object.entries(to)
    .map(([name, units]) => `${name} ${units}`)
    .join(', ')}`
}
