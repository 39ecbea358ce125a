import type { GivenOptions, OptionTable } from '../base/index.ts'
import type { Policy } from '../roles.ts'

/** One line of the policy table. `knob` is the option that a frontier sweeps, with the values it is swept over. */
export interface PolicyEntry {
  readonly says: string
  readonly options: OptionTable
  readonly make: (options?: GivenOptions) => Policy
  readonly needsForecast?: boolean
  readonly knob?: { readonly option: string; readonly values: readonly number[] }
}

/** Every policy by its name. Adding one: one file, one line here, one page in docs/methods, one known-answer test. */
export const policies = {} satisfies Record<string, PolicyEntry>
