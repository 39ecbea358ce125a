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
  // A committer of a real Flink job does something once a checkpoint: no meter in milliseconds can say how fast it is.
  it.each([
    ['its rates are measured', {}, []],
    [
      'its true rate is not known',
      { trueProcessingRate: NaN },
      ['topology.sink true processing rate unknown']
    ],
    ['it was measured to be idle', { trueProcessingRate: NaN, trueOutputRate: NaN, busy: 0.001 }, []],
    [
      'it is idle, but what goes through is not known',
      { trueProcessingRate: NaN, busy: 0, observedProcessingRate: NaN },
      ['topology.sink true processing rate unknown']
    ],
    [
      'it is idle before a lag that is not known',
      { trueProcessingRate: NaN, busy: 0, lag: NaN },
      ['topology.sink lag unknown']
    ],
    [
      'nobody knows how busy it is',
      { trueProcessingRate: NaN, busy: NaN },
      ['topology.sink true processing rate unknown']
    ]
  ])('%s', (_, operator, doubts) => {
    expect(doubtsOf(seen(operator))).toEqual(doubts)
  })
})
