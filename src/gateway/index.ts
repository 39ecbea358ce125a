/** The loop at the edge: burst predictors, one answer for all streets of a gateway, and the signals it sends. */
export * from './burst/index.ts'
export { type ClosedStep, type Counts, type CountsMemory, counts, countsOptions } from './counts.ts'
export { type Desk, signalDesk } from './desk.ts'
export * from './fuse.ts'
export {
  type EdgeGateway,
  edgeGateway,
  type GatewayMemory,
  type GatewaySettings,
  gatewayOptions
} from './gateway.ts'
export { type LocalCapacity, type LocalMemory, type LocalSettings, localCapacity } from './local.ts'
export * from './sign.ts'
export * from './station.ts'
export * from './trust.ts'
export { withAlarm } from './with-alarm.ts'
export { allowance, type Extra, type SignalCapOptions, withSignalCap } from './with-signal-cap.ts'
