import { describe, expect, it } from 'vitest'
import { canonicalJson, MINUTE, series } from '../base/index.ts'
import { bestConstant, bestProportional, type SparkRule, sparkExam } from './spark-exam.ts'
import {
  type SparkProgress,
  type SparkTask,
  scoreSpark,
  sparkScored,
  sparkTrainingEnvironment,
  sparkValidation,
  trainSpark
} from './spark-training.ts'

const trace = series(
  MINUTE,
  Float64Array.from({ length: 600 }, (_, t) => 300 + 200 * Math.sin(t / 20))
)
const task: SparkTask = {
  scenario: 'balanced',
  edge: 'none',
  steps: 40,
  trace: { learn: trace, validate: trace, score: trace },
  about: { data: 'waves' }
}
const learning = {
  ...{ steps: 2_560, environments: 4, rollout: 16, minibatch: 32, epochs: 2, units: 8 },
  ...{ rate: 0.01, gamma: 0.9, scaleRewards: true, seed: 3 }
}

describe('a training in the Spark world', { timeout: 60_000 }, () => {
  it('keeps the best that was validated, not the last', () => {
    const seen: number[] = []
    const { best, ppo } = trainSpark(task, learning, {
      told: (news) => seen.push(news.best.validation.reward)
    })
    expect(seen).toHaveLength(40)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(best.validation.reward).toBe(seen[39])
    expect(best.model.trained).toMatchObject({
      steps: best.steps,
      world: { name: 'spark', scenario: 'balanced', edge: 'none', data: 'waves' },
      validation: best.validation
    })
    expect(best.model.trained.curve?.at(-1)?.steps).toBe(best.steps)
    expect(ppo.curve.at(-1)?.steps).toBe(2_560)
  })

  it('goes on where it was left to the same bytes', () => {
    let left: SparkProgress | undefined
    const through = trainSpark(task, learning, {
      told: ({ done, progress }) => {
        if (done === 17) left = progress()
      }
    })
    const kept = JSON.parse(JSON.stringify(left))
    const resumed = trainSpark(task, learning, { from: { progress: kept, where: 'c.json' } })
    expect(canonicalJson(resumed)).toBe(canonicalJson(through))
  })

  it('may begin from the proportional rule, and is then at once about as good', () => {
    const first = (begin: 'nothing' | 'proportional') =>
      trainSpark({ ...task, begin }, { ...learning, units: 16, criticFirst: 40 }, { enough: () => true }).best
    const environment = sparkTrainingEnvironment(task, 'validate')
    const constant = bestConstant(environment, sparkValidation)
    const { rule } = bestProportional(environment, sparkValidation, constant)
    const { reward } = sparkExam(environment, sparkValidation, rule)
    const begun = first('proportional')
    expect(begun.validation.reward).toBeGreaterThan(1.5 * reward)
    expect(begun.model.trained.world).toMatchObject({ begin: 'proportional' })
    expect(first('nothing').validation.reward).toBeLessThan(1.5 * reward)
  })

  it('ends when it is told to, with what it has', () => {
    let updates = 0
    const { best, ppo } = trainSpark(task, learning, { enough: () => ++updates === 3 })
    expect(ppo.curve).toHaveLength(3)
    expect(best.steps).toBeLessThanOrEqual(192)
  })

  it('is scored beside rules in the same episodes, which are not those it was chosen by', () => {
    const { best } = trainSpark(task, { ...learning, steps: 64 })
    const scores = scoreSpark(task, best.model)
    expect(scores.episodes).toBe(sparkScored.length)
    expect(sparkScored.filter((seed) => sparkValidation.includes(seed))).toEqual([])
    const environment = sparkTrainingEnvironment(task, 'score')
    const { rule } = bestConstant(sparkTrainingEnvironment(task, 'validate'), sparkValidation)
    expect(scores.constant).toMatchObject({ ...sparkExam(environment, sparkScored, rule) })
  })
})

describe('simple rules in the Spark world', { timeout: 60_000 }, () => {
  const environment = sparkTrainingEnvironment(task, 'validate')
  const constant = bestConstant(environment, sparkValidation)
  const worth = (rule: SparkRule) => sparkExam(environment, sparkValidation, rule).reward

  it('the best constant is better than its neighbours', () => {
    const best = constant.rule([], environment.weights)
    for (const [head, size] of [20, 8, 4, 3].entries()) {
      for (const value of [best[head] - 1, best[head] + 1]) {
        if (value < 0 || value >= size) continue
        expect(worth(() => best.with(head, value))).toBeLessThanOrEqual(worth(constant.rule))
      }
    }
  })

  it('a proportional rule heeds an alarm, and follows the load without one', () => {
    const { rule } = bestProportional(environment, sparkValidation, constant)
    const state = (load: number, predicted: number, alarm: number) =>
      Object.assign(new Float32Array(13), { 0: load, 11: predicted, 12: alarm })
    const calm = rule(state(0.2, 0.8, 0), environment.weights)[0]
    const alarmed = rule(state(0.2, 0.8, 1), environment.weights)[0]
    expect(alarmed).toBeGreaterThan(calm)
    expect(rule(state(0.4, 0.1, 0), environment.weights)[0]).toBeGreaterThan(calm)
  })
})
