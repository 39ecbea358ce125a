/** Small models as a training would write them: a network with random weights, a table that does what is sensible. */
import { random } from '../../src/base/index.ts'
import {
  elasticStates,
  emptyTable,
  type PpoModel,
  type SealedTable,
  sealedTable,
  sparkActionSizes,
  sparkStateVersion,
  type TabularMethod,
  type TabularModel,
  type TrainedWorld,
  tabularModel
} from '../../src/decide/index.ts'
import { actorAndCritic, makePpoModel, setWeights, weightsOf } from '../../src/decide/ppo-model.ts'

/** An actor and a critic of two layers of eight, weights drawn from the seed; `change` turns the actor's. */
export function networkModel(
  seed: number,
  {
    observationSize = 13,
    version = sparkStateVersion,
    actionSizes = sparkActionSizes,
    world,
    change = (weight) => weight
  }: {
    readonly observationSize?: number
    readonly version?: string
    readonly actionSizes?: readonly number[]
    readonly world?: TrainedWorld
    readonly change?: (weight: number, at: number, of: number) => number
  } = {}
): PpoModel {
  const rng = random(seed, 'small-network')
  const environment = { version, observationSize, actionSizes: [...actionSizes] }
  const players = actorAndCritic(environment, { units: 8, maxBatch: 1 })
  for (const network of [players.actor, players.critic]) {
    const weights = weightsOf(network).map(() => rng.normal())
    setWeights(
      network,
      network === players.actor ? weights.map((w, i) => change(w, i, weights.length)) : weights
    )
  }
  const trained = { steps: 0, seed, options: {}, ...(world && { world }) }
  return makePpoModel(players, { environment, units: 8, scaling: null, trained })
}

/** Up where it is tight or will be, down where it is idle. */
export function sensibleTable(method: string = 'q-learning'): TabularModel {
  const { shape, states } = elasticStates()
  const table = emptyTable(states, 3)
  const [utilisations, , , forecasts] = shape.features.map(({ bins }) => bins.length)
  for (let s = 0; s < states; s++) {
    const utilisation = Math.floor(s / (states / utilisations))
    const forecast = (s % forecasts) - 2
    table.values.set([2 - utilisation - forecast, 0.5, utilisation - 5 + forecast], s * 3)
    table.visits.fill(10, s * 3, s * 3 + 3)
  }
  return tabularModel(shape, { method, gamma: 0.9, table })
}

export function tableModel(method: TabularMethod = 'q-learning'): SealedTable {
  return sealedTable(sensibleTable(method), { trained: { updates: 0, seed: 1, options: {} } })
}
