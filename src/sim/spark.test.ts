import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Units } from '../roles.ts'
import { spark } from './spark.ts'
import type { SparkOptions } from './spark-config.ts'
import { checkedWeights, rewardScenarios, sparkReward } from './spark-reward.ts'
import { compressions, storageTiers } from './spark-tables.ts'

const STEP_S = 15
const rate = (perSecond: number) => perSecond * STEP_S

/** The states after each step. */
function lived(options: SparkOptions, steps: readonly (readonly [Units, number])[], seed = 1) {
  const world = spark(options)
  let state = world.initial(seed)
  return steps.map(([action, perSecond]) => {
    state = world.transition(state, action, rate(perSecond))
    return state
  })
}

const started: SparkOptions = { initial: { executors: 9 } }

describe('the Spark world', () => {
  // K = n · 50 · min(1, memory/4) · tier · compression
  it.each([
    { executors: 9, memory: 4, storage: 1, compression: 0, serves: 450 },
    { executors: 9, memory: 2, storage: 1, compression: 0, serves: 225 },
    { executors: 9, memory: 8, storage: 0, compression: 0, serves: 450 },
    { executors: 9, memory: 4, storage: 2, compression: 1, serves: 450 * 0.9 * 0.95 },
    { executors: 4, memory: 4, storage: 3, compression: 2, serves: 200 * 0.5 * 0.8 }
  ])('serves $serves messages/s with %o', ({ serves, ...initial }) => {
    const [state] = lived({ initial }, [[{}, 2_000]])
    expect(state.served / STEP_S).toBeCloseTo(serves, 9)
    expect(state.backlog).toBeCloseTo(rate(2_000 - serves), 6)
  })

  // latency = 150 + tier + compression + 1000 · backlog / K
  it.each([
    { storage: 1, compression: 0, load: 205, ms: 170 },
    { storage: 0, compression: 0, load: 205, ms: 155 },
    { storage: 2, compression: 1, load: 205, ms: 260 },
    { storage: 3, compression: 2, load: 100, ms: 5_200 },
    { storage: 1, compression: 0, load: 470, ms: 170 + (1_000 * rate(20)) / 450 }
  ])('takes $ms ms on tier $storage with compression $compression at $load messages/s', (row) => {
    const { storage, compression, load, ms } = row
    const [state] = lived({ initial: { executors: 9, storage, compression } }, [[{}, load]])
    expect(state.latencyMs).toBeCloseTo(ms, 9)
  })

  it('carries what waits, and serves it before what comes', () => {
    const [first, second, third] = lived(started, [
      [{}, 650],
      [{}, 350],
      [{}, 350]
    ])
    expect(first.backlog).toBeCloseTo(rate(200), 9)
    expect(second.backlog).toBeCloseTo(rate(100), 9)
    expect(second.served).toBeCloseTo(rate(450), 9)
    expect(third.backlog).toBeCloseTo(0, 9)
  })

  it('loses no message', () => {
    const life = fc.array(
      fc.tuple(
        fc.record({
          executors: fc.integer({ min: -3, max: 30 }),
          memory: fc.integer({ min: 0, max: 12 }),
          storage: fc.integer({ min: 0, max: 3 }),
          compression: fc.integer({ min: 0, max: 2 })
        }),
        fc.integer({ min: 0, max: 2_000 })
      ),
      { minLength: 1, maxLength: 60 }
    )
    fc.assert(
      fc.property(life, (steps) => {
        const states = lived({}, steps)
        const came = steps.reduce((sum, [, perSecond]) => sum + rate(perSecond), 0)
        const served = states.reduce((sum, state) => sum + state.served, 0)
        expect(served + states[states.length - 1].backlog).toBeCloseTo(came, 4)
        for (const { missed, arrivals, executors, memory, latencyMs } of states) {
          expect(missed).toBeGreaterThanOrEqual(0)
          expect(missed).toBeLessThanOrEqual(arrivals)
          expect(executors.ready).toBeGreaterThanOrEqual(1)
          expect(executors.ready + executors.starting).toBeLessThanOrEqual(20)
          expect(memory.ready).toBeGreaterThanOrEqual(1)
          expect(latencyMs).toBeGreaterThanOrEqual(155)
        }
      })
    )
  })

  it('starts executors 30–60 s after they were asked for, pays them at once and lets them go at once', () => {
    const leads = new Set<number>()
    for (let seed = 0; seed < 60; seed++) {
      const steps = [
        [{ executors: 20 }, 205],
        [{}, 205],
        [{}, 205],
        [{}, 205],
        [{ executors: 9 }, 205]
      ] as const
      const states = lived(started, steps, seed)
      const ready = states.map(({ executors }) => executors.ready)
      expect(ready[0]).toBe(9)
      expect(ready[3]).toBe(20)
      expect(ready[4]).toBe(9)
      leads.add(ready.indexOf(20) + 1)
      expect(states[0].costPerHour).toBeGreaterThan(20 * 0.3)
      expect(states[4].costPerHour).toBeLessThan(20 * 0.3)
    }
    // 30–60 s in whole steps of 15 s: felt after two (exactly 30 s only), three or four.
    expect([...leads].sort()).toEqual([3, 4])
  })

  it('gives more memory as late as more executors, and less at once', () => {
    const steps: [Units, number][] = [
      [{ memory: 2 }, 205],
      [{ memory: 4 }, 205],
      [{}, 205],
      [{}, 205],
      [{}, 205]
    ]
    const states = lived(started, steps)
    expect(states[0].memory.ready).toBe(2)
    expect(states[1].memory.ready).toBe(2)
    expect(states[4].memory.ready).toBe(4)
  })

  it('costs what its price table says', () => {
    const [state] = lived({ initial: { executors: 9, memory: 4, storage: 1, compression: 1 } }, [[{}, 200]])
    // 9 · (0.1 + 0.05 · 4), and of 200 · 40 kB/s the shuffled share, packed to 0.6, at 0.05 a GB for an hour.
    const written = ((200 * 0.04 * state.shuffle * 0.6) / 1_024) * 3_600 * 0.05
    expect(state.costPerHour).toBeCloseTo(2.7 + written, 9)
    expect(spark().outcome(state).cost).toBeCloseTo((2.7 + written) / 240, 9)
  })

  it('keeps what is not mentioned, or not known', () => {
    const [state] = lived({ initial: { executors: 7, memory: 3, storage: 2, compression: 1 } }, [
      [{ executors: NaN }, 100]
    ])
    expect(state).toMatchObject({ wantedExecutors: 7, wantedMemory: 3, storage: 2, compression: 1 })
  })

  it('tells the same of the same load, whatever its step', () => {
    const told = [1_000, 5_000, 15_000].map((stepMs) => {
      const world = spark({ ...started, stepMs, cpuNoise: 0 })
      let state = world.initial(1)
      for (let ms = 0; ms < 120_000; ms += stepMs) state = world.transition(state, {}, (300 * stepMs) / 1_000)
      return Object.entries(world.observe(state).metrics ?? {}).map(([name, { value }]) => [
        name,
        value.toFixed(6)
      ])
    })
    expect(told[0]).toEqual(told[2])
    expect(told[1]).toEqual(told[2])
  })

  it('measures nothing of a step whose load is unknown, and does not call it zero', () => {
    const world = spark(started)
    const before = world.transition(world.initial(1), {}, rate(600))
    const state = world.transition(before, {}, NaN)
    expect(state.backlog).toBe(0)
    const { metrics } = world.observe(state)
    for (const name of ['latency', 'queue', 'volume', 'memoryUsed']) {
      expect(metrics?.[name]).toMatchObject({ value: NaN, quality: 'missing' })
    }
    expect(world.outcome(state).arrivals).toBeNaN()
    expect(world.outcome(state).cost).toBeGreaterThan(0)
  })

  it('shows CPU 30 s late, saturated at 1', () => {
    const world = spark({ ...started, cpuNoise: 0 })
    let state = world.initial(1)
    const seen: number[] = []
    const served: number[] = []
    for (const load of [225, 900, 225, 225, 225]) {
      state = world.transition(state, {}, rate(load))
      const { cpu, throughput } = world.observe(state).metrics ?? {}
      seen.push(cpu?.value ?? NaN)
      served.push(throughput?.value ?? 0)
    }
    expect(seen).toEqual([NaN, NaN, 0.5, 1, 1])
    expect(served).toEqual([NaN, NaN, 225, 450, 450])
  })

  it('counts as missed the share of a step that waits too long', () => {
    // From an empty queue to 830 ms of waiting behind 170 ms: nobody; to twice that: the later half.
    const k = 450
    const just = lived(started, [[{}, k + (0.83 * k) / STEP_S]])[0]
    const twice = lived(started, [[{}, k + (1.66 * k) / STEP_S]])[0]
    expect(just.missed / just.arrivals).toBeCloseTo(0, 9)
    expect(twice.missed / twice.arrivals).toBeCloseTo(0.5, 9)
  })

  it('has what the source asks for: nine executors are calm at 205, eighteen carry 800, nine do not', () => {
    expect(lived(started, [[{}, 205]])[0].latencyMs).toBeLessThan(200)
    const eighteen = lived({ initial: { executors: 18 } }, [
      [{}, 800],
      [{}, 810]
    ])
    for (const { latencyMs } of eighteen) expect(latencyMs).toBeLessThan(600)
    expect(lived(started, [[{}, 800]])[0].latencyMs).toBeGreaterThan(2_000)
  })

  it.each([
    [{ unitRate: 0 }, 'unitRate must be a number above 0, was 0'],
    [{ initial: { storage: 4 } }, 'initial.storage must be a whole number, from 0 to 3, was 4'],
    [{ initial: { executors: 21 } }, 'initial.executors must be a whole number, from 1 to 20, was 21'],
    [{ leadTime: { lowestMs: 9, highestMs: 3 } }, 'leadTime must be from one duration of at least 0'],
    [{ weights: { alpha: 1, beta: 1, gamma: 1 } }, 'reward weights must be three numbers of at least 0']
  ])('refuses %j in one line', (options, message) => {
    expect(() => spark(options)).toThrow(message)
  })
})

describe('the reward', () => {
  const step = { costPerHour: 3, latencyMs: 170, throughput: 200, temperature: 0.5, storage: 1 }

  it('is the weighted sum of the source', () => {
    expect(sparkReward({ alpha: 0.2, beta: 0.3, gamma: 0.5 }, step)).toBeCloseTo(
      -0.2 * 0.3 - 0.3 * 0.17 + 0.5 * 0.2,
      12
    )
  })

  it('takes half a point for hot data on a cold tier', () => {
    const weights = rewardScenarios.balanced
    const cold = { ...step, temperature: 0.8, storage: 2 }
    expect(sparkReward(weights, cold)).toBeCloseTo(sparkReward(weights, step) - 0.5, 12)
  })

  it('feels latency in full up to 10 s, and beyond that more and more with its logarithm', () => {
    const only = { alpha: 0, beta: 1, gamma: 0 }
    const of = (latencyMs: number) => -sparkReward(only, { ...step, latencyMs })
    expect([150, 1_000, 10_000, 10_000 * Math.E, 10_000 * Math.E ** 3].map(of)).toEqual(
      [0.15, 1, 10, 20, 40].map((y) => expect.closeTo(y, 9))
    )
  })

  it('has four scenarios that sum to 1', () => {
    for (const weights of Object.values(rewardScenarios)) expect(checkedWeights(weights)).toBe(weights)
    expect(Object.keys(rewardScenarios)).toHaveLength(4)
  })

  it.each([
    [{ alpha: -0.1, beta: 0.6, gamma: 0.5 }],
    [{ alpha: 0.5, beta: 0.5, gamma: 0.5 }],
    [{ alpha: NaN, beta: 0.5, gamma: 0.5 }],
    // The origin's own "balanced".
    [{ alpha: 0.33, beta: 0.33, gamma: 0.33 }]
  ])('refuses %j in one clear line', (weights) => {
    expect(() => checkedWeights(weights)).toThrow(
      `reward weights must be three numbers of at least 0 that sum to 1, were alpha ${weights.alpha}, beta ${weights.beta}, gamma ${weights.gamma}`
    )
  })
})

describe('the tables', () => {
  it('make nothing cheaper, faster and quicker than another at once', () => {
    for (const [a, b] of storageTiers.slice(1).map((tier, i) => [storageTiers[i], tier])) {
      expect(b.latencyMs).toBeGreaterThan(a.latencyMs)
      expect(b.priceGb).toBeLessThan(a.priceGb)
      expect(b.rate).toBeLessThanOrEqual(a.rate)
    }
    for (const [a, b] of compressions.slice(1).map((one, i) => [compressions[i], one])) {
      expect(b.latencyMs).toBeGreaterThan(a.latencyMs)
      expect(b.size).toBeLessThan(a.size)
      expect(b.rate).toBeLessThan(a.rate)
    }
  })
})
