import { dryRun } from './dry-run.ts'
import { flink } from './flink.ts'
import { flinkAuto } from './flink-auto.ts'
import { flinkSavepoint } from './flink-savepoint.ts'

export { type Backoff, backoff } from './backoff.ts'
export { type DryRunOptions, dryRun } from './dry-run.ts'
export { type FlinkActuatorOptions, flink } from './flink.ts'
export { type FlinkAutoOptions, flinkAuto } from './flink-auto.ts'
export { type FlinkSavepointOptions, flinkSavepoint } from './flink-savepoint.ts'
export { type ActuatorMemory, newMemory, type Written } from './memory.ts'

/** Every actuator by its name. */
export const actuators = {
  'dry-run': dryRun,
  flink,
  'flink-auto': flinkAuto,
  'flink-savepoint': flinkSavepoint
}
