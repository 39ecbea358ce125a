/**
 * Knative — the KPA: size by the concurrency of a minute, and panic on that of six seconds.
 *
 *   stable = ⌈ mean over 60 s / target ⌉,  panic = ⌈ mean over 6 s / target ⌉,  target = utilization · concurrency
 *   both within [⌊ready / maxScaleDownRate⌋, ⌈ready · maxScaleUpRate⌉]
 *   panic / ready ≥ 2  →  for 60 s: to = largest of both so far;  else to = stable
 *
 * Concurrency is `metrics.concurrency`, events in service and waiting, against what one unit works on at once. Without
 * the option `concurrency` it is the load in events/s against the estimated unit rate, which is Knative's metric `rps`.
 * The original samples by itself; here a sample stands for the time since it was last asked. Zero units only after a
 * stable window of nothing and the grace period. Starts in panic above one unit, so that an empty history cannot
 * scale down. Source: knative serving pkg/autoscaler/scaling/autoscaler.go, pkg/reconciler/autoscaling/kpa/scaler.go.
 */
import type { GivenOptions, OptionTable, ReadOptions } from '../base/index.ts'
import { readOptions } from '../base/index.ts'
import type { Observation, Policy } from '../roles.ts'
import { latestLoad, MOST_UNITS, measured, metricOf, note, usable } from './answer.ts'
import { type Asked, eachResource, type Step } from './each-resource.ts'
import { average, type Buckets, isEmpty, noBuckets, record } from './knative-window.ts'
import { push, type Timed } from './timed.ts'

export const knativeOptions = {
  utilization: { kind: 'number', default: 0.7, min: 0.01, max: 1, says: 'share of a unit to use, 0..1' },
  concurrency: { kind: 'number', min: 0.01, says: 'events one unit works on at once; without it: its rate' },
  stableWindow: {
    kind: 'duration',
    default: 60_000,
    min: 6_000,
    says: 'window of the stable mean, end of a panic'
  },
  panicWindow: {
    kind: 'number',
    default: 0.1,
    min: 0.01,
    max: 1,
    says: 'panic window as a share of the stable one'
  },
  panicThreshold: {
    kind: 'number',
    default: 2,
    min: 1,
    says: 'panic when so many times the ready units are needed'
  },
  maxScaleUpRate: { kind: 'number', default: 1000, min: 1.01, says: 'at most so many times the ready units' },
  maxScaleDownRate: {
    kind: 'number',
    default: 2,
    min: 1.01,
    says: 'at least the ready units divided by this'
  },
  scaleDownDelay: {
    kind: 'duration',
    default: 0,
    min: 0,
    says: 'down only to the highest wish of this window'
  },
  scaleToZero: { kind: 'boolean', default: true, says: 'whether nothing to do may mean no unit' },
  gracePeriod: {
    kind: 'duration',
    default: 30_000,
    min: 0,
    says: 'the last unit stays so long after it was idle'
  },
  podRetention: {
    kind: 'duration',
    default: 0,
    min: 0,
    says: 'the last unit stays at least so long when idle'
  },
  initialScale: { kind: 'integer', default: 1, min: 0, says: 'minimum until so many were ready once' },
  activationScale: { kind: 'integer', default: 1, min: 1, says: 'minimum whenever it is not zero' },
  interval: { kind: 'duration', default: 2_000, min: 1, says: 'tick, and length of a bucket of the windows' }
} satisfies OptionTable

export type KnativeOptions = ReadOptions<typeof knativeOptions>

/** What the KPA decides from: numbers of one tick. */
export interface Tick {
  readonly nowMs: number
  readonly ready: number
  readonly stable: number
  readonly panic: number
  readonly targetValue: number
}

/** Panic and delay. `panicMs` is the last moment over the threshold, `null` outside of a panic. */
export type KpaState = {
  readonly panicMs: number | null
  readonly mostPanicUnits: number
  readonly delayed: Timed
}

/** Of each resource: the window, panic and delay, and since when it is active or idle. */
type KnativeMemory = {
  readonly [resource: string]: {
    readonly buckets: Buckets
    readonly kpa: KpaState
    readonly activeMs: number
    readonly idleMs: number | null
    readonly initialized: boolean
  }
}
type ResourceMemory = KnativeMemory[string]

/** The policy; options (windows, rates and scales) as in `knativeOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function knative(given: GivenOptions = {}): Policy<KnativeMemory> {
  const options = readOptions('knative', knativeOptions, given)
  return {
    name: 'knative',
    intervalMs: options.interval,
    initial: () => ({}),
    decide: (seen, memory) => eachResource(seen, memory, (asked) => decideOne(options, seen, asked))
  }
}

function decideOne(
  options: KnativeOptions,
  seen: Observation,
  { resource, several, current, before, bound }: Asked<ResourceMemory>
): Step<ResourceMemory> {
  const { nowMs } = seen
  const ready = seen.capacity.ready[resource] ?? 0
  const memory = before ?? firstSeen(options, nowMs, ready, current)
  if (!usable(ready) || !usable(current))
    return { to: current, rule: 'capacity-unknown', memory, inputs: { ready } }

  const { value, targetValue } = sampleOf(options, seen, resource, several)
  const size = Math.ceil(options.stableWindow / options.interval)
  const index = Math.floor(nowMs / options.interval)
  const buckets = Number.isNaN(value) ? memory.buckets : written(memory.buckets, index, value, size)
  if (!usable(targetValue) || targetValue === 0 || isEmpty(buckets, index, size)) {
    return {
      to: current,
      rule: 'no-data',
      memory: { ...memory, buckets },
      inputs: { ready, value, targetValue }
    }
  }
  const stable = average(buckets, index, size)
  const panic = average(buckets, index, Math.max(1, Math.ceil(size * options.panicWindow)))
  const tick = { nowMs, ready, stable, panic, targetValue }
  const { units, kpa } = kpaScale(options, tick, memory.kpa)
  const initialized = memory.initialized || ready >= options.initialScale
  const wish = boundedScale(options, seen, resource, units, initialized, bound)
  const zero = towardsZero(options, nowMs, wish, current, memory, bound)
  return {
    to: Math.min(zero.to, MOST_UNITS),
    rule: kpa.panicMs === null ? 'stable' : 'panic',
    memory: { buckets, kpa, initialized, activeMs: zero.activeMs, idleMs: zero.idleMs },
    inputs: { ready, stable, panic, targetValue, units }
  }
}

function firstSeen(options: KnativeOptions, nowMs: number, ready: number, current: number): ResourceMemory {
  const known = usable(ready) ? ready : 0
  return {
    buckets: noBuckets,
    kpa: { panicMs: known > 1 ? nowMs : null, mostPanicUnits: known, delayed: [] },
    activeMs: nowMs,
    idleMs: current === 0 ? nowMs : null,
    initialized: known >= options.initialScale
  }
}

/** What was observed and how much of it one unit should have. */
function sampleOf(
  { concurrency, utilization }: KnativeOptions,
  seen: Observation,
  resource: string,
  several: boolean
): { readonly value: number; readonly targetValue: number } {
  if (concurrency !== undefined) {
    const value = measured(metricOf(seen, 'concurrency', resource, several))
    return { value, targetValue: utilization * concurrency }
  }
  return { value: latestLoad(seen), targetValue: utilization * (seen.service?.unitRate ?? NaN) }
}

/** Buckets in which nobody asked get the value of this sample; a sample that was missing leaves them empty. */
function written(buckets: Buckets, index: number, value: number, size: number): Buckets {
  let all = buckets
  if (buckets.values.length > 0 && index - buckets.last < size) {
    for (let skipped = buckets.last + 1; skipped < index; skipped++) all = record(all, skipped, value, size)
  }
  // Asked twice within a bucket: the bucket keeps what it has, or it would count double.
  return index === buckets.last ? all : record(all, index, value, size)
}

/** One tick of the KPA: the units it wants, before any bound, and what it remembers. */
export function kpaScale(
  options: Pick<
    KnativeOptions,
    | 'maxScaleUpRate'
    | 'maxScaleDownRate'
    | 'panicThreshold'
    | 'activationScale'
    | 'stableWindow'
    | 'scaleDownDelay'
    | 'interval'
  >,
  { nowMs, ready, stable, panic, targetValue }: Tick,
  state: KpaState
): { readonly units: number; readonly kpa: KpaState } {
  const readyUnits = Math.max(1, ready)
  const most = Math.ceil(options.maxScaleUpRate * readyUnits)
  const least = Math.floor(readyUnits / options.maxScaleDownRate)
  const forPanic = Math.ceil(panic / targetValue)
  const within = (wish: number) => {
    const units = Math.min(Math.max(wish, least), most)
    return wish > 0 ? Math.max(units, options.activationScale) : units
  }
  const stableUnits = within(Math.ceil(stable / targetValue))
  let { panicMs, mostPanicUnits } = state
  if (forPanic / readyUnits >= options.panicThreshold) panicMs = nowMs
  else if (panicMs !== null && panicMs + options.stableWindow < nowMs) {
    panicMs = null
    mostPanicUnits = 0
  }
  let units = stableUnits
  if (panicMs !== null) {
    // Only increases count in a panic; and the stable mean can be the larger one.
    mostPanicUnits = Math.max(mostPanicUnits, stableUnits, within(forPanic))
    units = mostPanicUnits
  }
  if (options.scaleDownDelay === 0) return { units, kpa: { panicMs, mostPanicUnits, delayed: state.delayed } }
  const delayBuckets = Math.ceil(options.scaleDownDelay / options.interval)
  const delayed = push(state.delayed, Math.floor(nowMs / options.interval), units, delayBuckets, 1)
  return { units: delayed[1], kpa: { panicMs, mostPanicUnits, delayed } }
}

/** The bounds of the resource; until it was ready once in full, the initial scale is one more minimum. */
function boundedScale(
  { initialScale }: KnativeOptions,
  seen: Observation,
  resource: string,
  units: number,
  initialized: boolean,
  bound: string[]
): number {
  const given = seen.bounds?.[resource]
  const least = given?.min ?? 0
  const min = initialized ? least : Math.max(least, initialScale)
  if (units < min) {
    note(bound, min > least ? 'initialScale' : 'minReplicas')
    return min
  }
  if (given?.max !== undefined && units > given.max) {
    note(bound, 'maxReplicas')
    return given.max
  }
  return units
}

/** Down to one for the rest of the stable window, idle after it, and to none when the grace period is over too. */
function towardsZero(
  options: KnativeOptions,
  nowMs: number,
  wish: number,
  current: number,
  { activeMs, idleMs }: ResourceMemory,
  bound: string[]
): { readonly to: number; readonly activeMs: number; readonly idleMs: number | null } {
  if (wish > 0) return { to: wish, activeMs: idleMs === null ? activeMs : nowMs, idleMs: null }
  if (!options.scaleToZero) {
    note(bound, 'scaleToZero')
    return { to: 1, activeMs, idleMs: null }
  }
  if (idleMs === null && nowMs - activeMs < options.stableWindow) {
    note(bound, 'stableWindow')
    return { to: 1, activeMs, idleMs }
  }
  const since = idleMs ?? nowMs
  const stays = Math.max(options.gracePeriod, options.podRetention)
  if (current > 0 && nowMs - since < stays) {
    note(bound, 'gracePeriod')
    return { to: current, activeMs, idleMs: since }
  }
  return { to: 0, activeMs, idleMs: since }
}
