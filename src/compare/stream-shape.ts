/**
 * The shape of a stream world that comes from a file: what is no operator, no edge and no outage is refused with its place.
 *
 * Whether the numbers make sense is checked where the world is made. Edges may be pairs, `[src, map]`, as in an Observation.
 */
import { PrescaleError, unknownName } from '../base/index.ts'
import type { Edge } from '../roles.ts'
import type { StreamConfig } from '../sim/index.ts'

const operatorKeys = [
  'id',
  'rate',
  'cpuRate',
  'contention',
  'selectivity',
  'parallelism',
  'minParallelism',
  'maxParallelism',
  'scalable',
  'bufferRecords',
  'partitions',
  'skew',
  'share'
] satisfies (keyof StreamConfig['operators'][number])[]

/** The config with its edges as objects, a chain unless they are given. Errors: BAD_INPUT. */
export function withEdges<Config extends Omit<StreamConfig, 'stepMs' | 'startMs' | 'name'>>(
  config: Config
): Config & { readonly edges: readonly Edge[] } {
  const { operators, edges, outages }: { operators: unknown; edges?: unknown; outages?: unknown } = config
  if (!Array.isArray(operators) || !operators.every(isMap)) {
    throw wrong('the world config must have a list `operators` of { id, rate, … }')
  }
  for (const [i, operator] of operators.entries()) requireOperator(operator, i)
  if (edges !== undefined && !Array.isArray(edges)) {
    throw wrong('edges must be a list of { from, to } or of pairs such as [source, map]')
  }
  requireOutages(outages)
  const chain = config.operators.slice(1).map(({ id }, i) => ({ from: config.operators[i].id, to: id }))
  return { ...config, edges: edges?.map(edgeOf) ?? chain }
}

function requireOperator(operator: Readonly<Record<string, unknown>>, i: number): void {
  const { id } = operator
  if (typeof id !== 'string' || id === '') throw wrong(`operators[${i}].id must be a name, was ${said(id)}`)
  for (const key of Object.keys(operator)) {
    if (operatorKeys.some((known) => known === key)) continue
    throw wrong(`operator ${id}: ${unknownName('a setting of an operator', key, operatorKeys)}`)
  }
  for (const name of ['rate', 'cpuRate'] as const) {
    const amount = operator[name]
    if (typeof amount === 'number' || isMap(amount) || (name === 'cpuRate' && amount === undefined)) continue
    throw wrong(
      `operator ${id}: ${name} must be records/s of one instance, or { kind, at0, perHour }, was ${said(amount)}`
    )
  }
}

function edgeOf(edge: unknown, i: number): Edge {
  const { from, to, outputRatio }: { from?: unknown; to?: unknown; outputRatio?: unknown } = Array.isArray(
    edge
  )
    ? { from: edge[0], to: edge[1] }
    : isMap(edge)
      ? edge
      : {}
  const isRatio = outputRatio === undefined || typeof outputRatio === 'number'
  if (typeof from !== 'string' || typeof to !== 'string' || !isRatio) {
    throw wrong(`edges[${i}] must be { from, to } or a pair such as [source, map], was ${said(edge)}`)
  }
  return outputRatio === undefined ? { from, to } : { from, to, outputRatio }
}

function requireOutages(outages: unknown): void {
  if (outages === undefined) return
  if (!isMap(outages))
    throw wrong(`outages must be a map such as { failures: [600000] }, was ${said(outages)}`)
  const { failures } = outages
  const isList =
    failures === undefined ||
    (Array.isArray(failures) && failures.every((each) => typeof each === 'number' || isMap(each)))
  if (!isList) {
    throw wrong(
      `outages.failures must be a list of times in ms, or of { atMs, outageMs }, was ${said(failures)}`
    )
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const wrong = (says: string) => new PrescaleError('BAD_INPUT', says)
const said = (value: unknown) => (value === undefined ? 'missing' : JSON.stringify(value))
