import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE, random } from '../base/index.ts'
import type { StepOutcome } from '../roles.ts'
import { measure, newTrack, overloadedFlags, type RunTrack, record } from './measure.ts'

const settings = { unitHour: 0.5, falseStarts: 3, leadMinutes: -2 }

const quiet: StepOutcome = {
  arrivals: 100,
  missed: 0,
  dropped: 0,
  latencyMs: 50,
  waiting: { share: 0, meanMs: 0 },
  ready: 2,
  starting: 0
}

/** A track of 15 s steps, each the quiet one but for what is said. */
function trackOf(steps: readonly Partial<StepOutcome>[], stepMs = 15_000): RunTrack {
  const track = newTrack(0, stepMs, steps.length)
  steps.forEach((step, i) => {
    record(track, i, { ...quiet, ...step })
  })
  return track
}

const minute = (step: Partial<StepOutcome> = {}) => Array.from({ length: 4 }, () => step)

describe('measures', () => {
  it('are those of a run counted by hand', () => {
    const track = trackOf([
      // Minute 0: 80 of 400 missed. Minute 1: nobody. Minute 2: one of 400 dropped. Minute 3: nothing comes.
      ...[{ missed: 60 }, { missed: 20 }, {}, {}],
      ...minute({ ready: 2, starting: 3 }),
      ...[{ missed: 1, dropped: 1 }, {}, {}, {}],
      ...minute({ arrivals: 0, latencyMs: NaN, ready: 5 })
    ])
    track.rescales.push({ step: 4, by: 3 }, { step: 12, by: -4 })
    const { latencyMs, ...rest } = measure(track, settings)
    expect(rest).toEqual({
      sloViolationRatio: 81 / 1200,
      overloadedMinutes: 2,
      // 4 steps of 2, 4 of 2 + 3, 4 of 2, 4 of 5: 56 unit-steps of 15 s in 4 minutes.
      unitHours: 56 / 240,
      meanUnits: 3.5,
      cost: 28 / 240,
      rescales: 2,
      flips: 1,
      falseStarts: 3,
      dropped: 1,
      leadMinutes: -2
    })
    // All of them took 50 ms: bins are 3.7 % wide.
    for (const ms of Object.values(latencyMs)) expect(Math.abs(ms / 50 - 1)).toBeLessThan(0.04)
  })

  it.each([
    { when: 'exactly 5 % missed', step: { missed: 5 }, is: 0 },
    { when: 'a little more missed', step: { missed: 5.0001 }, is: 1 },
    {
      when: 'one in a hundred thousand was dropped',
      step: { arrivals: 1e5, missed: 1, dropped: 1 },
      is: 1
    },
    { when: 'nothing came', step: { arrivals: 0, latencyMs: NaN }, is: 0 },
    { when: 'the load is unknown', step: { arrivals: NaN, latencyMs: NaN }, is: 0 }
  ])('a minute is overloaded ($is) when $when', ({ step, is }) => {
    expect([...overloadedFlags(trackOf(minute(step)))]).toEqual([is])
  })

  it('looks at the minute and not at its steps', () => {
    const bad = { arrivals: 10, missed: 10 }
    expect([...overloadedFlags(trackOf([bad, {}, {}, {}]))]).toEqual([0])
    expect([...overloadedFlags(trackOf([bad, bad, {}, {}]))]).toEqual([1])
  })

  it('makes minutes of steps of 1 s too, and of a last one that is cut short', () => {
    const steps = Array.from({ length: 90 }, (_, i) => ({ missed: i < 3 || i >= 60 ? 100 : 0 }))
    expect([...overloadedFlags(trackOf(steps, 1_000))]).toEqual([0, 1])
  })

  it('pays for steps of unknown load and does not score them', () => {
    const gap = { arrivals: NaN, missed: NaN, dropped: NaN, latencyMs: NaN, ready: 4 }
    const found = measure(trackOf([...minute({ missed: 50 }), ...minute(gap)]), settings)
    expect(found).toMatchObject({ sloViolationRatio: 0.5, overloadedMinutes: 1, meanUnits: 3, dropped: 0 })
  })

  it('does not score a minute of which a step is unknown, whatever the others dropped', () => {
    expect([...overloadedFlags(trackOf([{ arrivals: NaN }, { missed: 9, dropped: 9 }, {}, {}]))]).toEqual([0])
  })

  it('has no latency where nothing came', () => {
    const found = measure(trackOf(minute({ arrivals: 0, latencyMs: NaN })), settings)
    expect(found.latencyMs).toEqual({ p50: NaN, p95: NaN, p99: NaN })
    expect(found.sloViolationRatio).toBe(0)
  })

  it('leaves dropped arrivals out of the latency: they never had one', () => {
    const found = measure(trackOf([{ dropped: 100, missed: 100, latencyMs: 9_000 }, {}, {}, {}]), settings)
    expect(found.latencyMs.p99).toBeLessThan(52)
  })
})

describe('flips', () => {
  const flips = (...rescales: { at: number; by: number }[]) => {
    const track = trackOf(Array.from({ length: 400 }, () => ({})))
    track.rescales.push(...rescales.map(({ at, by }) => ({ step: at / 15, by })))
    return measure(track, settings).flips
  }
  it.each([
    {
      when: 'opposite after exactly 10 min',
      moves: [
        { at: 0, by: 1 },
        { at: 600, by: -1 }
      ],
      is: 1
    },
    {
      when: 'opposite after 10 min 15 s',
      moves: [
        { at: 0, by: 1 },
        { at: 615, by: -1 }
      ],
      is: 0
    },
    {
      when: 'the same direction',
      moves: [
        { at: 0, by: 1 },
        { at: 60, by: 3 }
      ],
      is: 0
    },
    {
      when: 'down and up again',
      moves: [
        { at: 0, by: -2 },
        { at: 60, by: 1 },
        { at: 120, by: -1 }
      ],
      is: 2
    },
    {
      when: 'only the last one counts',
      moves: [
        { at: 0, by: 1 },
        { at: 60, by: 1 },
        { at: 120, by: -1 }
      ],
      is: 1
    },
    {
      when: 'units moved from one resource to another',
      moves: [
        { at: 0, by: 1 },
        { at: 60, by: 0 }
      ],
      is: 0
    }
  ])('$is when $when', ({ moves, is }) => expect(flips(...moves)).toBe(is))
})

describe('latency quantiles', () => {
  const levels = { p50: 0.5, p95: 0.95, p99: 0.99 } as const

  it('of a pure exponential are its own within 4 %', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 1e6, noNaN: true }), (meanMs) => {
        const step = { latencyMs: 0, waiting: { share: 1, meanMs } }
        const { latencyMs } = measure(trackOf([step]), settings)
        for (const [name, level] of Object.entries(levels)) {
          const known = -meanMs * Math.log(1 - level)
          expect(Math.abs(latencyMs[name as keyof typeof levels] / known - 1)).toBeLessThan(0.04)
        }
      })
    )
  })

  it('of a service time with a wait for some are those of the mixture within 4 %', () => {
    // P(T > 50 + x) = 0.3 · e^(−x/200): 95 % at 200·ln 6, 99 % at 200·ln 30.
    const step = { latencyMs: 50, waiting: { share: 0.3, meanMs: 200 } }
    const { latencyMs } = measure(trackOf([step]), settings)
    const known = { p50: 50, p95: 50 + 200 * Math.log(6), p99: 50 + 200 * Math.log(30) }
    for (const [name, ms] of Object.entries(known)) {
      expect(Math.abs(latencyMs[name as keyof typeof levels] / ms - 1)).toBeLessThan(0.04)
    }
  })

  it('of many different steps are those of all their arrivals together, sampled', () => {
    const rng = random(3, 'latency')
    const steps = Array.from({ length: 300 }, () => ({
      arrivals: 1 + rng.integer(200),
      latencyMs: 20 + 200 * rng.next(),
      waiting: { share: rng.next(), meanMs: 500 * rng.next() ** 3 }
    }))
    const drawn: number[] = []
    for (const { arrivals, latencyMs, waiting } of steps) {
      for (let i = 0; i < 20 * arrivals; i++) {
        drawn.push(latencyMs + (rng.next() < waiting.share ? waiting.meanMs * rng.exponential() : 0))
      }
    }
    drawn.sort((a, b) => a - b)
    const { latencyMs } = measure(trackOf(steps), settings)
    for (const [name, level] of Object.entries(levels)) {
      const known = drawn[Math.floor(level * drawn.length)]
      expect(Math.abs(latencyMs[name as keyof typeof levels] / known - 1)).toBeLessThan(0.04)
    }
  })

  it('count every arrival once', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        (latencyMs, share, meanMs) => {
          const track = trackOf([{ latencyMs, waiting: { share, meanMs } }])
          expect(track.histogram.reduce((sum, n) => sum + n, 0)).toBeCloseTo(100, 6)
          expect(Math.min(...track.histogram)).toBeGreaterThanOrEqual(-1e-9)
        }
      )
    )
  })
})

it('a track knows its minutes', () => {
  const track = newTrack(5 * MINUTE, 15_000, 9)
  expect(overloadedFlags(track).length).toBe(3)
})
