import { describe, expect, it } from 'vitest'
import { canonicalJson, MINUTE, type Series, series } from '../base/index.ts'
import { makeForecaster } from '../forecast/index.ts'
import { elasticExam, greedy, scoreElastic } from './elastic-exam.ts'
import { elasticLearning, elasticTask, trainElastic } from './elastic-training.ts'
import { planService } from './plan.ts'

const rates = Float64Array.from({ length: 1_500 }, (_, t) => 500 - 400 * Math.cos((2 * Math.PI * t) / 300))
const trace = series(MINUTE, rates, { unit: 'events/s' })
const planOf = (s: Series) =>
  planService('waves', s, {
    fitFrom: 0,
    scoreFrom: Math.floor(0.8 * s.values.length),
    scoreTo: s.values.length
  })
const sma = makeForecaster('sma')
const task = elasticTask(planOf(trace), sma)
const learning = { ...elasticLearning, episodes: 60, epsilonDecay: 0.93 }
const few = { priceSamples: 300 }

describe('what a table is trained on', () => {
  it('is the service that a rehearsal would assume, and a third, most, and a fifth of the training part', () => {
    const { settings, world } = planOf(trace)
    expect(task.world).toMatchObject({
      unitRate: settings.unitRate,
      serversPerUnit: world.serversPerUnit,
      sloMs: settings.sloMs,
      bootSteps: 2
    })
    // 900 events/s are 20 units of 45 at full work; there is room for 1.3 times that.
    expect(task.bins.maxUnits).toBe(26)
    expect([task.learn, task.validate, task.score].map(({ load }) => load.length)).toEqual([560, 242, 302])
    expect(task.score.load).toEqual(rates.slice(1_198))
  })

  it('knows of the future only what was forecast from the past', () => {
    const changed = rates.slice()
    changed.fill(0, 1_400)
    const other = elasticTask(planOf(series(MINUTE, changed, { unit: 'events/s' })), sma)
    expect(other.score.predicted.subarray(0, 202)).toEqual(task.score.predicted.subarray(0, 202))
  })

  it('is in minutes whatever the trace is in, and bridges gaps', () => {
    const coarse = series(
      5 * MINUTE,
      rates.filter((_, t) => t % 5 === 0),
      { unit: 'events/s' }
    )
    expect(elasticTask(planOf(coarse), sma).score.load).toHaveLength(302)
    const gappy = series(
      MINUTE,
      rates.map((y, t) => (t % 100 === 50 ? NaN : y)),
      { unit: 'events/s' }
    )
    const bridged = elasticTask(planOf(gappy), sma)
    expect(bridged.bridged).toBe(15)
    expect(bridged.score.load[52]).toBe(bridged.score.load[51])
  })

  it('may be all of the trace; then the last part scores too', () => {
    const all = elasticTask(planOf(trace), sma, { all: true })
    expect(all.score.load).toEqual(all.validate.load)
    expect(all.score.load.at(-1)).toBe(rates[1_499])
  })

  it('is refused where it is too little', () => {
    const short = series(MINUTE, rates.slice(0, 100), { unit: 'events/s' })
    expect(() => elasticTask(planOf(short), sma)).toThrow('at least 130 minutes to learn a table on')
  })
})

describe('a table that was trained', () => {
  const best = trainElastic(task, 'q-learning', learning, 1, { about: { data: 'waves' }, ...few })

  it('is the same for the same seed, another one for another', () => {
    const bytes = (seed: number) =>
      canonicalJson(trainElastic(task, 'q-learning', learning, seed, few).model.values)
    expect(bytes(1)).toBe(canonicalJson(best.model.values))
    expect(bytes(2)).not.toBe(bytes(1))
  })

  it('is another one where SARSA learned it, and says so', () => {
    const { model } = trainElastic(task, 'sarsa', learning, 1, few)
    expect(model.model).toBe('sarsa')
    expect(model.values).not.toEqual(best.model.values)
  })

  it('says where it learned, with prices measured for explanations', () => {
    expect(best.model.trained).toMatchObject({
      seed: 1,
      options: { episodes: 60, gamma: 0.85 },
      world: { name: 'service', data: 'waves', unitRate: 45, bootSteps: 2 }
    })
    expect(best.model.measured?.counts.some((count) => count > 0)).toBe(true)
    expect(best.curve.at(-1)?.episodes).toBe(60)
  })

  it('earns more than it did at first, and is scored in the same minutes as the rules', () => {
    const mean = (from: number) => best.curve.slice(from, from + 10).reduce((sum, p) => sum + p.meanReward, 0)
    expect(mean(50)).toBeGreaterThan(mean(0))
    const scores = scoreElastic(task, best.model)
    expect(scores.minutes).toBe(300)
    const values = Float64Array.from(best.model.values)
    const visits = Uint32Array.from(best.model.visits)
    const table = { states: values.length / 3, actions: 3, values, visits }
    expect(scores.learned).toEqual(elasticExam(task.score, task, greedy(table)))
    expect(scores.constant.meanUnits).toBeGreaterThan(scores.proportional.meanUnits)
    expect(scores.proportional.reward).toBeGreaterThan(scores.constant.reward)
  })
})
