import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Random, random } from '../base/index.ts'
import { waits } from '../math/erlang.ts'
import { type Closed, type Facility, type Queue, type Served, serveStep } from './queue.ts'

const open: Closed = { opensIn: 0, rate: 1 }
const empty: Queue = { backlog: 0, chance: 1 }
/** 50 events/s a unit in 3 servers of 60 ms; four service times are in time. */
const facility: Facility = { unitRate: 50, serversPerUnit: 3, patience: 0.18, room: 10_000 }

function run(counts: readonly number[], units: number, of: Facility = facility, seconds = 15): Served[] {
  let queue = empty
  return counts.map((n) => {
    const step = serveStep(of, units, queue, n, seconds, open)
    queue = step
    return step
  })
}

const anyLoad = fc.record({
  counts: fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 12 }),
  units: fc.integer({ min: 1, max: 6 }),
  facility: fc.record({
    unitRate: fc.double({ min: 0.5, max: 100, noNaN: true }),
    serversPerUnit: fc.integer({ min: 1, max: 5 }),
    patience: fc.double({ min: 0.01, max: 20, noNaN: true }),
    room: fc.constantFrom(0, 1, 500, 10_000)
  })
})

describe('a step of the queue', () => {
  it.each([
    [4, 0.5],
    [4, 0.8],
    [20, 0.9],
    [20, 0.95],
    [1, 0.3]
  ])('is an M/M/c by Erlang C when the load stays: %i units at %f', (units, rho) => {
    const capacity = units * 50
    const last = run(new Array(50).fill(rho * capacity * 15), units).at(-1)!
    const c = waits(units * 3, rho * units * 3)
    const spare = capacity * (1 - rho)
    expect(last.share).toBeCloseTo(c, 12)
    expect(last.mean).toBeCloseTo(1 / spare, 12)
    expect(last.missed / (rho * capacity * 15)).toBeCloseTo(c * Math.exp(-spare * 0.18), 12)
    expect(last.backlog).toBe(0)
  })

  it('loses no event: arrivals = served + dropped + what waits more, and never more missed than came', () => {
    fc.assert(
      fc.property(anyLoad, ({ counts, units, facility: of }) => {
        let before = 0
        for (const [i, step] of run(counts, units, of).entries()) {
          const balance = step.served + step.dropped + step.backlog - before
          expect(Math.abs(balance - counts[i])).toBeLessThan(1e-6)
          expect(step.served).toBeLessThanOrEqual(units * of.unitRate * 15 + 1e-6)
          expect(step.backlog).toBeGreaterThanOrEqual(0)
          expect(step.backlog).toBeLessThanOrEqual(of.room * units)
          expect(step.missed).toBeGreaterThanOrEqual(step.dropped)
          expect(step.missed).toBeLessThanOrEqual(counts[i] + 1e-6)
          before = step.backlog
        }
      })
    )
  })

  it('is never worse with one more unit: missed, dropped and waited', () => {
    fc.assert(
      fc.property(anyLoad, ({ counts, units, facility: of }) => {
        const fewer = run(counts, units, of)
        const more = run(counts, units + 1, of)
        fewer.forEach((step, i) => {
          expect(more[i].missed).toBeLessThanOrEqual(step.missed + 1e-6)
          expect(more[i].dropped).toBeLessThanOrEqual(step.dropped + 1e-6)
          if (step.dropped === 0) expect(more[i].waited).toBeLessThanOrEqual(step.waited + 1e-9)
          expect(more[i].mean).toBeLessThanOrEqual(step.mean + 1e-12)
          expect(more[i].share).toBeLessThanOrEqual(step.share + 1e-12)
        })
      }),
      { numRuns: 500 }
    )
  })

  it('is never better with one more arrival', () => {
    fc.assert(
      fc.property(anyLoad, ({ counts, units, facility: of }) => {
        const less = run(counts, units, of)
        const more = run(counts.with(0, counts[0] + 1), units, of)
        less.forEach((step, i) => {
          expect(more[i].missed).toBeGreaterThanOrEqual(step.missed - 1e-6)
        })
      })
    )
  })

  it('integrates who missed behind a backlog exactly: the same as in 200,000 small pieces of time', () => {
    const cases = [
      { backlog: 0, arrivals: 3_300, units: 4, room: 10_000 },
      { backlog: 500, arrivals: 2_000, units: 4, room: 10_000 },
      { backlog: 39_900, arrivals: 3_600, units: 4, room: 10_000 },
      { backlog: 40_500, arrivals: 2_900, units: 4, room: 10_000 },
      { backlog: 30, arrivals: 2_990, units: 4, room: 10_000 },
      { backlog: 20, arrivals: 1_000, units: 4, room: 5 }
    ]
    for (const { backlog, arrivals, units, room } of cases) {
      const of = { ...facility, room }
      const step = serveStep(of, units, { backlog, chance: 3 }, arrivals, 15, open)
      const pieces = pieceByPiece(of, units, backlog, arrivals, step)
      expect(step.missed).toBeCloseTo(pieces.missed, 0)
      expect(Math.abs(step.dropped - pieces.dropped)).toBeLessThan(0.05)
      expect(Math.abs(step.backlog - pieces.backlog)).toBeLessThan(0.05)
      expect(step.waited).toBeCloseTo(pieces.waited, 3)
    }
  })

  it('is continuous where the capacity is reached: just below, at and just above ρ = 1 are nearly the same', () => {
    const missed = [2_999.99, 3_000, 3_000.01].map((n) => run([n], 4)[0].missed)
    expect(Math.abs(missed[0] - missed[1])).toBeLessThan(0.3)
    expect(Math.abs(missed[2] - missed[1])).toBeLessThan(0.3)
    expect(missed[1]).toBeLessThan(3_000)
  })

  it('explodes near ρ = 1 when the load stays there', () => {
    const wait = (rho: number) => {
      const last = run(new Array(2_000).fill(rho * 3_000), 4).at(-1)!
      return last.share * last.mean
    }
    expect(wait(0.8)).toBeLessThan(0.02)
    expect(wait(0.99)).toBeGreaterThan(0.4)
    expect(wait(0.999)).toBeGreaterThan(3)
  })

  it('keeps what waits when nothing works, and drops what has no room', () => {
    const shut: Closed = { opensIn: 120, rate: 50 }
    const first = serveStep(facility, 0, empty, 9_000, 15, shut)
    expect(first).toMatchObject({ backlog: 9_000, served: 0, dropped: 0, missed: 9_000 })
    // In the middle of the step: 112.5 s until it opens, and 4,500 events before one at 50 events/s.
    expect(first.waited).toBeCloseTo(112.5 + 90, 9)
    const second = serveStep(facility, 0, first, 9_000, 15, shut)
    expect(second).toMatchObject({ backlog: 10_000, served: 0, dropped: 8_000, missed: 9_000 })
    expect(serveStep(facility, 0, empty, 0, 15, shut)).toMatchObject({ backlog: 0, missed: 0, waited: 0 })
  })

  it('does nothing with nothing', () => {
    expect(serveStep(facility, 3, empty, 0, 15, open)).toEqual({
      backlog: 0,
      chance: 1,
      served: 0,
      dropped: 0,
      missed: 0,
      waited: 0,
      share: 0,
      mean: 1 / 150
    })
  })
})

/** Event by event, first in, first out, the same counts in each step: what `serveStep` must be near to. */
describe('against an M/M/c simulated event by event', () => {
  it.each([
    { units: 5, rho: 0.7, step: 7 },
    { units: 5, rho: 0.8, step: 7 },
    { units: 5, rho: 0.9, step: 7 },
    { units: 20, rho: 0.9, step: 7 },
    { units: 5, rho: 1, step: 0 },
    { units: 20, rho: 1, step: 0 },
    { units: 20, rho: 1, step: 3 },
    { units: 5, rho: 1.1, step: 3 },
    { units: 20, rho: 1.05, step: 7 }
  ])('$units units at $rho, step $step: the mean wait is within 40 %', ({ units, rho, step }) => {
    const counts = new Array<number>(step + 1).fill(Math.round(rho * units * 50 * 15))
    const simulated = meanWaits(
      units * 3,
      0.06,
      counts,
      15,
      Math.ceil(800 / units / (step + 1)),
      random(11, units, rho)
    )
    const ours = run(counts, units)[step]
    const wait = ours.waited + ours.share * ours.mean
    expect(Math.abs(wait / simulated[step] - 1)).toBeLessThan(0.4)
  })

  it('a stationary M/M/c with Poisson arrivals waits as Erlang says', () => {
    const rng = random(3, 'stationary')
    const counts = Array.from({ length: 500 }, () => rng.poisson(0.9 * 250 * 15))
    const simulated = meanWaits(15, 0.06, counts, 15, 1, rng)
    const mean = simulated.reduce((sum, wait) => sum + wait, 0) / simulated.length
    const erlang = waits(15, 13.5) / 25
    expect(Math.abs(mean / erlang - 1)).toBeLessThan(0.06)
    // In our queue the step's own count moves and Erlang's share holds its variance already: a little more.
    const steps = run(counts, 5)
    const ours = steps.reduce((sum, s, i) => sum + counts[i] * (s.waited + s.share * s.mean), 0)
    const wait = ours / counts.reduce((sum, n) => sum + n, 0)
    expect(wait / erlang).toBeGreaterThan(0.98)
    expect(wait / erlang).toBeLessThan(1.15)
  })
})

function pieceByPiece(
  of: Facility,
  units: number,
  backlog: number,
  arrivals: number,
  { share, mean }: Served
) {
  const pieces = 200_000
  const dt = 15 / pieces
  const rate = units * of.unitRate
  const limit = of.room * units
  const sum = { missed: 0, dropped: 0, waited: 0, backlog }
  let entered = 0
  for (let i = 0; i < pieces; i++) {
    const coming = arrivals / pieces
    const refused = Math.max(0, Math.min(coming, sum.backlog + coming - rate * dt - limit))
    const wait = sum.backlog / rate
    const late = wait >= of.patience ? 1 : share * Math.exp((wait - of.patience) / mean)
    sum.dropped += refused
    sum.missed += refused + (coming - refused) * late
    sum.waited += (coming - refused) * wait
    entered += coming - refused
    sum.backlog = Math.max(0, sum.backlog + coming - refused - rate * dt)
  }
  return { ...sum, waited: sum.waited / entered }
}

/** Mean wait of the arrivals of each step over `runs` runs. Arrivals are even within a step, service is exponential. */
function meanWaits(
  servers: number,
  serviceS: number,
  counts: readonly number[],
  seconds: number,
  runs: number,
  rng: Random
): number[] {
  const means = counts.map(() => 0)
  for (let r = 0; r < runs; r++) {
    const free = new Float64Array(servers)
    counts.forEach((n, step) => {
      const at = Float64Array.from({ length: n }, () => (step + rng.next()) * seconds).sort()
      for (const t of at) {
        const start = Math.max(t, free[0])
        means[step] += (start - t) / n / runs
        replaceFirst(free, start + serviceS * rng.exponential())
      }
    })
  }
  return means
}

/** A heap of the moments at which servers are free: the earliest is replaced. */
function replaceFirst(heap: Float64Array, value: number): void {
  let i = 0
  for (let child = 1; child < heap.length; child = 2 * i + 1) {
    if (child + 1 < heap.length && heap[child + 1] < heap[child]) child++
    if (heap[child] >= value) break
    heap[i] = heap[child]
    i = child
  }
  heap[i] = value
}
