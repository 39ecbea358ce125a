/** Explanations of a network checked against the world: who overrides it loses what it named, in futures that it was not named from. */
import { describe, expect, it } from 'vitest'
import { type PpoModel, sparkActionSizes, sparkStateVersion } from '../decide/index.ts'
import { actorAndCritic, makePpoModel } from '../decide/ppo-model.ts'
import { explainPolicy } from '../explain/index.ts'
import { sparkPolicyView } from './learned-reason.ts'
import { sparkOverride } from './spark-override.ts'

/** Executors by the larger of load and what the edge predicts, as far as two small layers of tanh can: about 2 + 22 an 1,000/s. */
function proportionalNetwork(): PpoModel {
  const environment = { version: sparkStateVersion, observationSize: 13, actionSizes: [...sparkActionSizes] }
  const players = actorAndCritic(environment, { units: 2, maxBatch: 1 })
  const [first, firstBias, second, , last, lastBias] = players.actor.parameters.map(({ value }) => value)
  // tanh is about straight near 0: a twentieth of what is wanted above ten.
  first[2 * 11] = 22 / 20
  firstBias[0] = (2 - 10) / 20
  second[0] = 1
  for (let n = 1; n <= 20; n++) {
    // Weights are (inputs, outputs). −(n − wanted)² is 2·n·wanted − n² and what is the same for all.
    last[n - 1] = 2 * n * 22
    lastBias[n - 1] = 2 * n * 10 - n * n
  }
  for (const [at, choice] of [20 + 3, 28 + 1, 32].entries()) lastBias[choice] = 5 + at
  const trained = { steps: 0, seed: 0, options: { gamma: 0.97 } }
  return makePpoModel(players, { environment, units: 2, scaling: null, trained })
}

describe('a network of the Spark world', () => {
  const model = proportionalNetwork()
  const small = { turns: 40, measured: 24, checked: 30, walk: 80, steps: 30, seed: 11 }
  const result = sparkOverride(model, small)

  it('names losses of which at least half is lost when it is overridden, in nine of ten Turns', () => {
    expect(result.checks).toHaveLength(40)
    expect(result.named).toBeGreaterThan(8)
    expect(result.share).toBeGreaterThanOrEqual(0.9)
  })

  it('gives the same again, and Turns at which something changes', () => {
    const again = sparkOverride(model, { ...small, turns: 3 })
    expect(again.checks).toEqual(result.checks.slice(0, 3))
  })

  it('is told in executors and messages, with weights as they are and an alarm as none', () => {
    const state = new Float32Array(13).fill(0.2)
    const view = { ...sparkPolicyView(model, state), usual: state.slice() }
    state[11] = 0.7
    const { sentence, heads } = explainPolicy(view, state)
    expect(heads.map(({ choice }) => choice)).toEqual(['17', '4 GB', 'nvme', 'none'])
    expect(sentence).toContain(
      'The network chooses 17 executors (memory 4 GB, storage nvme, compression none)'
    )
    expect(sentence).toContain('the load that gateways predict at 700 messages/s (usually 200 messages/s) +')
  })
})
