import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import { newTrack, type RunTrack } from './measure.ts'
import { comparePair } from './pairs.ts'

const perDay = 5_760

/** `days` of 15 s steps; in each minute of the days named all arrivals are late. */
function trackOf(days: number, units: number, late: (day: number, minute: number) => boolean): RunTrack {
  const track = newTrack(0, 15_000, days * perDay)
  track.arrivals.fill(10)
  track.ready.fill(units)
  for (let i = 0; i < track.missed.length; i++) {
    if (late(Math.floor(i / perDay), Math.floor((i % perDay) / 4))) track.missed[i] = 10
  }
  return track
}

const pairs = (a: RunTrack[], b: RunTrack[]) =>
  Object.fromEntries(
    comparePair({ label: 'a', tracks: a }, { label: 'b', tracks: b }).map((pair) => [pair.metric, pair])
  )

describe('a paired difference', () => {
  it('is the mean over seeds of what differs', () => {
    const a = [trackOf(8, 4, (_day, minute) => minute < 30), trackOf(8, 4, (_day, minute) => minute < 10)]
    const b = [trackOf(8, 5, (_day, minute) => minute < 60), trackOf(8, 5, (_day, minute) => minute < 40)]
    const { overloadedMinutes, unitHours, sloViolationRatio, rescales } = pairs(a, b)
    expect(overloadedMinutes).toMatchObject({ a: 'a', b: 'b', difference: -240, relative: (-0.5 - 0.75) / 2 })
    expect(unitHours.difference).toBeCloseTo(-8 * 24, 4)
    expect(unitHours.relative).toBeCloseTo(-0.2, 6)
    expect(sloViolationRatio.difference).toBeCloseTo(-30 / 1_440, 12)
    expect(rescales).toMatchObject({ difference: 0, relative: NaN })
  })

  it('has an interval of no width where every day is alike', () => {
    const { overloadedMinutes } = pairs(
      [trackOf(8, 4, (_day, minute) => minute < 30)],
      [trackOf(8, 4, (_day, minute) => minute < 60)]
    )
    expect(overloadedMinutes.ci95).toEqual([-240, -240])
    expect(overloadedMinutes.relativeCi95).toEqual([-0.5, -0.5])
  })

  it('has a wide one where all of it lies on one day of ten', () => {
    const { overloadedMinutes } = pairs(
      [trackOf(10, 4, () => false)],
      [trackOf(10, 4, (day, minute) => day === 3 && minute < 100)]
    )
    expect(overloadedMinutes.difference).toBe(-100)
    expect(overloadedMinutes.ci95[1]).toBe(0)
    expect(overloadedMinutes.ci95[0]).toBeLessThanOrEqual(-300)
  })

  it('cuts whole days: minutes of one day move together', () => {
    const rng = random(4, 'days')
    const bad = Array.from({ length: 14 }, () => rng.next() < 0.5)
    const days = [trackOf(14, 4, (day, minute) => bad[day] && minute < 60)]
    const none = [trackOf(14, 4, () => false)]
    const [low, high] = pairs(days, none).overloadedMinutes.ci95
    // Bernoulli days: 14 draws of 60 minutes or nothing, a standard deviation of √14 / 2 days.
    expect((high - low) / 60).toBeGreaterThan(2.5 * Math.sqrt(14) * 0.5)
  })

  it('takes 20 equal blocks of a run under seven days, and pools the seeds', () => {
    const late = (_day: number, minute: number) => minute % 72 < 6
    const one = pairs([trackOf(1, 4, late)], [trackOf(1, 4, () => false)])
    expect(one.overloadedMinutes).toMatchObject({ difference: 120, ci95: [120, 120] })
    const many = pairs(
      [trackOf(1, 4, late), trackOf(1, 4, late)],
      [trackOf(1, 4, () => false), trackOf(1, 4, late)]
    )
    expect(many.overloadedMinutes.difference).toBe(60)
  })

  it('does not score what is unknown', () => {
    const gap = trackOf(1, 4, () => false)
    gap.arrivals.fill(NaN, 0, 100)
    const { sloViolationRatio, overloadedMinutes } = pairs(
      [gap],
      [trackOf(1, 4, (_day, minute) => minute < 72)]
    )
    expect(overloadedMinutes.difference).toBe(-72)
    expect(sloViolationRatio.difference).toBeCloseTo(-0.05, 12)
  })

  it('is the same again', () => {
    const a = [trackOf(9, 4, (day, minute) => minute < day)]
    const b = [trackOf(9, 4, (day, minute) => minute < 9 - day)]
    expect(pairs(a, b)).toEqual(pairs(a, b))
  })
})
