/**
 * Threshold — the rate is far above what is usual here.
 *
 *   level ← level + a·(rate − level)              a = 2/(n + 1), n readings in `level`
 *   alarm on:   rate > up · level in `confirm` readings in a row          off: rate < down · level as often
 *
 * The level stands still while there is an alarm, for at most `longest`: then what was unusual is the new usual. The line is
 * relative, so a street of ten messages a second and one of a thousand have the same rule. Thresholding, as the report "Edge-Cloud
 * State Awareness" proposes it.
 */
import { type GivenOptions, MINUTE, type OptionTable, readOptions } from '../../base/index.ts'
import type { BurstPredictor } from '../../roles.ts'
import { commonOptions, confidenceOf, forecastOf, gainOf, isMeasured, readings, type Said } from './common.ts'

export const thresholdOptions = {
  ...commonOptions,
  up: { kind: 'number', default: 1.55, min: 1, says: 'alarm above this many usual rates' },
  down: { kind: 'number', default: 1.2, min: 0, says: 'over below this many usual rates' },
  confirm: { kind: 'integer', default: 2, min: 1, says: 'readings in a row that must agree' },
  level: {
    kind: 'duration',
    default: 3 * MINUTE,
    min: 1,
    says: 'time over which the usual rate is learned'
  },
  longest: {
    kind: 'duration',
    default: 15 * MINUTE,
    min: 1,
    says: 'after this long an alarm is the new usual'
  }
} satisfies OptionTable

type ThresholdMemory = Said & {
  level: number | null
  seen: number
  /** Readings in a row that spoke for a change, and readings since it was on. */
  agreed: number
  held: number
}

/** The predictor; options as in `thresholdOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function threshold(given: GivenOptions = {}): BurstPredictor<ThresholdMemory> {
  const read = readOptions('threshold', thresholdOptions, given)
  const n = readings(read.level, read.step)
  const warmUp = readings(read.warmUp, read.step)
  const longest = readings(read.longest, read.step)
  return {
    name: 'threshold',
    initial: () => ({
      level: null,
      seen: 0,
      agreed: 0,
      held: 0,
      predicted: null,
      alarm: false,
      confidence: 0
    }),
    update(rate, memory) {
      if (!isMeasured(rate)) return forecastOf(memory, read.horizon)
      memory.seen++
      const level = memory.level ?? rate
      const speaks = memory.alarm ? rate < read.down * level : rate > read.up * level
      memory.agreed = speaks ? memory.agreed + 1 : 0
      memory.held = memory.alarm ? memory.held + 1 : 0
      if (memory.held >= longest) {
        memory.alarm = false
        memory.level = rate
        memory.agreed = 0
      } else {
        if (memory.agreed >= read.confirm && memory.seen > warmUp) {
          memory.alarm = !memory.alarm
          memory.agreed = 0
        }
        // The first readings are averaged plainly: one of them alone is no level.
        if (!memory.alarm) memory.level = level + Math.max(gainOf(n), 1 / memory.seen) * (rate - level)
      }
      memory.predicted = rate
      memory.confidence = confidenceOf((rate - level) / (read.up * level - level))
      return forecastOf(memory, read.horizon)
    }
  }
}
