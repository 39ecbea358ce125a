export * from './accidents.ts'
export {
  type AccidentOptions,
  type AccidentSettings,
  messagesBase,
  type ScheduledAccident
} from './accidents-options.ts'
export * from './burst.ts'
export * from './daily-wave.ts'
export * from './demand.ts'
export * from './phases.ts'
export * from './poisson.ts'
export * from './resample-counts.ts'
export * from './resample-spline.ts'
