import { describe, expect, it } from 'vitest'
import { shownRow } from './diff.ts'

describe('what differs, for people', () => {
  const rows: readonly (readonly [string, unknown, unknown, string, string])[] = [
    ['thirds', 100 / 3, 28.999999999999996, '33.3333', '29'],
    ['numbers in a map', { load: 1 / 3, units: 4 }, [0.1 + 0.2], '{"load":0.333333,"units":4}', '[0.3]'],
    ['whole numbers, however long', 1_767_225_600_123, 4, '1767225600123', '4'],
    ['texts', '33.333333333333336', undefined, '33.333333333333336', '–']
  ]
  it.each(rows)('is rounded: %s', (_, a, b, one, other) => {
    expect(shownRow({ path: 'x', a, b })).toEqual({ what: 'x', a: one, b: other })
  })

  it('is told in every digit where it would look the same', () => {
    expect(shownRow({ path: 'x', a: 29, b: 28.999999999999996 })).toEqual({
      what: 'x',
      a: '29',
      b: '28.999999999999996'
    })
  })
})
