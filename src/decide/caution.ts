/**
 * The caution that a learned policy lives in, by name: what must never happen outside, who is in charge inside.
 *
 *   withShield(withReactiveFloor(withShadow(policy, reference)))
 *
 * Whoever learned is not believed without limits: nothing is taken away while something is unknown, nothing falls below what the load
 * needs while queues grow, and a plain policy beside it takes over where it does better.
 */
import { type GivenOptions, type OptionTable, readOptions } from '../base/index.ts'
import type { Policy, Units } from '../roles.ts'
import { hpa } from './hpa.ts'
import { proportional } from './proportional.ts'
import { type Sizing, sparkSizing } from './sizing.ts'
import { threshold } from './threshold.ts'
import { withReactiveFloor } from './with-reactive-floor.ts'
import { withShadow } from './with-shadow.ts'
import { withShield } from './with-shield.ts'

/** Policies that may be a reference: nothing but metrics is needed for them. */
const references: Readonly<Record<string, () => Policy>> = {
  hpa: () => hpa(),
  proportional: () => proportional(),
  threshold: () => threshold()
}

export const cautionOptions = {
  shield: {
    kind: 'boolean',
    default: true,
    says: 'nothing is taken away in doubt, nothing below the need while queues grow; false: bare, to compare'
  },
  shadow: {
    kind: 'text',
    oneOf: Object.keys(references),
    says: 'the plain policy that is scored beside it and takes over where it does better; without, nobody'
  }
} satisfies OptionTable

/** What there is to size, for who sizes more than units. */
export interface CautionParts {
  readonly sizing?: Sizing
  /** Settings that the reference does not know, while it is in charge. */
  readonly usual?: Units
}

/** Executors with 4 GB on NVMe without compression, as the Spark world begins. */
export const sparkCaution: CautionParts = {
  sizing: sparkSizing(),
  usual: { memory: 4, storage: 1, compression: 0 }
}

/** The policy as careful as asked for. Throws `BAD_OPTION` for an option that cannot be. */
export function cautious(policy: Policy, given: GivenOptions = {}, parts: CautionParts = {}): Policy {
  const { shield, shadow } = readOptions(policy.name, cautionOptions, given)
  const shadowed: Policy = shadow === undefined ? policy : withShadow(policy, references[shadow](), {}, parts)
  return shield ? withShield(withReactiveFloor(shadowed, parts)) : shadowed
}
