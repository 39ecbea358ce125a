import { describe, expect, it } from 'vitest'
import { canonicalJson, random, uniformAt } from '../base/index.ts'
import { resumePpo } from './ppo.ts'
import { imitate, type Shown } from './ppo-imitation.ts'
import { actor, critic } from './ppo-model.ts'
import type { PpoEnvironment } from './ppo-rollout.ts'

/** States are two numbers from 0 to 1; the first head must say whether the first is large, the second in which fifth the other is. */
function sorting(): PpoEnvironment {
  let [seed, step] = [0, 0]
  const now = () => [uniformAt(seed, 'a', step), uniformAt(seed, 'b', step)]
  return {
    version: 'sorting/1',
    observationSize: 2,
    actionSizes: [2, 5],
    reset(next) {
      seed = next
      step = 0
      return now()
    },
    step(action) {
      const right = rule(now())
      step++
      const reward = action[0] === right[0] && action[1] === right[1] ? 1 : 0
      return { observation: now(), reward, terminated: false, truncated: step === 100 }
    }
  }
}
const rule = ([a, b]: ArrayLike<number> & Iterable<number>) => [
  a > 0.5 ? 1 : 0,
  Math.min(4, Math.floor(5 * b))
]

const shown: Shown[] = Array.from({ length: 30 }, (_, seed) => {
  const environment = sorting()
  let state: ArrayLike<number> & Iterable<number> = Array.from(environment.reset(seed))
  return Array.from({ length: 100 }, (): Shown => {
    const action = rule(state)
    const { observation, reward, truncated } = environment.step(action)
    const before = state
    state = Array.from(observation)
    return { state: before, action, reward, last: truncated }
  })
}).flat()
const options = {
  steps: 4_096,
  environments: 4,
  rollout: 128,
  minibatch: 128,
  gamma: 0.8,
  rate: 0.0003,
  seed: 1
}

describe('a training that begins from what was shown', { timeout: 30_000 }, () => {
  const begun = imitate(sorting, options, shown, { ordered: [false, true], batches: 400 })
  const model = resumePpo(sorting, begun).model()

  it('does what it was shown, nearly always', () => {
    const act = actor(model)
    const rng = random(5, 'states')
    let right = 0
    for (let i = 0; i < 1_000; i++) {
      const state = [rng.next(), rng.next()]
      if (act(state)?.action.join() === rule(state).join()) right++
    }
    expect(right).toBeGreaterThan(900)
  })

  it('expects what it came to: 1 a step at γ 0.8 is worth 5', () => {
    expect(critic(model)([0.3, 0.7])).toBeCloseTo(5, 0)
  })

  it('still tries the others, its neighbours most', () => {
    const { logits = [] } = actor(model)([0.25, 0.5]) ?? {}
    const fifths = logits.slice(2)
    expect(fifths.indexOf(Math.max(...fifths))).toBe(2)
    expect(Math.min(fifths[1], fifths[3])).toBeGreaterThan(Math.max(fifths[0], fifths[4]) - 1)
    const share = Math.exp(fifths[0]) / fifths.reduce((sum, logit) => sum + Math.exp(logit), 0)
    expect(share).toBeGreaterThan(1e-5)
  })

  it('is the same for the same seed, and goes on learning', () => {
    const bytes = (seed: number) =>
      canonicalJson(imitate(sorting, { ...options, seed }, shown.slice(0, 300), { batches: 20 }))
    expect(bytes(1)).toBe(bytes(1))
    expect(bytes(2)).not.toBe(bytes(1))
    const learner = resumePpo(sorting, begun)
    while (!learner.done) learner.update()
    // By chance 10 of 100 are right, and exploring goes on.
    expect(learner.curve.at(-1)?.meanReward).toBeGreaterThan(60)
  })

  it('has no scales where none are asked for', () => {
    const bare = imitate(sorting, { ...options, scaleStates: false }, shown.slice(0, 300), { batches: 3 })
    expect(bare.scaling).toBeNull()
    expect(bare.rewardScaling).toBeNull()
  })
})
