/**
 * Season detection — after how many steps the load repeats, if it does.
 *
 *   candidates   an hour, a day, a week, and lags at which the autocorrelation of the detrended load peaks
 *   d(m)         mean |y[t] − y[t−m]| over the later half: the error of the seasonal naive forecast
 *   confirmed    d(m) ≤ 0.9 · d(m/4) and 0.9 · d(m/2): it beats the naive one a quarter and a half season ahead
 *   chosen       of the confirmed hour, day and week the shortest with 0.75 · d(m) ≤ the least of their d: a week must
 *                be clearly better than a day. Another lag must be as clearly better than that, or there be none.
 *
 * Loads follow the clock, so other lags are held to more: a third of the history at most, an autocorrelation of at
 * least 0.3, 0.1 above the lowest before it, and the largest in a neighbourhood of a tenth of the lag.
 */
import { DAY, HOUR, PrescaleError, type Series } from '../base/index.ts'
import { autocorrelation, naiveError } from '../math/index.ts'

export interface SeasonCandidate {
  readonly season: number
  /** Autocorrelation at this lag. */
  readonly correlation: number
  /** d(m), and the least of d(m/4) and d(m/2), in the unit of the series. */
  readonly error: number
  readonly naiveError: number
  readonly confirmed: boolean
}

export interface FoundSeason {
  /** Steps in a season; 0 = none confirmed. */
  readonly season: number
  /** Everything that was looked at, shortest first. */
  readonly candidates: readonly SeasonCandidate[]
}

/** Older steps than this say nothing new about the season's length. */
const longest = 100_000
const [peakHeight, rise] = [0.3, 0.1]
const [confirmRatio, clearly] = [0.9, 0.75]

export function detectSeason(history: Series): FoundSeason {
  const values = history.values.subarray(Math.max(0, history.values.length - longest))
  const maxLag = Math.floor(values.length / 2)
  if (maxLag < 3) return { season: 0, candidates: [] }
  const r = autocorrelation(detrended(values), maxLag)
  const calendar = [HOUR, DAY, 7 * DAY]
    .map((ms) => ms / history.stepMs)
    .filter((m) => Number.isInteger(m) && m >= 3 && m <= maxLag)
  const others = peaks(r.subarray(0, Math.floor(values.length / 3) + 1))
  const seasons = new Set([...calendar, ...others.map((lag) => snapped(lag, calendar))])
  const candidates = [...seasons].sort((a, b) => a - b).map((season) => confirm(season, r[season], values))
  const confirmed = candidates.filter((c) => c.confirmed)
  const clock = shortest(confirmed.filter((c) => calendar.includes(c.season)))
  const other = shortest(confirmed.filter((c) => !calendar.includes(c.season)))
  const better = other && (!clock || other.error < clearly * clock.error) ? other : clock
  return { season: better?.season ?? 0, candidates }
}

/** The shortest season that no longer one clearly beats. */
function shortest(seasons: readonly SeasonCandidate[]): SeasonCandidate | undefined {
  const least = Math.min(...seasons.map((c) => c.error))
  return seasons.find((c) => clearly * c.error <= least)
}

/** Refuses a season that the history does not hold `times` times; 0 = none asked for. */
export function requireSeason(method: string, season: number, history: Series, times: number): void {
  const steps = history.values.length
  if (season === 0 || steps >= season * times) return
  const needed = times === 1 ? `${season}` : `${times} × ${season} = ${season * times}`
  throw new PrescaleError(
    'TOO_SHORT',
    `${method}: season ${season} needs ${needed} steps, the history has ${steps}; give a shorter season or more history`
  )
}

function confirm(season: number, correlation: number, values: Float64Array): SeasonCandidate {
  // The later half looks back into the earlier one, so that long seasons are judged on as many steps as short ones.
  const later = Math.ceil(values.length / 2)
  const judged = (lag: number) => naiveError(values.subarray(values.length - later - lag), lag)
  const error = judged(season)
  const part = (share: number) => judged(Math.max(1, Math.round(season / share)))
  const naive = Math.min(part(4), part(2))
  return {
    season,
    correlation,
    error,
    naiveError: naive,
    confirmed: error <= confirmRatio * naive && naive > 0
  }
}

/** Lags that stand out, the fifty highest. */
function peaks(r: Float64Array): number[] {
  const found: number[] = []
  let lowest = Infinity
  for (let k = 1; k < r.length; k++) {
    if (r[k] < lowest) lowest = r[k]
    if (k >= 2 && r[k] >= peakHeight && r[k] >= lowest + rise && isLargest(r, k)) found.push(k)
  }
  return found.sort((a, b) => r[b] - r[a]).slice(0, 50)
}

function isLargest(r: Float64Array, k: number): boolean {
  const reach = Math.max(1, Math.floor(k / 10))
  if (k + 1 >= r.length) return false
  for (let i = Math.max(1, k - reach); i <= Math.min(r.length - 1, k + reach); i++) {
    if (r[i] > r[k]) return false
  }
  return true
}

/** People live by the clock: a peak within 2 % of an hour, a day or a week is that. */
function snapped(lag: number, calendar: readonly number[]): number {
  return calendar.find((m) => Math.abs(lag - m) <= 0.02 * m) ?? lag
}

/** Without its least-squares line. */
function detrended(values: Float64Array): Float64Array {
  let [n, sumT, sumY, sumTT, sumTY] = [0, 0, 0, 0, 0]
  for (let t = 0; t < values.length; t++) {
    if (Number.isNaN(values[t])) continue
    n++
    sumT += t
    sumY += values[t]
    sumTT += t * t
    sumTY += t * values[t]
  }
  const spread = n * sumTT - sumT * sumT
  const slope = spread > 0 ? (n * sumTY - sumT * sumY) / spread : 0
  return values.map((y, t) => y - slope * t)
}
