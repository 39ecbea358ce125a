import { type GivenOptions, type OptionTable, readOptions } from '../base/index.ts'
import type { Forecaster } from '../roles.ts'
import { blend } from './blend.ts'
import { naive } from './naive.ts'
import { seasonalNaive } from './seasonal-naive.ts'

/** One line of the forecaster table. */
export interface ForecasterEntry {
  readonly says: string
  readonly options: OptionTable
  readonly make: (options?: GivenOptions) => Forecaster
}

const seasonOption = {
  kind: 'integer',
  default: 0,
  min: 0,
  says: 'steps in a season; 0 = find it in the history'
} as const

const seasonal = { season: seasonOption }

/** Every forecaster by its name. Adding one: one file, one line here, one page in docs/methods, one golden or known-answer test. */
export const forecasters = {
  naive: {
    says: 'the last measured value',
    options: {},
    make: (given) => {
      readOptions('naive', {}, given)
      return naive()
    }
  },
  'seasonal-naive': {
    says: 'the value one season ago',
    options: seasonal,
    make: (given) => seasonalNaive(readOptions('seasonal-naive', seasonal, given))
  },
  blend: {
    says: 'persistence and season, each trusted as far as it was right at that horizon',
    options: seasonal,
    make: (given) => blend(readOptions('blend', seasonal, given))
  }
} satisfies Record<string, ForecasterEntry>

export type { BlendOptions } from './blend.ts'
export { blend } from './blend.ts'
export { naive } from './naive.ts'
export { seasonalNaive } from './seasonal-naive.ts'
