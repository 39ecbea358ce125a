/** What the loop must not forget: asked of whoever keeps it, so that a killed loop goes on where it was. */
import type { Command, Json, Receipt, Turn } from '../roles.ts'

/** A command as it was given, and what came of it; without a receipt nobody knows yet. */
export interface Given {
  readonly command: Command
  readonly atMs: number
  readonly receipt?: Receipt
}

export interface Recalled {
  /** What was kept with the last turn. */
  readonly kept?: Kept
  /** The newest command. */
  readonly given?: Given
}

/** What a target's loop carries from turn to turn. Plain JSON. */
export interface Kept {
  readonly atMs: number
  readonly policy: Turn['policy']
  /** The policy's memory. */
  readonly memory: Json
  /** The estimator's memory. */
  readonly estimates: Json
}

export interface Knowledge {
  recall(target: string): Recalled
  /**
   * All of it or nothing, and on disk before it returns: `command` is given only after this came back, so a command that the record does
   * not know was never given. Throws where it cannot be kept; then nothing may be commanded.
   */
  keep(target: string, kept: Kept, turn?: Turn, command?: Command): void
  /** What came of the command with the receipt's epoch. */
  conclude(target: string, receipt: Receipt): void
  /** Something happened to the target. */
  putEvent(
    target: string,
    event: { readonly atMs: number; readonly what: string; readonly text: string }
  ): void
}

/** Whether, and under which number, a command may be given now. Epochs grow with every command and every holder. */
export interface Permission {
  ask(target: string): { readonly epoch: number } | { readonly refused: string }
}
