import { describe, expect, it } from 'vitest'
import { networkModel, tableModel } from '../../test/fakes/learned-models.ts'
import { hashOf } from '../base/index.ts'
import { lived } from './faults.case.ts'
import { type LearnedMethod, learnedMethod, learnedPolicies } from './learned.ts'
import { policyContract } from './policy.case.ts'
import { checkTable, measuredOf, type SealedTable, sealedTable, tableOf } from './tabular-model.ts'

const models: Readonly<Record<LearnedMethod, object>> = {
  ppo: networkModel(1),
  'q-learning': tableModel('q-learning'),
  sarsa: tableModel('sarsa')
}
const methods = Object.keys(models) as LearnedMethod[]
const worlds = ['service', 'stream', 'spark'] as const

for (const method of methods) {
  const { make } = learnedPolicies[method]
  policyContract({
    name: `withShield(withReactiveFloor(${method}))`,
    make: () => make(models[method]),
    worlds
  })
  policyContract({
    name: `withShield(withReactiveFloor(withShadow(${method}, hpa)))`,
    make: () => make(models[method], { shadow: 'hpa' }),
    worlds
  })
  policyContract({
    name: method,
    make: () => make(models[method], { shield: false }),
    memoryless: true,
    worlds
  })
}

it('a network in the contract moves, up and down', () => {
  const steps = lived(learnedPolicies.ppo.make(models.ppo), 'spark', 260)
  const executors = steps.map(({ decision }) => decision.to.executors)
  const rules = steps.map(({ decision }) => decision.why.rule)
  expect(new Set(executors).size).toBeGreaterThan(2)
  expect(new Set(rules)).toEqual(new Set(['network']))
})

describe('a learned policy', () => {
  it.each(methods)('%s is known by its model, as plain JSON', (method) => {
    const read: unknown = JSON.parse(JSON.stringify(models[method]))
    expect(learnedMethod(read)).toBe(method)
    expect(() => learnedPolicies[method].make(read)).not.toThrow()
  })

  it.each(methods)('%s refuses an option nobody knows with the nearest one', (method) => {
    expect(() => learnedPolicies[method].make(models[method], { sheild: false })).toThrow(/sheild.*shield/)
    expect(() => learnedPolicies[method].make(models[method], { shield: 'maybe' })).toThrow(
      /shield must be true or false/
    )
  })

  it.each([
    { what: 'null', model: null, says: 'a.json is no model file' },
    {
      what: 'a forecaster',
      model: { format: 'prescale-model', kind: 'forecaster', model: 'gru' },
      says: 'a.json is a forecaster, and a policy is wanted here'
    },
    {
      what: 'a checkpoint',
      model: { format: 'prescale-checkpoint', kind: 'policy', model: 'ppo' },
      says: 'a.json is a checkpoint of a training'
    },
    {
      what: 'a method nobody knows',
      model: { format: 'prescale-model', kind: 'policy', model: 'dqn' },
      says: 'a.json must be a policy of ppo, q-learning, sarsa, has kind "policy" and model "dqn"'
    }
  ])('is not made of $what', ({ model, says }) => {
    expect(() => learnedMethod(model, 'a.json')).toThrow(says)
  })

  it('is not made of the model of another method', () => {
    expect(() => learnedPolicies.sarsa.make(tableModel(), {}, 'a.json')).toThrow(
      'a.json was learned by q-learning, here it must be sarsa'
    )
    expect(() => learnedPolicies.ppo.make(tableModel(), {}, 'a.json')).toThrow(
      'a.json must have "model": "ppo"'
    )
  })
})

describe('a table as a file', () => {
  const read = (): SealedTable => JSON.parse(JSON.stringify(tableModel()))
  const resealed = ({ checksum: _, ...content }: SealedTable) => ({ ...content, checksum: hashOf(content) })

  it('is the same table again', () => {
    const { method, ...table } = tableOf(checkTable(read()))
    expect(method).toBe('q-learning')
    expect(read()).toMatchObject(table)
  })

  it('keeps measured prices, those never tried as null', () => {
    const measured = {
      values: Float64Array.of(1, NaN),
      errors: Float64Array.of(0.1, NaN),
      counts: Uint32Array.of(20, 0)
    }
    const made = sealedTable(tableOf(tableModel()), { measured, trained: tableModel().trained })
    expect(measuredOf(checkTable(JSON.parse(JSON.stringify(made))))).toEqual(measured)
    expect(measuredOf(read())).toBeUndefined()
  })

  it('knows the edges of its bins: a learner with other ones is read by them', () => {
    const bins = { ...read().bins, maxUnits: 10 }
    expect(() => checkTable(resealed({ ...read(), bins }), 'a.json')).toThrow(
      'a.json has the state utilisation 10 × capacity 20'
    )
  })

  it.each([
    { what: 'changed', value: { ...read(), gamma: 0.5 }, says: 'cut short or was changed' },
    {
      what: 'of another world',
      value: resealed({ ...read(), environment: 'elastic-env/0' }),
      says: "'elastic-env/0'"
    },
    {
      what: 'without an action',
      value: resealed({ ...read(), actions: ['down', 'up'] }),
      says: 'actions down, up'
    },
    {
      what: 'with a hole',
      value: resealed({ ...read(), values: read().values.slice(1) }),
      says: 'values; here it must be'
    }
  ])('is refused: $what', ({ value, says }) => {
    expect(() => learnedPolicies['q-learning'].make(value, {}, 'a.json')).toThrow(says)
    expect(() => learnedPolicies['q-learning'].make(value, {}, 'a.json')).toThrow(/^a\.json /)
  })
})
