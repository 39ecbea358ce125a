import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { everyMind, type Kind, mind, planOf, wave } from '../../test/fakes/small-rehearsal.ts'
import { MINUTE, SECOND, type Series } from '../base/index.ts'
import { makeForecaster } from '../forecast/index.ts'
import { frontierOf, overloadedAt } from './frontier.ts'
import { overloadedFlags, type RunTrack } from './measure.ts'
import { measuresOf } from './measures-of.ts'
import { oracle, startSteps } from './oracle.ts'
import { LATE_PRICES, leadStepsOf, oracleOf, oracleRun } from './oracle-run.ts'
import { fateOf, needOf, type Plan } from './plan.ts'
import { rehearse } from './rehearse.ts'

const forecasters = { naive: makeForecaster('naive') }

/** Unit-steps and late minutes over the whole minutes of a track. */
function bill({ ready, starting, stepMs, ...track }: RunTrack, minutes: number) {
  let unitSteps = 0
  for (let i = 0; i < (minutes * MINUTE) / stepMs; i++) unitSteps += ready[i] + starting[i]
  const late = overloadedFlags({ ready, starting, stepMs, ...track }).subarray(0, minutes)
  return { unitSteps, late: late.reduce((sum, flag) => sum + flag, 0) }
}

/** What the bound says every run must at least cost, at a price of a late minute in unit-steps. */
function boundOf(plan: Plan, seed: number) {
  const fate = fateOf(plan, seed)
  const need = needOf(plan, fate)
  const perMinute = MINUTE / fate.stepMs
  const start = startSteps(need.length * perMinute, leadStepsOf(plan, fate), fate.warmupSteps)
  return { fate, need, at: (price: number) => oracle({ need, perMinute, start, least: 0 }, price).cost }
}

const aggressive = () => [
  ...everyMind(),
  ...[0.3, 0.6, 0.95].map((target) => mind('hpa', { target, downStabilization: 0 })),
  ...[0.5, 0.7, 0.99].map((target) => mind('proportional', { target })),
  ...[5, 500].map((price) => mind('mpc', { price })),
  ...[1, 3, 7, 12].map((units) => mind('fixed', { units }))
]

describe.each<Kind>(['service', 'stream', 'spark'])(
  'no run lies below the oracle in the %s world',
  (kind) => {
    const check = (plan: Plan, seed: number) => {
      const { fate, need, at } = boundOf(plan, seed)
      const runs = rehearse(fate, aggressive(), forecasters)
      for (const price of [0, 1, 3, 8, 20, 60, 200, 2_000]) {
        const bound = at(price)
        for (const { label, track } of runs) {
          const { unitSteps, late } = bill(track, need.length)
          expect(unitSteps + price * late, `${label} at ${price}`).toBeGreaterThanOrEqual(bound - 1e-6)
        }
      }
      return runs
    }

    it('whatever the load, the seed and the luck of the lead times', () => {
      fc.assert(
        fc.property(
          fc.record({
            seed: fc.integer({ min: 1, max: 99 }),
            periodMin: fc.constantFrom(20, 60, 90),
            p50: fc.constantFrom(0, 10 * SECOND, MINUTE, 4 * MINUTE),
            spread: fc.constantFrom(1, 1.5, 3),
            unitRate: fc.constantFrom(7, 20, 55),
            truth: fc.constantFrom(0.8, 1, 1.2)
          }),
          ({ seed, periodMin, p50, spread, unitRate, truth }) => {
            const plan = planOf(kind, wave(400, { periodMin, seed }), 150, {
              unitRate,
              leadTimeMs: { p50, p90: p50 * spread },
              truth: { unitRate: truth }
            })
            check(plan, seed)
          }
        ),
        { numRuns: 6 }
      )
    })

    it('nor where the load has gaps and stops', () => {
      const trace = wave(400)
      const values = trace.values.slice()
      values.fill(NaN, 300, 320)
      values.fill(0, 380)
      check(planOf(kind, { ...trace, values }, 150), 1)
    })

    it('nor in steps of a second', () => {
      check(planOf(kind, wave(120), 40, { stepMs: SECOND }), 2)
    })
  }
)

it.each<Kind>(['service', 'stream', 'spark'])('knows the lead times that the %s world will have', (kind) => {
  const leadTimeMs = { p50: MINUTE, p90: 4 * MINUTE }
  const plan = planOf(kind, wave(300), 60, { leadTimeMs, truth: { leadTime: 1.5 } })
  const fate = fateOf(plan, 5)
  const lead = leadStepsOf(plan, fate)
  const [resource] = Object.keys(fate.initial)
  for (const asked of [-7, 0, 1, 5, 23]) {
    const world = fate.open({ [resource]: 3 })
    let readyIn = 0
    for (let step = -fate.warmupSteps; readyIn < 4; step++) {
      const wanted = { [resource]: step < asked ? 3 : 4 }
      readyIn = world.step(wanted, 0).ready
      if (readyIn === 4) expect(step - asked).toBe(lead(asked))
    }
  }
})

describe('the oracle of a rehearsal', () => {
  const plan = planOf('service', wave(600), 240)
  const seed = 3
  const fate = fateOf(plan, seed)
  const need = needOf(plan, fate)
  const sweep = LATE_PRICES.map(oracleOf(plan, fate, need))

  it('is below the frontier of every policy at its own cost', () => {
    const points = sweep.map((point) => ({ ...point, policy: 'oracle', knob: null }))
    const hull = frontierOf(points, ['oracle'])
    for (const { track } of rehearse(fate, aggressive(), forecasters)) {
      const { unitHours, overloadedMinutes } = measuresOf(plan, track, need)
      const bound = overloadedAt(hull, unitHours)
      // Cheaper than its cheapest point it was never asked to be.
      if (!Number.isNaN(bound)) expect(overloadedMinutes).toBeGreaterThanOrEqual(bound - 1e-9)
    }
  })

  it('pays more and is late less from point to point, and ends at nothing late', () => {
    for (let i = 1; i < sweep.length; i++) {
      expect(sweep[i].unitHours).toBeGreaterThanOrEqual(sweep[i - 1].unitHours)
      expect(sweep[i].overloadedMinutes).toBeLessThanOrEqual(sweep[i - 1].overloadedMinutes)
    }
    expect(sweep.at(-1)!.overloadedMinutes).toBe(0)
  })

  it('does not claim a latency or a share of late arrivals that it never had', () => {
    for (const { sloViolationRatio, latencyMs } of sweep) {
      expect([sloViolationRatio, ...Object.values(latencyMs)]).toEqual([NaN, NaN, NaN, NaN])
    }
  })

  it('is printed where it costs no more than 1.2 × hpa, and at its cheapest where nothing is so cheap', () => {
    const affordable = oracleRun(sweep, sweep[5].unitHours / 1.2)
    expect(affordable.unitHours).toBeLessThanOrEqual(sweep[5].unitHours)
    expect(affordable.overloadedMinutes).toBe(
      Math.min(...sweep.filter((p) => p.unitHours <= sweep[5].unitHours).map((p) => p.overloadedMinutes))
    )
    expect(oracleRun(sweep, 0).unitHours).toBe(sweep[0].unitHours)
  })

  it('never has units that nobody needs', () => {
    expect(sweep.at(-1)!.falseStarts).toBe(0)
  })

  it('is the same whoever else is rehearsed: it looks at the load alone', () => {
    const trace: Series = wave(600)
    const again = oracleOf(plan, fateOf(planOf('service', trace, 240), seed), need)
    expect(LATE_PRICES.map(again)).toEqual(sweep)
  })
})
