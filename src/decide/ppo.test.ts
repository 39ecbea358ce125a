import { describe, expect, it } from 'vitest'
import { cartPole, cartPoleSpace } from '../../examples/cartpole-environment.ts'
import { playPart, playPoles } from '../../test/fakes/ppo-in-threads.ts'
import { canonicalJson, PrescaleError, random } from '../base/index.ts'
import { inLockstep } from '../work/index.ts'
import { type Ppo, ppo, resumePpo } from './ppo.ts'
import { actor, critic } from './ppo-model.ts'
import { oneHead, type PpoEnvironment } from './ppo-rollout.ts'

const poles = (): PpoEnvironment =>
  oneHead(
    cartPole((seed) => random(seed, 'cartpole').next),
    cartPoleSpace
  )
/** As rl-baselines3-zoo trains PPO on CartPole-v1. */
const zoo = {
  ...{ environments: 8, rollout: 32, minibatch: 256, epochs: 20, gamma: 0.98, lambda: 0.8 },
  ...{ rate: 0.001, annealClip: true, scaleStates: false }
}
const small = { steps: 768, environments: 4, rollout: 32, minibatch: 32, epochs: 3, units: 8, seed: 5 }

function finish(learner: Ppo): Ppo {
  while (!learner.done) learner.update()
  return learner
}

/** A world of one state in which every step gives 1 and nothing ever ends; somebody stops looking every 50 steps. */
function constant(): PpoEnvironment {
  let steps = 0
  const start = () => {
    steps = 0
    return [1]
  }
  const step = () => ({ observation: [1], reward: 1, terminated: false, truncated: ++steps % 50 === 0 })
  return { version: 'constant', observationSize: 1, actionSizes: [2], reset: start, step }
}

/** One step an episode: a point for each head that names the right choice, which the state tells for the first. */
function riddle(): PpoEnvironment {
  let told = 0
  let rng = random(0)
  const reset = (seed: number) => {
    rng = random(seed)
    told = rng.integer(3)
    return [told, 1]
  }
  const step = (action: readonly number[]) => {
    const reward = [told, 1, 3].reduce((sum, right, head) => sum + Number(action[head] === right), 0)
    return { observation: [told, 1], reward, terminated: true, truncated: false }
  }
  return { version: 'riddle', observationSize: 2, actionSizes: [3, 2, 4], reset, step }
}

describe('PPO', () => {
  it('learns that a constant reward without end is worth 1 / (1 − γ): what is truncated still counts', () => {
    // As stable-baselines3 checks it: γ = 0.98, so 50 ± 1; a truncation that counted as an end would give far less.
    const options = {
      steps: 25_600,
      environments: 4,
      rollout: 64,
      minibatch: 64,
      gamma: 0.98,
      rate: 0.005,
      scaleStates: false
    }
    const learner = finish(ppo(constant, options))
    expect(critic(learner.model())([1])).toBeGreaterThan(49)
    expect(critic(learner.model())([1])).toBeLessThan(51)
  })

  it('finds what each of several heads must say', () => {
    const learner = finish(
      ppo(riddle, { steps: 12_288, environments: 8, rollout: 64, rate: 0.003, gamma: 0 })
    )
    const act = actor(learner.model())
    for (const told of [0, 1, 2]) expect(act([told, 1])?.action).toEqual([told, 1, 3])
    expect(learner.curve.at(-1)?.meanReward).toBeGreaterThan(2.5)
  })

  it('learns to balance a pole', () => {
    const options = { ...zoo, steps: 25_600, seed: 1 }
    const learner = finish(ppo(poles, options))
    expect(learner.curve[10].meanReward).toBeLessThan(60)
    expect(learner.curve.at(-1)?.meanReward).toBeGreaterThan(150)
  })

  it.each(['simd', 'reference'])(
    'gives the same bytes for the same seed on %s, and others for another',
    (kernels) => {
      const bytes = (seed: number) => {
        const learner = finish(ppo(poles, { ...small, kernels, seed }))
        return canonicalJson([learner.model(), learner.checkpoint(), learner.curve])
      }
      expect(bytes(5)).toBe(bytes(5))
      expect(bytes(6)).not.toBe(bytes(5))
    }
  )

  it.each(['simd', 'reference'])('that was stopped and goes on ends with the same bytes on %s', (kernels) => {
    const options = { ...small, kernels, scaleRewards: true, clipValue: 1, entropyWeight: 0.01 }
    const through = finish(ppo(poles, options))
    const stopped = ppo(poles, options)
    for (let i = 0; i < 3; i++) stopped.update()
    const kept = JSON.stringify(stopped.checkpoint())
    const resumed = resumePpo(poles, JSON.parse(kept))
    expect(canonicalJson(resumed.checkpoint())).toBe(canonicalJson(JSON.parse(kept)))
    finish(resumed)
    expect(canonicalJson(resumed.checkpoint())).toBe(canonicalJson(through.checkpoint()))
    expect(canonicalJson(resumed.model())).toBe(canonicalJson(through.model()))
  })

  it('that is played by two threads ends with the same bytes', async () => {
    const module = new URL('../../test/fakes/ppo-in-threads.ts', import.meta.url)
    const there = await inLockstep<object, string>(module, playPart.name, small, { shards: 4, threads: 2 })
    expect(there).toBe(playPoles(small))
  })

  it('lets rate and clip fall to zero in a line, where asked', () => {
    const annealed = finish(
      ppo(poles, { ...small, rate: 0.06, clip: 0.3, annealRate: true, annealClip: true })
    ).curve
    expect(annealed.map(({ rate }) => Number(rate.toFixed(9)))).toEqual([0.06, 0.05, 0.04, 0.03, 0.02, 0.01])
    expect(annealed.map(({ clip }) => Number(clip.toFixed(9)))).toEqual([0.3, 0.25, 0.2, 0.15, 0.1, 0.05])
    const steady = finish(ppo(poles, { ...small, annealRate: false })).curve
    expect(new Set(steady.map(({ rate, clip }) => `${rate} ${clip}`))).toEqual(new Set(['0.0003 0.2']))
  })

  it('lets the critic learn first where asked, and the actor wait', () => {
    const learner = ppo(poles, { ...small, criticFirst: 2 })
    const before = learner.model()
    learner.update()
    learner.update()
    const waited = learner.model()
    expect(waited.actor).toBe(before.actor)
    expect(waited.critic).not.toBe(before.critic)
    learner.update()
    expect(learner.model().actor).not.toBe(before.actor)
  })

  it('ends an update when the policy has moved as far as it may', () => {
    // At a target of 0 the first minibatch still finds the old policy, and every other has moved away from it.
    const { curve, checkpoint } = finish(ppo(poles, { ...small, targetKl: 0 }))
    expect(checkpoint().actor.steps).toBe(curve.length)
  })

  it('holds the gradient of both networks together', () => {
    const learner = ppo(poles, { ...small, maxGradient: 0, rate: 1 })
    const before = canonicalJson(learner.model().actor + learner.model().critic)
    expect(learner.update().gradient).toBeGreaterThan(0)
    expect(canonicalJson(learner.model().actor + learner.model().critic)).toBe(before)
  })

  it('writes a curve that is plain data', () => {
    const { curve } = finish(ppo(poles, small))
    expect(curve.map(({ steps }) => steps)).toEqual([128, 256, 384, 512, 640, 768])
    expect(JSON.parse(JSON.stringify(curve))).toEqual(curve)
    for (const { entropy, kl, clipFraction } of curve) {
      expect(entropy).toBeGreaterThan(0)
      expect(entropy).toBeLessThanOrEqual(Math.LN2 + 1e-9)
      expect(kl).toBeGreaterThanOrEqual(0)
      expect(clipFraction).toBeLessThanOrEqual(1)
    }
  })

  it('has no more to learn than it was asked for', () => {
    expect(() => finish(ppo(poles, small)).update()).toThrow(/all of its 6 updates/)
  })
})

describe('a world that cannot be learned in', () => {
  const broken = (change: Partial<Awaited<ReturnType<PpoEnvironment['step']>>>) => () => {
    const pole = poles()
    return { ...pole, step: (action: readonly number[]) => ({ ...pole.step(action), ...change }) }
  }

  it.each([
    {
      what: 'a state that was not measured',
      make: broken({ observation: [0, NaN, 0, 0] }),
      says: /environment 0 .* number 1 was NaN/
    },
    {
      what: 'a state of another size',
      make: broken({ observation: [0, 0] }),
      says: /must be 4 finite numbers, had 2/
    },
    {
      what: 'a reward that is no number',
      make: broken({ reward: NaN }),
      says: /reward of environment 0 .* was NaN/
    },
    {
      what: 'environments that differ',
      make: (e: number) => ({ ...poles(), version: `v${e}` }),
      says: /environment 1 must have the states and actions of the first/
    }
  ])('says so: $what', ({ make, says }) => {
    expect(() => finish(ppo(make, small))).toThrow(PrescaleError)
    expect(() => finish(ppo(make, small))).toThrow(says)
  })

  it('says so: weights that ran away', () => {
    const options = { ...small, rate: 1e30, maxGradient: 1e30, scaleStates: false }
    expect(() => finish(ppo(poles, options))).toThrow(/update \d was not finite: lower the rate/)
  })
})

describe('a checkpoint', () => {
  const stopped = ppo(poles, small)
  stopped.update()
  const text = JSON.stringify(stopped.checkpoint())

  it.each([
    { what: 'cut short', value: { ...JSON.parse(text), places: [] }, says: /cut short or was changed/ },
    { what: 'no object', value: null, says: /must be a JSON object/ },
    { what: 'a model', value: stopped.model(), says: /"format": "prescale-checkpoint", has "prescale-model"/ }
  ])('is refused: $what', ({ value, says }) => {
    expect(() => resumePpo(poles, value, { where: 'run.json' })).toThrow(says)
    expect(() => resumePpo(poles, value, { where: 'run.json' })).toThrow(/^run\.json /)
  })

  it('is refused by another world', () => {
    const other = () => ({ ...poles(), version: 'CartPole-v2' })
    expect(() => resumePpo(other, JSON.parse(text))).toThrow(/version CartPole-v1, here it is CartPole-v2/)
    const shorter = () => ({
      ...poles(),
      step: () => ({ observation: [0, 0, 0, 0], reward: 1, terminated: true, truncated: false })
    })
    expect(() => resumePpo(shorter, JSON.parse(text))).toThrow(
      /not the one of the checkpoint: .* after 1 of \d+ known/
    )
  })
})
