import { describe, expect, it } from 'vitest'
import type { Operator } from '../roles.ts'
import { dagOf, type GivenTopology } from './topology.ts'

function operators(...ids: string[]): Operator[] {
  return ids.map((id) => ({
    id: id.replace('*', ''),
    parallelism: 1,
    ...(id.endsWith('*') ? { source: true } : {}),
    trueProcessingRate: 1,
    trueOutputRate: 1
  }))
}

function topology(ids: string, ...edges: GivenTopology['edges']): GivenTopology {
  return { operators: operators(...ids.split(' ')), edges }
}

describe('dagOf', () => {
  it('puts every operator behind those that feed it', () => {
    const dag = dagOf(topology('sink b a s*', ['a', 'b'], ['s', 'a'], ['b', 'sink'], ['s', 'sink']))
    expect(dag.operators.map(({ id }) => id)).toEqual(['s', 'a', 'b', 'sink'])
    expect(dag.inputs[3].map(({ from }) => dag.operators[from].id)).toEqual(['s', 'b'])
    expect(dag.outputs).toEqual([2, 1, 1, 0])
    expect(dag.isSource).toEqual([true, false, false, false])
  })

  it('takes edges as objects with a share of the output and as plain pairs', () => {
    const dag = dagOf(topology('s* a b', { from: 's', to: 'a', outputRatio: 0.25 }, ['s', 'b']))
    const ratios = Object.fromEntries(dag.operators.map(({ id }, i) => [id, dag.inputs[i][0]?.ratio]))
    expect(ratios).toEqual({ s: undefined, a: 0.25, b: 1 })
  })

  it('counts an edge given twice once, the later one', () => {
    const dag = dagOf(topology('s* a', ['s', 'a'], { from: 's', to: 'a', outputRatio: 0.5 }))
    expect(dag.inputs[1]).toEqual([{ from: 0, ratio: 0.5 }])
  })

  it('finds the sources by their missing input when none is marked', () => {
    expect(dagOf(topology('s a', ['s', 'a'])).isSource).toEqual([true, false])
    expect(dagOf(topology('alone')).isSource).toEqual([true])
  })

  it('takes parts beside each other as one job when each has a source', () => {
    expect(dagOf(topology('s* a t* b', ['s', 'a'], ['t', 'b'])).operators).toHaveLength(4)
    expect(dagOf(topology('s* a t*', ['s', 'a'])).operators).toHaveLength(3)
  })

  it('is not bothered by a chain of 20,000 operators', () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => `o${i}`)
    const edges = ids.slice(1).map((id, i): [string, string] => [ids[i], id])
    const dag = dagOf({ operators: operators(...ids.toReversed()), edges })
    expect(dag.operators.map(({ id }) => id)).toEqual(ids)
  })

  const wrong: { when: string; given: GivenTopology; says: RegExp }[] = [
    {
      when: 'a cycle',
      given: topology('s* a b c', ['s', 'a'], ['a', 'b'], ['b', 'c'], ['c', 'a']),
      says: /^cyclic DAG: (a → b → c → a|b → c → a → b|c → a → b → c); records must flow one way$/
    },
    {
      when: 'a cycle behind which more follows',
      given: topology('s* a b sink', ['s', 'a'], ['a', 'b'], ['b', 'a'], ['b', 'sink']),
      says: /^cyclic DAG: (a → b → a|b → a → b);/
    },
    {
      when: 'an operator that feeds itself',
      given: topology('s* a', ['s', 'a'], ['a', 'a']),
      says: /^cyclic DAG: a → a;/
    },
    {
      when: 'an operator without an edge',
      given: topology('s* a orphan', ['s', 'a']),
      says: /^disconnected DAG: no source reaches operator 'orphan'/
    },
    {
      when: 'an operator without an edge, sources unmarked',
      given: topology('s a orphan', ['s', 'a']),
      says: /^disconnected DAG: no source reaches operator 'orphan'/
    },
    {
      when: 'a part without a source',
      given: topology('s* a b c', ['s', 'a'], ['b', 'c']),
      says: /^disconnected DAG: no source reaches operator 'b'/
    },
    {
      when: 'an edge to an unknown operator',
      given: topology('source* flatmap', ['source', 'flatmapp']),
      says: /^edge source → flatmapp: 'flatmapp' is not an operator; did you mean 'flatmap'\?/
    },
    {
      when: 'an operator twice',
      given: topology('s* a a', ['s', 'a']),
      says: /^operator 'a' stands twice in the topology/
    },
    {
      when: 'a source with an input',
      given: topology('s* t*', ['s', 't']),
      says: /^operator 't' is marked as a source but s feeds it$/
    },
    {
      when: 'a negative share of the output',
      given: topology('s* a', { from: 's', to: 'a', outputRatio: -1 }),
      says: /^edge s → a: outputRatio must be a number ≥ 0, was -1$/
    }
  ]
  it.each(wrong)('says in one line what is wrong with $when', ({ given, says }) => {
    expect(() => dagOf(given)).toThrow(
      expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringMatching(says) })
    )
  })
})
