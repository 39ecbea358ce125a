import type { GivenOptions, OptionTable } from '../../base/index.ts'
import type { BurstPredictor } from '../../roles.ts'
import { crossover, crossoverOptions } from './crossover.ts'
import { cusum, cusumOptions } from './cusum.ts'
import { threshold, thresholdOptions } from './threshold.ts'

export { type Fused, type Fusion, type FusionMemory, fusion, fusionOptions } from './fusion.ts'
export { type BurstScore, type Happened, scoreAlarms } from './score.ts'
export { type StreetWatch, type StreetWatchMemory, streetWatch } from './street-watch.ts'

/** One line of the table. */
export interface BurstEntry {
  readonly says: string
  readonly options: OptionTable
  readonly make: (options?: GivenOptions) => BurstPredictor
}

/** Every burst predictor by its name. Adding one: one file, one line here, one page in docs/methods. */
export const burstPredictors = {
  threshold: { says: 'the rate is far above what is usual', options: thresholdOptions, make: threshold },
  crossover: {
    says: 'the short mean has risen over the long one',
    options: crossoverOptions,
    make: crossover
  },
  cusum: {
    says: 'above what is usual for longer than chance would have it',
    options: cusumOptions,
    make: cusum
  }
} satisfies Record<string, BurstEntry>

export type BurstMethod = keyof typeof burstPredictors
