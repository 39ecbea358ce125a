import { describe, expect, it } from 'vitest'
import { hashOf, random } from '../base/index.ts'
import { ppo } from './ppo.ts'
import { actor, checkPpoModel, critic, type PpoModel } from './ppo-model.ts'
import type { PpoEnvironment } from './ppo-rollout.ts'

/** States around 500 ± 100, so that only a scaled network can tell them apart. */
function wide(): PpoEnvironment {
  let rng = random(0)
  const see = () => [500 + 100 * rng.normal(), rng.next()]
  const reset = (seed: number) => {
    rng = random(seed)
    return see()
  }
  const step = ([first]: readonly number[]) => ({
    observation: see(),
    reward: first,
    terminated: false,
    truncated: rng.next() < 0.1
  })
  return { version: 'wide/1', observationSize: 2, actionSizes: [2, 3], reset, step }
}

const learner = ppo(wide, { steps: 512, environments: 2, rollout: 64, units: 8 })
while (!learner.done) learner.update()
const model = learner.model()
const read = (): PpoModel => JSON.parse(JSON.stringify(model))
const sealed = ({ checksum: _, ...content }: PpoModel) => ({ ...content, checksum: hashOf(content) })
const space = { version: 'wide/1', observationSize: 2, actionSizes: [2, 3] }

describe('a trained actor', () => {
  it('is the same from its JSON', () => {
    const [one, two] = [model, read()].map((it) => actor(it))
    for (const state of [
      [500, 0],
      [300, 1],
      [700, 0.5]
    ])
      expect(two(state)).toEqual(one(state))
  })

  it('takes the likeliest choice of each head, or one by chance', () => {
    const greedy = actor(model)([500, 0.5])
    const heads = [greedy?.logits.slice(0, 2) ?? [], greedy?.logits.slice(2) ?? []]
    expect(greedy?.action).toEqual(heads.map((logits) => logits.indexOf(Math.max(...logits))))
    const sampled = actor(model, { rng: random(1) })
    const seen = new Set(Array.from({ length: 200 }, () => sampled([500, 0.5])?.action.join()))
    expect(seen.size).toBeGreaterThan(1)
  })

  it('has no rule of its own: with other weights it says something else', () => {
    const swapped = sealed({ ...read(), actor: ppo(wide, { units: 8, seed: 9 }).model().actor })
    expect(actor(swapped)([500, 0.5])?.logits).not.toEqual(actor(model)([500, 0.5])?.logits)
  })

  it('brings states to one size as it did when it learned', () => {
    const unscaled = sealed({ ...read(), scaling: null })
    expect(actor(unscaled)([500, 0.5])?.logits).not.toEqual(actor(model)([500, 0.5])?.logits)
    expect(critic(model)([500, 0.5])).not.toBe(critic(model)([700, 0.5]))
  })

  it('does not answer where a number of the state was not measured: its caller holds', () => {
    expect(actor(model)([NaN, 0.5])).toBeUndefined()
    expect(actor(model)([500, Infinity])).toBeUndefined()
    expect(critic(model)([500, NaN])).toBeUndefined()
  })

  it('refuses a state of another size', () => {
    expect(() => actor(model)([500])).toThrow(/a state of the model must be 2 numbers, had 1/)
  })
})

describe('a model', () => {
  it('fits where it was trained', () => {
    expect(checkPpoModel(read(), 'a.json', space)).toEqual(read())
  })

  it.each([
    {
      what: 'another state size',
      here: { ...space, observationSize: 13 },
      says: 'for states of size 2, here it is 13'
    },
    {
      what: 'another version',
      here: { ...space, version: 'wide/2' },
      says: 'for states of version wide/1, here it is wide/2'
    },
    {
      what: 'other actions',
      here: { ...space, actionSizes: [2, 4] },
      says: 'for actions of [2,3], here it is [2,4]'
    }
  ])('is refused by $what', ({ here, says }) => {
    expect(() => actor(read(), { where: 'a.json', space: here })).toThrow(
      `a.json was trained ${says}: train it again`
    )
  })

  it.each([
    { what: 'null', value: null, says: /must be a JSON object/ },
    {
      what: 'a forecaster',
      value: { ...read(), kind: 'forecaster' },
      says: /"kind": "policy", has "forecaster"/
    },
    {
      what: 'of a later format',
      value: { ...read(), formatVersion: 2 },
      says: /format version 2, .* reads version 1/
    },
    { what: 'changed', value: { ...read(), units: 16 }, says: /cut short or was changed/ },
    {
      what: 'without some weights',
      value: sealed({ ...read(), actor: read().actor.slice(0, 64) }),
      says: /actor must be \d+ finite weights, has 12/
    }
  ])('is refused: $what', ({ value, says }) => {
    expect(() => actor(value, { where: 'a.json' })).toThrow(says)
    expect(() => actor(value, { where: 'a.json' })).toThrow(/^a\.json/)
  })
})
