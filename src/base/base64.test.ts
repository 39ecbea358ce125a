import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { float32Of, float64Of, toBase64 } from './base64.ts'

describe('numbers as base64', () => {
  it('are little-endian IEEE 754, as Python writes them', () => {
    // base64.b64encode(struct.pack('<3f', 1, -2.5, float('nan'))) and ('<2d', 1, 0.1), CPython 3.12
    expect(toBase64([1, -2.5, NaN])).toBe('AACAPwAAIMAAAMB/')
    expect(toBase64([1, 0.1], 'float64')).toBe('AAAAAAAA8D+amZmZmZm5Pw==')
    expect([...float32Of('AACAPwAAIMAAAMB/')]).toEqual([1, -2.5, NaN])
    expect([...float64Of('AAAAAAAA8D+amZmZmZm5Pw==')]).toEqual([1, 0.1])
  })

  it('come back exactly', () => {
    const singles = fc.property(fc.float32Array(), (values) => {
      expect(float32Of(toBase64(values))).toEqual(values)
    })
    const doubles = fc.property(fc.float64Array(), (values) => {
      expect(float64Of(toBase64(values, 'float64'))).toEqual(values)
    })
    fc.assert(singles)
    fc.assert(doubles)
  })

  it.each([
    ['what is not base64', 'AACA?w==', /must be base64, was 'AACA\?w=='/],
    ['what was cut off', 'AACAPwAAIMAAAMB', /must be base64/],
    ['half a number', 'AACA', /4 bytes each, were 3 bytes in all/]
  ])('refuse %s in one line', (_, text, says) => expect(() => float32Of(text)).toThrow(says))
})
