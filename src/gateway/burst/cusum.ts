/**
 * CUSUM — the rate has been above what is usual for longer than chance would have it.
 *
 *   z = (rate − level) / spread         S ← max(0, S + min(z, cap) − k)         alarm on: S > h         off: S = 0
 *   level, spread: exponential mean and deviation of the readings that raised no suspicion, S ≤ h/2
 *
 * Small rises add up, single high readings do not fire: Page's cumulative sum (1954) on readings in their own deviations, so the same
 * rule fits a quiet and a busy street. S is held at `full`·h, so that an alarm ends soon after the rate is back, and the level moves on
 * slowly while there is one, so that a rise that stays is the new usual. Confidence grows with S: half at h.
 */
import { type GivenOptions, MINUTE, type OptionTable, readOptions } from '../../base/index.ts'
import type { BurstPredictor } from '../../roles.ts'
import { commonOptions, confidenceOf, forecastOf, gainOf, isMeasured, readings, type Said } from './common.ts'

export const cusumOptions = {
  ...commonOptions,
  k: {
    kind: 'number',
    default: 1.5,
    min: 0,
    says: 'allowance: deviations that a reading may be above the level'
  },
  h: { kind: 'number', default: 8, min: 0.1, says: 'sum of deviations beyond the allowance that fires' },
  cap: { kind: 'number', default: 5, min: 0.1, says: 'most deviations that one reading counts' },
  level: {
    kind: 'duration',
    default: 10 * MINUTE,
    min: 1,
    says: 'time over which level and spread are learned'
  },
  full: { kind: 'number', default: 3, min: 1, says: 'the sum grows to at most this many h' },
  least: { kind: 'number', default: 0.03, min: 0, says: 'least spread as a share of the level' }
} satisfies OptionTable

type CusumMemory = Said & {
  level: number | null
  /** Mean absolute deviation × √(π/2). */
  spread: number
  sum: number
  seen: number
}

/** A mean absolute deviation times this is a standard deviation of a normal. */
const TO_SPREAD = Math.sqrt(Math.PI / 2)
/** While there is an alarm the level learns at a fifth of its speed. */
const IN_ALARM = 0.2

/** The predictor; options as in `cusumOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function cusum(given: GivenOptions = {}): BurstPredictor<CusumMemory> {
  const read = readOptions('cusum', cusumOptions, given)
  const gain = gainOf(readings(read.level, read.step))
  const warmUp = readings(read.warmUp, read.step)
  const { k, h, cap, full, least } = read
  return {
    name: 'cusum',
    initial: () => ({
      level: null,
      spread: 0,
      sum: 0,
      seen: 0,
      predicted: null,
      alarm: false,
      confidence: 0
    }),
    update(rate, memory) {
      if (!isMeasured(rate)) return forecastOf(memory, read.horizon)
      memory.seen++
      const level = memory.level ?? rate
      const off = rate - level
      const spread = Math.max(memory.spread, least * level)
      // Off from a level without any spread: as far off as counts.
      const z = off === 0 ? 0 : off / spread
      memory.sum = Math.min(full * h, Math.max(0, memory.sum + Math.min(z, cap) - k))
      if (memory.seen <= warmUp) memory.sum = 0
      if (memory.sum > h) memory.alarm = true
      else if (memory.sum === 0) memory.alarm = false
      learn(memory, level, off)
      memory.predicted = Math.max(0, memory.alarm ? rate : level)
      memory.confidence = confidenceOf(memory.sum / h)
      return forecastOf(memory, read.horizon)
    }
  }

  function learn(memory: CusumMemory, level: number, off: number): void {
    const plain = 1 / memory.seen
    const suspicious = memory.sum > h / 2
    const pace = suspicious ? gain * IN_ALARM : Math.max(gain, plain)
    memory.level = level + pace * off
    if (!suspicious) memory.spread += pace * (Math.abs(off) * TO_SPREAD - memory.spread)
  }
}
