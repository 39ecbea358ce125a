/** Why `auto` chose what it chose, in one sentence with the numbers it looked at. */
import type { Scoring } from './auto-score.ts'
import type { TournamentRow } from './auto-tournament.ts'

export function reasonOf(
  chosen: string,
  rows: readonly TournamentRow[],
  scoring: Scoring | undefined,
  contenders: number
): string {
  if (contenders === 1) return 'the only one that was asked for'
  const own = rows.find(({ model }) => model === chosen)
  const [best] = rows
  if (!scoring || !own || !best) return 'the history is too short to compare; it learns as it goes'
  const ahead = scoring.horizons.length > 1 ? scoring.horizons.join(' and ') : String(scoring.horizons[0])
  const where = `${ahead} ${ahead === '1' ? 'step' : 'steps'} ahead from ${own.origins} origins`
  const size = `${scoring.metric} ${digits(own.score)} of naive's`
  if (own !== best) {
    return `within one standard error of ${best.model}, the best, and simpler (${percent(own.behind)} ± ${percent(own.se)} behind; ${size}, ${where})`
  }
  const second = rows.find((row) => row !== own && row.out === null)
  const next = second
    ? `${second.model} is next, ${percent(second.behind)} ± ${percent(second.se)} behind`
    : 'all others left before'
  return `lost least (${size}, ${where}); ${next}`
}

const digits = (x: number | null) => (x === null ? '?' : x.toPrecision(3))
const percent = (x: number | null) => (x === null ? '?' : `${(100 * x).toPrecision(2)} %`)
