/** What a trained policy must find in a rehearsal: its world, and gateways where it listens to them. */
import { type GivenOptions, PrescaleError } from '../base/index.ts'
import {
  checkPpoModel,
  elasticStateVersion,
  learnedPolicies,
  PROACTIVE_SIZE,
  sparkStateVersion
} from '../decide/index.ts'
import { executorRate } from '../sim/index.ts'
import { type Plan, resourcesOf } from './plan.ts'
import type { NamedPolicy } from './policy-spec.ts'

/** Unit rates that differ by less are the same to a network. */
const SAME_RATE = 0.05

/** What a reader of the rehearsal must know of its trained policies: who misses its gateways, who knows other executors. */
export function policyRemarks(
  specs: readonly (NamedPolicy & { readonly options: GivenOptions })[],
  { edge, settings, world }: Plan
): string[] {
  return specs.flatMap(({ name, model, options }) => {
    if (model?.method !== 'ppo') return []
    const { environment, trained } = checkPpoModel(model.content, model.where)
    const isDeaf = edge === undefined && environment.observationSize === PROACTIVE_SIZE
    const silence =
      isDeaf && options.withoutEdge === undefined
        ? [
            `${name} was trained with edge signals and there are none here: it grows and takes nothing away (withoutEdge=cloud: it trusts the cloud alone)`
          ]
        : []
    const rate = Number(options.unitRate ?? trained.world?.unitRate ?? executorRate)
    const isOther = world.kind === 'spark' && Math.abs(settings.unitRate / rate - 1) > SAME_RATE
    const shown = (x: number) =>
      x.toLocaleString('en-US', { maximumSignificantDigits: 4, useGrouping: false })
    const others = isOther
      ? [
          `${name} knows executors that serve ${shown(rate)} messages/s, here they serve ${shown(settings.unitRate)}: say so with unitRate=${shown(settings.unitRate)}`
        ]
      : []
    return [...silence, ...others]
  })
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
