/**
 * As run — first replay what really happened, then believe the world.
 *
 * The recorded capacity is taken as ready units, the recorded load as arrivals; the world says how late that would have
 * been. Where latency was recorded too, the unit rate is fitted: the one at which as many steps are late in the world as
 * were late in the record (lateness falls as the rate rises, so bisection on its logarithm). A record that was never
 * late, or always, has no such rate: it gives a bound only, and that is said. Lateness is compared over the steps in which
 * both sides are known.
 */
import { PrescaleError, requireOption, type Series } from '../base/index.ts'
import { quantile, rankCorrelation } from '../math/index.ts'
import { service, splitCounts } from '../sim/index.ts'
import { DEFAULTS, type Span } from './plan-data.ts'
import { planService, type ServicePlan, type ServiceSettings, serviceWorld } from './plan-service.ts'
import { live } from './rehearse.ts'

export interface AsRun {
  readonly unitRate: number
  /** A bound where the record was never late, or always; `given` where nothing was recorded to fit. */
  readonly how: 'fitted' | 'lower bound' | 'upper bound' | 'given'
  /** What the record says about a single event: the service time of the replay, and when it is late. */
  readonly serviceTimeMs: number
  readonly sloMs: number
  readonly steps: number
  readonly simulated: Lateness
  readonly recorded: Lateness | undefined
  /** Spearman's rank correlation of simulated and recorded latency per step. */
  readonly rankCorrelation: number
}

export interface Lateness {
  /** Share of the steps whose mean latency is over the SLO. */
  readonly lateShare: number
  readonly meanMs: number
  readonly p95Ms: number
}

export interface Recorded {
  /** Ready units of each step of the trace. */
  readonly capacity: Series
  /** Mean or typical latency of each step in ms, where it was recorded. */
  readonly latency?: Series
}

/** Thirty halvings of six decades: the rate is known to 1e-8, far below what a record can tell. */
const HALVINGS = 30
const DECADES = Math.log(1_000)

export function asRun(
  name: string,
  trace: Series,
  span: Span,
  given: ServiceSettings,
  recorded: Recorded
): AsRun {
  check(trace, recorded)
  const { capacity, latency } = recorded
  const serviceTimeMs = given.serviceTimeMs ?? (latency && idleLatency(latency))
  const sloMs = given.sloMs ?? (serviceTimeMs === undefined ? undefined : 4 * serviceTimeMs)
  const replay = replayOf(trace, capacity, latency)
  const at = (unitRate?: number) => {
    const whole = { fitFrom: 0, scoreFrom: span.scoreFrom, scoreTo: span.scoreTo }
    const plan = planService(name, trace, whole, { ...given, serviceTimeMs, sloMs, unitRate })
    return { plan, latency: replay(plan) }
  }
  const fit =
    latency && sloMs && given.unitRate === undefined
      ? fitRate(
          latenessOf(latency.values, sloMs).lateShare,
          sloMs,
          rateGuess(trace, capacity),
          (unitRate) => at(unitRate).latency
        )
      : { unitRate: given.unitRate, how: 'given' as const }
  const best = at(fit.unitRate)
  const { settings, world } = best.plan
  return {
    unitRate: settings.unitRate,
    how: fit.how,
    serviceTimeMs: world.serviceTimeMs,
    sloMs: settings.sloMs,
    steps: trace.values.length,
    simulated: latenessOf(best.latency, settings.sloMs),
    recorded: latency && latenessOf(latency.values, settings.sloMs),
    rankCorrelation: latency ? rankCorrelation(best.latency, latency.values) : NaN
  }
}

/** The same from one piece of plain data, as workers are given it. */
export function doAsRun(given: {
  readonly name: string
  readonly trace: Series
  readonly span: Span
  readonly settings: ServiceSettings
  readonly recorded: Recorded
}): AsRun {
  return asRun(given.name, given.trace, given.span, given.settings, given.recorded)
}

function check(trace: Series, recorded: Recorded): void {
  for (const [what, column] of Object.entries(recorded) as [string, Series][]) {
    requireOption(
      column.values.length === trace.values.length && column.stepMs === trace.stepMs,
      `--as-run ${what}`,
      `${column.values.length} steps of ${column.stepMs} ms`,
      `as long as the load, ${trace.values.length} steps of ${trace.stepMs} ms`
    )
    if (!column.values.some((value) => value > 0)) {
      throw new PrescaleError('BAD_INPUT', `--as-run ${what} has no measured value above 0`)
    }
  }
}

/** The quickest tenth met no queue: their latency is the service time. */
function idleLatency({ values }: Series): number {
  const measured = values.filter((ms) => ms > 0)
  return quantile(measured, 0.1)
}

/** The most that a unit was asked to serve, which it can about do. */
function rateGuess(trace: Series, capacity: Series): number {
  const perUnit = trace.values.map((load, i) => (capacity.values[i] > 0 ? load / capacity.values[i] : NaN))
  const most = quantile(perUnit, 0.999)
  return most > 0 ? most : 1
}

function fitRate(
  lateShare: number,
  sloMs: number,
  guess: number,
  latencyAt: (unitRate: number) => Float64Array
): { unitRate: number; how: AsRun['how'] } {
  // Below this one event alone takes longer than it may.
  const least = Math.log(1_000 / sloMs) + 1e-6
  let low = Math.max(least, Math.log(guess) - DECADES)
  let high = Math.max(least, Math.log(guess)) + DECADES
  for (let i = 0; i < HALVINGS; i++) {
    const log = (low + high) / 2
    const simulated = latenessOf(latencyAt(Math.exp(log)), sloMs).lateShare
    // Always late: the largest rate at which it still is.
    if (simulated > lateShare || (simulated === 1 && lateShare === 1)) low = log
    else high = log
  }
  const how = lateShare === 0 ? 'lower bound' : lateShare === 1 ? 'upper bound' : 'fitted'
  return { unitRate: Math.exp(how === 'upper bound' ? low : high), how }
}

/**
 * Mean latency of each step of the trace under the recorded capacity; `NaN` where nothing arrived, the load is unknown, or a
 * latency was recorded but not for this step; infinite where nobody was let in.
 */
function replayOf(trace: Series, capacity: Series, recorded?: Series): (plan: ServicePlan) => Float64Array {
  const stepMs = Math.min(DEFAULTS.stepMs, trace.stepMs)
  const demand = splitCounts(trace, stepMs, 0)
  const perStep = trace.stepMs / stepMs
  // A capacity that was not recorded is the last one known, not zero; a mean of two sizes is the larger one.
  const units = capacity.values.map(Math.ceil)
  let last = units.find((n) => n > 0) ?? 1
  const initialUnits = last
  for (let i = 0; i < units.length; i++) {
    if (!(units[i] >= 0)) units[i] = last
    last = units[i]
  }
  const maxUnits = units.reduce((most, n) => Math.max(most, n), 1)
  const leadTime = { p50Ms: 0, p90Ms: 0 }
  return (plan) => {
    const config = serviceWorld(plan, trace.startMs)
    const world = live(service({ ...config, stepMs, leadTime, initialUnits, maxUnits }), 0)
    return units.map((unit, i) => {
      let sum = 0
      let served = 0
      let arrivals = 0
      for (let j = Math.round(i * perStep); j < Math.round((i + 1) * perStep); j++) {
        const { waiting, ...step } = world.step({ unit }, demand[j] ?? NaN)
        if (!(step.arrivals > 0)) continue
        const entered = step.arrivals - step.dropped
        arrivals += step.arrivals
        served += entered
        if (entered > 0) sum += entered * (step.latencyMs + waiting.share * waiting.meanMs)
      }
      if (arrivals === 0 || (recorded && Number.isNaN(recorded.values[i]))) return NaN
      return served > 0 ? sum / served : Infinity
    })
  }
}

function latenessOf(latency: Float64Array, sloMs: number): Lateness {
  const measured = latency.filter((ms) => !Number.isNaN(ms))
  return {
    lateShare: measured.filter((ms) => ms > sloMs).length / measured.length,
    meanMs: measured.reduce((sum, ms) => sum + ms, 0) / measured.length,
    p95Ms: quantile(measured, 0.95)
  }
}
