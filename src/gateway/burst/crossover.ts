/**
 * Crossover — the short mean has risen over the long one.
 *
 *   short ← short + a·(rate − short)      long ← long + b·(rate − long)       a = 2/(n + 1), b = 2/(N + 1)
 *   alarm on: short > (1 + band)·long     off: short < (1 + band/2)·long, or the long mean has caught up
 *   predicted = rate where the short mean goes: short + (short − long)
 *
 * Moving-average crossover with exponential means: two numbers of memory, whatever the windows. It ends by itself, because the long
 * mean follows. As the report "Edge-Cloud State Awareness" proposes it; the means are those of MACD (Appel 1979).
 */
import { type GivenOptions, MINUTE, type OptionTable, readOptions, SECOND } from '../../base/index.ts'
import type { BurstPredictor } from '../../roles.ts'
import { commonOptions, confidenceOf, forecastOf, gainOf, isMeasured, readings, type Said } from './common.ts'

export const crossoverOptions = {
  ...commonOptions,
  short: { kind: 'duration', default: 15 * SECOND, min: 1, says: 'window of the short mean' },
  long: { kind: 'duration', default: 3 * MINUTE, min: 1, says: 'window of the long mean' },
  band: {
    kind: 'number',
    default: 0.45,
    min: 0,
    says: 'alarm when the short mean is this share above the long one'
  }
} satisfies OptionTable

type CrossoverMemory = Said & {
  short: number | null
  long: number | null
  seen: number
}

/** The predictor; options as in `crossoverOptions`. Throws `BAD_OPTION` for one that cannot be. */
export function crossover(given: GivenOptions = {}): BurstPredictor<CrossoverMemory> {
  const read = readOptions('crossover', crossoverOptions, given)
  const fast = gainOf(readings(read.short, read.step))
  const slow = gainOf(readings(read.long, read.step))
  const warmUp = readings(read.warmUp, read.step)
  return {
    name: 'crossover',
    initial: () => ({ short: null, long: null, seen: 0, predicted: null, alarm: false, confidence: 0 }),
    update(rate, memory) {
      if (!isMeasured(rate)) return forecastOf(memory, read.horizon)
      memory.seen++
      // The first readings are averaged plainly: one of them alone is no mean.
      const plain = 1 / memory.seen
      const short = moved(memory.short ?? rate, rate, Math.max(fast, plain))
      const long = moved(memory.long ?? rate, rate, Math.max(slow, plain))
      const line = memory.alarm ? 1 + read.band / 2 : 1 + read.band
      memory.short = short
      memory.long = long
      memory.alarm = memory.seen > warmUp && short > line * long
      memory.predicted = Math.max(0, short + (short - long))
      memory.confidence = confidenceOf((short - long) / (read.band * long))
      return forecastOf(memory, read.horizon)
    }
  }
}

function moved(mean: number, rate: number, gain: number): number {
  return mean + gain * (rate - mean)
}
