import { statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { modelFile, savedModel } from './models.ts'
import { constant, proportional, tuned } from './rules.ts'
import { percentile, scenarios, scene, scores, seeds } from './scenes.ts'
import { LEARNING, network } from './training.ts'
import { outcome, played, storm } from './tsunami/storm.ts'

const nine = constant.make({ executors: 9, memory: 4, storage: 1, compression: 0 })
const most = constant.make({ executors: 20, memory: 4, storage: 1, compression: 0 })
const informed = proportional(true)
const first = (knobs: typeof informed.knobs) =>
  Object.fromEntries(Object.entries(knobs).map(([name, values]) => [name, values[0]]))

describe('seeds', () => {
  it('are disjoint: what was chosen on is not what is scored on', () => {
    const all = Object.values(seeds).flat()
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('what is scored', () => {
  it('is the same for the same seed, and every policy meets the same load', () => {
    const environment = scene({ scenario: 'balanced' })
    const own = seeds.short.slice(0, 2)
    const [once, again] = [scores(environment, own, nine), scores(environment, own, nine)]
    expect(again).toEqual(once)
    const never = scores(environment, own, most)
    for (const [i, { late, cost }] of never.entries()) {
      expect(late).toBe(0)
      expect(once[i].late).toBeGreaterThan(0)
      expect(cost).toBeGreaterThan(once[i].cost)
    }
  })

  it('takes the smallest value with at least the share below or at it', () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2)
    expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95)).toBe(10)
    expect(percentile([], 0.95)).toBeNaN()
  })

  it('finds the best constant that a search by hand finds', () => {
    const environment = scene({ scenario: 'healthcare_critical' })
    const own = seeds.development.slice(0, 3)
    const family = { ...constant, knobs: { ...constant.knobs, memory: [4], storage: [1], compression: [0] } }
    const { executors } = tuned(family, environment, own)
    const worth = (n: number) =>
      scores(environment, own, family.make({ executors: n, memory: 4, storage: 1, compression: 0 })).reduce(
        (sum, { reward }) => sum + reward,
        0
      )
    for (let n = 5; n <= 20; n++) expect(worth(n)).toBeLessThanOrEqual(worth(executors))
  })
})

describe('an accident', () => {
  const storms = seeds.shortTsunami.map((seed) => storm('smart_city_budget', seed))

  it('lifts the load from 200 to 800 messages/s in the step of its onset and not before', () => {
    for (const one of storms) {
      const ticks = played(one, nine)
      const before = ticks.slice(0, one.onset)
      expect(Math.max(...before.map(({ load }) => load))).toBeLessThan(300)
      expect(ticks[one.onset + 1].load).toBeGreaterThan(700)
      expect(ticks[one.onset + 1].load).toBeLessThan(900)
    }
  })

  it('is announced with a lag and a step to spare where it is called warned', () => {
    expect(storms.some(({ kind }) => kind === 'warned')).toBe(true)
    for (const one of storms) {
      if (one.kind === 'warned') expect(one.leadMs).toBeGreaterThanOrEqual(45_000)
      if (one.kind === 'unwarned') expect(one.alarm).toBeUndefined()
    }
  })

  it('finds the executors of a rule with the alarm ready when it was warned, and those of nine late', () => {
    const act = informed.make(first(informed.knobs))
    for (const one of storms.filter(({ kind }) => kind === 'warned')) {
      const [answered, ignored] = [outcome(one, played(one, act)), outcome(one, played(one, act, true))]
      expect(answered.raised).toBeGreaterThanOrEqual(5)
      expect(answered.ready).toBeGreaterThanOrEqual(15)
      expect(Math.max(...answered.after)).toBeLessThan(600)
      expect(Math.max(...ignored.after)).toBeGreaterThan(2_000)
      expect(answered.reward).toBeGreaterThan(ignored.reward)
    }
  })
})

describe('the committed networks', () => {
  const all = scenarios.flatMap((scenario) =>
    (['proactive', 'reactive', 'wary'] as const).map((kind) => [scenario, kind] as const)
  )

  it.each(all)('%s, %s: small, whole, trained as it says, and for its own state', (scenario, kind) => {
    expect(statSync(modelFile(scenario, kind)).size).toBeLessThan(120_000)
    const { environment, trained } = savedModel(scenario, kind)
    expect(environment.observationSize).toBe(kind === 'reactive' ? 11 : 13)
    expect(trained.options).toMatchObject(LEARNING)
    expect(trained.world).toMatchObject({ scenario, edge: kind === 'reactive' ? 'none' : 'predictor' })
  })

  it('decide by their weights: with those of another scenario something else is done', () => {
    const environment = scene({ scenario: 'balanced' })
    const rewards = (['balanced', 'healthcare_critical'] as const).map((scenario) =>
      scores(environment, seeds.short.slice(0, 1), network(savedModel(scenario, 'proactive')))
    )
    expect(rewards[0]).not.toEqual(rewards[1])
  })
})
