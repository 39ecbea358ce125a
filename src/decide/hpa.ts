/**
 * HPA — the Kubernetes HorizontalPodAutoscaler, autoscaling/v2: size in proportion to utilisation, then be careful.
 *
 *   desired = ⌈⌊utilisation %⌋ / target % · ready⌉             see hpa-replicas.ts
 *   to      = desired, stabilised and rate limited             see hpa-behavior.ts
 *
 * Looks every 15 s at `seen.units` when they are there, else at the mean utilisation `metrics.cpu` of the ready units
 * with those that are starting as not ready; units that read alike give the same answer either way. It has the faults
 * of its original: it trusts whatever value it is given, however old; it knows no lead time; a CPU at 100 % tells it
 * nothing about the load beyond. Sources: kubernetes pkg/controller/podautoscaler (v1.36), KEP-853 (behavior),
 * KEP-4951 (tolerance per direction).
 */
import type { GivenOptions, OptionTable } from '../base/index.ts'
import { readOptions } from '../base/index.ts'
import type { Decided, Metric, Observation, Policy, UnitReading } from '../roles.ts'
import { hold, MOST_UNITS, metricOf, scale, usable, wantedNow } from './answer.ts'
import {
  downLimit,
  parseRules,
  push,
  remember,
  type ScalingRules,
  type Timed,
  upLimit
} from './hpa-behavior.ts'
import { type PodSums, replicasForUtilization, type Tolerance } from './hpa-replicas.ts'

export const hpaOptions = {
  target: {
    kind: 'number',
    default: 0.8,
    min: 0.01,
    says: 'utilisation wanted, 0..1, rounded to whole percent'
  },
  metric: { kind: 'text', default: 'cpu', says: 'name of the utilisation metric' },
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

interface Settings {
  readonly metric: string
  readonly targetPercent: number
  readonly tolerance: Tolerance
  readonly upWindowMs: number
  readonly downWindowMs: number
  readonly rules: { readonly up: ScalingRules; readonly down: ScalingRules } | undefined
  readonly initializationMs: number
  readonly initialReadinessMs: number
  readonly metricWindowMs: number
}

/** Of each resource: recommendations as queues of their window's extremes, the changes made, and what was asked last. */
type HpaMemory = {
  readonly [resource: string]: {
    readonly highest: Timed
    readonly lowest: Timed
    readonly added: Timed
    readonly removed: Timed
    readonly asked: number | null
  }
}
type ResourceMemory = HpaMemory[string]

export function hpa(given: GivenOptions = {}): Policy<HpaMemory> {
  const read = readOptions('hpa', hpaOptions, given)
  const settings: Settings = {
    metric: read.metric,
    targetPercent: Math.max(1, Math.round(read.target * 100)),
    tolerance: { up: read.upTolerance, down: read.downTolerance },
    upWindowMs: read.upStabilization,
    downWindowMs: read.downStabilization,
    rules:
      read.behavior === 'none'
        ? undefined
        : { up: parseRules('hpa.up', read.up), down: parseRules('hpa.down', read.down) },
    initializationMs: read.initialization,
    initialReadinessMs: read.initialReadiness,
    metricWindowMs: read.metricWindow
  }
  return {
    name: 'hpa',
    intervalMs: read.interval,
    initial: () => ({}),
    decide: (seen, memory) => decide(settings, seen, memory)
  }
}

/** What became of one resource, and the numbers on the way. */
interface Step {
  readonly to: number
  readonly rule: string
  readonly memory: ResourceMemory
  readonly inputs: Readonly<Record<string, unknown>>
}

function decide(settings: Settings, seen: Observation, memory: HpaMemory): Decided<HpaMemory> {
  const from = wantedNow(seen)
  const resources = Object.keys(from)
  if (resources.length === 0) return { decision: hold(from, 'no-target'), memory }
  const several = resources.length > 1
  const to: Record<string, number> = {}
  const after: Record<string, ResourceMemory> = {}
  const inputs: Record<string, unknown> = {}
  const bound: string[] = []
  let rule = ''
  for (const resource of resources) {
    const before = memory[resource] ?? firstSeen(seen.nowMs, from[resource])
    const step = decideOne(settings, seen, resource, several, from[resource], before, bound)
    to[resource] = step.to
    after[resource] = step.memory
    inputs[resource] = step.inputs
    if (rule === '' || step.to !== from[resource]) rule = step.rule
  }
  return { decision: scale(from, to, rule, inputs, bound), memory: after }
}

/** The size it is first seen at counts as a recommendation, so that an empty history cannot scale down. */
function firstSeen(nowMs: number, current: number): ResourceMemory {
  const start = usable(current) ? [nowMs, current] : []
  return { highest: start, lowest: start, added: [], removed: [], asked: null }
}

function decideOne(
  settings: Settings,
  seen: Observation,
  resource: string,
  several: boolean,
  current: number,
  before: ResourceMemory,
  bound: string[]
): Step {
  const given = seen.bounds?.[resource]
  const min = given?.min ?? 1
  const max = given?.max ?? MOST_UNITS
  const { nowMs } = seen
  const memory = settled(before, seen, resource, current)
  if (!usable(current)) return { to: current, rule: 'capacity-unknown', memory, inputs: { current } }
  if (current === 0 && min !== 0) return { to: 0, rule: 'disabled-at-zero', memory, inputs: { current, min } }
  if (current > max) {
    note(bound, 'maxReplicas')
    return {
      to: max,
      rule: 'above-max',
      memory: asked(settings, memory, nowMs, current, max),
      inputs: { current, max }
    }
  }
  if (current < min) {
    note(bound, 'minReplicas')
    return {
      to: min,
      rule: 'below-min',
      memory: asked(settings, memory, nowMs, current, min),
      inputs: { current, min }
    }
  }
  const pods = podsOf(settings, seen, resource, several)
  const desired =
    pods === undefined
      ? NaN
      : replicasForUtilization(current, pods, settings.targetPercent, settings.tolerance)
  if (!usable(desired) || desired > MOST_UNITS) {
    return { to: current, rule: 'metric-unknown', memory, inputs: { current, ...pods } }
  }
  // Without a behavior a wish as old as the window still counts.
  const downWindowMs = settings.downWindowMs + (settings.rules === undefined ? 1 : 0)
  const highest = push(memory.highest, nowMs, desired, downWindowMs, 1)
  const lowest = settings.upWindowMs > 0 ? push(memory.lowest, nowMs, desired, settings.upWindowMs, -1) : none
  const stabilized = stabilize(settings, current, desired, highest, lowest)
  if (stabilized !== desired) {
    note(bound, desired < current || stabilized > desired ? 'downStabilization' : 'upStabilization')
  }
  const to = limited(settings, memory, nowMs, current, stabilized, min, max, bound)
  const inputs = { current, desired, stabilized, ...pods }
  const rule =
    to > current
      ? 'scale-up'
      : to < current
        ? 'scale-down'
        : desired === current
          ? 'within-tolerance'
          : 'held-back'
  return { to, rule, memory: asked(settings, { ...memory, highest, lowest }, nowMs, current, to), inputs }
}

const none: Timed = []

function stabilize(
  settings: Settings,
  current: number,
  desired: number,
  highest: Timed,
  lowest: Timed
): number {
  const ceiling = highest.length > 0 ? highest[1] : desired
  // Without a behavior only the way down is stabilised: the highest wish of the window is the answer.
  if (settings.rules === undefined) return Math.max(desired, ceiling)
  const floor = lowest.length > 0 ? lowest[1] : desired
  return Math.min(Math.max(current, floor), Math.max(ceiling, desired))
}

function limited(
  { rules }: Settings,
  memory: ResourceMemory,
  nowMs: number,
  current: number,
  wish: number,
  min: number,
  max: number,
  bound: string[]
): number {
  if (rules === undefined) {
    if (wish < min) return noted(bound, 'minReplicas', min)
    const most = Math.min(max, Math.max(2 * current, 4))
    return wish > most ? noted(bound, most < max ? 'scaleUpLimit' : 'maxReplicas', most) : wish
  }
  if (wish > current) {
    const limit = upLimit(current, nowMs, rules.up, memory.added, memory.removed)
    if (wish > Math.min(max, limit)) {
      return max > limit ? noted(bound, 'scaleUpLimit', limit) : noted(bound, 'maxReplicas', max)
    }
  } else if (wish < current) {
    const limit = downLimit(current, nowMs, rules.down, memory.added, memory.removed)
    if (wish < Math.max(min, limit)) {
      return min < limit ? noted(bound, 'scaleDownLimit', limit) : noted(bound, 'minReplicas', min)
    }
  }
  return wish
}

/** The change that was asked for becomes an event of the rate rules; it is taken back if it was not carried out. */
function asked(
  settings: Settings,
  memory: ResourceMemory,
  nowMs: number,
  current: number,
  to: number
): ResourceMemory {
  const { rules } = settings
  if (to === current || rules === undefined)
    return memory.asked === null ? memory : { ...memory, asked: null }
  return to > current
    ? { ...memory, asked: to, added: remember(memory.added, nowMs, to - current, rules.up.longestPeriodMs) }
    : {
        ...memory,
        asked: to,
        removed: remember(memory.removed, nowMs, current - to, rules.down.longestPeriodMs)
      }
}

/** The original stores an event only after its update was accepted: what was wanted last says whether it was. */
function settled(
  memory: ResourceMemory,
  seen: Observation,
  resource: string,
  current: number
): ResourceMemory {
  if (memory.asked === null || seen.capacity.wanted?.[resource] === undefined || current === memory.asked)
    return memory
  const lastUp = memory.added.at(-2) ?? -Infinity
  const lastDown = memory.removed.at(-2) ?? -Infinity
  return lastUp > lastDown
    ? { ...memory, asked: null, added: memory.added.slice(0, -2) }
    : { ...memory, asked: null, removed: memory.removed.slice(0, -2) }
}

/** The units of a resource in sums: one by one where they are known, else from the mean over the ready ones. */
function podsOf(
  settings: Settings,
  seen: Observation,
  resource: string,
  several: boolean
): PodSums | undefined {
  if (seen.units !== undefined) return sumOf(settings, seen.units, seen.nowMs, resource)
  const mean = measured(metricOf(seen, settings.metric, resource, several))
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

function sumOf(settings: Settings, units: readonly UnitReading[], nowMs: number, resource: string): PodSums {
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
    const request = Math.round((unit.request?.[settings.metric] ?? 1) * 1000)
    const metric = unit.metrics?.[settings.metric]
    const usage = measured(metric)
    const pending = !unit.ready && unit.startedMs === undefined
    if (pending || (!Number.isNaN(usage) && isUnready(settings, unit, metric, nowMs))) {
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

/** Young: ready, and one whole sample since it became so. Older: not ready only if it never was. */
function isUnready(
  settings: Settings,
  unit: UnitReading,
  metric: Metric | undefined,
  nowMs: number
): boolean {
  const { ready, startedMs, readyChangedMs } = unit
  if (startedMs === undefined) return !ready
  if (startedMs + settings.initializationMs > nowMs) {
    const sampledMs = nowMs - (metric?.ageMs ?? 0)
    return !ready || (readyChangedMs !== undefined && sampledMs < readyChangedMs + settings.metricWindowMs)
  }
  return !ready && (readyChangedMs === undefined || startedMs + settings.initialReadinessMs > readyChangedMs)
}

/** Any value that is there counts, however old: the original does not look at the age. */
function measured(metric: Metric | undefined): number {
  if (metric === undefined || metric.quality === 'missing' || metric.quality === 'invalid') return NaN
  return usable(metric.value) ? metric.value : NaN
}

function note(bound: string[], name: string): void {
  if (!bound.includes(name)) bound.push(name)
}

function noted(bound: string[], name: string, value: number): number {
  note(bound, name)
  return value
}
