/** Flink, whichever way works — in place where the adaptive scheduler runs, else by a savepoint, where it is said how to submit the job again. */
import type { Actuator } from '../roles.ts'
import { type FlinkActuatorOptions, flink } from './flink.ts'
import { type FlinkSavepointOptions, flinkSavepoint } from './flink-savepoint.ts'
import { newMemory } from './memory.ts'

export type FlinkAutoOptions = FlinkActuatorOptions &
  Partial<Omit<FlinkSavepointOptions, keyof FlinkActuatorOptions>>

export function flinkAuto(options: FlinkAutoOptions): Actuator {
  const { memory = newMemory(), submit } = options
  const inPlace = flink({ ...options, memory })
  const bySavepoint = submit === undefined ? undefined : flinkSavepoint({ ...options, memory, submit })
  return {
    async apply(command, abort) {
      const receipt = await inPlace.apply(command, abort)
      if (bySavepoint === undefined || !receipt.refused?.startsWith('not-adaptive')) return receipt
      options.tell?.('by-savepoint', receipt.refused)
      return bySavepoint.apply(command, abort)
    }
  }
}
