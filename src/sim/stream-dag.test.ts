import { describe, expect, it } from 'vitest'
import { overTime } from './over-time.ts'
import { compileDag, effectiveUnits } from './stream-dag.ts'

const op = (id: string, more = {}) => ({ id, rate: 100, ...more })

describe('a DAG of operators', () => {
  const bad = [
    {
      when: 'two operators wait for each other',
      operators: [op('a'), op('b'), op('c')],
      edges: [
        { from: 'a', to: 'b' },
        { from: 'b', to: 'c' },
        { from: 'c', to: 'b' }
      ],
      says: /cyclic DAG: b, c wait for each other/
    },
    {
      when: 'an operator feeds itself',
      operators: [op('a')],
      edges: [{ from: 'a', to: 'a' }],
      says: /cyclic DAG: a/
    },
    {
      when: 'a part hangs in the air',
      operators: [op('a'), op('b'), op('c'), op('d')],
      edges: [
        { from: 'a', to: 'b' },
        { from: 'c', to: 'd' }
      ],
      says: /disconnected DAG: no edge leads from a to c, d/
    },
    {
      when: 'an edge names nobody',
      operators: [op('source'), op('sink')],
      edges: [{ from: 'source', to: 'sunk' }],
      says: /edge source → sunk: 'sunk' is not an operator; did you mean 'sink'\?/
    },
    { when: 'a name stands twice', operators: [op('a'), op('a')], edges: [], says: /'a' stands there twice/ },
    { when: 'nothing is given', operators: [], edges: [], says: /at least one operator/ },
    {
      when: 'a rate is negative',
      operators: [op('a', { rate: -1 })],
      edges: [],
      says: /a.rate must be a number of at least 0, was -1/
    },
    {
      when: 'selectivity is negative',
      operators: [op('a', { selectivity: -2 })],
      edges: [],
      says: /a.selectivity must be at least 0/
    },
    {
      when: 'partitions are no count',
      operators: [op('a', { partitions: 1.5 })],
      edges: [],
      says: /a.partitions must be a whole number/
    }
  ]
  for (const { when, operators, edges, says } of bad) {
    it(`is refused in one line when ${when}`, () => {
      expect(() => compileDag(operators, edges)).toThrow(says)
    })
  }

  it('is put in topological order however it was given', () => {
    const dag = compileDag(
      [op('sink'), op('map'), op('source')],
      [
        { from: 'map', to: 'sink' },
        { from: 'source', to: 'map' }
      ]
    )
    expect(dag.operators.map((operator) => operator.id)).toEqual(['source', 'map', 'sink'])
    expect(dag.isSource).toEqual([true, false, false])
  })

  it('counts visits through selectivity, split edges and a diamond', () => {
    const dag = compileDag(
      [op('s', { selectivity: 2 }), op('l'), op('r', { selectivity: 3 }), op('join')],
      [
        { from: 's', to: 'l', outputRatio: 0.25 },
        { from: 's', to: 'r', outputRatio: 0.75 },
        { from: 'l', to: 'join' },
        { from: 'r', to: 'join' }
      ]
    )
    expect([...dag.visits]).toEqual([1, 0.5, 1.5, 5])
  })

  it('splits arrivals over its sources by their shares', () => {
    const dag = compileDag(
      [op('a', { share: 3 }), op('b', { share: 1 }), op('join')],
      [
        { from: 'a', to: 'join' },
        { from: 'b', to: 'join' }
      ]
    )
    expect([...dag.visits]).toEqual([0.75, 0.25, 1])
  })

  it('gains less and less from instances that contend', () => {
    expect(effectiveUnits(10, 0)).toBe(10)
    expect(effectiveUnits(10, 0.1)).toBeCloseTo(10 / 1.9, 12)
    expect(effectiveUnits(1, 0.5)).toBe(1)
    expect(effectiveUnits(0, 0.5)).toBe(0)
  })
})

describe('an amount over time', () => {
  it('is constant, a line or an exponential of hours', () => {
    expect(overTime(7, 'x')(9)).toBe(7)
    expect(overTime({ kind: 'constant', at0: 7 }, 'x')(9)).toBe(7)
    expect(overTime({ kind: 'linear', at0: 11_000, perHour: -0.02 }, 'x')(10)).toBeCloseTo(8_800, 9)
    expect(overTime({ kind: 'exponential', at0: 12_000, perHour: -0.0145 }, 'x')(18)).toBeCloseTo(9_243.37, 2)
  })

  it('never falls below zero', () => {
    expect(overTime({ kind: 'linear', at0: 10, perHour: -0.5 }, 'x')(5)).toBe(0)
  })

  it('refuses a kind that it does not know', () => {
    const spec = JSON.parse('{ "kind": "quadratic", "at0": 1 }')
    expect(() => overTime(spec, 'rate')).toThrow(/rate.kind must be constant, linear or exponential/)
  })
})
