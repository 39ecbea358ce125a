import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE, random, series, sliceSteps } from '../base/index.ts'
import { mdpEnvironment, policyValues, valueIteration } from '../decide/index.ts'
import { forecasters } from '../forecast/index.ts'
import { elastic } from '../sim/index.ts'
import { elasticEnvironment, foreseenDemand, unforeseenDemand } from './elastic-environment.ts'
import { elasticForesight } from './elastic-foresight.ts'
import { elasticMdp, waveChain } from './elastic-mdp.ts'

const rng = random(1, 'test load')
const load = series(
  MINUTE,
  Float64Array.from({ length: 400 }, (_, t) => 200 + 120 * Math.sin(t / 40) + 15 * rng.normal())
)
const [history, rest] = [sliceSteps(load, 0, 100), sliceSteps(load, 100)]
const demand = unforeseenDemand(rest)

describe('the elastic environment', () => {
  it('gives every policy the same load, to the last bit', () => {
    const served = (choose: (t: number) => number) => {
      const environment = elasticEnvironment(demand)
      environment.reset(0)
      const arrivals: number[] = []
      for (let over = false; !over; ) {
        over = environment.step(choose(arrivals.length)).truncated
        arrivals.push(environment.last().arrivals)
      }
      return Float64Array.from(arrivals)
    }
    const hold = served(() => 1)
    expect(hold).toEqual(rest.values.subarray(2).map((rate) => rate * 60))
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 298, maxLength: 298 }), (actions) => {
        expect(served((t) => actions[t])).toEqual(hold)
      }),
      { numRuns: 10 }
    )
  })

  it('lives the same life again from the same seed, and begins elsewhere from another', () => {
    const environment = elasticEnvironment(demand, { anySize: true, steps: 50 })
    const life = (seed: number) => [
      environment.reset(seed),
      ...Array.from({ length: 50 }, (_, t) => environment.step(t % 3))
    ]
    expect(life(3)).toEqual(life(3))
    expect(life(3)).not.toEqual(life(4))
  })

  it('begins a day at its beginning, or anywhere where an episode still fits', () => {
    const begins = (anyTime: boolean) => {
      const environment = elasticEnvironment(demand, { steps: 290, anyTime })
      return Array.from({ length: 200 }, (_, seed) => {
        environment.reset(seed)
        return environment.at()
      })
    }
    expect(new Set(begins(false))).toEqual(new Set([2]))
    // 300 steps of load, two before the first decision: the last that fits begins with step 10.
    expect([...new Set(begins(true))].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('sees a trend in what was measured: the last load against the one before', () => {
    const rising = elasticEnvironment(unforeseenDemand(series(MINUTE, [100, 100, 200, 200, 100])))
    const { features } = rising.states.shape
    const trendOf = (state: number) => features[2].bins[Math.floor(state / features[3].bins.length) % 3]
    expect(trendOf(rising.reset(0))).toBe('steady')
    expect(trendOf(rising.step(1).observation)).toBe('rising')
    expect(trendOf(rising.step(1).observation)).toBe('steady')
    expect(trendOf(rising.step(1).observation)).toBe('falling')
  })

  it('is told a forecast that knows the past only, whoever makes it', () => {
    const other = series(
      MINUTE,
      rest.values.map((y, t) => (t < 150 ? y : 3 * y)),
      { startMs: rest.startMs }
    )
    for (const name of ['sma', 'holt-winters', 'blend'] as const) {
      const say = (s: typeof rest) => foreseenDemand(s, forecasters[name].make({}), { history }).predicted
      const [before, after] = [say(rest), say(other)]
      expect(after.subarray(0, 150)).toEqual(before.subarray(0, 150))
      expect(after.subarray(150)).not.toEqual(before.subarray(150))
    }
  })

  it('ends an episode by the clock only, and refuses to go on', () => {
    const environment = elasticEnvironment(demand, { steps: 3 })
    expect(() => environment.step(1)).toThrow('no episode yet')
    environment.reset(0)
    const ends = Array.from({ length: 3 }, () => environment.step(1))
    expect(ends.map(({ terminated, truncated }) => [terminated, truncated])).toEqual([
      [false, false],
      [false, false],
      [false, true]
    ])
    expect(() => environment.step(1)).toThrow('is over')
    environment.reset(0)
    expect(() => environment.step(3)).toThrow('an action must be 0 (down), 1 (hold) or 2 (up), was 3')
    expect(() => elasticEnvironment(unforeseenDemand(series(MINUTE, [1, NaN, 3])))).toThrow(
      'step 1 of the load'
    )
  })
})

describe('the elastic world as a finite MDP', () => {
  const small = elasticMdp(
    { maxUnits: 6, initialUnits: 3, backlogGrid: 800, queueLimit: 400 },
    waveChain({ places: 6, low: 40, high: 140 })
  )
  const { mdp, seen, starts } = small

  it('pays in the long run what its arrays say', () => {
    const gamma = 0.8
    const policy = (s: number) => s % 3
    const values = policyValues(mdp, policy, { gamma })
    const expected = starts.reduce((sum, s) => sum + values[s], 0) / starts.length
    const environment = mdpEnvironment(mdp, { starts, steps: 40 })
    let sum = 0
    for (let episode = 0; episode < 3_000; episode++) {
      let [state, weight] = [environment.reset(episode), 1]
      for (let over = false; !over; weight *= gamma) {
        const step = environment.step(policy(state))
        sum += weight * step.reward
        state = step.observation
        over = step.truncated
      }
    }
    expect(Math.abs(sum / 3_000 - expected)).toBeLessThan(0.25)
  })

  it('is seen through the table everywhere, and its optimum is better than standing still', () => {
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(0)
    const best = valueIteration(mdp, { gamma: 0.95, tolerance: 1e-3 }).values
    const still = policyValues(mdp, () => 1, { gamma: 0.95, tolerance: 1e-3 })
    for (let s = 0; s < mdp.states; s++) expect(best[s]).toBeGreaterThanOrEqual(still[s] - 2e-3)
    expect(best[starts[0]]).toBeGreaterThan(still[starts[0]] + 1)
  })
})

describe('perfect foresight', () => {
  it('earns at least what any rule earns on the same load', () => {
    const arrivals = rest.values.map((rate) => rate * 60)
    const size = { initialUnits: 9 }
    const world = elastic(size)
    const { bound, plan } = elasticForesight(size, arrivals)
    const earned = (choose: (load: number, units: number, t: number) => -1 | 0 | 1) => {
      let [state, sum] = [world.initial(0), 0]
      for (let t = 0; t < arrivals.length; t++) {
        state = world.transition(
          state,
          choose(t === 0 ? 200 : rest.values[t - 1], state.ready, t),
          arrivals[t]
        )
        sum += state.reward
      }
      return sum
    }
    const planned = earned((_load, _units, t) => ([-1, 0, 1] as const)[plan[t]])
    expect(planned).toBeLessThanOrEqual(bound + 1e-9)
    expect(planned).toBeGreaterThan(bound - 0.02 * Math.abs(bound))
    for (const up of [0.6, 0.7, 0.8, 0.9]) {
      const rule = earned((now, units) =>
        now > up * 40 * units ? 1 : now < (up - 0.3) * 40 * units ? -1 : 0
      )
      expect(rule).toBeLessThanOrEqual(bound)
    }
  })
})
