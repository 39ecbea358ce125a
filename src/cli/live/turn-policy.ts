/** The policy of a Turn made again: one of a rehearsal by its name and options, one of a live loop by its settings. */
import { type GivenOptions, PrescaleError } from '../../base/index.ts'
import { turnEntry } from '../../compare/policy-spec.ts'
import type { KnownGateway } from '../../config/index.ts'
import { learnedMethod, learnedPolicies, type PolicyEntry } from '../../decide/index.ts'
import type { Json, Turn } from '../../roles.ts'
import { type PolicySettings, policyEntry, policyOf } from '../config/assemble.ts'

/** What `targets.ts` puts into a Turn. */
export interface LiveOptions {
  readonly settings: PolicySettings
  readonly gateways?: readonly Pick<KnownGateway, 'id' | 'maxExtra'>[]
  /** Content of model files by their path. */
  readonly models?: Readonly<Record<string, Json>>
}

/** Its line in the table, which makes it in its guards where it had some, and the options it had. Errors: BAD_OPTION, BAD_MODEL. */
export function policyOfTurn(policy: Turn['policy']): { entry: PolicyEntry; options: GivenOptions } {
  if (!isLive(policy.options)) return turnEntry(policy)
  const { settings, gateways, models = {} } = policy.options
  const readModel = (path: string) => {
    if (Object.hasOwn(models, path)) return models[path]
    throw new PrescaleError('NOT_FOUND', `the Turn does not hold the model ${path}`)
  }
  const { name = '', model, options } = settings.policy
  const bare =
    model === undefined ? policyEntry(name) : learnedPolicies[learnedMethod(readModel(model), model)]
  const make = (given: GivenOptions = {}) =>
    policyOf({ ...settings, policy: { ...settings.policy, options: given } }, { readModel, gateways })
  return { entry: { ...bare, make }, options }
}

/** The policy that decided without its guards, in the form of a rehearsal's. */
export function plainPolicy(policy: Turn['policy']): Turn['policy'] {
  if (!isLive(policy.options)) return policy
  const { settings, models = {} } = policy.options
  const { name, model, options } = settings.policy
  const own = options as Readonly<Record<string, Json>>
  if (model === undefined) return { name: name ?? policy.name, options: own }
  return { name: learnedMethod(models[model], model), options: { ...own, model: models[model] } }
}

function isLive(options: object): options is LiveOptions {
  return 'settings' in options
}
