/**
 * Street watch — one predictor for each street of a gateway, and one answer for all of them.
 *
 * Memory is plain JSON, changed in place, and does not grow.
 */
import type { GivenOptions } from '../../base/index.ts'
import type { BurstForecast, BurstPredictor, Json } from '../../roles.ts'
import { type Fused, type FusionMemory, fusion } from './fusion.ts'

export interface StreetWatchMemory {
  readonly streets: Json[]
  readonly fused: FusionMemory
}

export interface StreetWatch {
  initial(streets: number): StreetWatchMemory
  /** The rate of every street in one gateway step; `NaN`: not measured. */
  update(rates: ArrayLike<number>, memory: StreetWatchMemory): Fused
}

export function streetWatch(predictor: BurstPredictor, options: GivenOptions = {}): StreetWatch {
  const together = fusion(options)
  return {
    initial: (streets) => ({
      streets: Array.from({ length: streets }, () => predictor.initial()),
      fused: together.initial()
    }),
    update(rates, memory) {
      const said: BurstForecast[] = memory.streets.map((street, i) => predictor.update(rates[i], street))
      return together.update(rates, said, memory.fused)
    }
  }
}
