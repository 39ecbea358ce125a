/**
 * Dry run — the actuator that writes nothing.
 *
 *   receipt: reached = what is there already, as far as it was told; pending = nothing; refused = `dry-run`
 *
 * It is the default. It holds no client, so there is nothing it could write with. Idempotent as any other: an older epoch than the newest
 * seen is refused as such.
 */
import type { Actuator, Command, Receipt, Units } from '../roles.ts'
import { type ActuatorMemory, isOlder, newMemory } from './memory.ts'

export interface DryRunOptions {
  readonly clock: () => number
  /** Called with each command that would have been carried out. */
  readonly record?: (command: Command) => void
  /** What the target has now, where that is known. */
  readonly now?: (target: string) => Units
  readonly memory?: ActuatorMemory
}

export function dryRun({ clock, record, now = () => ({}), memory = newMemory() }: DryRunOptions): Actuator {
  return {
    async apply(command): Promise<Receipt> {
      const receipt = { epoch: command.epoch, reached: now(command.target), pending: {}, atMs: clock() }
      const older = isOlder(memory, command)
      if (older !== undefined) return { ...receipt, refused: older }
      record?.(command)
      return { ...receipt, refused: 'dry-run: nothing was written; run with --apply to act' }
    }
  }
}
