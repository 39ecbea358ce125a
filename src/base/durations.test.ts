import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './durations.ts'

describe('durations', () => {
  it.each([
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['2d', 172_800_000],
    ['PT30S', 30_000],
    ['PT5M', 300_000],
    ['P1DT2H', 93_600_000],
    ['P2W', 1_209_600_000],
    ['0', 0]
  ])('reads %s as %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', '30', 's', '5 m', 'P', 'PT', '-5s', '1h2', 'NaN'])('refuses %j in one clear line', (text) => {
    expect(() => parseDuration(text, '--step')).toThrow(
      /^--step must be a duration such as 30s, 5m or PT5M, was/
    )
  })

  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms)
      })
    )
  })
})
