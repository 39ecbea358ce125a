import { describe, expect, it } from 'vitest'
import type { Observation, Operator } from '../roles.ts'
import { doubtsOf } from './doubt.ts'

const seen = (operator: Partial<Operator>): Observation => ({
  nowMs: 0,
  target: 'job',
  capacity: { ready: { sink: 3 } },
  topology: {
    operators: [
      {
        ...{ id: 'sink', parallelism: 3, trueProcessingRate: 100, trueOutputRate: 0 },
        ...{ observedProcessingRate: 5, observedOutputRate: 0, busy: 0.5 },
        ...operator
      }
    ],
    edges: []
  }
})

describe('what is doubted of an operator', () => {
  it.each([
    ['its rates are measured, and it gives out nothing', {}, []],
    [
      'its true rate is not known',
      { trueProcessingRate: NaN },
      ['topology.sink true processing rate unknown']
    ],
    // Nobody can measure what nothing came through; taking away is left to who sees something.
    ['it is idle', { trueProcessingRate: NaN, busy: 0 }, ['topology.sink true processing rate unknown']],
    ['its output is not known', { trueOutputRate: NaN }, ['topology.sink true output rate unknown']]
  ])('%s', (_, operator, doubts) => {
    expect(doubtsOf(seen(operator))).toEqual(doubts)
  })
})
