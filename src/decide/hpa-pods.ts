/**
 * The pods of a target as the HPA sorts them: measured, not ready, without a metric.
 *
 * CPU of a pod that has just started says nothing about the load. A pod younger than `initialization` counts only when
 * it is ready and one whole sample old; an older one that is not ready is left out only if it never was ready. Other
 * metrics are taken from every pod that runs. Source: kubernetes replica_calculator.go, groupPods (1.33 and later).
 */
import type { Metric, Observation, UnitReading } from '../roles.ts'
import { measured, metricOf, usable } from './answer.ts'
import type { PodSums } from './hpa-replicas.ts'

export interface PodRules {
  readonly metric: string
  readonly initializationMs: number
  readonly initialReadinessMs: number
  readonly metricWindowMs: number
}

/**
 * The units of a resource in sums: one by one where `seen.units` has them; else the ready ones at the mean of the metric
 * with those that are starting as not ready. `undefined` where neither says anything.
 */
export function podsOf(
  rules: PodRules,
  seen: Observation,
  resource: string,
  several: boolean
): PodSums | undefined {
  if (seen.units !== undefined) return sumOf(rules, seen.units, seen.nowMs, resource)
  const mean = measured(metricOf(seen, rules.metric, resource, several))
  const ready = seen.capacity.ready[resource]
  if (Number.isNaN(mean) || !usable(ready)) return undefined
  let unready = 0
  for (const start of seen.capacity.starting ?? []) if (start.resource === resource) unready += start.units
  return {
    measured: ready,
    usage: ready * Math.round(mean * 1000),
    request: ready * 1000,
    unready,
    unreadyRequest: unready * 1000,
    missing: 0,
    missingRequest: 0
  }
}

/** Usage and requests are in the same unit, such as cores; without a request, the metric is a ratio of 1. */
export function sumOf(
  rules: PodRules,
  units: readonly UnitReading[],
  nowMs: number,
  resource: string
): PodSums {
  const sums = {
    measured: 0,
    usage: 0,
    request: 0,
    unready: 0,
    unreadyRequest: 0,
    missing: 0,
    missingRequest: 0
  }
  for (const unit of units) {
    if (unit.resource !== resource || unit.failed === true) continue
    const request = Math.round((unit.request?.[rules.metric] ?? 1) * 1000)
    const metric = unit.metrics?.[rules.metric]
    const usage = measured(metric)
    const pending = !unit.ready && unit.startedMs === undefined
    if (
      pending ||
      (rules.metric === 'cpu' && !Number.isNaN(usage) && isUnready(rules, unit, metric, nowMs))
    ) {
      sums.unready++
      sums.unreadyRequest += request
    } else if (Number.isNaN(usage)) {
      sums.missing++
      sums.missingRequest += request
    } else {
      sums.measured++
      sums.usage += Math.round(usage * 1000)
      sums.request += request
    }
  }
  return sums
}

function isUnready(rules: PodRules, unit: UnitReading, metric: Metric | undefined, nowMs: number): boolean {
  const { ready, startedMs, readyChangedMs } = unit
  if (startedMs === undefined) return !ready
  if (startedMs + rules.initializationMs > nowMs) {
    const sampledMs = nowMs - (metric?.ageMs ?? 0)
    return !ready || (readyChangedMs !== undefined && sampledMs < readyChangedMs + rules.metricWindowMs)
  }
  return !ready && (readyChangedMs === undefined || startedMs + rules.initialReadinessMs > readyChangedMs)
}

/** Units that are ready, for metrics of the whole target. */
export function readyOf(seen: Observation, resource: string): number {
  if (seen.units === undefined) return seen.capacity.ready[resource]
  return seen.units.filter((unit) => unit.resource === resource && unit.ready && unit.failed !== true).length
}
