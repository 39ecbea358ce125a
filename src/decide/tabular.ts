/**
 * What tabular methods have in common: a table of action values, which action is best in it, and how a learned table is kept.
 *
 *   values[s·A + a] = Q(s, a)      visits[s·A + a] = how often that was tried      s < states, a < A = actions
 *
 * A model says of itself in which environment it was learned, so that nobody asks it about another one.
 */
import { PrescaleError } from '../base/index.ts'

export interface QTable {
  readonly states: number
  readonly actions: number
  readonly values: Float64Array
  readonly visits: Uint32Array
}

/** One number of the state: its name and what its bins are called, lowest first. */
export interface TableFeature {
  readonly name: string
  readonly bins: readonly string[]
}

/** A learned table as plain JSON. State s counts through the bins of the features, the last feature fastest. */
export interface TabularModel {
  readonly method: string
  /** Version of the environment it was learned in, such as `elastic-env/1`. */
  readonly environment: string
  readonly features: readonly TableFeature[]
  readonly actions: readonly string[]
  readonly gamma: number
  readonly values: readonly number[]
  readonly visits: readonly number[]
}

/** What a reader of a model expects of it. */
export type TableShape = Pick<TabularModel, 'environment' | 'features' | 'actions'>

export function emptyTable(states: number, actions: number): QTable {
  const size = states * actions
  return { states, actions, values: new Float64Array(size), visits: new Uint32Array(size) }
}

/** The action with the largest value in a state; of equals the first. */
export function bestAction(values: Float64Array, state: number, actions: number): number {
  const from = state * actions
  let best = 0
  for (let a = 1; a < actions; a++) if (values[from + a] > values[from + best]) best = a
  return best
}

export function stateCount(features: readonly TableFeature[]): number {
  return features.reduce((count, { bins }) => count * bins.length, 1)
}

/** The table with the words that describe it. */
export function tabularModel(
  shape: TableShape,
  learned: { readonly method: string; readonly gamma: number; readonly table: QTable }
): TabularModel {
  const { method, gamma, table } = learned
  return {
    method,
    environment: shape.environment,
    features: shape.features,
    actions: shape.actions,
    gamma,
    values: Array.from(table.values),
    visits: Array.from(table.visits)
  }
}

/** The model as a table. Throws `BAD_MODEL` for one of another world, state size or action space, or with holes in it. */
export function readTable(model: TabularModel, expected: TableShape, where = 'the model'): QTable {
  const states = stateCount(expected.features)
  const actions = expected.actions.length
  const size = states * actions
  refuse(model.environment !== expected.environment, () => [
    `was learned in '${model.environment}'`,
    `'${expected.environment}'`
  ])
  const said = Array.isArray(model.actions) ? model.actions.join(', ') : 'none'
  refuse(said !== expected.actions.join(', '), () => [`has the actions ${said}`, expected.actions.join(', ')])
  const known = Array.isArray(model.features) ? model.features : []
  refuse(sizeOf(known) !== sizeOf(expected.features), () => [
    `has the state ${sizeOf(known)}`,
    sizeOf(expected.features)
  ])
  for (const part of ['values', 'visits'] as const) {
    const numbers = Array.isArray(model[part]) ? model[part] : []
    refuse(numbers.length !== size, () => [`holds ${numbers.length} ${part}`, `${size}`])
    const bad = numbers.findIndex((x) => !Number.isFinite(x))
    refuse(bad >= 0, () => [`has ${part}[${bad}] = ${numbers[bad]}`, 'a finite number'])
  }
  return { states, actions, values: Float64Array.from(model.values), visits: Uint32Array.from(model.visits) }

  function refuse(wrong: boolean, say: () => readonly [is: string, right: string]): void {
    if (!wrong) return
    const [is, right] = say()
    throw new PrescaleError('BAD_MODEL', `${where} ${is}; here it must be ${right}`)
  }
}

function sizeOf(features: readonly TableFeature[]): string {
  return features.map(({ name, bins }) => `${name} ${bins.length}`).join(' × ')
}
