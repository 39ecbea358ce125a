import { describe, expect, it } from 'vitest'
import type { GivenOptions } from '../../base/index.ts'
import { burstCase } from './burst.case.ts'
import { burstPredictors } from './index.ts'

for (const [name, { make }] of Object.entries(burstPredictors)) burstCase(name, () => make())

const alarms = (name: keyof typeof burstPredictors, options: GivenOptions, rates: readonly number[]) => {
  const predictor = burstPredictors[name].make(options)
  const memory = predictor.initial()
  return rates.map((rate) => (predictor.update(rate, memory as never).burstAlarm ? 1 : 0)).join('')
}

// Worked by hand from the formulas at the top of each file.
describe('known answers', () => {
  const now = { step: '1s', warmUp: 0 }

  it('threshold: two readings above 1.5 times the level fire, two below 1.2 times end it', () => {
    const rates = [10, 10, 16, 10, 16, 16, 13, 11, 16, 11, 11, 10]
    // The level stands near 10 throughout: 10, 10, 10.02 … of a mean over 600.
    expect(
      alarms('threshold', { ...now, level: '600s' }, [...new Array<number>(600).fill(10), ...rates]).slice(
        600
      )
    ).toBe('000001111100')
  })

  it('crossover: fires where the short mean is 35 % above the long one', () => {
    // short over one reading is the reading; long over very many stays at 10.
    const options = { ...now, short: '1s', long: '1d', band: 0.35 }
    const rates = [...new Array<number>(5_000).fill(10), 13.4, 13.6, 12, 11.7, 10]
    expect(alarms('crossover', options, rates).slice(5_000)).toBe('01100')
  })

  it('cusum: sums how much likelier each reading is in a burst, in nats', () => {
    // Level 10, spread 10, so φ = 10: a 20 speaks for twice the rate with (20 ln 2 − 10)/10 = 0.386, a 10 against it with 0.307.
    // Sums: 0.386, 0.773, 1.159 > 1, then 0.852, 0.545, 0.238, 0.
    const options = { ...now, rise: 2, h: 1, cap: 1, least: 1, level: '1h' }
    const rates = [...new Array<number>(5_000).fill(10), 20, 20, 20, 10, 10, 10, 10, 10]
    expect(alarms('cusum', options, rates).slice(5_000)).toBe('00111100')
  })

  it('cusum: learns no spread from what is suspicious', () => {
    const predictor = burstPredictors.cusum.make()
    const memory = predictor.initial()
    const calm = Array.from({ length: 400 }, (_, i) => 12 + (i % 2))
    for (const rate of calm) predictor.update(rate, memory)
    const before = memory.spread
    for (let i = 0; i < 30; i++) predictor.update(40, memory)
    expect(memory.alarm).toBe(true)
    expect(memory.spread).toBeLessThan(1.5 * before)
  })

  it('cusum: counts one reading for at most its share of the line, so that none fires alone', () => {
    const rates = [...new Array<number>(5_000).fill(10), 500, 10, 500, 500]
    expect(alarms('cusum', now, rates).slice(5_000)).toBe('0001')
  })

  it.each([
    ['threshold', { up: 0.5 }, 'threshold.up must be a number, at least 1, was 0.5'],
    ['crossover', { shorts: 3 }, "'shorts' is not an option of crossover; did you mean 'short'?"],
    ['cusum', { h: 0 }, 'cusum.h must be a number, at least 0.1, was 0']
  ] as const)('%s refuses %j in one line', (name, options, message) => {
    expect(() => burstPredictors[name].make(options)).toThrow(message)
  })
})
