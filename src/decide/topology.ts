/**
 * Topology — a job's operators as a DAG in topological order, with its mistakes named in one line each.
 *
 * What must hold: every edge joins two known operators, no operator feeds itself, and every operator is reached from
 * a source. Sources are the operators that say so; where none says so, those that feed others and have no input
 * themselves. Several parts beside each other are one job as long as each has a source.
 */
import { PrescaleError, unknownName } from '../base/index.ts'
import type { Edge, Operator } from '../roles.ts'

/** An input of an operator: the position of the upstream operator and the share of its output that comes along. */
export interface Input {
  readonly from: number
  readonly ratio: number
}

/** Lists run side by side, in topological order. */
export interface Dag {
  readonly operators: readonly Operator[]
  readonly inputs: readonly (readonly Input[])[]
  /** How many operators each one feeds. */
  readonly outputs: readonly number[]
  readonly isSource: readonly boolean[]
}

/** `edges` may also be plain pairs `[from, to]`. */
export interface GivenTopology {
  readonly operators: readonly Operator[]
  readonly edges: readonly (Edge | readonly [from: string, to: string])[]
}

/**
 * The DAG of a topology. An edge given twice counts once, the later one. Throws `BAD_INPUT`: an id twice, an edge to
 * an unknown operator, an impossible outputRatio, a source with an input, a cycle, an operator that no source reaches.
 */
export function dagOf(topology: GivenTopology): Dag {
  const given = topology.operators
  const position = positions(given)
  const outputs = given.map(() => new Map<number, number>())
  for (const edge of topology.edges) {
    const { from, to, ratio } = readEdge(edge, position)
    outputs[from].set(to, ratio)
  }
  const order = topologicalOrder(outputs)
  const place = new Int32Array(order.length)
  for (let i = 0; i < order.length; i++) place[order[i]] = i
  const inputs = order.map((): Input[] => [])
  for (let i = 0; i < order.length; i++) {
    for (const [to, ratio] of outputs[order[i]]) {
      if (place[to] <= i) throw cyclic(given, outputs)
      inputs[place[to]].push({ from: i, ratio })
    }
  }
  const operators = order.map((at) => given[at])
  const counts = order.map((at) => outputs[at].size)
  return { operators, inputs, outputs: counts, isSource: sourcesOf(operators, inputs, counts) }
}

function positions(operators: readonly Operator[]): Map<string, number> {
  const position = new Map<string, number>()
  for (let i = 0; i < operators.length; i++) {
    const { id } = operators[i]
    if (position.has(id)) throw bad(`operator '${id}' stands twice in the topology; ids must be unique`)
    position.set(id, i)
  }
  return position
}

function readEdge(edge: GivenTopology['edges'][number], position: Map<string, number>) {
  const [from, to] = 'from' in edge ? [edge.from, edge.to] : edge
  const ratio = 'from' in edge ? (edge.outputRatio ?? 1) : 1
  for (const end of [from, to]) {
    if (!position.has(end)) {
      throw bad(`edge ${from} → ${to}: ${unknownName('an operator', end, [...position.keys()])}`)
    }
  }
  if (ratio < 0 || ratio === Number.POSITIVE_INFINITY) {
    throw bad(`edge ${from} → ${to}: outputRatio must be a number ≥ 0, was ${ratio}`)
  }
  return { from: position.get(from)!, to: position.get(to)!, ratio }
}

/**
 * Depth first, later operators and edges first, finished ones put in front. It is the order of petgraph's `toposort`,
 * which the DS2 reference walks in, so that sums of several inputs agree with it to the last bit.
 */
function topologicalOrder(outputs: readonly Map<number, number>[]): number[] {
  const state = new Uint8Array(outputs.length)
  const finished: number[] = []
  for (let root = 0; root < outputs.length; root++) {
    if (state[root] !== 0) continue
    const stack = [root]
    while (stack.length > 0) {
      const at = stack[stack.length - 1]
      if (state[at] === 0) {
        state[at] = 1
        for (const to of [...outputs[at].keys()].reverse()) if (state[to] === 0) stack.push(to)
      } else {
        stack.pop()
        if (state[at] === 1) finished.push(at)
        state[at] = 2
      }
    }
  }
  return finished.reverse()
}

function sourcesOf(
  operators: readonly Operator[],
  inputs: readonly (readonly Input[])[],
  outputs: readonly number[]
): boolean[] {
  const anySaysSo = operators.some((operator) => operator.source === true)
  const isSource = operators.map((operator, i) =>
    anySaysSo
      ? operator.source === true
      : inputs[i].length === 0 && (outputs[i] > 0 || operators.length === 1)
  )
  const reached: boolean[] = []
  for (let i = 0; i < operators.length; i++) {
    const { id } = operators[i]
    if (isSource[i] && inputs[i].length > 0) {
      throw bad(`operator '${id}' is marked as a source but ${operators[inputs[i][0].from].id} feeds it`)
    }
    reached.push(isSource[i] || inputs[i].some(({ from }) => reached[from]))
    if (!reached[i]) {
      throw bad(
        `disconnected DAG: no source reaches operator '${id}'; give it an edge or mark it as a source`
      )
    }
  }
  return isSource
}

function cyclic(operators: readonly Operator[], outputs: readonly Map<number, number>[]): PrescaleError {
  // What has an input is peeled from the end: whoever feeds nothing that is left cannot be part of a cycle.
  const left = new Set(operators.keys())
  for (let size = -1; size !== left.size; ) {
    size = left.size
    for (const at of left) if (![...outputs[at].keys()].some((to) => left.has(to))) left.delete(at)
  }
  const path: number[] = []
  for (let at = Math.min(...left); !path.includes(at); ) {
    path.push(at)
    at = [...outputs[at].keys()].find((to) => left.has(to))!
  }
  const again = [...outputs[path[path.length - 1]].keys()].find((to) => path.includes(to))!
  const loop = [...path.slice(path.indexOf(again)), again].map((at) => operators[at].id)
  return bad(`cyclic DAG: ${loop.join(' → ')}; records must flow one way`)
}

function bad(message: string): PrescaleError {
  return new PrescaleError('BAD_INPUT', message)
}
