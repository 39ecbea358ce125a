import { PrescaleError, requireOption, unknownName } from '../base/index.ts'
import type { Edge } from '../roles.ts'
import { type OverTime, overTime } from './over-time.ts'

/** One operator of the simulated job. Rates are records per second. */
export interface StreamOperator {
  readonly id: string
  /** What one instance processes when never idle and never blocked, records/s. */
  readonly rate: OverTime
  /** Records/s of one instance at which its CPU gauge shows 100 %. Default: its rate. */
  readonly cpuRate?: OverTime
  /** Share of contention σ: n instances work like n / (1 + σ·(n − 1)). Default 0, linear. Gunther, USL without crosstalk. */
  readonly contention?: number
  /** Records out per record in, before the edges split them. Default 1. */
  readonly selectivity?: number
  /** Instances at the beginning. Default 1. */
  readonly parallelism?: number
  readonly minParallelism?: number
  readonly maxParallelism?: number
  /** False: it keeps its parallelism and is no resource. Default true. */
  readonly scalable?: boolean
  /** Records that fit before it, per instance, for operators behind a source. Default 0.5 s of its rate. */
  readonly bufferRecords?: number
  /** Sources only: partitions of the topic. Absent: one queue from which all instances take. */
  readonly partitions?: number
  /** Zipf exponent of the partitions' shares; 0 = all equal (default). */
  readonly skew?: number
  /** Sources only: share of the arrivals that this source receives. Default: all sources alike. */
  readonly share?: number
}

/** A checked DAG as flat arrays, operators in topological order. */
export interface Dag {
  readonly operators: readonly StreamOperator[]
  readonly n: number
  /** Edges sorted by the topological place of `from`; those of operator i are outStart[i] … outStart[i + 1] − 1. */
  readonly outStart: Int32Array
  readonly to: Int32Array
  /** Records that go along the edge per record processed: selectivity · outputRatio. */
  readonly gain: Float64Array
  readonly isSource: readonly boolean[]
  /** Share of the arrivals by operator; 0 for all but sources. */
  readonly share: Float64Array
  /** Records that reach operator i per record that arrives. */
  readonly visits: Float64Array
  readonly rate: readonly ((hours: number) => number)[]
  readonly cpuRate: readonly ((hours: number) => number)[]
  readonly contention: Float64Array
  readonly buffer: Float64Array
  /** Shares of the partitions of a source, null for one common queue; `firstPartition` is their place in the lags. */
  readonly partitions: readonly (Float64Array | null)[]
  readonly firstPartition: Int32Array
  readonly lags: number
}

/** Operators and edges checked and put in topological order. Throws `BAD_INPUT` for a cycle, a stray part, an unknown name. */
export function compileDag(operators: readonly StreamOperator[], edges: readonly Edge[] = []): Dag {
  requireOption(operators.length > 0, 'operators', operators.length, 'at least one operator')
  checkNames(operators, edges)
  checkConnected(operators, edges)
  const sorted = topological(operators, edges)
  const place = new Map(sorted.map((operator, i) => [operator.id, i]))
  const n = sorted.length
  const flat = edges
    .map((edge) => ({ ...edge, i: place.get(edge.from)!, j: place.get(edge.to)! }))
    .sort((a, b) => a.i - b.i || a.j - b.j)
  const outStart = new Int32Array(n + 1)
  for (const edge of flat) outStart[edge.i + 1]++
  for (let i = 0; i < n; i++) outStart[i + 1] += outStart[i]
  const to = Int32Array.from(flat, (edge) => edge.j)
  const gain = Float64Array.from(flat, (edge) => (sorted[edge.i].selectivity ?? 1) * (edge.outputRatio ?? 1))
  const hasInput = new Set(flat.map((edge) => edge.j))
  const isSource = sorted.map((_, i) => !hasInput.has(i))
  const share = sourceShares(sorted, isSource)
  const visits = Float64Array.from(share)
  for (let i = 0; i < n; i++) {
    for (let e = outStart[i]; e < outStart[i + 1]; e++) visits[to[e]] += visits[i] * gain[e]
  }
  const partitions = sorted.map((operator, i) => (isSource[i] ? partitionShares(operator) : null))
  const firstPartition = new Int32Array(n)
  let lags = 0
  for (let i = 0; i < n; i++) {
    firstPartition[i] = lags
    lags += partitions[i]?.length ?? 0
  }
  return {
    operators: sorted,
    n,
    outStart,
    to,
    gain,
    isSource,
    share,
    visits,
    rate: sorted.map((operator) => overTime(operator.rate, `${operator.id}.rate`)),
    cpuRate: sorted.map(({ id, rate, cpuRate = rate }) => overTime(cpuRate, `${id}.cpuRate`)),
    contention: Float64Array.from(sorted, (operator) => operator.contention ?? 0),
    buffer: Float64Array.from(sorted, bufferOf),
    partitions,
    firstPartition,
    lags
  }
}

/** What `units` instances work like: n / (1 + σ·(n − 1)). */
export function effectiveUnits(units: number, contention: number): number {
  return units <= 1 ? units : units / (1 + contention * (units - 1))
}

function bufferOf(operator: StreamOperator): number {
  const rate = overTime(operator.rate, `${operator.id}.rate`)(0)
  const buffer = operator.bufferRecords ?? Math.max(1, rate / 2)
  requireOption(buffer > 0, `${operator.id}.bufferRecords`, buffer, 'more than 0 records')
  return buffer
}

function partitionShares(operator: StreamOperator): Float64Array | null {
  if (operator.partitions === undefined) return null
  const count = operator.partitions
  requireOption(
    Number.isInteger(count) && count >= 1,
    `${operator.id}.partitions`,
    count,
    'a whole number, at least 1'
  )
  const weights = Float64Array.from({ length: count }, (_, k) => (k + 1) ** -(operator.skew ?? 0))
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map((w) => w / sum)
}

function sourceShares(operators: readonly StreamOperator[], isSource: readonly boolean[]): Float64Array {
  const share = Float64Array.from(operators, (operator, i) => (isSource[i] ? (operator.share ?? 1) : 0))
  const sum = share.reduce((a, b) => a + b, 0)
  requireOption(sum > 0, 'share', sum, 'more than 0 for at least one source')
  return share.map((s) => s / sum)
}

function checkNames(operators: readonly StreamOperator[], edges: readonly Edge[]): void {
  const ids = operators.map((operator) => operator.id)
  for (const [i, id] of ids.entries()) {
    if (ids.indexOf(id) !== i) throw new PrescaleError('BAD_INPUT', `operators: '${id}' stands there twice`)
  }
  for (const edge of edges) {
    for (const end of [edge.from, edge.to]) {
      if (!ids.includes(end)) {
        throw new PrescaleError(
          'BAD_INPUT',
          `edge ${edge.from} → ${edge.to}: ${unknownName('an operator', end, ids)}`
        )
      }
    }
  }
  for (const { id, contention = 0, selectivity = 1, skew = 0, share = 1 } of operators) {
    requireOption(
      contention >= 0 && contention <= 1,
      `${id}.contention`,
      contention,
      'a share between 0 and 1'
    )
    requireOption(selectivity >= 0, `${id}.selectivity`, selectivity, 'at least 0')
    requireOption(skew >= 0, `${id}.skew`, skew, 'at least 0')
    requireOption(share >= 0, `${id}.share`, share, 'at least 0')
  }
}

function checkConnected(operators: readonly StreamOperator[], edges: readonly Edge[]): void {
  const seen = new Set([operators[0].id])
  for (let size = 0; size !== seen.size; ) {
    size = seen.size
    for (const { from, to } of edges) {
      if (seen.has(from)) seen.add(to)
      else if (seen.has(to)) seen.add(from)
    }
  }
  const stray = operators.filter((operator) => !seen.has(operator.id)).map((operator) => operator.id)
  if (stray.length > 0) {
    throw new PrescaleError(
      'BAD_INPUT',
      `disconnected DAG: no edge leads from ${operators[0].id} to ${stray.join(', ')}; one job must hang together`
    )
  }
}

/** Kahn's algorithm; operators that could stand anywhere keep the order in which they were given. */
function topological(operators: readonly StreamOperator[], edges: readonly Edge[]): StreamOperator[] {
  const waitsFor = new Map(operators.map((operator) => [operator.id, 0]))
  for (const edge of edges) waitsFor.set(edge.to, waitsFor.get(edge.to)! + 1)
  const sorted: StreamOperator[] = []
  const open = [...operators]
  while (open.length > 0) {
    const at = open.findIndex((operator) => waitsFor.get(operator.id) === 0)
    if (at < 0) {
      const names = open.map((operator) => operator.id).join(', ')
      throw new PrescaleError(
        'BAD_INPUT',
        `cyclic DAG: ${names} wait for each other; records must flow one way`
      )
    }
    const [next] = open.splice(at, 1)
    sorted.push(next)
    for (const edge of edges) if (edge.from === next.id) waitsFor.set(edge.to, waitsFor.get(edge.to)! - 1)
  }
  return sorted
}
