/**
 * What an actuator must know of its past: plain JSON that belongs to the caller, who keeps it with the Turn, and is changed in place.
 *
 *   a command with epoch < memory.epoch is refused        something else than memory.written is there → somebody else wrote
 */
import type { Command, Units } from '../roles.ts'

export interface ActuatorMemory {
  /** The newest epoch seen. */
  epoch: number
  /** What we wrote last and to whom; null: nothing yet, or the place changed hands and whatever is there is taken as it is. */
  written: { readonly id: string; readonly units: Units } | null
}

export function newMemory(): ActuatorMemory {
  return { epoch: 0, written: null }
}

/** Why a command comes too late, if it does; else its epoch is the newest from now on. */
export function isOlder(memory: ActuatorMemory, { epoch }: Command): string | undefined {
  if (!Number.isInteger(epoch) || epoch < 0) return `bad-epoch: ${epoch} is not a whole number, at least 0`
  if (epoch < memory.epoch) return `older-epoch: ${epoch}, the newest is ${memory.epoch}`
  memory.epoch = epoch
  return undefined
}
