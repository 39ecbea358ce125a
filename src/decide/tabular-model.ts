/**
 * A learned table as a model file: the table with a head that says what it is, the edges of its bins, how it was trained, and a checksum.
 *
 *   { format, formatVersion, kind: 'policy', model: 'q-learning' | 'sarsa',  environment, features, actions, bins, gamma,
 *     values, visits,  measured?,  trained,  checksum }
 *
 * In memory it stays a `TabularModel`. `bins` are what numbers are sorted by, so that whoever reads it sorts as the learner did; `measured` are
 * the prices of `evaluateTable`, for explanations.
 */
import { PrescaleError } from '../base/index.ts'
import type { Json } from '../roles.ts'
import { MODEL_FORMAT, type ModelHead, requireSealed, sealed } from './model-head.ts'
import type { TrainedWorld } from './ppo-model.ts'
import { readTable, type TabularModel } from './tabular.ts'
import { type ElasticBins, elasticBins, elasticStates } from './tabular-elastic.ts'
import type { Measured } from './tabular-evaluate.ts'

export const tabularMethods = ['q-learning', 'sarsa'] as const
export type TabularMethod = (typeof tabularMethods)[number]

export interface SealedTable extends ModelHead, Omit<TabularModel, 'method'> {
  readonly model: TabularMethod
  readonly bins: ElasticBins
  /** `null`: never tried. */
  readonly measured?: {
    readonly values: readonly (number | null)[]
    readonly errors: readonly (number | null)[]
    readonly counts: readonly number[]
  }
  readonly trained: {
    readonly updates: number
    readonly seed: number
    readonly options: Readonly<Record<string, Json>>
    readonly world?: TrainedWorld
  }
  readonly checksum: string
}

/** The model ready to be written. Throws `BAD_MODEL` where table and bins do not belong together. */
export function sealedTable(
  model: TabularModel,
  {
    bins = elasticBins,
    measured,
    trained
  }: Pick<SealedTable, 'trained'> & {
    readonly bins?: ElasticBins
    readonly measured?: Measured
  }
): SealedTable {
  const { method, environment, features, actions, gamma, values, visits } = model
  const table = { environment, features, actions, bins, gamma, values, visits }
  const content = { ...table, ...(measured && { measured: plain(measured) }), trained }
  return checkTable(sealed(methodOf(method, 'the model'), content), 'the model')
}

/** What somebody read as a learned table, or `BAD_MODEL` in one line. */
export function checkTable(value: unknown, where = 'the model'): SealedTable {
  const model = typeof value === 'object' && value !== null && 'model' in value ? value.model : undefined
  requireSealed<SealedTable>(value, where, {
    format: MODEL_FORMAT,
    kind: 'policy',
    model: methodOf(model, where)
  })
  readTable(tableOf(value), elasticStates(value.bins).shape, where)
  return value
}

/** The model as it is in memory. */
export function tableOf({
  model,
  environment,
  features,
  actions,
  gamma,
  values,
  visits
}: SealedTable): TabularModel {
  return { method: model, environment, features, actions, gamma, values, visits }
}

/** Measured prices as `explainQ` takes them; undefined where the model has none. */
export function measuredOf({ measured }: SealedTable): Measured | undefined {
  if (measured === undefined) return undefined
  const numbers = (values: readonly (number | null)[]) => Float64Array.from(values, (value) => value ?? NaN)
  return {
    values: numbers(measured.values),
    errors: numbers(measured.errors),
    counts: Uint32Array.from(measured.counts)
  }
}

function methodOf(method: unknown, where: string): TabularMethod {
  const known = tabularMethods.find((name) => name === method)
  if (known !== undefined) return known
  const said = typeof method === 'string' ? `'${method}'` : 'nothing'
  throw new PrescaleError(
    'BAD_MODEL',
    `${where} must have ${tabularMethods.join(' or ')} as "model", has ${said}`
  )
}

function plain({ values, errors, counts }: Measured): NonNullable<SealedTable['measured']> {
  const orNull = (numbers: Float64Array) => Array.from(numbers, (x) => (Number.isNaN(x) ? null : x))
  return { values: orNull(values), errors: orNull(errors), counts: Array.from(counts) }
}
