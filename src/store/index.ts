import { memory } from './memory.ts'
import { type SqliteOptions, sqlite } from './sqlite.ts'
import type { TurnStore } from './turn-store.ts'

export { checkStore, type StoreState } from './check.ts'
export { type Counter, openCounter } from './counter.ts'
export {
  type InfluxWriter,
  type InfluxWriterOptions,
  type InfluxWriterState,
  influxWriter
} from './influxdb.ts'
export { linesOfReading, linesOfTurn } from './line-protocol.ts'
export type { GivenCommand, LeaseState, LoopRecord, Pause, RecordedEvent } from './loop-record.ts'
export { memory } from './memory.ts'
export { readModelFile, writeModelFile } from './model-file.ts'
export { type Outbox, type OutboxOptions, type OutboxState, openOutbox } from './outbox.ts'
export { type SqliteOptions, sqlite } from './sqlite.ts'
export * from './turn-store.ts'
export { writeWhole } from './write-file.ts'

/** Every store by its name. */
export const stores = {
  sqlite: (options: SqliteOptions) => sqlite(options),
  memory: () => memory()
} satisfies Record<string, (options: SqliteOptions) => TurnStore>
