/**
 * A Flink config block read as options of `flink`: the original's keys, its older names and its durations.
 *
 *   job.autoscaler.utilization.target: 0.6  →  { utilizationTarget: 0.6 }
 *
 * Keys: flink-autoscaler AutoScalerOptions; durations as Flink's TimeUtils reads them.
 */
import { type GivenOptions, type OptionValue, PrescaleError, parseDuration } from '../base/index.ts'
import { flinkOptions } from './flink-options.ts'

/** The original's key, without `job.autoscaler.`, for each option. */
export const autoscalerKeys: Readonly<Record<string, keyof typeof flinkOptions>> = {
  'metrics.window': 'metricsWindow',
  'stabilization.interval': 'stabilizationInterval',
  'utilization.target': 'utilizationTarget',
  'target.utilization': 'utilizationTarget',
  'target.utilization.boundary': 'targetUtilizationBoundary',
  'utilization.max': 'utilizationMax',
  'utilization.min': 'utilizationMin',
  'scale-down.interval': 'scaleDownInterval',
  'scale-up.grace-period': 'scaleDownInterval',
  'scale-down.max-factor': 'scaleDownMaxFactor',
  'scale-up.max-factor': 'scaleUpMaxFactor',
  'vertex.min-parallelism': 'vertexMinParallelism',
  'vertex.max-parallelism': 'vertexMaxParallelism',
  'catch-up.duration': 'catchUpDuration',
  'restart.time': 'restartTime',
  'restart.time-tracking.enabled': 'restartTimeTrackingEnabled',
  'restart.time-tracking.limit': 'restartTimeTrackingLimit',
  'backlog-processing.lag-threshold': 'backlogProcessingLagThreshold',
  'observed-true-processing-rate.lag-threshold': 'observedTrueProcessingRateLagThreshold',
  'observed-true-processing-rate.switch-threshold': 'observedTrueProcessingRateSwitchThreshold',
  'observed-true-processing-rate.min-observations': 'observedTrueProcessingRateMinObservations',
  'scaling.effectiveness.detection.enabled': 'scalingEffectivenessDetectionEnabled',
  'scaling.effectiveness.threshold': 'scalingEffectivenessThreshold',
  'history.max.count': 'historyMaxCount',
  'history.max.age': 'historyMaxAge',
  'metrics.busy-time.aggregator': 'metricsBusyTimeAggregator',
  'observed-scalability.enabled': 'observedScalabilityEnabled',
  'observed-scalability.min-observations': 'observedScalabilityMinObservations',
  'observed-scalability.coefficient-min': 'observedScalabilityCoefficientMin',
  'scaling.parallelism-alignment.mode': 'scalingParallelismAlignmentMode',
  'scaling.key-group.partitions.adjust.mode': 'scalingKeyGroupPartitionsAdjustMode',
  'vertex.exclude.ids': 'vertexExcludeIds',
  'scaling.enabled': 'scalingEnabled',
  'excluded.periods': 'excludedPeriods'
}

const prefix = 'job.autoscaler.'
const legacyPrefix = `kubernetes.operator.${prefix}`
const intervalKey = 'kubernetes.operator.reconcile.interval'
/** Older names: they count only where the newer one is not given. */
const olderKeys = new Set(['target.utilization', 'scale-up.grace-period'])

export interface ImportedOptions {
  readonly options: GivenOptions
  /** Autoscaler keys that have no counterpart here, such as quotas and memory tuning. */
  readonly unused: readonly string[]
}

/**
 * A Flink config block as options of `flink`. The prefix `kubernetes.operator.` is accepted, the plain key goes
 * first; keys that are not the autoscaler's are passed over. Throws `BAD_OPTION` for a value that cannot be read.
 */
export function fromAutoscalerKeys(record: Readonly<Record<string, unknown>>): ImportedOptions {
  const options: Record<string, OptionValue> = {}
  const rank: Record<string, number> = {}
  const unused: string[] = []
  for (const [key, value] of Object.entries(record)) {
    const isLegacy = key.startsWith(legacyPrefix)
    const known = isLegacy || key.startsWith(prefix) || key === intervalKey
    if (!known || value === null || value === undefined) continue
    const name = key.slice(isLegacy ? legacyPrefix.length : prefix.length)
    const option = key === intervalKey ? 'reconcileInterval' : autoscalerKeys[name]
    if (option === undefined) {
      unused.push(key)
      continue
    }
    const precedence = 1 + (isLegacy ? 0 : 2) + (olderKeys.has(name) ? 0 : 1)
    if (precedence <= (rank[option] ?? 0)) continue
    rank[option] = precedence
    options[option] = readValue(key, flinkOptions[option].kind, value)
  }
  return { options, unused }
}

function readValue(key: string, kind: string, value: unknown): OptionValue {
  const text = String(Array.isArray(value) ? value.join(';') : value).trim()
  if (kind === 'duration') return flinkDuration(key, text)
  return typeof value === 'number' || typeof value === 'boolean' ? value : text
}

const longUnits: readonly (readonly [pattern: RegExp, unit: string])[] = [
  [/^d(ays?)?$/, 'd'],
  [/^h(ours?)?$/, 'h'],
  [/^m(in(utes?)?)?$/, 'm'],
  [/^s(ec(onds?)?)?$/, 's'],
  [/^(ms|milli(second)?s?)$/, 'ms']
]

/** `15 min`, `300s`, `PT15M`; a plain number is milliseconds. */
function flinkDuration(key: string, text: string): number {
  const [, count, unit] = /^(\d+)\s*([a-z]*)$/.exec(text.toLowerCase()) ?? []
  if (count !== undefined && unit === '') return Number(count)
  const short = longUnits.find(([pattern]) => pattern.test(unit ?? ''))?.[1]
  if (short !== undefined) return parseDuration(`${count}${short}`, key)
  if (/^p/i.test(text)) return parseDuration(text.toUpperCase(), key)
  throw new PrescaleError('BAD_OPTION', `${key} must be a duration such as 15 min or PT15M, was '${text}'`)
}
