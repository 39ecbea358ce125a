/**
 * What an actuator must know of its past: plain JSON that belongs to the caller, who keeps it with the Turn, and is changed in place.
 *
 *   epoch < memory.epoch → refused        what is there is neither `written` nor `sent` → somebody else wrote
 */
import type { Command, Units } from '../roles.ts'

export interface ActuatorMemory {
  /** The newest epoch seen. */
  epoch: number
  /** What was accepted last, and of whom; null: nothing yet, and whatever is there is taken as it is. */
  written: Written | null
  /** What was sent and not answered yet, and what was there before: either may be there now. */
  sent: (Written & { readonly before: Units }) | null
}

export interface Written {
  /** The job, by its id: one that was submitted again has its own requirements. */
  readonly id: string
  readonly units: Units
}

export function newMemory(): ActuatorMemory {
  return { epoch: 0, written: null, sent: null }
}

/** Why a command comes too late, if it does; else its epoch is the newest from now on. */
export function isOlder(memory: ActuatorMemory, { epoch }: Command): string | undefined {
  if (!Number.isInteger(epoch) || epoch < 0) return `bad-epoch: ${epoch} is not a whole number, at least 0`
  if (epoch < memory.epoch) return `older-epoch: ${epoch}, the newest is ${memory.epoch}`
  memory.epoch = epoch
  return undefined
}
