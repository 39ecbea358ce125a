import { describe, expect, it } from 'vitest'
import {
  amount,
  changeInWords,
  duration,
  inputsInWords,
  moment,
  percent,
  unitsInWords,
  wordsOf
} from './words.ts'

describe('words', () => {
  const cases: readonly [string, string, string][] = [
    ['a whole number in full', amount(12_300), '12,300'],
    ['three digits of a fraction', amount(0.41763), '0.418'],
    ['thousands without false precision', amount(1234.567), '1,235'],
    ['millions by name', amount(1_234_567), '1.235 million'],
    ['unknown as unknown, not as zero', amount(NaN), 'not measured'],
    ['no limit', amount(Infinity), 'no limit'],
    ['a ratio as percent', percent(0.834), '83 %'],
    ['a small ratio with its digits', percent(0.0042), '0.42 %'],
    ['a duration', duration(270_000), '4m30s'],
    ['a moment without empty milliseconds', moment(Date.UTC(2001, 2, 5, 6, 12)), '2001-03-05 06:12:00 UTC'],
    ['one unit', unitsInWords({ service: 1 }), '1 unit'],
    ['several resources by name', unitsInWords({ map: 2, sink: 3 }), 'map 2, sink 3'],
    ['only what changes', changeInWords({ map: 2, sink: 3 }, { map: 8, sink: 3 }), 'map 2 → 8'],
    ['a camel-case name', wordsOf('unitRate'), 'unit rate'],
    ['a rule', wordsOf('within-tolerance'), 'within tolerance']
  ]
  it.each(cases)('say %s', (_what, said, expected) => expect(said).toBe(expected))

  it('give each input its unit by its name', () => {
    const inputs = { cpu: 0.83, load: 830, leadTimeMs: 90_000, current: 9, missing: null, per: { map: 1.5 } }
    expect(inputsInWords(inputs)).toBe(
      'cpu 83 %, load 830/s, lead time 1m30s, current 9, missing not measured, per (map 1.5)'
    )
  })

  it('tell a moment from a duration', () => {
    expect(inputsInWords({ sinceMs: Date.UTC(2001, 2, 5), quietMs: 300_000 })).toBe(
      'since 2001-03-05 00:00:00 UTC, quiet 5m'
    )
  })

  it('cut long lists and say how many are left', () => {
    expect(inputsInWords({ a: 1, b: 2, c: 3 }, 2)).toBe('a 1, b 2 and 1 more')
  })
})
