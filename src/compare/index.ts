/** Many minds, one fate: a rehearsal from a trace to its result, its parts, and the HTML report. */
export { type AsRun, asRun, doAsRun } from './as-run.ts'
export type { SignalFaults, SparkSignal } from './edge-said.ts'
export * from './edge-track.ts'
export * from './elastic-environment.ts'
export * from './elastic-exam.ts'
export * from './elastic-foresight.ts'
export * from './elastic-mdp.ts'
export * from './elastic-override.ts'
export * from './elastic-training.ts'
export * from './forecaster-spec.ts'
export * from './frontier.ts'
export { type LearnedReason, learnedReason, sparkPolicyView } from './learned-reason.ts'
export { measure, type RunMeasures, type RunTrack } from './measure.ts'
export { measuresOf } from './measures-of.ts'
export { type OracleProblem, type OracleSchedule, oracle } from './oracle.ts'
export { comparePair, type Pair } from './pairs.ts'
export {
  fateOf,
  needOf,
  planService,
  planSpark,
  planStream,
  type ServiceSettings,
  type StreamWorld
} from './plan.ts'
export { DEFAULTS, type Plan, type Settings, type Span } from './plan-data.ts'
export { type LearnedModel, learnedSpec, mindOf, type PolicySpec, parsePolicies } from './policy-spec.ts'
export * from './rehearsal.ts'
export { type DoJobs, doJob, type JobRun, type RehearsalJob } from './rehearsal-job.ts'
export * from './rehearse.ts'
export { renderReport } from './report.ts'
export { type ReportExtras, reportOf } from './report-of.ts'
export * from './spark-environment.ts'
export * from './spark-environment-episode.ts'
export * from './spark-exam.ts'
export {
  type OverrideCheck,
  type SparkOverride,
  type SparkOverrideOptions,
  sparkOverride
} from './spark-override.ts'
export * from './spark-training.ts'
