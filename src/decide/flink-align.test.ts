import { describe, expect, it } from 'vitest'
import { type AlignmentMode, align } from './flink-align.ts'

/** flink-autoscaler: AlignmentModeTest, and the aligning rows of JobVertexScalerTest (see flink-scaler.test.ts). */
const rows: {
  from: number
  target: number
  partitions?: number
  max: number
  lower?: number
  upper?: number
  to: Partial<Record<AlignmentMode, number>>
}[] = [
  { from: 16, target: 24, max: 128, to: { BALANCED: 26, EVENLY_SPREAD: 32, OFF: 24 } },
  {
    from: 22,
    target: 25,
    partitions: 35,
    max: 128,
    lower: 20,
    upper: 30,
    to: { BALANCED: 25, EVENLY_SPREAD: 25, OFF: 25, LEGACY_EVENLY_SPREAD: 22 }
  },
  {
    from: 5,
    target: 7,
    partitions: 12,
    max: 8,
    to: { EVENLY_SPREAD: 7, BALANCED: 7, LEGACY_EVENLY_SPREAD: 6 }
  }
]

describe('align', () => {
  const cases = rows.flatMap(({ to, ...row }) =>
    Object.entries(to).map(([mode, expected]) => ({ ...row, mode: mode as AlignmentMode, expected }))
  )
  it.each(cases)(
    '$mode moves $from → $target to $expected (partitions $partitions, key groups $max)',
    ({ mode, from, target, partitions = 0, max, lower = 1, upper = Infinity, expected }) => {
      const vertex = { current: from, partitions, maxParallelism: max, lower, upper }
      expect(align(mode, vertex, target)).toBe(expected)
    }
  )

  it('never turns a step down into a step up, nor the other way round', () => {
    const modes: AlignmentMode[] = [
      'BALANCED',
      'EVENLY_SPREAD',
      'LEGACY_EVENLY_SPREAD',
      'LEGACY_MAXIMIZE_UTILISATION'
    ]
    for (const mode of modes) {
      for (let current = 1; current <= 40; current++) {
        for (let target = 1; target <= 40; target++) {
          if (target === current) continue
          for (const partitions of [7, 12, 40]) {
            const vertex = { current, partitions, maxParallelism: 128, lower: 1, upper: 128 }
            const to = align(mode, vertex, target)
            expect(Math.sign(to - current) * Math.sign(target - current)).toBeGreaterThanOrEqual(0)
          }
        }
      }
    }
  })

  it('does not align what has neither partitions nor known key groups', () => {
    const vertex = { current: 4, partitions: 0, maxParallelism: Infinity, lower: 1, upper: 200 }
    expect(align('EVENLY_SPREAD', vertex, 7)).toBe(7)
  })
})
