/**
 * Doubt — what of an observation is not known well enough to take capacity away.
 *
 * Each section that is there must be sound: a metric `ok` or `late`, not older than `maxAgeMs` and not from the future;
 * the last step of the load measured, recent and not in the future; every operator's true rates measured, and above zero
 * where it is no source, and lag where it is told; a reading with its metrics for every ready unit; the capacity itself. A section that is absent is no
 * doubt, as long as one of load, metrics, units and topology is there. A measured zero is known, and so is what comes of it: a latency that
 * is missing where the load's last step was measured as zero and nothing waits. Nobody asked, so nobody could measure it.
 *
 * So it is with the true rate of an operator to which nothing came: 0 in, idle half of its time or more, and every source has a lag of
 * zero. What it could do it can still do, however long ago that was measured: there is no age limit, since for a load of zero any rate asks
 * for the minimum, and with the first record its rate is measured again or is unknown. A source without a lag gauge may be one that
 * cannot reach its broker: there the doubt stays. What past rescales took says nothing of now, and is no doubt however old it is.
 */
import type { Metric, Observation, Operator, Topology } from '../roles.ts'
import { usable } from './answer.ts'

export interface Trust {
  /** Metrics that count; all of them unless named. */
  readonly metrics?: readonly string[]
  /** Older than this is stale. llm-d's WVA takes 5 minutes. */
  readonly maxAgeMs: number
  /** A clock may run ahead by this much. */
  readonly maxSkewMs: number
}

export const defaultTrust: Trust = { maxAgeMs: 300_000, maxSkewMs: 60_000 }

/** The reasons to doubt, each once, such as `metrics.cpu stale` or `load missing`; empty when all is known. */
export function doubtsOf(seen: Observation, trust: Trust = defaultTrust): readonly string[] {
  const doubts = new Set<string>()
  const { load, metrics, units, topology, forecast } = seen
  if (load === undefined && metrics === undefined && units === undefined && topology === undefined) {
    doubts.add('nothing observed')
  }
  for (const resource in seen.capacity.ready) {
    if (!usable(seen.capacity.ready[resource])) doubts.add(`capacity.ready.${resource} unknown`)
  }
  for (const resource in seen.capacity.wanted) {
    if (!usable(seen.capacity.wanted[resource])) doubts.add(`capacity.wanted.${resource} unknown`)
  }
  const badLoad = loadDoubt(seen, trust)
  if (badLoad !== undefined) doubts.add(badLoad)
  // Metrics that must be there may be told unit by unit instead.
  const names = units !== undefined && metrics === undefined ? [] : trust.metrics
  for (const name of names ?? Object.keys(metrics ?? {}).filter((it) => !isPast(it))) {
    const bad = metricDoubt(metrics?.[name], trust)
    if (bad === undefined || (bad === 'missing' && isLatency(name) && nobodyAsked(seen, trust))) continue
    doubts.add(`metrics.${name} ${bad}`)
  }
  for (const unit of units ?? []) {
    if (unit.failed === true || !unit.ready) continue
    for (const name of trust.metrics ?? Object.keys(unit.metrics ?? {})) {
      const bad = metricDoubt(unit.metrics?.[name], trust)
      if (bad === undefined || (bad === 'missing' && isLatency(name) && nobodyAsked(seen, trust))) continue
      doubts.add(`units.${name} ${bad}`)
    }
    if (unit.metrics === undefined) doubts.add('units without metrics')
  }
  if (units !== undefined) for (const doubt of countDoubts(seen)) doubts.add(doubt)
  const drained = topology !== undefined && isDrained(topology)
  for (const operator of topology?.operators ?? []) {
    const bad = operatorDoubt(operator, drained && isIdle(operator))
    if (bad !== undefined) doubts.add(`topology.${operator.id} ${bad}`)
  }
  if (forecast?.mean.some((y) => !Number.isFinite(y))) doubts.add('forecast invalid')
  return [...doubts]
}

const isPast = (name: string) => /^rescale(Down)?Ms(\.|$)/.test(name)

/**
 * Flink counts idle time when a wait is over, and what is not counted yet looks busy: at a moment that is up to some seconds of a window of ten.
 * Who works at something works all the time.
 */
const IDLE = 0.5

/** Nothing came, and it was measured that nothing came. */
function isIdle({ observedProcessingRate, observedOutputRate, idle = NaN }: Operator): boolean {
  // A sink hands something over with every checkpoint, and a window gives out what came before.
  return observedProcessingRate === 0 && usable(observedOutputRate) && idle >= IDLE
}

/** Every source says that nothing waits before it. */
function isDrained({ operators }: Topology): boolean {
  const sources = operators.filter(({ source }) => source)
  return sources.length > 0 && sources.every(({ lag }) => lag === 0)
}

/** By name, or by the resource behind it: `latency`, `latency.map`. */
const isLatency = (name: string) => name === 'latency' || name.startsWith('latency.')

/** No request in the newest step of the load, and none that waits. What is not known of either is not nobody. */
function nobodyAsked(seen: Observation, trust: Trust): boolean {
  const { load, metrics, topology } = seen
  if (load === undefined || loadDoubt(seen, trust) !== undefined) return false
  if (load.values[load.values.length - 1] !== 0) return false
  for (const name in metrics) {
    const metric = metrics[name]
    if (isQueue(name) && (metric.value !== 0 || metricDoubt(metric, trust) !== undefined)) return false
  }
  return topology?.operators.every(({ lag }) => lag === undefined || lag === 0) ?? true
}

const isQueue = (name: string) => /^(queue|lag)(\.|$)/.test(name)

/** Fewer readings than ready units: an aggregate over them would be partial. */
function countDoubts({ units = [], capacity }: Observation): string[] {
  const counts: Record<string, number> = {}
  for (const { resource, ready, failed } of units) {
    if (ready && failed !== true) counts[resource] = (counts[resource] ?? 0) + 1
  }
  return Object.keys(capacity.ready).flatMap((resource) =>
    capacity.ready[resource] > (counts[resource] ?? 0) ? [`units of ${resource} partial`] : []
  )
}

/** Why the load of the last step cannot be believed. */
export function loadDoubt(
  { load, nowMs }: Pick<Observation, 'load' | 'nowMs'>,
  { maxAgeMs, maxSkewMs }: Trust = defaultTrust
): string | undefined {
  if (load === undefined) return undefined
  const { values, startMs, stepMs } = load
  if (values.length === 0) return 'load missing'
  const last = values[values.length - 1]
  if (Number.isNaN(last)) return 'load missing'
  if (!usable(last)) return 'load invalid'
  const age = nowMs - (startMs + values.length * stepMs)
  if (age > Math.max(maxAgeMs, 2 * stepMs)) return 'load stale'
  // The running step ends in the future, by less than its length.
  return age < -(stepMs + maxSkewMs) ? 'load from the future' : undefined
}

/** Why a metric cannot be believed. */
export function metricDoubt(
  metric: Metric | undefined,
  { maxAgeMs, maxSkewMs }: Trust = defaultTrust
): string | undefined {
  if (metric === undefined) return 'missing'
  if (metric.quality !== 'ok' && metric.quality !== 'late') return metric.quality
  if (Number.isNaN(metric.value)) return 'missing'
  if (!Number.isFinite(metric.value) || metric.value < 0 || metric.value > Number.MAX_SAFE_INTEGER)
    return 'invalid'
  if (metric.ageMs !== undefined && !(metric.ageMs <= maxAgeMs)) return 'stale'
  return metric.ageMs !== undefined && metric.ageMs < -maxSkewMs ? 'from the future' : undefined
}

/** Sources may leave their processing rate open; what they put out must be known. */
function operatorDoubt(operator: Operator, idle: boolean): string | undefined {
  const { source, trueProcessingRate, trueOutputRate, observedProcessingRate, observedOutputRate, lag } =
    operator
  if (lag !== undefined && !usable(lag)) return 'lag unknown'
  if (idle) return undefined
  if (!source && !(usable(trueProcessingRate) && trueProcessingRate > 0))
    return 'true processing rate unknown'
  if (!usable(trueOutputRate)) return 'true output rate unknown'
  const observed = [...(source ? [] : [observedProcessingRate]), observedOutputRate]
  return observed.some((rate) => rate !== undefined && !usable(rate)) ? 'observed rate unknown' : undefined
}
