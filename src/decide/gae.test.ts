import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gae } from './gae.ts'

// thu-ml/tianshou (MIT), test/base/test_returns.py: done, reward and V of the next state; returns are A + V. There V of a
// state is V of the next state of the step before.
const nextValues = [2, 3, 4, -1, 5, 6, 7, -2, 8, 9, 10, -3]
const tianshou = {
  rewards: [101, 102, 103, 200, 104, 105, 106, 201, 107, 108, 109, 202],
  nextValues,
  values: [-3, ...nextValues.slice(0, -1)]
}
const ends = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]
const last = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
const none = ends.map(() => 0)
const rows = [
  {
    when: 'every episode terminates',
    ...{ ...tianshou, terminated: ends, truncated: none, gamma: 0.99, lambda: 0.95 },
    returns: [
      454.8344, 376.1143, 291.298, 200, 464.561, 383.1085, 295.387, 201, 474.2876, 390.1027, 299.476, 202
    ]
  },
  {
    when: 'the first two are truncated: what they reached still counts',
    ...{
      ...tianshou,
      terminated: last,
      truncated: ends.map((end, i) => end - last[i]),
      gamma: 0.99,
      lambda: 0.95
    },
    returns: [
      454.0109, 375.2386, 290.3669, 199.01, 462.9138, 381.3571, 293.5248, 199.02, 474.2876, 390.1027, 299.476,
      202
    ]
  },
  {
    when: 'lambda is 1 and the critic knows nothing: discounted sums',
    ...{ rewards: [0, 1, 2, 3, 4, 5, 6, 7], values: none.slice(0, 8), nextValues: none.slice(0, 8) },
    ...{ terminated: [1, 0, 0, 1, 0, 1, 0, 1], truncated: none.slice(0, 8), gamma: 0.1, lambda: 1 },
    returns: [0, 1.23, 2.3, 3, 4.5, 5, 6.7, 7]
  }
]

describe('generalised advantage estimation', () => {
  it.each(rows)('gives the returns of tianshou when $when', ({ returns, ...row }) => {
    const advantages = gae(row, row, new Float64Array(row.rewards.length))
    for (const [t, a] of advantages.entries()) expect(a + row.values[t]).toBeCloseTo(returns[t], 3)
  })

  it('is the error of one step when lambda is 0', () => {
    const number = fc.double({ min: -100, max: 100, noNaN: true })
    const step = fc.record({
      r: number,
      v: number,
      next: number,
      terminated: fc.boolean(),
      truncated: fc.boolean()
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        const row = {
          rewards: steps.map(({ r }) => r),
          values: steps.map(({ v }) => v),
          nextValues: steps.map(({ next }) => next),
          terminated: steps.map(({ terminated }) => Number(terminated)),
          truncated: steps.map(({ truncated }) => Number(truncated))
        }
        const advantages = gae(row, { gamma: 0.9, lambda: 0 }, new Float64Array(steps.length))
        for (const [t, { r, v, next, terminated }] of steps.entries()) {
          expect(advantages[t]).toBeCloseTo(r + (terminated ? 0 : 0.9 * next) - v, 9)
        }
      })
    )
  })
})
