/** What a trained policy must find in a rehearsal: its world, and gateways where it listens to them. */
import { PrescaleError } from '../base/index.ts'
import {
  checkPpoModel,
  elasticStateVersion,
  learnedPolicies,
  PROACTIVE_SIZE,
  sparkStateVersion
} from '../decide/index.ts'
import { type Plan, resourcesOf } from './plan.ts'
import type { LearnedModel, NamedPolicy } from './policy-spec.ts'

/** Its state has room for what gateways say. */
export function hearsEdge({ method, content, where }: LearnedModel): boolean {
  return method === 'ppo' && checkPpoModel(content, where).environment.observationSize === PROACTIVE_SIZE
}

/** Throws `BAD_MODEL` in one line where the states that a policy learned in are not to be seen here, with what to do. */
export function requireWorld({ model }: NamedPolicy, plan: Plan): void {
  if (model === undefined) return
  const { environment } = learnedPolicies[model.method]
  const here = `the ${plan.world.kind} world`
  if (environment === sparkStateVersion && plan.world.kind !== 'spark') {
    throw new PrescaleError(
      'BAD_MODEL',
      `${model.where} was trained in the Spark world, ${here} shows no such states: rehearse it with --world spark`
    )
  }
  const resources = resourcesOf(plan)
  if (environment === elasticStateVersion && resources.length > 1) {
    throw new PrescaleError(
      'BAD_MODEL',
      `${model.where} sizes one resource, ${here} has ${resources.length} (${resources.join(', ')}): rehearse it with --world service, or with a stream of one operator`
    )
  }
}
