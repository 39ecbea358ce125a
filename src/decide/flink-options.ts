/**
 * Settings of the Flink autoscaler: the original's keys, ours in camel case, and an importer for a config block.
 *
 *   job.autoscaler.utilization.target  →  utilizationTarget
 *
 * Names, defaults and fall-backs: flink-autoscaler AutoScalerOptions; durations as Flink's TimeUtils reads them.
 */
import {
  type GivenOptions,
  type OptionTable,
  type OptionValue,
  PrescaleError,
  parseDuration,
  readOptions,
  requireOption
} from '../base/index.ts'
import type { AlignmentMode } from './flink-align.ts'
import { type Period, parsePeriods } from './flink-periods.ts'

export const flinkOptions = {
  metricsWindow: {
    kind: 'duration',
    default: 900_000,
    min: 0,
    says: 'window over which metrics are averaged'
  },
  stabilizationInterval: {
    kind: 'duration',
    default: 300_000,
    min: 0,
    says: 'time after a (re)start in which nothing is measured for a decision'
  },
  utilizationTarget: {
    kind: 'number',
    default: 0.7,
    min: 0,
    says: 'share of its time an operator is to be busy'
  },
  targetUtilizationBoundary: {
    kind: 'number',
    default: 0.3,
    min: 0,
    says: 'no change while utilisation is within target ± this'
  },
  utilizationMax: { kind: 'number', min: 0, says: 'upper edge of that range instead of target + boundary' },
  utilizationMin: { kind: 'number', min: 0, says: 'lower edge of that range instead of target − boundary' },
  scaleDownInterval: {
    kind: 'duration',
    default: 3_600_000,
    min: 0,
    says: 'delay of every scale-down, which then goes to the highest wish of the interval'
  },
  scaleDownMaxFactor: {
    kind: 'number',
    default: 0.6,
    min: 0,
    max: 1,
    says: 'largest share taken away at once; 1: no limit'
  },
  scaleUpMaxFactor: {
    kind: 'number',
    default: 100_000,
    min: 0,
    says: 'largest growth at once; 2: to three times'
  },
  vertexMinParallelism: { kind: 'integer', default: 1, min: 1, says: 'fewest instances of an operator' },
  vertexMaxParallelism: {
    kind: 'integer',
    default: 200,
    min: 1,
    says: 'most instances of an operator, a cap of the original'
  },
  catchUpDuration: {
    kind: 'duration',
    default: 1_800_000,
    min: 0,
    says: 'time in which a backlog is to be gone; 0: no capacity for backlog and restart'
  },
  restartTime: {
    kind: 'duration',
    default: 300_000,
    min: 0,
    says: 'how long a rescale is expected to stop the job'
  },
  restartTimeTrackingEnabled: {
    kind: 'boolean',
    default: false,
    says: 'take the longest restart seen instead, once there is one'
  },
  restartTimeTrackingLimit: {
    kind: 'duration',
    default: 900_000,
    min: 0,
    says: 'most of what tracking may say'
  },
  backlogProcessingLagThreshold: {
    kind: 'duration',
    default: 300_000,
    min: 0,
    says: 'above this lag (in time) a job catches up: no scale-down, utilisation up to 1'
  },
  observedTrueProcessingRateLagThreshold: {
    kind: 'duration',
    default: 30_000,
    min: 0,
    says: 'above this lag (in time) what a source processes is what it can process'
  },
  observedTrueProcessingRateSwitchThreshold: {
    kind: 'number',
    default: 0.15,
    min: 0,
    says: 'take that observed rate when the one from busy time is larger by more than this share'
  },
  observedTrueProcessingRateMinObservations: {
    kind: 'integer',
    default: 2,
    min: 1,
    says: 'fewest observations of it in the window'
  },
  scalingEffectivenessDetectionEnabled: {
    kind: 'boolean',
    default: false,
    says: 'block a scale-up when the last one brought too little'
  },
  scalingEffectivenessThreshold: {
    kind: 'number',
    default: 0.1,
    min: 0,
    says: 'share of the expected gain below which it was too little'
  },
  historyMaxCount: { kind: 'integer', default: 3, min: 1, says: 'past scalings remembered per operator' },
  historyMaxAge: { kind: 'duration', default: 86_400_000, min: 0, says: 'how long they are remembered' },
  metricsBusyTimeAggregator: {
    kind: 'text',
    default: 'MAX',
    oneOf: ['MAX', 'AVG', 'MIN'],
    says: 'AVG: busy time and records as counters over the window; else both as means of their gauges'
  },
  observedScalabilityEnabled: {
    kind: 'boolean',
    default: false,
    says: 'learn from past scalings how much less than linear another instance brings'
  },
  observedScalabilityMinObservations: {
    kind: 'integer',
    default: 3,
    min: 1,
    says: 'fewest past scalings for that'
  },
  observedScalabilityCoefficientMin: {
    kind: 'number',
    default: 0.5,
    min: 0.01,
    max: 1,
    says: 'smallest coefficient it may learn'
  },
  scalingParallelismAlignmentMode: {
    kind: 'text',
    oneOf: ['BALANCED', 'EVENLY_SPREAD', 'OFF'],
    says: 'alignment to partitions or key groups, default BALANCED'
  },
  scalingKeyGroupPartitionsAdjustMode: {
    kind: 'text',
    oneOf: ['EVENLY_SPREAD', 'MAXIMIZE_UTILISATION'],
    says: 'the older alignment, which may block a scaling; counts only without the newer one'
  },
  vertexExcludeIds: { kind: 'text', default: '', says: 'operators never scaled, separated by ;' },
  scalingEnabled: {
    kind: 'boolean',
    default: true,
    says: 'false: only say in `why` what would be asked for'
  },
  excludedPeriods: {
    kind: 'text',
    default: '',
    says: 'times without scaling, separated by ;: 9:30:30-10:50:20, a Quartz cron expression, or both with &&'
  },
  timeZone: { kind: 'text', default: 'UTC', says: 'IANA time zone of excludedPeriods' },
  reconcileInterval: { kind: 'duration', default: 60_000, min: 1, says: 'how often it looks' }
} satisfies OptionTable

type Read = ReturnType<typeof readOptions<typeof flinkOptions>>

/** Options as the method uses them: seconds as the original cuts them off, edges of the range, lists. */
export interface FlinkSettings extends Read {
  readonly catchUpSeconds: number
  readonly backlogLagSeconds: number
  readonly observeLagSeconds: number
  readonly upperUtilization: number
  readonly lowerUtilization: number
  readonly alignment: AlignmentMode
  readonly excluded: ReadonlySet<string>
  readonly periods: readonly Period[]
}

/** Throws `BAD_OPTION` like `readOptions`, and for a minimum above its maximum or a period that cannot be read. */
export function readFlinkOptions(given: GivenOptions = {}): FlinkSettings {
  const read = readOptions('flink', flinkOptions, given)
  const { vertexMinParallelism: least, vertexMaxParallelism: most } = read
  requireOption(least <= most, 'flink.vertexMinParallelism', least, `at most vertexMaxParallelism, ${most}`)
  const max: number | undefined = read.utilizationMax
  const min: number | undefined = read.utilizationMin
  const mode: string | undefined = read.scalingParallelismAlignmentMode
  const legacy: string | undefined = read.scalingKeyGroupPartitionsAdjustMode
  return {
    ...read,
    catchUpSeconds: Math.trunc(read.catchUpDuration / 1000),
    backlogLagSeconds: Math.trunc(read.backlogProcessingLagThreshold / 1000),
    observeLagSeconds: Math.trunc(read.observedTrueProcessingRateLagThreshold / 1000),
    upperUtilization: max ?? read.utilizationTarget + read.targetUtilizationBoundary,
    lowerUtilization: min ?? read.utilizationTarget - read.targetUtilizationBoundary,
    alignment: (mode ?? (legacy === undefined ? 'BALANCED' : `LEGACY_${legacy}`)) as AlignmentMode,
    excluded: new Set(read.vertexExcludeIds.split(';').map((id) => id.trim())),
    periods: parsePeriods(read.excludedPeriods, read.timeZone)
  }
}

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
