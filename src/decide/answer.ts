import type { Decision, Metric, Observation, Units } from '../roles.ts'

/** Doubt holds: keeps what is wanted, or what is ready where nothing was ever asked for. */
export function hold(to: Units, rule: string, inputs: Readonly<Record<string, unknown>> = {}): Decision {
  return { kind: 'hold', to, why: { rule, inputs, bound: [], changed: [] } }
}

/** Asks for `to`; says `hold` when that is what is wanted already. */
export function scale(
  from: Units,
  to: Units,
  rule: string,
  inputs: Readonly<Record<string, unknown>> = {},
  bound: readonly string[] = []
): Decision {
  const same = Object.keys(to).every((resource) => to[resource] === from[resource])
  return { kind: same ? 'hold' : 'scale', to, why: { rule, inputs, bound, changed: [] } }
}

/** What the target has now in the eyes of a policy: the last applied request, else what is ready, for every resource. */
export function wantedNow(seen: Observation): Units {
  const { ready, wanted } = seen.capacity
  if (wanted === undefined) return ready
  for (const resource in ready) if (wanted[resource] === undefined) return { ...ready, ...wanted }
  return wanted
}

/** The same for the resources of an answer: settings that are no capacity, such as a storage tier, are told as metrics of their name. */
export function standingNow(seen: Observation, to: Units): Units {
  const now = wantedNow(seen)
  let more: Record<string, number> | undefined
  for (const name in to) {
    if (now[name] !== undefined) continue
    const told = trusted(seen.metrics?.[name])
    if (!Number.isNaN(told)) more = { ...more, [name]: told }
  }
  return more === undefined ? now : { ...now, ...more }
}

/** The largest count an engine takes (Kubernetes replicas are int32). More than this is no measurement but a mistake. */
export const MOST_UNITS = 2_147_483_647

/** A number that was measured and can be a rate, a count or a ratio: not NaN, not infinite, not negative, not absurd. */
export function usable(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value <= Number.MAX_SAFE_INTEGER
}

/**
 * The load of the last step, `NaN` when that step was not measured, cannot be a load, or is long over: more than
 * 5 minutes and two steps (llm-d's WVA calls metrics older than 5 minutes stale).
 */
export function latestLoad(seen: Observation): number {
  const load = seen.load
  if (load === undefined || load.values.length === 0) return NaN
  const last = load.values[load.values.length - 1]
  const age = seen.nowMs - (load.startMs + load.values.length * load.stepMs)
  if (!usable(last) || age > Math.max(STALE_MS, 2 * load.stepMs)) return NaN
  return last
}

const STALE_MS = 300_000

/**
 * A metric by name. With several resources `name.resource` goes first, such as `cpu.map`; `undefined` when it is
 * not there.
 */
export function metricOf(
  seen: Observation,
  name: string,
  resource: string,
  several: boolean
): Metric | undefined {
  const metrics = seen.metrics
  if (metrics === undefined) return undefined
  return (several ? metrics[`${name}.${resource}`] : undefined) ?? metrics[name]
}

/** The value of a metric that may be trusted, else `NaN`. Only `ok` and `late` may move a capacity. */
export function trusted(metric: Metric | undefined): number {
  if (metric === undefined || (metric.quality !== 'ok' && metric.quality !== 'late')) return NaN
  return usable(metric.value) ? metric.value : NaN
}

/** Any value that is there, however old, else `NaN`: the originals do not look at the age. */
export function measured(metric: Metric | undefined): number {
  if (metric === undefined || metric.quality === 'missing' || metric.quality === 'invalid') return NaN
  return usable(metric.value) ? metric.value : NaN
}

/** Zero units only for who asked for it by a minimum of 0; one unit otherwise. */
export function leastUnits(seen: Observation, resource: string): number {
  return seen.bounds?.[resource]?.min ?? 1
}

/** A limit that held, named once. */
export function note(bound: string[], name: string): void {
  if (!bound.includes(name)) bound.push(name)
}

/** The value within the bounds of its resource; the name of a bound that held it is added to `bound`. */
export function withinBounds(seen: Observation, resource: string, units: number, bound: string[]): number {
  const given = seen.bounds?.[resource]
  if (given === undefined) return units
  // Where min is above max the maximum wins, as it does for the HPA: it is the one that costs money.
  if (given.max !== undefined && units > given.max) {
    note(bound, 'maxReplicas')
    return given.max
  }
  if (given.min !== undefined && units < given.min) {
    note(bound, 'minReplicas')
    return Math.min(given.min, given.max ?? given.min)
  }
  return units
}

/** The bounds of one resource; absent ones do not bind: at least 0, no upper limit. */
export function boundsOf(seen: Observation, resource: string): { min: number; max: number } {
  const given = seen.bounds?.[resource]
  return { min: given?.min ?? 0, max: given?.max ?? Number.POSITIVE_INFINITY }
}
