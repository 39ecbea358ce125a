import { PrescaleError, type Series } from '../base/index.ts'

/** Refuses a season that the history does not hold `times` times; 0 = none asked for. */
export function requireSeason(method: string, season: number, history: Series, times: number): void {
  const steps = history.values.length
  if (season === 0 || steps >= season * times) return
  throw new PrescaleError(
    'TOO_SHORT',
    `${method}: season ${season} needs ${times === 1 ? '' : `${times} × ${season} = `}${season * times} steps, ` +
      `the history has ${steps}; give a shorter season or more history`
  )
}
