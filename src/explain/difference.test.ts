import { describe, expect, it } from 'vitest'
import type { Turn } from '../roles.ts'
import { changedIn, differenceOf, momentsDiffer } from './difference.ts'

const MINUTE = 60_000

function turn(target: string, minute: number, web: number, more: Partial<Turn> = {}): Turn {
  return {
    target,
    atMs: minute * MINUTE,
    policy: { name: target, options: { price: target === 'a' ? 30 : 40 } },
    observation: { nowMs: minute * MINUTE, capacity: { ready: { web } } },
    before: null,
    decision: {
      kind: 'scale',
      to: { web },
      why: { rule: `rule-${web}`, inputs: {}, bound: [], changed: [] }
    },
    after: null,
    ...more
  }
}

describe('the difference of two targets', () => {
  const a = [turn('a', 0, 2), turn('a', 10, 4), turn('a', 20, 4)]
  const b = [turn('b', 2, 2), turn('b', 12, 4), turn('b', 16, 5), turn('b', 18, 5), turn('b', 30, 2)]

  it('is told for the time that both have, in spans in which both keep their answers', () => {
    const found = differenceOf(a, b)
    expect(
      found?.spans.map(({ fromMs, toMs, a: x, b: y }) => [fromMs / MINUTE, toMs / MINUTE, x.to.web, y.to.web])
    ).toEqual([
      [10, 12, 4, 2],
      [16, 20, 4, 5]
    ])
    expect([found?.fromMs, found?.toMs]).toEqual([2 * MINUTE, 20 * MINUTE])
    expect(found?.same).toBeCloseTo(12 / 18)
    expect(found?.a).toMatchObject({ turns: 2, scales: 2, heldBack: 0 })
    expect(found?.a.meanUnits).toBeCloseTo((2 * 8 + 4 * 10) / 18)
    expect(found?.options).toEqual([
      { path: 'name', a: 'a', b: 'b' },
      { path: 'options.price', a: 30, b: 40 }
    ])
  })

  it('is nothing with itself, and undefined without time in common', () => {
    expect(differenceOf(a, a)).toMatchObject({ same: 1, spans: [], options: [] })
    expect(differenceOf(a, [turn('b', 40, 1), turn('b', 50, 1)])).toBeUndefined()
    expect(differenceOf(a, [])).toBeUndefined()
  })

  it('counts what was held back', () => {
    const refused = { epoch: 0, reached: {}, pending: {}, atMs: 0, refused: 'paused' }
    expect(differenceOf([...a, turn('a', 25, 9, { receipt: refused })], b)?.a.heldBack).toBe(1)
  })
})

describe('the difference of two moments', () => {
  it('names what was seen, thought and said otherwise, by its path', () => {
    const one = turn('a', 0, 2)
    const metrics = { cpu: { value: NaN, quality: 'missing' as const } }
    const two = turn('a', 5, 3, { observation: { nowMs: 0, capacity: { ready: { web: 2 } }, metrics } })
    expect(momentsDiffer(one, two)).toEqual([
      { path: 'decided.web', a: 2, b: 3 },
      { path: 'rule', a: 'rule-2', b: 'rule-3' },
      { path: 'metrics.cpu', a: undefined, b: 'missing' }
    ])
    expect(momentsDiffer(one, one)).toEqual([])
  })

  it('takes not measured for equal, and lists as a whole', () => {
    expect(changedIn({ x: NaN, y: [1, 2], z: null }, { x: NaN, y: [1, 2] })).toEqual([])
    expect(changedIn({ y: [1, 2] }, { y: [2, 1] })).toEqual([{ path: 'y', a: [1, 2], b: [2, 1] }])
  })
})
