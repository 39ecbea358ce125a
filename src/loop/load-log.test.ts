import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import { loadLog } from './load-log.ts'

const log = (keepMs = 1_000_000) => loadLog({ stepMs: 1_000, keepMs })
const values = (l: ReturnType<typeof log>, from: number, until: number) =>
  Array.from(l.read(from, until).values)

describe('a log of load', () => {
  it('gives back what was put, on the grid', () => {
    const l = log()
    l.put(series(1_000, [1, 2, NaN, 4], { startMs: 5_000 }))
    expect(values(l, 0, 9_000)).toEqual([1, 2, NaN, 4])
    expect(l.read(6_000, 8_500)).toMatchObject({ startMs: 6_000, stepMs: 1_000 })
    expect(values(l, 6_000, 8_500)).toEqual([2, NaN])
  })

  it('says of steps that nobody told that they were not measured', () => {
    const l = log()
    l.put(series(1_000, [1], { startMs: 0 }))
    l.put(series(1_000, [4], { startMs: 3_000 }))
    expect(values(l, 0, 6_000)).toEqual([1, NaN, NaN, 4])
  })

  it('takes a correction, and does not let unknown replace a number', () => {
    const l = log()
    l.put(series(1_000, [1, NaN, 3], { startMs: 0 }))
    l.put(series(1_000, [NaN, 2, 5], { startMs: 0 }))
    expect(values(l, 0, 3_000)).toEqual([1, 2, 5])
  })

  it('means the readings of a step, and leaves the running step out', () => {
    const l = log()
    for (const [at, rate] of [
      [0, 10],
      [500, 20],
      [1_100, NaN],
      [1_900, 7],
      [2_000, NaN],
      [3_100, 1]
    ])
      l.sample(at, rate)
    expect(values(l, 0, 3_900)).toEqual([15, 7, NaN])
    expect(values(l, 0, 9_000)).toEqual([15, 7, NaN, 1])
  })

  it('forgets what is older than it keeps, also behind a jump of the clock', () => {
    const l = log(3_000)
    for (let s = 0; s < 1_000; s++) l.sample(s * 1_000, s)
    expect(values(l, 0, 1_000_000)).toEqual([997, 998, 999])
    l.sample(4e12, 5)
    expect(values(l, 0, 4e12 + 1_000)).toEqual([5])
    l.sample(10, 1)
    expect(values(l, 0, 4e12 + 1_000)).toEqual([5])
  })

  it('refuses another grid', () => {
    expect(() => log().put(series(500, [1]))).toThrow('does not fit a log in steps of 1000 ms')
    expect(() => log().put(series(1_000, [1], { startMs: 1 }))).toThrow('does not fit')
  })

  it('says the last that was told of each step, whatever the order', () => {
    const told = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 40 }), fc.double({ min: 0, max: 9, noNaN: true })),
      { minLength: 1 }
    )
    fc.assert(
      fc.property(told, (steps) => {
        const l = log()
        const first = steps[0][0]
        const last = new Map<number, number>()
        for (const [step, value] of steps) {
          l.put(series(1_000, [value], { startMs: step * 1_000 }))
          // What is before the first that was told is no history of this log.
          if (step >= first) last.set(step, value)
        }
        const read = l.read(0, 41_000)
        for (let i = 0; i < read.values.length; i++) {
          expect(read.values[i]).toBe(last.get(read.startMs / 1_000 + i) ?? NaN)
        }
      })
    )
  })
})
