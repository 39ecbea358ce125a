import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE } from '../base/index.ts'
import { newTrack, type RunTrack } from './measure.ts'
import { falseStarts, leadMinutes } from './ramps.ts'

const perMinute = 4

/** Ready units given as [units, minutes], one after the other. */
function trackOf(...ready: [number, number][]): RunTrack {
  const steps = ready.flatMap(([units, minutes]) => new Array<number>(minutes * perMinute).fill(units))
  const track = newTrack(0, 15_000, steps.length)
  track.ready.set(steps)
  track.arrivals.fill(1)
  return track
}

function unknown(track: RunTrack, minute: number): RunTrack {
  track.arrivals[minute * perMinute + 1] = NaN
  return track
}

const needOf = (...need: [number, number][]) =>
  Int32Array.from(need.flatMap(([units, minutes]) => new Array<number>(minutes).fill(units)))

describe('lead of a ramp', () => {
  it('is positive when the units were there before', () => {
    expect(leadMinutes(trackOf([2, 7], [5, 13]), needOf([2, 10], [5, 10]))).toBe(3)
  })

  it('is negative when they came after', () => {
    expect(leadMinutes(trackOf([2, 12], [5, 8]), needOf([2, 10], [5, 10]))).toBe(-2)
  })

  it('is zero when they came in the same moment', () => {
    expect(leadMinutes(trackOf([2, 10], [5, 10]), needOf([2, 10], [5, 10]))).toBe(0)
  })

  it('counts from the moment since which they stayed', () => {
    expect(leadMinutes(trackOf([5, 4], [4, 2], [5, 14]), needOf([2, 10], [5, 10]))).toBe(4)
  })

  it('asks for the units needed and not for those that are there', () => {
    expect(leadMinutes(trackOf([3, 8], [9, 12]), needOf([2, 10], [3, 10]))).toBe(10)
  })

  it('is an hour at most, either way', () => {
    expect(leadMinutes(trackOf([5, 200]), needOf([2, 100], [5, 100]))).toBe(60)
    expect(leadMinutes(trackOf([2, 200]), needOf([2, 100], [5, 100]))).toBe(-60)
  })

  it('is the median over all ramps', () => {
    const need = needOf([1, 20], [2, 20], [1, 20], [3, 20], [1, 20], [4, 20])
    const track = trackOf([1, 21], [2, 37], [3, 60], [4, 2])
    // −1, +2 and −18 minutes.
    expect(leadMinutes(track, need)).toBe(-1)
  })

  it('does not exist without a ramp', () => {
    expect(leadMinutes(trackOf([2, 10]), needOf([3, 5], [2, 5]))).toBeNaN()
  })

  it('does not begin behind a minute that nobody knows', () => {
    const need = needOf([2, 5], [0, 1], [2, 4])
    expect(leadMinutes(unknown(trackOf([2, 10]), 5), need)).toBeNaN()
    expect(leadMinutes(trackOf([2, 10]), need)).toBe(6)
  })
})

describe('false starts', () => {
  const lead = 2 * MINUTE

  it.each([
    { when: 'needed at once', need: needOf([2, 10], [4, 10]), is: 0 },
    { when: 'needed four minutes later', need: needOf([2, 14], [4, 6]), is: 0 },
    { when: 'needed five minutes later', need: needOf([2, 15], [4, 5]), is: 2 },
    { when: 'one of both needed', need: needOf([2, 12], [3, 8]), is: 1 },
    { when: 'never needed', need: needOf([2, 20]), is: 2 },
    { when: 'needed before only', need: needOf([4, 10], [2, 10]), is: 2 },
    { when: 'needed beyond what there is', need: needOf([9, 20]), is: 0 },
    { when: 'none of the ones that were there before needed either', need: needOf([0, 20]), is: 2 }
  ])('of two units ready in minute 10 with a lead time of 2 min, $when: $is', ({ need, is }) => {
    expect(falseStarts(trackOf([2, 10], [4, 10]), need, lead)).toBe(is)
  })

  it('counts every start, also of units that went and came again', () => {
    expect(falseStarts(trackOf([2, 5], [4, 5], [2, 5], [4, 5]), needOf([2, 20]), lead)).toBe(4)
  })

  it('does not call a start false where the load is unknown', () => {
    const need = needOf([2, 12], [0, 1], [2, 7])
    expect(falseStarts(unknown(trackOf([2, 10], [4, 10]), 12), need, lead)).toBe(0)
    expect(falseStarts(unknown(trackOf([2, 10], [4, 10]), 15), need, lead)).toBe(2)
  })

  it('never counts more than was started, and nothing when everything is needed', () => {
    const levels = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(levels, levels, fc.integer({ min: 0, max: 300_000 }), (ready, need, leadMs) => {
        const track = trackOf(...ready.map((units): [number, number] => [units, 1]))
        const count = falseStarts(track, Int32Array.from(need), leadMs)
        let started = 0
        for (let m = 1; m < ready.length; m++) started += Math.max(0, ready[m] - ready[m - 1])
        expect(count).toBeGreaterThanOrEqual(0)
        expect(count).toBeLessThanOrEqual(started)
        expect(falseStarts(track, Int32Array.from(ready), leadMs)).toBe(0)
      })
    )
  })
})
