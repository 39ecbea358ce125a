/**
 * CUSUM — it has looked more like a burst than like the usual for long enough.
 *
 *   S ← max(0, S + (rate · ln ρ − (ρ − 1) · level) / φ)       φ = spread² / level          alarm on: S > h         off: S = 0
 *
 * The summand is how much likelier this reading is at ρ times the usual rate than at the usual one, in nats, for counts whose variance is
 * φ times their mean; so rises below (ρ − 1)/ln ρ never fire, those above do as soon as their counts allow, and a quiet and a busy street
 * have the same rule. A reading counts at most `cap`·h, so that none fires alone; S is held at `full`·h, so that an alarm ends soon
 * after the rate is back. Level and spread are learned from readings without suspicion (S ≤ h/2), and slowly in an alarm, so that
 * a rise that stays is the new usual. Confidence grows with S: half at h.
 *
 * Page 1954, *Continuous inspection schemes*; for counts Lucas 1985, *Counted data CUSUM's*.
 */
import { type GivenOptions, MINUTE, type OptionTable, readOptions } from '../../base/index.ts'
import type { BurstPredictor } from '../../roles.ts'
import { commonOptions, confidenceOf, forecastOf, gainOf, isMeasured, readings, type Said } from './common.ts'

export const cusumOptions = {
  ...commonOptions,
  rise: {
    kind: 'number',
    default: 2,
    min: 1.01,
    says: 'ρ: how many usual rates the burst is that it looks for'
  },
  h: { kind: 'number', default: 10, min: 0.1, says: 'nats in favour of a burst that fire' },
  cap: { kind: 'number', default: 0.9, min: 0.01, says: 'one reading counts at most this share of h' },
  full: { kind: 'number', default: 3, min: 1, says: 'the sum grows to at most this many h' },
  level: {
    kind: 'duration',
    default: 3 * MINUTE,
    min: 1,
    says: 'time over which level and spread are learned'
  },
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
/** Deviations beyond which a reading teaches no more. */
const TEACHES = 5

/** The predictor; options as in `cusumOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function cusum(given: GivenOptions = {}): BurstPredictor<CusumMemory> {
  const read = readOptions('cusum', cusumOptions, given)
  const gain = gainOf(readings(read.level, read.step))
  const warmUp = readings(read.warmUp, read.step)
  const { h, cap, full, least } = read
  const log = Math.log(read.rise)
  const drift = read.rise - 1
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
      const spread = Math.max(memory.spread, least * level)
      memory.sum = Math.min(
        full * h,
        Math.max(0, memory.sum + Math.min(likelier(rate, level, spread), cap * h))
      )
      if (memory.seen <= warmUp) memory.sum = 0
      if (memory.sum > h) memory.alarm = true
      else if (memory.sum === 0) memory.alarm = false
      learn(memory, level, spread, rate - level)
      memory.predicted = memory.alarm ? rate : level
      memory.confidence = confidenceOf(memory.sum / h)
      return forecastOf(memory, read.horizon)
    }
  }

  /** Nats; of a rate where there never was any, as many as can be. */
  function likelier(rate: number, level: number, spread: number): number {
    if (level === 0) return rate > 0 ? Infinity : 0
    const evidence = rate * log - drift * level
    // No spread at all: every reading was the same, and this one is or is not.
    return spread === 0 ? Math.sign(evidence) * Infinity : (evidence / spread) * (level / spread)
  }

  function learn(memory: CusumMemory, level: number, spread: number, off: number): void {
    const suspicious = memory.sum > h / 2
    const pace = suspicious ? gain * IN_ALARM : Math.max(gain, 1 / memory.seen)
    // From a level of nothing everything is learned.
    const most = spread > 0 && memory.seen > warmUp ? TEACHES * spread : Infinity
    const learned = Math.max(-most, Math.min(most, off))
    memory.level = level + pace * learned
    if (!suspicious) memory.spread += pace * (Math.abs(learned) * TO_SPREAD - memory.spread)
  }
}
