/**
 * The stream world of a rehearsal: a DAG of operators, by default one whose instance serves P99.9 of the training rates / 20.
 *
 * The config is a `StreamConfig` without step and start; times in it (failures, drift of rates) count from the beginning of
 * the scored part.
 */
import { HOUR, PrescaleError, type Series } from '../base/index.ts'
import type { Units } from '../roles.ts'
import {
  compileDag,
  effectiveUnits,
  overTime,
  type StreamConfig,
  serviceDefaults,
  stream
} from '../sim/index.ts'
import {
  assumedOf,
  DEFAULTS,
  type GivenSettings,
  type Plan,
  type Span,
  trainingRates,
  trueLeadTime,
  truthOf,
  type WorldPlan
} from './plan-data.ts'
import { type LiveWorld, live } from './rehearse.ts'

export type StreamWorld = Omit<StreamConfig, 'stepMs' | 'startMs' | 'name'>
export type StreamPlan = Plan & { readonly world: Extract<WorldPlan, { kind: 'stream' }> }

/** Latency over this is late: the threshold of the published Flink runs. */
const SLO_MS = 2_000
/** Share of a minute's arrivals that may be late. */
const OVERLOAD_SHARE = 0.05

export function planStream(
  name: string,
  trace: Series,
  span: Span,
  given: GivenSettings = {},
  world?: StreamWorld
): StreamPlan {
  const training = trainingRates(name, trace, span)
  const unitRate = given.unitRate ?? serviceDefaults(training).unitRate
  const config = world ?? { operators: [{ id: 'job', rate: unitRate }] }
  checkConfig(config)
  const settings = {
    unitRate,
    sloMs: given.sloMs ?? config.sloMs ?? SLO_MS,
    leadTimeMs: given.leadTimeMs ?? DEFAULTS.leadTimeMs,
    unitHour: given.unitHour ?? DEFAULTS.unitHour,
    currency: given.currency ?? DEFAULTS.currency,
    minUnits: given.minUnits ?? DEFAULTS.minUnits,
    maxUnits: given.maxUnits ?? DEFAULTS.maxUnits,
    stepMs: given.stepMs ?? DEFAULTS.stepMs
  }
  const assumed = assumedOf(settings, { ...given, sloMs: given.sloMs ?? config.sloMs })
  return { name, trace, span, settings, world: { kind: 'stream', config }, truth: truthOf(given), assumed }
}

function checkConfig(config: StreamWorld): void {
  if (!Array.isArray(config.operators)) {
    throw new PrescaleError('BAD_INPUT', 'the world config must have a list `operators` of { id, rate, … }')
  }
  compileDag(config.operators, config.edges)
}

/** The world as it really is, its clock shifted so that times count from the end of the warm-up. */
export function streamWorld(plan: StreamPlan, startMs: number, warmupMs: number, units: Units): StreamConfig {
  const { config } = plan.world
  const factor = plan.truth.unitRate
  const failures = config.outages?.failures?.map((failure) =>
    typeof failure === 'number' ? failure + warmupMs : { ...failure, atMs: failure.atMs + warmupMs }
  )
  return {
    ...config,
    name: plan.name,
    startMs,
    stepMs: plan.settings.stepMs,
    sloMs: plan.settings.sloMs,
    operators: config.operators.map((operator) => ({
      ...operator,
      rate: scaled(operator.rate, factor),
      ...(operator.scalable === false ? {} : { parallelism: units[operator.id] ?? operator.parallelism })
    })),
    outages: { ...config.outages, leadTime: trueLeadTime(plan), ...(failures && { failures }) }
  }
}

type Rate = StreamConfig['operators'][number]['rate']

function scaled(rate: Rate, factor: number): Rate {
  return typeof rate === 'number' ? rate * factor : { ...rate, at0: rate.at0 * factor }
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

/** Fewest instances that process `load` with contention σ: n / (1 + σ(n − 1)) ≥ load / rate. */
function instances(load: number, rate: number, contention: number): number {
  const wanted = load / rate
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
  const rates = config.operators.map(({ rate, id }) => ({
    id,
    of: overTime(scaled(rate, plan.truth.unitRate), id)
  }))
  const need = new Int32Array(Math.floor(demand.length / perMinute))
  for (let m = 0; m < need.length; m++) {
    const minute = demand.subarray(m * perMinute, (m + 1) * perMinute)
    const hours = (m * 60_000) / HOUR
    for (const [i, operator] of dag.operators.entries()) {
      if (operator.scalable === false) continue
      const rate = rates.find(({ id }) => id === operator.id)!.of(hours)
      const capacity = leastCapacity(minute, dag.visits[i], seconds, waitS)
      need[m] += instances(capacity, rate, dag.contention[i])
    }
  }
  return need
}

/** Least records/s at which at most 5 % of a minute's arrivals wait longer than `waitS`, starting empty; by halving. */
function leastCapacity(minute: Float64Array, visits: number, seconds: number, waitS: number): number {
  let total = 0
  let most = 0
  for (const n of minute) {
    total += n
    most = Math.max(most, n)
  }
  if (!(total > 0)) return 0
  let low = 0
  let high = (most * visits) / seconds
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2
    if (lateShare(minute, visits, seconds, waitS, middle) <= OVERLOAD_SHARE) high = middle
    else low = middle
  }
  return high
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
