/**
 * Evaluation of the Flink autoscaler — from the metric window to what each vertex has to process and can process.
 *
 *   target(source) = max(0, rate(records in) + rate(lag))            what comes in, whether it is processed or not
 *   target(v)      = Σ target(u) · ratio(u, v)                       over what feeds v; the same for catch-up
 *   catchUp(source)= lag / catchUpDuration
 *   trueRate       = rate(records in) / busy                         infinite when nothing comes in
 *   capacity(u)    = round(catchUp + target · restart / catchUpDuration + target / utilization u)
 *   thresholds     = capacity(target + boundary) without restart … capacity(target − boundary) with restart
 *
 * Flink: flink-autoscaler ScalingMetricEvaluator and AutoScalerUtils.getTargetProcessingCapacity.
 */
import { average, rateOf, rounded, type Samples } from './flink-metrics.ts'
import type { FlinkSettings } from './flink-options.ts'
import type { Dag } from './topology.ts'

/** Rates in records/s. `NaN`: not known. */
export interface Evaluated {
  readonly targetDataRate: number
  readonly catchUpDataRate: number
  readonly trueProcessingRate: number
  readonly load: number
  /** Below this true rate it must grow, above the other it may shrink. */
  readonly scaleUpThreshold: number
  readonly scaleDownThreshold: number
}

type Demand = Pick<Evaluated, 'targetDataRate' | 'catchUpDataRate'>

/**
 * All vertices in the order of the DAG; `undefined` when the input of a source is not known, where the original stops
 * with an exception. O(vertices · samples).
 */
export function evaluate(
  dag: Dag,
  parallelism: readonly number[],
  samples: Samples,
  settings: FlinkSettings,
  restartSeconds: number
): Evaluated[] | undefined {
  const backlog = isProcessingBacklog(dag, samples, settings)
  const out: Evaluated[] = []
  for (let i = 0; i < dag.operators.length; i++) {
    const { id } = dag.operators[i]
    const demand = dag.isSource[i] ? demandOfSource(samples, id, settings) : demandFrom(dag, i, samples, out)
    if (dag.isSource[i] && Number.isNaN(demand.targetDataRate)) return undefined
    const busy = busyOf(samples, id, parallelism[i], settings)
    const input = inputRate(samples, id, settings)
    out.push({
      ...demand,
      trueProcessingRate: rounded(trueProcessingRate(samples, id, busy, input, settings)),
      load: busy,
      ...thresholds(demand, settings, restartSeconds, backlog)
    })
  }
  return out
}

function demandOfSource(samples: Samples, id: string, settings: FlinkSettings): Demand {
  const input = rateOf(samples, id, 'recordsIn')
  const target = Math.max(0, input + rateOf(samples, id, 'lag'))
  const lag = samples[samples.length - 1].vertices[id]?.lag ?? 0
  const { catchUpSeconds } = settings
  return {
    targetDataRate: rounded(target),
    catchUpDataRate: rounded(catchUpSeconds === 0 ? 0 : lag / catchUpSeconds)
  }
}

function demandFrom(dag: Dag, i: number, samples: Samples, above: readonly Demand[]): Demand {
  let target = 0
  let catchUp = 0
  for (const { from } of dag.inputs[i]) {
    const ratio = edgeOutputRatio(dag, from, i, samples)
    target += above[from].targetDataRate * ratio
    catchUp += above[from].catchUpDataRate * ratio
  }
  return { targetDataRate: rounded(target), catchUpDataRate: rounded(catchUp) }
}

/** Records that come to `to` for each record that goes into `from`; 0 when nothing goes in, `NaN` when not known. */
export function edgeOutputRatio(dag: Dag, from: number, to: number, samples: Samples): number {
  const input = rateOf(samples, dag.operators[from].id, 'recordsIn')
  if (input <= 0) return 0
  return Math.max(0, edgeRate(dag, from, to, samples) / input)
}

/**
 * Flink has no rate of an edge. In this order: all that goes into `to`, if nothing else feeds it; that less the
 * output of the others, if those feed nothing else; the output of `from` (its share along the edge, where known).
 */
function edgeRate(dag: Dag, from: number, to: number, samples: Samples): number {
  const id = (i: number) => dag.operators[i].id
  const inputs = dag.inputs[to]
  if (inputs.length === 1) return rateOf(samples, id(to), 'recordsIn')
  let others = 0
  for (const input of inputs) {
    if (input.from === from) continue
    others += dag.outputs[input.from] === 1 ? rateOf(samples, id(input.from), 'recordsOut') : NaN
  }
  if (!Number.isNaN(others)) return rateOf(samples, id(to), 'recordsIn') - others
  const share = inputs.find((input) => input.from === from)?.ratio ?? 1
  return rateOf(samples, id(from), 'recordsOut') * share
}

/** Mean busy share of the window, of one instance. */
export function busyOf(samples: Samples, id: string, parallelism: number, settings: FlinkSettings): number {
  if (settings.metricsBusyTimeAggregator === 'AVG') return rateOf(samples, id, 'busyMs') / 1000 / parallelism
  return average(samples, id, 'load')
}

/** Records in per second, estimated the same way as busy time, so that their quotient is one. */
export function inputRate(samples: Samples, id: string, settings: FlinkSettings): number {
  if (settings.metricsBusyTimeAggregator === 'AVG') return rateOf(samples, id, 'recordsIn')
  const mean = average(samples, id, 'inPerSecond')
  return Number.isFinite(mean) ? mean : rateOf(samples, id, 'recordsIn')
}

/** From busy time, unless what was observed while catching up says that this is too high. */
export function trueProcessingRate(
  samples: Samples,
  id: string,
  busy: number,
  input: number,
  settings: FlinkSettings
): number {
  const fromBusy = input === 0 ? Infinity : input / busy
  const least = settings.observedTrueProcessingRateMinObservations
  const observed = average(samples, id, 'observedTpr', least)
  if (Number.isNaN(observed)) return fromBusy
  if (!Number.isFinite(fromBusy)) return observed
  return fromBusy > observed * (1 + settings.observedTrueProcessingRateSwitchThreshold) ? observed : fromBusy
}

/** True when some source would need longer than the threshold to process its lag. */
export function isProcessingBacklog(dag: Dag, samples: Samples, settings: FlinkSettings): boolean {
  const last = samples[samples.length - 1]
  for (let i = 0; i < dag.operators.length; i++) {
    if (!dag.isSource[i]) continue
    const { id } = dag.operators[i]
    const lag = last.vertices[id]?.lag ?? 0
    if (lag / rateOf(samples, id, 'recordsIn') > settings.backlogLagSeconds) return true
  }
  return false
}

/** While catching up a vertex may be busy all the time, and nothing is so idle that it shrinks. */
export function thresholds(
  demand: Demand,
  settings: FlinkSettings,
  restartSeconds: number,
  backlog: boolean
): Pick<Evaluated, 'scaleUpThreshold' | 'scaleDownThreshold'> {
  const upper = backlog ? 1 : settings.upperUtilization
  const lower = backlog ? 0 : settings.lowerUtilization
  return {
    scaleUpThreshold: targetCapacity(demand, upper, 0, settings),
    scaleDownThreshold: targetCapacity(demand, lower, restartSeconds, settings)
  }
}

/** Records/s that a vertex should be able to process, in whole records: small rates lose by this, as in the original. */
export function targetCapacity(
  { targetDataRate, catchUpDataRate }: Demand,
  utilization: number,
  restartSeconds: number,
  { catchUpSeconds }: FlinkSettings
): number {
  if (Number.isNaN(catchUpDataRate) || Number.isNaN(targetDataRate)) return NaN
  const share = Math.min(1, Math.max(0, utilization))
  if (share === 0) return Infinity
  const restart = catchUpSeconds === 0 ? 0 : (targetDataRate * restartSeconds) / catchUpSeconds
  return Math.round(catchUpDataRate + restart + targetDataRate / share)
}
