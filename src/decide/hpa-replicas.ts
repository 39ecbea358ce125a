/**
 * The arithmetic of the Kubernetes HorizontalPodAutoscaler: from measured pods to a number of replicas.
 *
 *   ratio   = ⌊100 · usage / request⌋ / target                 whole percent, as the API reports it
 *   desired = ⌈ratio · ready⌉                                  unless 1 − down ≤ ratio ≤ 1 + up
 *
 * Pods that cannot be judged are counted against the direction: not ready 0 % on the way up; no metric 0 % on the way
 * up and 100 % (or the target, if that is more) on the way down. If that turns the direction round, nothing changes.
 * Source: kubernetes pkg/controller/podautoscaler/replica_calculator.go (1.33 and later).
 */

/** The pods of one target in sums. `usage` and the requests in thousandths, whole numbers; counts of pods. */
export interface PodSums {
  /** Pods that are ready and have a metric, what they use and what they requested. */
  readonly measured: number
  readonly usage: number
  readonly request: number
  readonly unready: number
  readonly unreadyRequest: number
  readonly missing: number
  readonly missingRequest: number
}

/** The ratio may lie in [1 − down, 1 + up] without a change. */
export interface Tolerance {
  readonly up: number
  readonly down: number
}

/** Replicas for a target utilisation in percent of the request; `NaN` where no pod was measured. */
export function forUtilization(
  current: number,
  pods: PodSums,
  targetPercent: number,
  tolerance: Tolerance
): number {
  if (pods.measured === 0 || pods.request === 0) return NaN
  const ratio = Math.floor((100 * pods.usage) / pods.request) / targetPercent
  const againstUp = ratio > 1 && pods.unready > 0
  if (!againstUp && pods.missing === 0) {
    return isWithin(ratio, tolerance) ? current : Math.ceil(ratio * pods.measured)
  }
  let { usage, request, measured: counted } = pods
  if (pods.missing > 0 && ratio !== 1) {
    if (ratio < 1) usage += Math.floor((pods.missingRequest * Math.max(100, targetPercent)) / 100)
    request += pods.missingRequest
    counted += pods.missing
  }
  if (againstUp) {
    request += pods.unreadyRequest
    counted += pods.unready
  }
  return rechecked(current, ratio, Math.floor((100 * usage) / request) / targetPercent, counted, tolerance)
}

/** Replicas for a target average per pod, both in thousandths of the metric's unit; `NaN` where no pod was measured. */
export function forAverage(
  current: number,
  pods: PodSums,
  targetMilli: number,
  tolerance: Tolerance
): number {
  if (pods.measured === 0) return NaN
  const ratio = Math.trunc(pods.usage / pods.measured) / targetMilli
  const againstUp = ratio > 1 && pods.unready > 0
  if (!againstUp && pods.missing === 0) {
    return isWithin(ratio, tolerance) ? current : Math.ceil(ratio * pods.measured)
  }
  let { usage, measured: counted } = pods
  if (pods.missing > 0 && ratio !== 1) {
    if (ratio < 1) usage += pods.missing * targetMilli
    counted += pods.missing
  }
  if (againstUp) counted += pods.unready
  return rechecked(current, ratio, Math.trunc(usage / counted) / targetMilli, counted, tolerance)
}

/** Replicas for one value of the whole target against its target value: ⌈value / target · ready⌉. */
export function forValue(
  current: number,
  valueMilli: number,
  targetMilli: number,
  ready: number,
  tolerance: Tolerance
): number {
  const ratio = valueMilli / targetMilli
  // From zero there is no ready pod to multiply with, and no tolerance either.
  if (current === 0) return Math.ceil(ratio)
  return isWithin(ratio, tolerance) ? current : Math.ceil(ratio * ready)
}

/** Replicas for one value of the whole target shared out over its pods: ⌈value / target⌉. */
export function forValuePerPod(
  current: number,
  valueMilli: number,
  targetMilli: number,
  tolerance: Tolerance
): number {
  const ratio = valueMilli / (targetMilli * current)
  return isWithin(ratio, tolerance) ? current : Math.ceil(valueMilli / targetMilli)
}

/** After the doubtful pods were counted in: still outside the tolerance, and still in the same direction? */
function rechecked(
  current: number,
  before: number,
  ratio: number,
  counted: number,
  tolerance: Tolerance
): number {
  if (isWithin(ratio, tolerance) || (before < 1 && ratio > 1) || (before > 1 && ratio < 1)) return current
  const replicas = Math.ceil(ratio * counted)
  if ((ratio < 1 && replicas > current) || (ratio > 1 && replicas < current)) return current
  return replicas
}

function isWithin(ratio: number, tolerance: Tolerance): boolean {
  return 1 - tolerance.down <= ratio && ratio <= 1 + tolerance.up
}
