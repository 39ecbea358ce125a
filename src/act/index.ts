import { dryRun } from './dry-run.ts'

export { type DryRunOptions, dryRun } from './dry-run.ts'
export { type ActuatorMemory, newMemory } from './memory.ts'

/** Every actuator by its name. */
export const actuators = { 'dry-run': dryRun }
