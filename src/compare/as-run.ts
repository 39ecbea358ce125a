/**
 * As run — first replay what really happened, then believe the world.
 *
 * The recorded capacity is taken as ready units, the recorded load as arrivals; the world says how late that would have
 * been. Where latency was recorded too, the unit rate is fitted: the one at which as many steps are late in the world as
 * were late in the record (lateness falls as the rate rises, so bisection on its logarithm). A record that was never
 * late has no such rate: it gives a lower bound only, and that is said.
 */
import { requireOption, type Series } from '../base/index.ts'
import { quantile, rankCorrelation } from '../math/index.ts'
import { service, splitCounts } from '../sim/index.ts'
import type { Span } from './plan-data.ts'
import { planService, type ServicePlan, type ServiceSettings, serviceWorld } from './plan-service.ts'
import { live } from './rehearse.ts'

export interface AsRun {
  readonly unitRate: number
  /** `fitted`, or `lower bound` where the record was never late, or `given` where nothing was recorded to fit. */
  readonly how: 'fitted' | 'lower bound' | 'given'
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

export interface Record {
  /** Ready units of each step of the trace. */
  readonly capacity: Series
  /** Mean or typical latency of each step in ms, where it was recorded. */
  readonly latency?: Series
}

/** Thirty halvings of six decades: the rate is known to 1e-8, far below what a record can tell. */
const HALVINGS = 30

export function asRun(
  name: string,
  trace: Series,
  span: Span,
  given: ServiceSettings,
  record: Record
): AsRun {
  const whole = { fitFrom: 0, scoreFrom: span.scoreFrom, scoreTo: span.scoreTo }
  for (const [what, column] of Object.entries(record)) {
    requireOption(
      column.values.length === trace.values.length && column.stepMs === trace.stepMs,
      `--as-run ${what}`,
      `${column.values.length} steps of ${column.stepMs} ms`,
      `as long as the load, ${trace.values.length} steps of ${trace.stepMs} ms`
    )
  }
  requireOption(
    record.capacity.values.some((units) => units > 0),
    '--as-run capacity',
    'no measured units',
    'the ready units of each step'
  )
  // The quickest tenth met no queue: their latency is the service time.
  const serviceTimeMs =
    given.serviceTimeMs ?? (record.latency ? quantile(record.latency.values, 0.1) : undefined)
  const sloMs = given.sloMs ?? (serviceTimeMs === undefined ? undefined : 4 * serviceTimeMs)
  const at = (unitRate?: number) => {
    const plan = planService(name, trace, whole, { ...given, serviceTimeMs, sloMs, unitRate })
    return { plan, latency: replay(plan, record.capacity) }
  }
  const first = at(given.unitRate)
  const limit = first.plan.settings.sloMs
  const recorded = record.latency && latenessOf(record.latency.values, limit)
  const fit =
    recorded && given.unitRate === undefined ? fitRate(recorded.lateShare, limit, first.plan, at) : undefined
  const best = fit === undefined ? first : at(fit.unitRate)
  return {
    unitRate: best.plan.settings.unitRate,
    how: fit?.how ?? 'given',
    steps: trace.values.length,
    simulated: latenessOf(best.latency, limit),
    recorded,
    rankCorrelation: record.latency ? rankCorrelation(best.latency, record.latency.values) : NaN
  }
}

function fitRate(
  lateShare: number,
  sloMs: number,
  plan: ServicePlan,
  at: (unitRate: number) => { latency: Float64Array }
): { unitRate: number; how: 'fitted' | 'lower bound' } {
  const middle = Math.log(plan.settings.unitRate)
  let low = middle - Math.log(1_000)
  let high = middle + Math.log(1_000)
  for (let i = 0; i < HALVINGS; i++) {
    const log = (low + high) / 2
    if (latenessOf(at(Math.exp(log)).latency, sloMs).lateShare > lateShare) low = log
    else high = log
  }
  return { unitRate: Math.exp(high), how: lateShare > 0 ? 'fitted' : 'lower bound' }
}

/** Mean latency of each step of the trace under the recorded capacity; `NaN` where nothing arrived or was recorded. */
function replay(plan: ServicePlan, capacity: Series): Float64Array {
  const { trace, settings } = plan
  const stepMs = Math.min(settings.stepMs, trace.stepMs)
  const demand = splitCounts(trace, stepMs, 0)
  const first = capacity.values.find((units) => units > 0) ?? 1
  const config = serviceWorld(plan, trace.startMs)
  const world = live(service({ ...config, stepMs, leadTime: { p50Ms: 0, p90Ms: 0 }, initialUnits: first }), 0)
  const perStep = trace.stepMs / stepMs
  const latency = new Float64Array(trace.values.length)
  let units = first
  for (let i = 0; i < latency.length; i++) {
    // A capacity that was not recorded is the last one known, not zero.
    if (capacity.values[i] >= 0) units = capacity.values[i]
    let sum = 0
    let arrivals = 0
    for (let j = Math.round(i * perStep); j < Math.round((i + 1) * perStep); j++) {
      const { waiting, ...step } = world.step({ unit: units }, demand[j])
      if (!(step.arrivals > 0)) continue
      sum += step.arrivals * (step.latencyMs + waiting.share * waiting.meanMs)
      arrivals += step.arrivals
    }
    latency[i] = arrivals > 0 ? sum / arrivals : NaN
  }
  return latency
}

function latenessOf(latency: Float64Array, sloMs: number): Lateness {
  const measured = latency.filter((ms) => !Number.isNaN(ms))
  return {
    lateShare: measured.filter((ms) => ms > sloMs).length / Math.max(1, measured.length),
    meanMs: measured.reduce((sum, ms) => sum + ms, 0) / Math.max(1, measured.length),
    p95Ms: quantile(measured, 0.95)
  }
}
