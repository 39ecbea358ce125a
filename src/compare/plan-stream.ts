/**
 * The stream world of a rehearsal: a DAG of operators, by default one whose instance serves P99.9 of the training rates / 20.
 *
 * The config is a `StreamConfig` without step and start; times in it (failures, drift of rates and outages) count from the
 * beginning of the scored part, and the warm-up before it has the amounts of that moment's past.
 */
import { HOUR, MINUTE, type Series } from '../base/index.ts'
import type { Quantiles, Units } from '../roles.ts'
import {
  compileDag,
  effectiveUnits,
  type OutageConfig,
  OVERLOAD_SHARE,
  type OverTime,
  overTime,
  type StreamConfig,
  serviceDefaults,
  stream
} from '../sim/index.ts'
import {
  assumedOf,
  type GivenSettings,
  type Plan,
  type Span,
  settingsOf,
  trainingRates,
  trueLeadTime,
  truthOf,
  type WorldPlan
} from './plan-data.ts'
import { type LiveWorld, live } from './rehearse.ts'
import { withEdges } from './stream-shape.ts'

export type StreamWorld = Omit<StreamConfig, 'stepMs' | 'startMs' | 'name'>
export type StreamPlan = Plan & { readonly world: Extract<WorldPlan, { kind: 'stream' }> }

/** Latency over this is late: the threshold of the published Flink runs. */
const SLO_MS = 2_000

export function planStream(
  name: string,
  trace: Series,
  span: Span,
  given: GivenSettings = {},
  world?: StreamWorld
): StreamPlan {
  const training = trainingRates(name, trace, span)
  const unitRate = given.unitRate ?? serviceDefaults(training).unitRate
  const config = checked(world ?? { operators: [{ id: 'job', rate: unitRate }] })
  const own = { sloMs: config.sloMs, leadTimeMs: leadTimeOf(config.outages) }
  const sloMs = given.sloMs ?? own.sloMs ?? SLO_MS
  const settings = settingsOf(given, { unitRate, sloMs, leadTimeMs: own.leadTimeMs })
  const assumed = assumedOf(settings, {
    ...given,
    sloMs: given.sloMs ?? own.sloMs,
    leadTimeMs: given.leadTimeMs ?? own.leadTimeMs
  })
  return { name, trace, span, settings, world: { kind: 'stream', config }, truth: truthOf(given), assumed }
}

/** The config with its edges, a chain unless they are given. Throws for one that no world can be made of. */
function checked(config: StreamWorld): StreamWorld {
  const whole = withEdges(config)
  stream(whole)
  return whole
}

function leadTimeOf(outages: OutageConfig | undefined): Quantiles | undefined {
  const given = outages?.leadTime
  return given && { p50: given.p50Ms, p90: given.p90Ms }
}

/** The world as it really is, its clock shifted so that times count from the end of the warm-up. */
export function streamWorld(plan: StreamPlan, startMs: number, warmupMs: number, units: Units): StreamConfig {
  const { config } = plan.world
  const factor = plan.truth.unitRate
  const late = warmupMs / HOUR
  return {
    ...config,
    name: plan.name,
    startMs,
    stepMs: plan.settings.stepMs,
    sloMs: plan.settings.sloMs,
    operators: config.operators.map((operator) => ({
      ...operator,
      rate: shifted(scaled(operator.rate, factor), late),
      ...(operator.cpuRate !== undefined && { cpuRate: shifted(scaled(operator.cpuRate, factor), late) }),
      ...(operator.scalable === false ? {} : { parallelism: units[operator.id] ?? operator.parallelism })
    })),
    outages: { ...shiftedOutages(config.outages, warmupMs), leadTime: trueLeadTime(plan) }
  }
}

function shiftedOutages(outages: OutageConfig = {}, warmupMs: number): OutageConfig {
  const late = warmupMs / HOUR
  const { rescaleUpMs: up, rescaleDownMs: down, failureMs, failures } = outages
  return {
    ...outages,
    ...(up !== undefined && { rescaleUpMs: shifted(up, late) }),
    ...(down !== undefined && { rescaleDownMs: shifted(down, late) }),
    ...(failureMs !== undefined && { failureMs: shifted(failureMs, late) }),
    ...(failures && {
      failures: failures.map((failure) =>
        typeof failure === 'number' ? failure + warmupMs : { ...failure, atMs: failure.atMs + warmupMs }
      )
    })
  }
}

function scaled(amount: OverTime, factor: number): OverTime {
  return typeof amount === 'number' ? amount * factor : { ...amount, at0: amount.at0 * factor }
}

/** The same amount on a clock that began `hours` earlier: y(h − hours). */
function shifted(amount: OverTime, hours: number): OverTime {
  if (typeof amount === 'number') return amount
  const { kind, at0, perHour = 0 } = amount
  if (kind === 'exponential') return { kind, at0: at0 * Math.exp(-perHour * hours), perHour }
  const before = 1 - perHour * hours
  // A line that grows from nothing within the warm-up has no past to be given.
  if (kind === 'linear' && before > 0) return { kind, at0: at0 * before, perHour: perHour / before }
  return amount
}

export function streamResources({ world }: StreamPlan): string[] {
  return world.config.operators.filter(({ scalable }) => scalable !== false).map(({ id }) => id)
}

/** Instances of each operator that this load needs at this utilisation, when the world begins. */
export function streamUnits(plan: StreamPlan, load: number, utilisation: number): Record<string, number> {
  const dag = compileDag(plan.world.config.operators, plan.world.config.edges)
  const units: Record<string, number> = {}
  for (const [i, operator] of dag.operators.entries()) {
    if (operator.scalable === false) continue
    units[operator.id] = instances((load * dag.visits[i]) / utilisation, dag.rate[i](0), dag.contention[i])
  }
  return units
}

/** Loads, ascending, of which each is the most that some operator processes with one number of instances. */
export function balancedLoads(plan: StreamPlan): number[] {
  const dag = compileDag(plan.world.config.operators, plan.world.config.edges)
  const loads: number[] = []
  for (const [i, { scalable }] of dag.operators.entries()) {
    if (scalable === false || dag.visits[i] === 0) continue
    for (let n = 1; n <= plan.settings.maxUnits; n++) {
      // A hair less, so that rounding never asks for one more.
      loads.push(((dag.rate[i](0) * effectiveUnits(n, dag.contention[i])) / dag.visits[i]) * (1 - 1e-9))
    }
  }
  return loads.sort((a, b) => a - b)
}

/** Fewest instances that process `load` with contention σ: n / (1 + σ(n − 1)) ≥ load / rate. */
function instances(load: number, rate: number, contention: number): number {
  const wanted = load / rate
  if (wanted === Infinity) return Infinity
  // Beyond 1/σ no number of instances is enough: the most that still helps.
  if (contention > 0 && wanted * contention >= 1) return Math.ceil(1 / contention)
  let n = Math.max(1, Math.ceil((wanted * (1 - contention)) / (1 - wanted * contention)))
  if (effectiveUnits(n, contention) < wanted - 1e-9) n++
  return n
}

export function openStream(config: StreamConfig, seed: number): LiveWorld {
  return live(stream(config), seed)
}

/**
 * Units needed in each minute, summed over operators: for each the fewest with which a fluid that starts empty keeps all but 5 %
 * of the minute's arrivals under the SLO. Restarts and failures are not looked at, so it is a bound from below.
 */
export function streamNeed(plan: StreamPlan, demand: Float64Array): Int32Array {
  const { config } = plan.world
  const dag = compileDag(config.operators, config.edges)
  const seconds = plan.settings.stepMs / 1_000
  const perMinute = Math.max(1, Math.round(60 / seconds))
  const waitS = Math.max(0, plan.settings.sloMs - (config.baseLatencyMs ?? 0)) / 1_000
  const rates = new Map(
    config.operators.map(({ rate, id }) => [id, overTime(scaled(rate, plan.truth.unitRate), id)])
  )
  // Nobody may have more; and where a rate has sunk to nothing, no number would do.
  const most = plan.settings.maxUnits + 1
  const need = new Int32Array(Math.floor(demand.length / perMinute))
  for (let m = 0; m < need.length; m++) {
    const minute = demand.subarray(m * perMinute, (m + 1) * perMinute)
    for (const [i, operator] of dag.operators.entries()) {
      if (operator.scalable === false) continue
      const rate = rates.get(operator.id)!
      const best = Math.max(rate((m * MINUTE) / HOUR), rate(((m + 1) * MINUTE) / HOUR))
      const capacity = leastCapacity(minute, dag.visits[i], seconds, waitS)
      need[m] += capacity === 0 ? 0 : Math.min(most, instances(capacity, best, dag.contention[i]))
    }
  }
  return need
}

/**
 * Records/s that are just too few to keep 5 % of a minute's arrivals from waiting longer than `waitS`, starting empty; by
 * halving, from below: a bound must not be a hair too high.
 */
export function leastCapacity(minute: Float64Array, visits: number, seconds: number, waitS: number): number {
  let total = 0
  let most = 0
  for (const n of minute) {
    total += n
    most = Math.max(most, n)
  }
  if (!(total > 0)) return 0
  let low = 0
  let high = (most * visits) / seconds
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2
    if (lateShare(minute, visits, seconds, waitS, middle) <= OVERLOAD_SHARE) high = middle
    else low = middle
  }
  return low
}

function lateShare(
  minute: Float64Array,
  visits: number,
  seconds: number,
  waitS: number,
  capacity: number
): number {
  let queue = 0
  let late = 0
  let total = 0
  for (const n of minute) {
    const before = queue / capacity
    queue = Math.max(0, queue + n * visits - capacity * seconds)
    const after = queue / capacity
    total += n
    late += n * shareAbove(before, after, waitS)
  }
  return total === 0 ? 0 : late / total
}

/** Share of a straight line from `a` to `b` that lies above `limit`. */
function shareAbove(a: number, b: number, limit: number): number {
  if (a <= limit && b <= limit) return 0
  if (a > limit && b > limit) return 1
  return (Math.max(a, b) - limit) / Math.abs(b - a)
}
