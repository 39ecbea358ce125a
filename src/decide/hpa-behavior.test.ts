import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  conversionRows,
  independentRows,
  independentStabilizationRows,
  type RateRow,
  rateRows,
  stabilizationRows
} from './hpa-behavior.rows.ts'
import { type Behavior, limited, parseRules, stabilized } from './hpa-behavior.ts'
import { push, type Timed } from './timed.ts'

const nowMs = 1_000_000_000

describe('the behavior of the HPA', () => {
  const check = (behavior: Behavior, row: RateRow) => {
    const bound: string[] = []
    const { now, min = 1, max = 1000 } = row
    const limits = {
      now,
      nowMs,
      min,
      max,
      added: spread(row.added, row.over),
      removed: spread(row.removed, row.over)
    }
    expect(limited(behavior, row.wish, limits, bound)).toBe(row.gives)
    expect(bound).toEqual(row.bound === undefined ? [] : [row.bound])
  }

  it.each([...rateRows, ...independentRows])(
    'limits as in TestScalingWithRules and its independent twin: $when',
    (row) => {
      const up = parseRules('up', row.up ?? 'Percent:100:15+Pods:4:15')
      const down = parseRules('down', row.down ?? 'Percent:100:15')
      check({ up, down }, row)
    }
  )

  it.each(conversionRows)('limits as in TestConvertDesiredReplicasWithRules: $when', (row) =>
    check(undefined, row)
  )

  it.each([...stabilizationRows, ...independentStabilizationRows])(
    'stabilises as in TestNormalizeDesiredReplicas: $when',
    (row) => {
      const behavior = row.none
        ? undefined
        : { up: parseRules('up', 'Pods:1:1'), down: parseRules('down', 'Pods:1:1') }
      const [upMs, downMs] = row.none
        ? [0, 300_001]
        : [(row.upWindow ?? 0) * 1000, (row.downWindow ?? 0) * 1000]
      let highest: Timed = []
      let lowest: Timed = []
      for (const [size, minutes] of [...row.earlier, [row.wish, 0] as const]) {
        highest = push(highest, nowMs - minutes * 60_000, size, downMs, 1)
        if (upMs > 0) lowest = push(lowest, nowMs - minutes * 60_000, size, upMs, -1)
      }
      expect(stabilized(behavior, row.now, row.wish, highest, lowest)).toBe(row.gives)
    }
  )

  it('keeps nothing but the extremes of the window, and they are right', () => {
    const sizes = fc.array(
      fc.record({ after: fc.integer({ min: 1, max: 60 }), size: fc.integer({ min: 0, max: 9 }) })
    )
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 200 }), (steps, window) => {
        let at = 0
        let highest: Timed = []
        let lowest: Timed = []
        const all: { at: number; size: number }[] = []
        for (const { after, size } of steps) {
          at += after
          all.push({ at, size })
          highest = push(highest, at, size, window, 1)
          lowest = push(lowest, at, size, window, -1)
          const within = all.filter((one) => one.at > at - window).map((one) => one.size)
          expect(highest[1]).toBe(Math.max(...within))
          expect(lowest[1]).toBe(Math.min(...within))
        }
      })
    )
  })
})

/** generateEventsUniformDistribution: each event in the middle of its share of the time, in whole seconds. */
function spread(changes: readonly number[] = [], seconds = 120): Timed {
  const share = seconds / changes.length
  return changes.flatMap((change, i) => [
    nowMs - Math.trunc(seconds - share * (i + 1) + share / 2) * 1000,
    change
  ])
}
