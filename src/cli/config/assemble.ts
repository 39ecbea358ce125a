/**
 * From a target of `prescale.yaml` to its parts: the policy with everything that makes it careful, the forecaster, what is believed
 * before anything was measured.
 *
 *   policy → shadow → alarm → signal cap → ineffective hold → tolerance → stabilisation → rate limit → cooldown → rescale budget → spend limit → fallback → bounds → hold → shield
 *
 * Innermost first; the outermost has the last word. What slows down stands inside of the bounds, so that a new maximum counts at once;
 * budgets inside of them, so that a minimum stays, and so does a fallback; pause outside of both; the shield outside of everything, so that nothing whatever
 * takes away while something is unknown. Nothing is opened here: model files are handed in.
 */
import { type GivenOptions, PrescaleError, unknownName } from '../../base/index.ts'
import type { KnownGateway, PolicyConfig, ScalingRules, TargetConfig } from '../../config/index.ts'
import {
  learnedMethod,
  learnedPolicies,
  type PolicyEntry,
  policies,
  withBounds,
  withCooldown,
  withFallback,
  withHold,
  withIneffectiveHold,
  withRateLimit,
  withRescaleBudget,
  withShadow,
  withShield,
  withSpendLimit,
  withStabilization,
  withTolerance
} from '../../decide/index.ts'
import { checkModel, forecasterOf, makeForecaster } from '../../forecast/index.ts'
import { withAlarm, withSignalCap } from '../../gateway/index.ts'
import type { EstimatePriors } from '../../loop/index.ts'
import type { Forecaster, Observation, Policy } from '../../roles.ts'
import { hpaOptionsOf, rulesOf } from './behavior.ts'

export interface Parts {
  /** The JSON value of a model file. Errors: NOT_FOUND, BAD_MODEL. */
  readonly readModel: (path: string) => unknown
  /** Gateways that may warn, with what they may add. */
  readonly gateways?: readonly Pick<KnownGateway, 'id' | 'maxExtra'>[]
}

/** What of a target makes its decisions: all that is needed to make its policy again. */
export type PolicySettings = Pick<
  TargetConfig,
  | 'policy'
  | 'interval'
  | 'behavior'
  | 'guards'
  | 'fallback'
  | 'minReplicas'
  | 'maxReplicas'
  | 'resources'
  | 'paused'
  | 'price'
  | 'budget'
>

/** The policy of a target in all its guards. Errors: `BAD_OPTION`, `BAD_MODEL`, `NOT_FOUND`; `problemsOf` has all of them. */
export function policyOf(target: PolicySettings, parts: Parts): Policy {
  const { behavior, guards, budget, price, paused, minReplicas, maxReplicas, resources, interval } = target
  const { fallback } = target
  // The HPA has a behavior of its own, with defaults that a second one around it could not widen.
  const isHpa = target.policy.name === 'hpa'
  const bare = barePolicy(target.policy, parts, isHpa ? hpaOptionsOf(behavior) : {})
  const asked = interval === undefined ? bare : { ...bare, intervalMs: interval }
  const { scaleUp, scaleDown } = isHpa ? {} : (behavior ?? {})
  const held = Object.keys(resources).filter((name) => !resources[name].scale)
  const { shadow, cooldown, rescaleBudget, ineffective, spendLimit, shield, maxAge, maxSkew } = guards

  let policy: Policy = asked
  if (shadow) policy = withShadow(policy, barePolicy(shadow.policy, parts), shadow.options)
  const { gateways = [] } = parts
  if (gateways.length > 0) {
    // A network was taught what an alarm means; rules and plans look at load and forecast only.
    if (target.policy.model === undefined) policy = withAlarm(policy)
    const maxExtraOf = Object.fromEntries(gateways.map(({ id, maxExtra }) => [id, maxExtra]))
    policy = withSignalCap(policy, { maxExtraOf })
  }
  if (ineffective !== undefined) policy = withIneffectiveHold(policy, { holdMs: ineffective })
  if (scaleUp?.tolerance !== undefined || scaleDown?.tolerance !== undefined) {
    policy = withTolerance(policy, { up: scaleUp?.tolerance, down: scaleDown?.tolerance })
  }
  const [upWindow = 0, downWindow = 0] = [scaleUp, scaleDown].map(
    (rules) => rules?.stabilizationWindowSeconds
  )
  if (upWindow > 0 || downWindow > 0) {
    policy = withStabilization(policy, { upMs: upWindow * 1_000, downMs: downWindow * 1_000 })
  }
  if (limits(scaleUp) || limits(scaleDown)) {
    policy = withRateLimit(policy, { up: rulesOf(scaleUp) ?? anyUp, down: rulesOf(scaleDown) ?? anyDown })
  }
  if (cooldown) policy = withCooldown(policy, { upMs: cooldown.up, downMs: cooldown.down })
  if (rescaleBudget) policy = withRescaleBudget(policy, rescaleBudget.most, rescaleBudget.per)
  if (spendLimit && budget) {
    policy = withSpendLimit(policy, { budget: budget.perMonth, unitHour: price?.unitHour })
  }
  if (fallback) policy = withFallback(policy, fallback, { maxAgeMs: maxAge, maxSkewMs: maxSkew })
  policy = withBounds(policy, minReplicas, maxReplicas, boundsOf(target))
  if (held.length > 0) policy = withHold(policy, { resources: held, because: 'scale: false' })
  if (paused !== false) {
    const because = paused === true ? 'paused' : `paused: ${paused}`
    policy = withHold(policy, { up: paused !== 'scale-in', down: paused !== 'scale-out', because })
  }
  return shield ? withShield(policy, { maxAgeMs: maxAge, maxSkewMs: maxSkew }) : policy
}

/** Bounds of the resources that have their own. */
export function boundsOf({
  resources,
  minReplicas,
  maxReplicas
}: PolicySettings): NonNullable<Observation['bounds']> {
  return Object.fromEntries(
    Object.entries(resources).map(([name, own]) => [
      name,
      { min: own.minReplicas ?? minReplicas, max: own.maxReplicas ?? maxReplicas }
    ])
  )
}

/** A policy by name or by model, with nothing around it. `more` are options that come from elsewhere than `options`. */
export function barePolicy(
  { name, model, options }: PolicyConfig,
  parts: Parts,
  more: GivenOptions = {}
): Policy {
  if (model === undefined) return policyEntry(name ?? '').make({ ...more, ...options })
  const read = parts.readModel(model)
  // The shield of the target is the outermost; a second one inside would answer to other ages.
  return learnedPolicies[learnedMethod(read, model)].make(read, { shield: false, ...options }, model)
}

export function policyEntry(name: string): PolicyEntry {
  const table: Readonly<Record<string, PolicyEntry>> = policies
  if (Object.hasOwn(table, name)) return table[name]
  throw new PrescaleError('BAD_OPTION', `must be a policy: ${unknownName('one', name, Object.keys(table))}`)
}

/** The forecaster of a target, `undefined` where it goes without. Errors as of `policyOf`. */
export function forecasterFor({ forecast }: TargetConfig, parts: Parts): Forecaster | undefined {
  if (forecast === undefined) return undefined
  const { method = '', model, options } = forecast
  if (model === undefined) return makeForecaster(method, options)
  return forecasterOf(checkModel(parts.readModel(model), model), model)
}

/** What is believed before anything was measured. */
export function priorsOf({ unitRate, leadTime, restart }: TargetConfig): EstimatePriors {
  const { p50, p90 } = leadTime
  const [r50, r90] = [restart.p50, restart.p90]
  return {
    unitRate,
    leadTimeMs: p50 === undefined || p90 === undefined ? undefined : { p50, p90 },
    restartMs: r50 === undefined || r90 === undefined ? undefined : { p50: r50, p90: r90 }
  }
}

/** What an Observation of this target always holds. */
export function fixedOf(target: TargetConfig): Pick<Observation, 'bounds' | 'slo' | 'price' | 'site'> {
  const { slo, price, budget, site } = target
  const bounds = boundsOf(target)
  return {
    ...(Object.keys(bounds).length > 0 && { bounds }),
    ...(slo.latency !== undefined && { slo: { latencyMs: slo.latency } }),
    ...((price || budget) && {
      price: { unitHour: price?.unitHour, currency: price?.currency, budgetPerMonth: budget?.perMonth }
    }),
    ...(site !== undefined && { site })
  }
}

const limits = (rules?: ScalingRules) => rulesOf(rules) !== undefined
/** As far as anybody could want, in the words of the rules. */
const anyUp = 'Pods:1000000000:1'
const anyDown = 'Percent:100:1'
