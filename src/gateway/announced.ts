/**
 * Announced — the observation as it would be if the load that is announced were there already.
 *
 *   r = expected / load          load · r      forecast · r until the horizon      rates that follow the load · r      what a unit can do · 1
 *
 * Spread and growth are relative in it, as they were, and nothing more is announced. Where the load is not measured, or nothing, it is one step of what is expected.
 */
import { type Series, series } from '../base/index.ts'
import { latestLoad } from '../decide/answer.ts'
import type { Forecast, Metric, Observation, Operator, UnitReading } from '../roles.ts'

/** Gauges that rise with the load while capacity stays. */
const FOLLOWS = new Set(['load', 'throughput', 'cpu', 'busy'])
/** Where nothing tells the step of a load: a usual scrape. */
const ASSUMED_STEP_MS = 15_000

/** `expected` events/s, until `untilMs`. */
export function announced(seen: Observation, expected: number, untilMs: number): Observation {
  const load = latestLoad(seen)
  const signals = seen.signals?.map((signal) => ({ ...signal, burstAlarm: false, predictedLoad: expected }))
  const r = load > 0 ? expected / load : NaN
  if (!(r < Number.POSITIVE_INFINITY))
    return { ...seen, load: onlyStep(seen, expected), forecast: undefined, signals }
  const { forecast, metrics, topology, units } = seen
  return {
    ...seen,
    load: seen.load && times(seen.load, r),
    signals,
    ...(forecast && { forecast: raised(forecast, r, untilMs) }),
    ...(metrics && { metrics: gauges(metrics, r) }),
    ...(units && { units: units.map((unit) => ofUnit(unit, r)) }),
    ...(topology && {
      topology: { ...topology, operators: topology.operators.map((it) => ofOperator(it, r)) }
    })
  }
}

function onlyStep({ load, nowMs }: Observation, expected: number): Series {
  const stepMs = load?.stepMs ?? ASSUMED_STEP_MS
  return series(stepMs, [expected], { startMs: nowMs - stepMs, unit: load?.unit })
}

const times = (load: Series, r: number): Series => ({ ...load, values: load.values.map((y) => y * r) })

function raised(forecast: Forecast, r: number, untilMs: number): Forecast {
  const { startMs, stepMs, mean, quantiles } = forecast
  const within = (values: Float64Array) => values.map((y, h) => (startMs + h * stepMs < untilMs ? y * r : y))
  return {
    ...forecast,
    mean: within(mean),
    quantiles: Object.fromEntries(Object.entries(quantiles).map(([level, row]) => [level, within(row)]))
  }
}

function gauges(metrics: Readonly<Record<string, Metric>>, r: number): Record<string, Metric> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [
      name,
      FOLLOWS.has(name.split('.', 1)[0]) ? { ...metric, value: metric.value * r } : metric
    ])
  )
}

const ofUnit = (unit: UnitReading, r: number): UnitReading =>
  unit.metrics === undefined ? unit : { ...unit, metrics: gauges(unit.metrics, r) }

/** What it is given rises; what it can do does not. */
function ofOperator(operator: Operator, r: number): Operator {
  const { observedProcessingRate, observedOutputRate } = operator
  return {
    ...operator,
    ...(observedProcessingRate !== undefined && { observedProcessingRate: observedProcessingRate * r }),
    ...(observedOutputRate !== undefined && { observedOutputRate: observedOutputRate * r })
  }
}
