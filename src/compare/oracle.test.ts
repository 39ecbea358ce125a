import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { needSeries, type ServiceOptions, service } from '../sim/index.ts'
import { type OracleProblem, oracle, startSteps } from './oracle.ts'
import { live } from './rehearse.ts'

describe('oracle', () => {
  it('is exactly what trying every path finds, on small instances', () => {
    fc.assert(
      fc.property(
        fc.record({
          need: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
          perMinute: fc.integer({ min: 1, max: 2 }),
          lead: fc.integer({ min: 0, max: 4 }),
          least: fc.integer({ min: 0, max: 1 }),
          price: fc.integer({ min: 0, max: 12 })
        }),
        ({ need, perMinute, lead, least, price }) => {
          const start = startSteps(need.length * perMinute, () => lead)
          const problem = { need, perMinute, start, least }
          const found = oracle(problem, price)
          expect(found.cost).toBe(cheapestOfAll(problem, price))
          expect(found.unitSteps + price * found.lateMinutes).toBe(found.cost)
          const paid = sum(found.ready) + sum(found.starting)
          expect(paid).toBe(found.unitSteps)
        }
      ),
      { numRuns: 300 }
    )
  })

  it('is exactly what going step by step finds, whatever the luck of the lead times', () => {
    fc.assert(
      fc.property(
        fc.record({
          need: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 9 }),
          perMinute: fc.constantFrom(1, 2, 3, 4, 7),
          leads: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 63, maxLength: 63 }),
          alike: fc.boolean(),
          before: fc.integer({ min: 0, max: 5 }),
          least: fc.integer({ min: 0, max: 2 }),
          price: fc.integer({ min: 0, max: 40 })
        }),
        ({ need, perMinute, leads, alike, before, least, price }) => {
          const lead = (step: number) => (alike ? leads[0] : leads[step + before])
          const start = startSteps(need.length * perMinute, (step) => lead(step) ?? 3, before)
          const problem = { need, perMinute, start, least }
          const found = oracle(problem, price)
          expect(found.cost).toBe(stepByStep(problem, price))
          expect(found.unitSteps + price * found.lateMinutes).toBe(found.cost)
          expect(sum(found.ready) + sum(found.starting)).toBe(found.unitSteps)
          const late = need.filter(
            (units, m) => Math.max(...found.ready.subarray(m * perMinute, (m + 1) * perMinute)) < units
          )
          expect(late).toHaveLength(found.lateMinutes)
        }
      ),
      { numRuns: 2_000 }
    )
  })

  it('lies below every schedule that a policy could follow in the service world', () => {
    const config: ServiceOptions = {
      unitRate: 10,
      stepMs: 30_000,
      leadTime: { p50Ms: 60_000, p90Ms: 60_000 },
      initialUnits: 1,
      minUnits: 1,
      maxUnits: 3
    }
    const world = service(config)
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 6, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 6, maxLength: 6 }),
        fc.integer({ min: 0, max: 30 }),
        (arrivals, wanted, price) => {
          const need = needSeries(arrivals, config)
          const bound = oracle({ need, perMinute: 2, start: startSteps(6, () => 2), least: 1 }, price)
          const run = live(world, 1)
          let paid = 0
          let late = 0
          let missed = 0
          for (let t = 0; t < 6; t++) {
            const step = run.step({ unit: wanted[t] }, arrivals[t])
            paid += step.ready + step.starting
            missed += step.missed
            if (t % 2 === 1) {
              if (missed > 0.05 * (arrivals[t] + arrivals[t - 1])) late++
              missed = 0
            }
          }
          expect(paid + price * late).toBeGreaterThanOrEqual(bound.cost - 1e-9)
        }
      ),
      { numRuns: 500 }
    )
  })

  it('pays for a minute with one step at its need, and starts as late as it can', () => {
    // Lead time 2 steps, one busy minute: a single step of 5 units and what it costs to start them.
    const problem = { need: [1, 5, 1], perMinute: 4, start: startSteps(12, () => 2), least: 1 }
    const { ready, starting, lateMinutes } = oracle(problem, 1_000)
    expect(lateMinutes).toBe(0)
    expect(Math.max(...ready.slice(4, 8))).toBe(5)
    expect(sum(ready) + sum(starting)).toBe(12 + 4 + 4 * 2)
  })

  it('gives up minutes that cost more than their price', () => {
    const problem = { need: [1, 9, 1], perMinute: 1, start: startSteps(3, () => 1), least: 1 }
    expect(oracle(problem, 15).lateMinutes).toBe(1)
    expect(oracle(problem, 17).lateMinutes).toBe(0)
  })

  it('knows that a later request with a shorter lead time is the cheaper one', () => {
    // Asked for in step 0: ready in 5; in step 2: ready in 4.
    const leads = [5, 9, 2, 9, 9, 9, 9]
    expect([...startSteps(7, (s) => leads[s])]).toEqual([0, 1, 2, 3, 2, 3, 4])
  })

  it('pays nothing for what was asked for before the first step', () => {
    expect([...startSteps(3, () => 12, 20)]).toEqual([0, 1, 2])
  })

  it('has fewer late minutes at every higher price, and never a lower bill', () => {
    const need = Array.from(
      { length: 200 },
      (_, m) => 3 + Math.round(3 * Math.sin(m / 9)) + (m % 10 === 0 ? 4 : 0)
    )
    const problem = { need, perMinute: 4, start: startSteps(800, () => 12), least: 1 }
    let before = oracle(problem, 0)
    for (const price of [1, 5, 20, 50, 200, 1_000]) {
      const now = oracle(problem, price)
      expect(now.lateMinutes).toBeLessThanOrEqual(before.lateMinutes)
      expect(now.unitSteps).toBeGreaterThanOrEqual(before.unitSteps)
      before = now
    }
    expect(before.lateMinutes).toBe(0)
  })
})

/** The same programme over every step: levels × (is the minute satisfied?). */
function stepByStep({ need, perMinute, start, least }: OracleProblem, price: number): number {
  const top = Math.max(least, ...Array.from(need))
  const levels = Array.from({ length: top - least + 1 }, (_, i) => least + i)
  let after = levels.map(() => [0, 0])
  for (let t = need.length * perMinute - 1; t >= 0; t--) {
    const enough = need[Math.floor(t / perMinute)]
    const last = t % perMinute === perMinute - 1
    after = levels.map((from) =>
      [0, 1].map((satisfied) =>
        Math.min(
          ...levels.map((to, i) => {
            const now = satisfied === 1 || to >= enough ? 1 : 0
            const rest = last ? after[i][0] + (now ? 0 : price) : after[i][now]
            return to + Math.max(0, to - from) * start[t] + rest
          })
        )
      )
    )
  }
  // Whatever there was before the first step.
  return Math.min(...after.map(([open]) => open))
}

/** Every path of ready units, tried. */
function cheapestOfAll({ need, perMinute, start, least }: OracleProblem, price: number): number {
  const steps = need.length * perMinute
  const top = Math.max(least, ...Array.from(need))
  let best = Infinity
  const path: number[] = []
  const walk = (cost: number) => {
    const t = path.length
    if (t % perMinute === 0 && t > 0) {
      const most = Math.max(...path.slice(t - perMinute))
      if (most < need[t / perMinute - 1]) cost += price
    }
    if (t === steps) {
      best = Math.min(best, cost)
      return
    }
    for (let n = least; n <= top; n++) {
      const rise = t === 0 ? 0 : Math.max(0, n - path[t - 1])
      path.push(n)
      walk(cost + n + rise * start[t])
      path.pop()
    }
  }
  walk(0)
  return best
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0)
