import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import type { Network } from '../nn/index.ts'
import { ppo } from './ppo.ts'
import { actorAndCritic, weightsOf } from './ppo-model.ts'
import type { PpoEnvironment } from './ppo-rollout.ts'
import { moveTogether } from './ppo-update.ts'

const space = { version: 'test', observationSize: 4, actionSizes: [3, 2] }
const made = () => actorAndCritic(space, { units: 16, maxBatch: 1, kernels: 'reference', rng: random(1) })
const length = (x: Iterable<number>) => Math.hypot(...x)

describe('the first weights', () => {
  it('are orthogonal: √2 in hidden layers, 0.01 before the choices, 1 before the value', () => {
    const { actor, critic } = made()
    const gains = ({ parameters }: Network) =>
      parameters
        .filter(({ shape }) => shape.length > 1)
        .map(({ shape, value }) => length(value) / Math.sqrt(Math.min(...shape.slice(-2))))
    expect(gains(actor).map((gain) => gain.toFixed(6))).toEqual(['1.414214', '1.414214', '0.010000'])
    expect(gains(critic).map((gain) => gain.toFixed(6))).toEqual(['1.414214', '1.414214', '1.000000'])
    const biases = [actor, critic].flatMap(({ parameters }) =>
      parameters.filter(({ name }) => name.endsWith('bias'))
    )
    expect(biases.flatMap(({ value }) => [...value]).every((b) => b === 0)).toBe(true)
  })
})

describe('a step of actor and critic', () => {
  it.each([
    { longest: 0.5, held: 0.5 },
    { longest: 1e6, held: undefined }
  ])('holds the gradient of both together to $longest', ({ longest, held }) => {
    const { actor, critic } = made()
    const networks = [actor, critic]
    const gradients = networks.map(({ parameters }, i) => {
      for (const { gradient } of parameters)
        for (let k = 0; k < gradient.length; k++) gradient[k] = Math.sin(k) + 3 * i
      return parameters.flatMap(({ gradient }) => [...gradient])
    })
    const whole = length(gradients.flat())
    expect(moveTogether(networks, [1e-3, 1e-3], longest)).toBeCloseTo(whole, 9)
    // Behind the first step Adam remembers a tenth of the gradient: its direction is kept.
    for (const [i, { adamMemory }] of networks.entries()) {
      const factor = 0.1 * ((held ?? whole) / whole)
      for (const [k, m] of adamMemory.mean.entries()) expect(m).toBeCloseTo(factor * gradients[i][k], 12)
    }
  })
})

describe('scaled rewards', () => {
  const pays = (coin: number) => (): PpoEnvironment => {
    let rng = random(0)
    const see = () => [rng.normal()]
    const reset = (seed: number) => {
      rng = random(seed)
      return see()
    }
    const step = ([right]: readonly number[]) => {
      const end = rng.next() < 0.1
      return { observation: see(), reward: coin * right, terminated: end, truncated: false }
    }
    return { version: 'coins', observationSize: 1, actionSizes: [2], reset, step }
  }
  const learned = (coin: number, scaleRewards: boolean) => {
    const learner = ppo(pays(coin), { steps: 1024, environments: 2, rollout: 64, units: 8, scaleRewards })
    while (!learner.done) learner.update()
    return learner
  }

  it('are learned alike, whatever the coin', () => {
    const [penny, pound] = [1, 1024].map((coin) => learned(coin, true).curve)
    for (const [i, { valueLoss, meanReward }] of penny.entries()) {
      expect(pound[i].valueLoss).toBeCloseTo(valueLoss, 4)
      expect(pound[i].meanReward).toBeCloseTo(1024 * (meanReward ?? NaN), 6)
    }
    const [small, large] = [1, 1024].map((coin) => learned(coin, false).curve[0].valueLoss)
    expect(large).toBeGreaterThan(1e4 * small)
  })
})

it('weights are laid out in the order of the layers', () => {
  const { actor } = made()
  const weights = weightsOf(actor)
  expect(weights.slice(0, 64)).toEqual([...actor.parameters[0].value])
  expect(weights).toHaveLength(4 * 16 + 16 + 16 * 16 + 16 + 16 * 5 + 5)
})
