/** What a stream policy looks at: how fast records come, how many wait, how fast operators are. */
import type { Observation, Operator } from '../roles.ts'
import { type Lever, lever } from './lever.ts'
import { amount, percent } from './words.ts'

export function topologyLevers(seen: Observation): readonly Lever[] {
  const topology = seen.topology
  if (!topology) return []
  const sources = topology.operators.filter((operator) => operator.source)
  const turn = (change: (operator: Operator) => Operator): Observation => ({
    ...seen,
    topology: { ...topology, operators: topology.operators.map(change) }
  })
  const sum = (values: readonly (number | undefined)[]) => values.reduce<number>((a, b) => a + (b ?? 0), 0)
  const arriving = sum(sources.map((s) => firstFinite(s.observedOutputRate, s.trueOutputRate)))
  const lag = sum(sources.map((source) => source.lag))
  return [
    ...lever({
      name: 'topology.sourceRate',
      kind: 'data',
      now: arriving > 0 ? arriving : NaN,
      set: (value) => turn((o) => (o.source ? withSourceRate(o, value / arriving) : o)),
      what: 'the rate of the sources',
      say: (value) => `${amount(value, 4)} records/s`
    }),
    ...lever({
      name: 'topology.lag',
      kind: 'data',
      now: lag > 0 ? lag : NaN,
      set: (value) => turn((o) => (o.source && o.lag ? { ...o, lag: (o.lag / lag) * value } : o)),
      what: 'the backlog of the sources',
      say: (value) => `${amount(value, 4)} records`
    }),
    ...lever({
      name: 'topology.speed',
      kind: 'estimate',
      now: 1,
      set: (value) => turn((o) => (o.source ? o : withSpeed(o, value))),
      what: 'the true rate of every operator',
      say: (value) => `${percent(value, 3)} of what was measured`
    })
  ]
}

function withSourceRate(operator: Operator, factor: number): Operator {
  const { trueOutputRate, observedOutputRate, observedProcessingRate } = operator
  return {
    ...operator,
    trueOutputRate: trueOutputRate * factor,
    ...(observedOutputRate !== undefined && { observedOutputRate: observedOutputRate * factor }),
    ...(observedProcessingRate !== undefined && { observedProcessingRate: observedProcessingRate * factor })
  }
}

function withSpeed(operator: Operator, factor: number): Operator {
  const { trueProcessingRate, trueOutputRate } = operator
  return {
    ...operator,
    trueProcessingRate: trueProcessingRate * factor,
    trueOutputRate: trueOutputRate * factor
  }
}

function firstFinite(...values: readonly (number | undefined)[]): number | undefined {
  return values.find((value) => Number.isFinite(value))
}
