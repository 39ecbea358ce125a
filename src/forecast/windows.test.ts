import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../base/index.ts'
import { calendar } from './calendar.ts'
import { fitScaler, scaled, unscaled } from './scaler.ts'
import { bridged, inputsOf, spanOf, usableEnds, type WindowShape, windowReader } from './windows.ts'

const none = calendar({ dayWaves: 0, weekWaves: 0 })
const plain: WindowShape = { window: 4, season: 0, lead: 1, calendar: none, stepMs: HOUR, centred: false }
const count = (n: number) => Float64Array.from({ length: n }, (_, t) => t)
const unit = { shift: 0, size: 1 }
const _ = NaN

describe('bridged', () => {
  const rows = [
    { when: 'nothing is missing', values: [1, 2, 3, 4], gives: [1, 2, 3, 4], missing: 0 },
    { when: 'a gap is inside', values: [1, _, _, 4], gives: [1, 2, 3, 4], missing: 2 },
    { when: 'it begins with a gap', values: [_, _, 5, 6], gives: [5, 5, 5, 6], missing: 2 },
    { when: 'it ends with a gap', values: [5, 6, _, _], gives: [5, 6, 6, 6], missing: 2 },
    { when: 'gaps are everywhere', values: [_, 2, _, 4], gives: [2, 2, 3, 4], missing: 2 }
  ]
  for (const { when, values, gives, missing } of rows) {
    it(`draws a line between what was measured when ${when}`, () => {
      const out = new Float64Array(4)
      expect(bridged(Float64Array.from(values), 0, out)).toBe(missing)
      expect([...out]).toEqual(gives)
    })
  }
  it('counts what lies before the first value as missing', () => {
    const out = new Float64Array(4)
    expect(bridged(Float64Array.of(7, 8), -2, out)).toBe(2)
    expect([...out]).toEqual([7, 7, 7, 8])
  })
})

describe('windows', () => {
  it('end before their moment', () => {
    const reader = windowReader(plain, unit)
    expect(reader.read(count(10), 7)).toBe(true)
    expect([...reader.own]).toEqual([3, 4, 5, 6])
  })

  it('show last season up to the same number of steps ahead, and the mean of those before', () => {
    const shape = { ...plain, season: 10, lead: 2 }
    const reader = windowReader(shape, unit)
    expect(spanOf(shape)).toBe(4 - 2 + 70)
    // The newest value is y[34]; two steps ahead, one season ago is y[26].
    expect(reader.read(count(35), 35)).toBe(true)
    expect([...reader.last]).toEqual([23, 24, 25, 26])
    // One and two seasons before: y[13] and y[3], and so on.
    expect([...reader.older]).toEqual([8, 9, 10, 11])
  })

  it('take last season where there is none before, or none measured', () => {
    const shape = { ...plain, season: 10, lead: 1 }
    const reader = windowReader(shape, unit)
    const values = count(24)
    values.fill(NaN, 0, 8)
    expect(reader.read(values, 24)).toBe(true)
    expect([...reader.older]).toEqual([...reader.last])
  })

  it('are written time-major beside those of other samples, with their own calendar', () => {
    const shape = { ...plain, calendar: calendar({ dayWaves: 1, weekWaves: 0 }) }
    const reader = windowReader(shape, unit)
    const input = new Float64Array(4 * 2 * inputsOf(shape)).fill(-1)
    reader.read(count(10), 7)
    reader.write(DAY, 1, 2, input)
    // Step 3 of row 1 is the hour before midnight.
    const at = (3 * 2 + 1) * 3
    expect(input[at]).toBe(4)
    expect(input[at + 1]).toBeCloseTo(Math.sin((2 * Math.PI * 23) / 24), 12)
    expect([...input.subarray(0, 3)]).toEqual([-1, -1, -1])
  })

  it('with more than half of it missing are not read', () => {
    const reader = windowReader(plain, unit)
    expect(reader.read(Float64Array.of(1, _, _, 4), 4)).toBe(true)
    expect(reader.read(Float64Array.of(_, _, _, 4), 4)).toBe(false)
  })

  it('cut off what lies far outside of the training range', () => {
    const reader = windowReader(plain, unit)
    const input = new Float64Array(4)
    reader.read(Float64Array.of(-1e300, 0.5, 1e300, 1), 4)
    reader.write(0, 0, 1, input)
    expect([...input]).toEqual([-4, 0.5, 4, 1])
    const centred = windowReader({ ...plain, centred: true }, unit)
    centred.read(Float64Array.of(0, 0.5, 1, 1.25), 4)
    centred.write(0, 0, 1, input)
    expect([...input]).toEqual([-1, 0, 1, 1.5])
  })
})

describe('windows to train on', () => {
  const gappy = count(20)
  gappy[9] = NaN
  it('are those without a gap, with a measured target', () => {
    expect(usableEnds(gappy, plain, 1, 1)).toEqual([4, 5, 6, 7, 8, 14, 15, 16, 17, 18, 19])
    expect(usableEnds(gappy, plain, 2, 1)).toEqual([4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 18])
  })
  it('are bridged ones too where those are too few', () => {
    expect(usableEnds(gappy, plain, 1, 12)).toEqual([4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  })
  it('need a season before them', () => {
    expect(usableEnds(count(20), { ...plain, season: 10, lead: 1 }, 1, 1)[0]).toBe(13)
    expect(usableEnds(count(9), { ...plain, season: 10, lead: 1 }, 1, 1)).toEqual([])
  })
})

describe('scaler', () => {
  it('takes the least and the largest measured value to 0 and 1, and back', () => {
    const scaler = fitScaler([5, NaN, 3, 7])
    expect([3, 5, 7, 9].map((y) => scaled(scaler, y))).toEqual([0, 0.5, 1, 1.5])
    expect(unscaled(scaler, 1.5)).toBe(9)
  })
  it('stays finite between the largest numbers, and refuses nothing at all', () => {
    expect(fitScaler([-1.7e308, 1.7e308]).size).toBe(Number.MAX_VALUE)
    expect(() => fitScaler([NaN])).toThrow(/at least 1 measured value/)
  })
})
