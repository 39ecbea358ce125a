/**
 * Seasonal naive — now looks like this time last season.
 *
 *   ŷ[t+h] = y[t + h − m·k],  k the fewest whole seasons that lie in the past and were measured there
 *
 * Hyndman & Athanasopoulos, FPP3 §5.2. A gap in the last season is filled from the season before it; where none was
 * ever measured the last measured value stands in. Without a season it is the naive forecast.
 *
 *   season   m, steps in a season, at least 2; 0 = find it in the history
 */
import { requireOption, type Series } from '../base/index.ts'
import type { FitOptions, Forecaster } from '../roles.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import { detectSeason, requireSeason } from './season.ts'

const name = 'seasonal-naive'

export function seasonalNaive({ season = 0 }: { readonly season?: number } = {}): Forecaster {
  requireOption(
    Number.isInteger(season) && season >= 0 && season !== 1,
    'season',
    season,
    'a whole number of steps, at least 2, or 0 to find it'
  )
  const method: Method = {
    name,
    version: '1',
    needs: 1,
    start: (history) => {
      requireSeason(name, season, history, 1)
      return start(season || detectSeason(history).season || 1)
    }
  }
  return { name, fit: (history: Series, options?: FitOptions) => fitOnline(method, history, options) }
}

function start(season: number): PointModel {
  // One slot per phase holds its newest measured value: the walk back over seasons is already done.
  const phases = new Float64Array(season).fill(NaN)
  let next = 0
  let last = NaN
  return {
    observe(y) {
      if (!Number.isNaN(y)) {
        phases[next] = y
        last = y
      }
      next = (next + 1) % season
    },
    ahead(out) {
      for (let h = 0, phase = next; h < out.length; h++) {
        out[h] = Number.isNaN(phases[phase]) ? last : phases[phase]
        phase = (phase + 1) % season
      }
    },
    parameters: () => ({ season })
  }
}
