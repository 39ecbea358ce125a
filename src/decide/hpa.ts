/**
 * HPA — the Kubernetes HorizontalPodAutoscaler, autoscaling/v2: size in proportion to utilisation, then be careful.
 *
 *   desired = ⌈⌊utilisation %⌋ / target % · ready⌉             see hpa-replicas.ts
 *   to      = desired, stabilised and rate limited             see hpa-behavior.ts
 *
 * Looks every 15 s at `seen.units` when they are there, else at the mean utilisation `metrics.cpu` of the ready units
 * with those that are starting as not ready; units that read alike give the same answer either way. It has the faults
 * of its original: it trusts whatever value it is given, however old; it knows no lead time; a CPU at 100 % tells it
 * nothing about the load beyond. Sources: kubernetes pkg/controller/podautoscaler (1.33 and later), KEP-853 (behavior),
 * KEP-4951 (tolerance per direction).
 */
import type { GivenOptions, OptionTable } from '../base/index.ts'
import { readOptions } from '../base/index.ts'
import type { Observation, Policy } from '../roles.ts'
import { MOST_UNITS, measured, metricOf, note, usable } from './answer.ts'
import { type Asked, eachResource, type Step } from './each-resource.ts'
import { type Behavior, limited, type Moves, moved, parseRules, settled, stabilized } from './hpa-behavior.ts'
import { type PodRules, podsOf, readyOf } from './hpa-pods.ts'
import * as replicas from './hpa-replicas.ts'
import { push, type Timed } from './timed.ts'

export const hpaOptions = {
  target: {
    kind: 'number',
    default: 0.8,
    min: 0.01,
    says: 'utilization: 0..1, in whole percent; else in the unit of the metric'
  },
  metric: { kind: 'text', default: 'cpu', says: 'name of the metric' },
  type: {
    kind: 'text',
    default: 'utilization',
    oneOf: ['utilization', 'average', 'value', 'valuePerUnit'],
    says: 'what `target` is: share of the request, mean per unit, value of the whole, or that shared out'
  },
  interval: { kind: 'duration', default: 15_000, min: 1, says: 'sync period' },
  upTolerance: {
    kind: 'number',
    default: 0.1,
    min: 0,
    says: 'no step up while the ratio is at most 1 + this'
  },
  downTolerance: {
    kind: 'number',
    default: 0.1,
    min: 0,
    max: 1,
    says: 'no step down while it is at least 1 − this'
  },
  upStabilization: { kind: 'duration', default: 0, min: 0, says: 'up only to the least wish of this window' },
  downStabilization: {
    kind: 'duration',
    default: 300_000,
    min: 0,
    says: 'down only to the highest wish of this window'
  },
  behavior: {
    kind: 'text',
    default: 'rules',
    oneOf: ['rules', 'none'],
    says: 'rules: `up` and `down`; none: at most double or 4, as without a behavior'
  },
  up: { kind: 'text', default: 'Max:Percent:100:15+Pods:4:15', says: 'policies on the way up, or Disabled' },
  down: { kind: 'text', default: 'Max:Percent:100:15', says: 'policies on the way down, or Disabled' },
  initialization: {
    kind: 'duration',
    default: 300_000,
    min: 0,
    says: 'a unit younger than this counts only when ready'
  },
  initialReadiness: {
    kind: 'duration',
    default: 30_000,
    min: 0,
    says: 'not ready since so early in life: never was'
  },
  metricWindow: {
    kind: 'duration',
    default: 60_000,
    min: 0,
    says: 'time that one CPU sample of a unit covers'
  }
} satisfies OptionTable

interface Settings extends PodRules {
  readonly type: string
  /** Whole percent for a utilisation, else thousandths of the metric's unit. */
  readonly target: number
  readonly tolerance: replicas.Tolerance
  readonly upWindowMs: number
  readonly downWindowMs: number
  readonly behavior: Behavior
}

/** Of each resource: recommendations as queues of their window's extremes, the changes made, and what was asked last. */
type HpaMemory = {
  readonly [resource: string]: Moves & { readonly highest: Timed; readonly lowest: Timed }
}
type ResourceMemory = HpaMemory[string]

/** The policy; options (target, tolerances, windows and rules) as in `hpaOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function hpa(given: GivenOptions = {}): Policy<HpaMemory> {
  const read = readOptions('hpa', hpaOptions, given)
  const behavior =
    read.behavior === 'none'
      ? undefined
      : { up: parseRules('hpa.up', read.up), down: parseRules('hpa.down', read.down) }
  const settings: Settings = {
    type: read.type,
    target: Math.max(1, Math.round(read.target * (read.type === 'utilization' ? 100 : 1000))),
    metric: read.metric,
    tolerance: { up: read.upTolerance, down: read.downTolerance },
    upWindowMs: read.upStabilization,
    // Without a behavior a wish exactly as old as the window still counts; with one it does not.
    downWindowMs: read.downStabilization + (behavior === undefined ? 1 : 0),
    behavior,
    initializationMs: read.initialization,
    initialReadinessMs: read.initialReadiness,
    metricWindowMs: read.metricWindow
  }
  return {
    name: 'hpa',
    intervalMs: read.interval,
    initial: () => ({}),
    decide: (seen, memory) => eachResource(seen, memory, (asked) => decideOne(settings, seen, asked))
  }
}

/** The size it is first seen at counts as a recommendation, so that an empty history cannot scale down. */
function firstSeen(nowMs: number, current: number): ResourceMemory {
  const start = usable(current) ? [nowMs, current] : none
  return { highest: start, lowest: start, added: none, removed: none, asked: null }
}

const none: Timed = []

function decideOne(
  settings: Settings,
  seen: Observation,
  { resource, several, current, before, bound }: Asked<ResourceMemory>
): Step<ResourceMemory> {
  const given = seen.bounds?.[resource]
  const min = given?.min ?? 1
  const max = given?.max ?? MOST_UNITS
  const memory = settled(before ?? firstSeen(seen.nowMs, current), seen, resource)
  if (!usable(current)) return { to: current, rule: 'capacity-unknown', memory, inputs: { current } }
  if (current === 0 && min !== 0) return { to: 0, rule: 'disabled-at-zero', memory, inputs: { current, min } }
  if (current > max || current < min) {
    const [to, name, rule] =
      current > max
        ? ([max, 'maxReplicas', 'above-max'] as const)
        : ([min, 'minReplicas', 'below-min'] as const)
    note(bound, name)
    return {
      to,
      rule,
      memory: moved(settings.behavior, memory, seen.nowMs, current, to),
      inputs: { current, min, max }
    }
  }
  const proposed = proposal(settings, seen, resource, several, current)
  const desired = Math.min(proposed.desired, MOST_UNITS)
  if (!usable(desired)) {
    return { to: current, rule: 'metric-unknown', memory, inputs: { current, ...proposed } }
  }
  const { nowMs } = seen
  const highest = push(memory.highest, nowMs, desired, settings.downWindowMs, 1)
  const lowest = settings.upWindowMs > 0 ? push(memory.lowest, nowMs, desired, settings.upWindowMs, -1) : none
  const wish = stabilized(settings.behavior, current, desired, highest, lowest)
  if (wish > desired) note(bound, 'downStabilization')
  if (wish < desired) note(bound, 'upStabilization')
  const { added, removed } = memory
  const to = limited(settings.behavior, wish, { now: current, nowMs, min, max, added, removed }, bound)
  const inputs = { current, stabilized: wish, ...proposed, desired }
  const remembered = moved(settings.behavior, { ...memory, highest, lowest }, nowMs, current, to)
  return { to, rule: ruleOf(current, desired, to), memory: remembered, inputs }
}

function ruleOf(current: number, desired: number, to: number): string {
  if (to !== current) return to > current ? 'scale-up' : 'scale-down'
  return desired === current ? 'within-tolerance' : 'held-back'
}

/** What the metric asks for, `NaN` where it says nothing, with the numbers it looked at. */
function proposal(
  settings: Settings,
  seen: Observation,
  resource: string,
  several: boolean,
  current: number
): { readonly desired: number } & Readonly<Record<string, number>> {
  const { type, target, tolerance } = settings
  if (type === 'utilization' || type === 'average') {
    const pods = podsOf(settings, seen, resource, several)
    if (pods === undefined) return { desired: NaN }
    const desired =
      type === 'average'
        ? replicas.forAverage(current, pods, target, tolerance)
        : replicas.forUtilization(current, pods, target, tolerance)
    return { desired, ...pods }
  }
  const value = Math.round(measured(metricOf(seen, settings.metric, resource, several)) * 1000)
  if (type === 'valuePerUnit') {
    return { desired: replicas.forValuePerPod(current, value, target, tolerance), value }
  }
  const ready = readyOf(seen, resource)
  return { desired: replicas.forValue(current, value, target, ready, tolerance), value, ready }
}
