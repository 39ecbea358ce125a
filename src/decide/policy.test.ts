import type { GivenOptions } from '../base/index.ts'
import type { Policy } from '../roles.ts'
import { type PolicyEntry, policies } from './index.ts'
import { policyContract } from './policy.case.ts'
import { withBounds } from './with-bounds.ts'
import { withCooldown } from './with-cooldown.ts'
import { withRateLimit } from './with-rate-limit.ts'
import { withRescaleBudget } from './with-rescale-budget.ts'
import { withShield } from './with-shield.ts'
import { withSpendLimit } from './with-spend-limit.ts'
import { withStabilization } from './with-stabilization.ts'

/** Baselines that keep the faults of their originals. */
const faithful = ['hpa', 'knative', 'ds2', 'flink']
const options: Readonly<Record<string, GivenOptions>> = {
  fixed: { units: 6 },
  scheduled: { schedule: '0 0 * * *=5;10 0 * * *=9', tz: 'Europe/Berlin' }
}
const table: Readonly<Record<string, PolicyEntry>> = policies

for (const [name, { make }] of Object.entries(table)) {
  const memoryless = name === 'mpc' // its history is the load that it is shown
  policyContract({ name, make: () => make(options[name]), faithful: faithful.includes(name), memoryless })
}

const inner = (): Policy => policies.hpa.make({ downStabilization: 0 })

policyContract({ name: 'withShield(hpa)', make: () => withShield(inner()) })
policyContract({ name: 'withShield(knative)', make: () => withShield(policies.knative.make()) })
policyContract({ name: 'withShield(ds2)', make: () => withShield(policies.ds2.make()) })
policyContract({ name: 'withBounds(hpa)', make: () => withBounds(inner(), 2, 12), faithful: true })
policyContract({ name: 'withCooldown(hpa)', make: () => withCooldown(inner(), 60_000), faithful: true })
policyContract({ name: 'withStabilization(hpa)', make: () => withStabilization(inner()), faithful: true })
policyContract({
  name: 'withRateLimit(hpa)',
  make: () => withRateLimit(inner(), { up: 'Pods:1:60' }),
  faithful: true
})
policyContract({
  name: 'withRescaleBudget(hpa)',
  make: () => withRescaleBudget(inner(), 3, 600_000),
  faithful: true
})
policyContract({
  name: 'withSpendLimit(hpa)',
  make: () => withSpendLimit(inner(), { budget: 0.5, windowMs: 3_600_000 }),
  faithful: true
})
policyContract({
  name: 'withShield(withBounds(withCooldown(withRescaleBudget(withStabilization(hpa)))))',
  make: () =>
    withShield(
      withBounds(withCooldown(withRescaleBudget(withStabilization(inner()), 5, 600_000), 30_000), 1, 20)
    )
})
