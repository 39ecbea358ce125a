/** Explanations checked against the world: whoever overrides the agent loses what it said, in rollouts with common seeds. */
import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import { evaluateTable, mdpEnvironment, qLearning } from '../decide/index.ts'
import { explainQ, marginHolds, namesLoss } from '../explain/index.ts'
import { elasticMdp, waveChain } from './elastic-mdp.ts'
import { overridden } from './elastic-override.ts'

describe('an explanation of the learned table', () => {
  it('names margins of which at least half is lost when the action is overridden, in nine of ten states', () => {
    const gamma = 0.85
    const { mdp, table, seen, starts } = elasticMdp(
      { maxUnits: 8, initialUnits: 4, backlogGrid: 800, queueLimit: 400 },
      waveChain({ places: 16, low: 60, high: 200 })
    )
    const environment = mdpEnvironment(mdp, { starts, steps: 500, seen })
    const size = { states: table.states, actions: 3 }
    const learned = qLearning(environment, size, random(1, 'explained'), {
      gamma,
      alpha: 0.5,
      alphaVisits: 50,
      epsilonMin: 0.1,
      episodes: 1_500
    })
    const measured = evaluateTable(environment, learned.table, random(2, 'explained'), {
      gamma,
      samples: 60_000
    })
    const { features, actions } = table.shape
    const { values, visits } = learned.table
    const view = { features, actions, values, visits, measured }
    const checks = overridden(mdp, seen, starts, learned.table, { gamma, states: 40, every: 37, seed: 3 })
    const named = checks
      .map((check) => ({ ...check, told: explainQ(view, seen[check.state]) }))
      .filter(({ told }) => namesLoss(told))
    expect(named.length).toBeGreaterThan(20)
    const good = named.filter(({ loses, told }) =>
      marginHolds(told, loses[actions.indexOf(told.instead[0].action)])
    )
    expect(good.length / named.length).toBeGreaterThanOrEqual(0.9)
  })
})
