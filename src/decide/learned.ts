/**
 * Policies that were trained: what they learned is a model, one JSON object each, and the table says which method reads it.
 *
 * Whoever learned is not believed without limits: `make` puts the policy into its shield, unless `shield=false` asks to see it bare, and
 * with `shadow=hpa` it is in charge only while it is no worse than that (caution.ts).
 */
import { type GivenOptions, type OptionTable, PrescaleError, readOptions } from '../base/index.ts'
import type { Policy } from '../roles.ts'
import { type CautionParts, cautionOptions, cautious, sparkCaution } from './caution.ts'
import { MODEL_FORMAT } from './model-head.ts'
import { resourceAllocator, resourceAllocatorOptions } from './resource-allocator.ts'
import { sparkStateVersion } from './spark-state.ts'
import { elasticStateVersion } from './tabular-elastic.ts'
import { checkTable, type TabularMethod, tableOf } from './tabular-model.ts'
import { tabularPolicy, tabularPolicyOptions } from './tabular-policy.ts'

/** One line of the table. */
export interface LearnedEntry {
  readonly says: string
  readonly options: OptionTable
  readonly needsForecast?: boolean
  /** The state it decides by: a model that was trained for another one is refused. */
  readonly environment: string
  /** The policy of a model. `where` names the model in errors. Throws `BAD_MODEL` and `BAD_OPTION` in one line. */
  readonly make: (model: unknown, options?: GivenOptions, where?: string) => Policy
}

const allocatorOptions = { ...resourceAllocatorOptions, ...cautionOptions }
const tableOptions = { ...tabularPolicyOptions, ...cautionOptions }

/** Every trained policy by the method that its model names. Adding one: one file, one line here, one page in docs/methods. */
export const learnedPolicies = {
  ppo: {
    says: 'a trained network sizes executors, memory, storage and compression, gateways heard',
    options: allocatorOptions,
    environment: sparkStateVersion,
    make: careful('ppo', allocatorOptions, resourceAllocator, sparkCaution)
  },
  'q-learning': {
    says: 'one unit down, none or one up, by a learned table',
    options: tableOptions,
    needsForecast: true,
    environment: elasticStateVersion,
    make: careful('q-learning', tableOptions, table('q-learning'))
  },
  sarsa: {
    says: 'the same, learned for a policy that goes on exploring',
    options: tableOptions,
    needsForecast: true,
    environment: elasticStateVersion,
    make: careful('sarsa', tableOptions, table('sarsa'))
  }
} satisfies Record<string, LearnedEntry>

export type LearnedMethod = keyof typeof learnedPolicies

/** Which of them a model is for. Throws `BAD_MODEL` for a forecaster, a checkpoint, or no model at all. */
export function learnedMethod(model: unknown, where = 'the model'): LearnedMethod {
  const wrong = (what: string) => new PrescaleError('BAD_MODEL', `${where} ${what}`)
  const head: Readonly<Record<string, unknown>> =
    typeof model === 'object' && model !== null ? { ...model } : {}
  if (head.format === 'prescale-checkpoint') {
    throw wrong(
      'is a checkpoint of a training, no model: go on with the training, and use the model that it writes'
    )
  }
  if (head.format !== MODEL_FORMAT) {
    throw wrong(`is no model file: it must be a JSON object with "format": "${MODEL_FORMAT}"`)
  }
  if (head.kind === 'forecaster') {
    throw wrong(
      'is a forecaster, and a policy is wanted here: forecasters are shown to policies with --forecast'
    )
  }
  const known = Object.keys(learnedPolicies) as LearnedMethod[]
  const method = known.find((name) => name === head.model)
  if (head.kind !== 'policy' || method === undefined) {
    throw wrong(
      `must be a policy of ${known.join(', ')}, has kind ${shown(head.kind)} and model ${shown(head.model)}`
    )
  }
  return method
}

const shown = (value: unknown) => JSON.stringify(value) ?? 'nothing'

type Make = (model: unknown, options: GivenOptions, where: string) => Policy

/** In its shield, unless it was asked for without; with a shadow where one was asked for. */
function careful(
  method: string,
  options: OptionTable,
  make: Make,
  parts: CautionParts = {}
): LearnedEntry['make'] {
  return (model, given = {}, where = 'the model') => {
    // All of them at once, so that a wrong name is told apart from those of both.
    readOptions(method, options, given)
    const { shield, shadow, ...own } = given
    return cautious(make(model, own, where), { shield, shadow }, parts)
  }
}

function table(method: TabularMethod): Make {
  return (model, options, where) => {
    const read = checkTable(model, where)
    if (read.model === method) return tabularPolicy(tableOf(read), options, read.bins, where)
    throw new PrescaleError('BAD_MODEL', `${where} was learned by ${read.model}, here it must be ${method}`)
  }
}
