import { describe, expect, it } from 'vitest'
import { series } from '../base/index.ts'
import type { Observation } from '../roles.ts'
import { policyContract } from './policy.case.ts'
import { emptyTable, tabularModel } from './tabular.ts'
import { elasticStates } from './tabular-elastic.ts'
import { tabularPolicy } from './tabular-policy.ts'

const { shape, states, index } = elasticStates()

/** Values that a sane learner would have: up where it is tight or will be, down where it is idle. */
function sane() {
  const table = emptyTable(states, 3)
  const [utilisations, , , forecasts] = shape.features.map(({ bins }) => bins.length)
  for (let s = 0; s < states; s++) {
    const utilisation = Math.floor(s / (states / utilisations))
    const forecast = (s % forecasts) - 2
    table.values.set([2 - utilisation - forecast, 0.5, utilisation - 5 + forecast], s * 3)
    table.visits.fill(10, s * 3, s * 3 + 3)
  }
  return tabularModel(shape, { method: 'q-learning', gamma: 0.9, table })
}

policyContract({ name: 'q-learning', make: () => tabularPolicy(sane()) })

/** Five units of 40 events/s; the load of the last two minutes and what is expected. */
function seen(load: readonly number[], predicted: number, change: Partial<Observation> = {}): Observation {
  const nowMs = 600_000
  return {
    nowMs,
    load: series(60_000, load, { startMs: nowMs - load.length * 60_000 }),
    capacity: { ready: { unit: 5 } },
    metrics: { queue: { value: 0, quality: 'ok' } },
    service: { unitRate: 40, leadTimeMs: { p50: 120_000, p90: 120_000 } },
    forecast: {
      startMs: nowMs,
      stepMs: 60_000,
      mean: new Float64Array(10).fill(predicted),
      quantiles: {},
      by: { model: 'test', version: '1', trainedUntilMs: 0 }
    },
    ...change
  }
}

describe('a table as a policy', () => {
  const policy = tabularPolicy(sane())

  it.each([
    { when: 'it is tight', load: [180, 190], predicted: 190, rule: 'table-up', to: 6 },
    { when: 'it is idle', load: [50, 50], predicted: 50, rule: 'table-down', to: 4 },
    { when: 'it is busy enough', load: [110, 110], predicted: 110, rule: 'table-hold', to: 5 },
    { when: 'it will be tight', load: [155, 155], predicted: 260, rule: 'table-up', to: 6 }
  ])('answers $rule when $when', ({ load, predicted, rule, to }) => {
    const { decision } = policy.decide(seen(load, predicted), null)
    expect([decision.why.rule, decision.to]).toEqual([rule, { unit: to }])
  })

  it.each([
    { when: 'the load is a gap', change: { load: series(60_000, [180, NaN], { startMs: 480_000 }) } },
    { when: 'nothing is predicted', change: { forecast: undefined } },
    { when: 'the unit rate is not known', change: { service: undefined } },
    { when: 'the queue cannot be trusted', change: { metrics: { queue: { value: 0, quality: 'stale' } } } }
  ] as const)('holds and says so when $when', ({ change }) => {
    const { decision } = policy.decide(seen([50, 50], 50, change), null)
    expect([decision.kind, decision.why.rule]).toEqual(['hold', 'state-unknown'])
  })

  it('asks for no more units than its table has', () => {
    const many = { capacity: { ready: { unit: 20 } } }
    const { decision } = policy.decide(seen([800, 900], 900, many), null)
    expect([decision.kind, decision.to, decision.why.bound]).toEqual(['hold', { unit: 20 }, ['table']])
  })

  it('takes nothing away while the queue is not measured, but may grow', () => {
    const blind = { metrics: {} }
    expect(policy.decide(seen([50, 50], 50, blind), null).decision.why.rule).toBe('queue-unknown')
    expect(policy.decide(seen([180, 190], 190, blind), null).decision.to).toEqual({ unit: 6 })
  })

  it('holds in a state it never visited, and remembers a load for the next trend', () => {
    const empty = tabularPolicy(
      tabularModel(shape, { method: 'q-learning', gamma: 0.9, table: emptyTable(states, 3) })
    )
    const first = empty.decide(seen([190, 190], 190), null)
    expect(first.decision.why.rule).toBe('never-visited')
    expect(first.memory).toEqual({ atMs: 600_000, load: 190 })
    const later = seen([170], 170)
    const shown = empty.decide({ ...later, nowMs: 600_000 }, { atMs: 540_000, load: 100 }).decision.why.inputs
    expect(shown.previous).toBe(100)
  })

  it('reads the same state as the environment that trained it', () => {
    const view = { load: 190, previous: 180, predicted: 260, waiting: 0, units: 5, unitRate: 40 }
    const s = index(view)
    const { inputs } = policy.decide(seen([180, 190], 260), null).decision.why
    expect(inputs).toMatchObject(view)
    expect([inputs.down, inputs.hold, inputs.up]).toEqual(sane().values.slice(s * 3, s * 3 + 3))
  })

  it('takes a load whose newest scrape is not in yet for the load of now, and one that ended long ago for unknown', () => {
    const scrapes = (ageMs: number) => ({
      load: series(15_000, [180, 180, 180, 180, 190, 190, 190, 190], { startMs: 600_000 - 120_000 - ageMs })
    })
    const { inputs } = policy.decide(seen([], 260, scrapes(15_000)), null).decision.why
    expect(inputs).toMatchObject({ load: 190, previous: 180 })
    expect(policy.decide(seen([], 260, scrapes(60_000)), null).decision.why.rule).toBe('state-unknown')
  })

  it('reads a load in longer steps than its own interval', () => {
    const load = series(300_000, [100, 190], { startMs: 0 })
    const { inputs } = policy.decide(seen([], 260, { load }), null).decision.why
    expect(inputs).toMatchObject({ load: 190, previous: 190 })
  })

  it('refuses a model of another world in one line', () => {
    expect(() => tabularPolicy({ ...sane(), environment: 'spark-env/1' })).toThrow(
      "the model was learned in 'spark-env/1'; here it must be 'elastic-env/1'"
    )
    expect(() => tabularPolicy(sane(), {}, { maxUnits: 10 })).toThrow(
      'here it must be utilisation 10 × capacity 10'
    )
  })
})
