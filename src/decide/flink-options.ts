/**
 * Settings of the Flink autoscaler: the original's keys in camel case, and what they mean together.
 *
 * Names, defaults and fall-backs: flink-autoscaler AutoScalerOptions. A config block is read by `flink-keys.ts`.
 */
import { type GivenOptions, type OptionTable, readOptions, requireOption } from '../base/index.ts'
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
