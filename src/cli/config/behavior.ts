/** `behavior` of an HPA as options of our `hpa`, and as text that the rate limit reads. */
import type { GivenOptions } from '../../base/index.ts'
import type { BehaviorConfig, ScalingRules } from '../../config/index.ts'

/** Only what is said; the others keep the HPA's own defaults. */
export function hpaOptionsOf({ scaleUp, scaleDown }: BehaviorConfig = {}): GivenOptions {
  return { ...oneWay('up', scaleUp), ...oneWay('down', scaleDown) }
}

function oneWay(way: 'up' | 'down', rules?: ScalingRules): GivenOptions {
  const { tolerance, stabilizationWindowSeconds: seconds } = rules ?? {}
  const policies = rulesOf(rules)
  return {
    ...(tolerance !== undefined && { [`${way}Tolerance`]: tolerance }),
    ...(seconds !== undefined && { [`${way}Stabilization`]: seconds * 1_000 }),
    ...(policies !== undefined && { [way]: policies })
  }
}

/** `Min:Pods:4:60+Percent:10:60`; `undefined` where nothing is limited. */
export function rulesOf(rules?: ScalingRules): string | undefined {
  if (rules === undefined) return undefined
  if (rules.selectPolicy === 'Disabled') return 'Disabled'
  if (rules.policies.length === 0) return undefined
  const each = rules.policies.map(({ type, value, periodSeconds }) => `${type}:${value}:${periodSeconds}`)
  return `${rules.selectPolicy}:${each.join('+')}`
}
