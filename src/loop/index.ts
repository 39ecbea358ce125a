/** The loop: what is known of a target, one turn of it, and the clock that repeats the turn; Observations and Decisions as JSON. */
export { type Broadcast, broadcast } from './broadcast.ts'
export { runTarget } from './cycle.ts'
export * from './cycle-parts.ts'
export * from './estimate.ts'
export { type Fleet, type FleetTarget, fleet } from './fleet.ts'
export {
  type DeskOptions,
  type ForecastOrder,
  type ForecastReply,
  forecastDesk,
  forecastService
} from './forecast-desk.ts'
export { type ForecastKeeper, forecastKeeper, type KeeperOptions } from './forecast-keeper.ts'
export * from './knowledge.ts'
export { type LoadLog, type LoadLogOptions, loadLog } from './load-log.ts'
export { readObservation, writeDecision } from './observation.ts'
export {
  type LeaseKeeper,
  leaseKeeper,
  type PauseNote,
  pausedWords,
  permission,
  type WriteRecord
} from './permission.ts'
export * from './status.ts'
export {
  asksForChange,
  commandOf,
  decideTurn,
  heldBack,
  isNews,
  recognised,
  ruleOf,
  type TurnInput
} from './turn.ts'
export { type SignalDesk, type View, type ViewOptions, view } from './view.ts'
