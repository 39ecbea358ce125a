/**
 * MSTL — the load taken apart by loess into a trend and one season for each period, the seasons laid over what is now.
 *
 *   y = trend + season 1 + season 2 + … + rest        STL for each period in turn, shortest first, several rounds
 *   ŷ[t+h] = S(t+h) + ê[t+h]                          S the last cycle of all seasons together, mean 0;
 *                                                     ê the smoothed rest of the load without it (`correction.ts`)
 *
 * Bandara, Hyndman & Bergmeir 2021 on Cleveland et al. 1990. Taken apart by augurs, whose bytes are handed in
 * (`augurs.ts`); its own forecast of the trend is taken out again, because here the level is followed step by step. The
 * seasons stay as they are until the model is fitted again. Without a season nothing is taken apart.
 *
 *   season      m, steps, the only season; 0 = hour, day and week as far as the history shows them, or what it shows
 *   maxPoints   only the newest steps are taken apart, and never fewer than four of the longest season
 */
import { MSTL as Augurs, initSync } from '@bsull/augurs/mstl'
import {
  DAY,
  endMs,
  HOUR,
  type OptionTable,
  PrescaleError,
  type ReadOptions,
  readOptions,
  type Series
} from '../base/index.ts'
import type { FitOptions, Forecaster, Json } from '../roles.ts'
import { augursFiles, augursModule } from './augurs.ts'
import { corrected } from './correction.ts'
import { readLearned } from './learned.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import { detectSeason, requireSeason } from './season.ts'
import { sizeOf } from './size.ts'

export const mstlOptions = {
  season: {
    kind: 'integer',
    default: 0,
    min: 0,
    says: 'steps in the only season; 0 = hour, day and week, or what the history shows'
  },
  maxPoints: {
    kind: 'integer',
    default: 6000,
    min: 100,
    says: 'newest steps that are taken apart; at least four of the longest season'
  }
} as const satisfies OptionTable

export type MstlOptions = Partial<ReadOptions<typeof mstlOptions>>

const name = 'mstl'
/** Fewest cycles that are kept where the history is long, and that a season found by itself must have. */
const [keptCycles, foundCycles] = [4, 3]
/** A season of more steps would cost more than it can repay. */
const longestSeason = 20_160

interface MstlParts {
  readonly stepMs: number
  /** Steps in each season; each but the longest fits into the next a whole number of times. */
  readonly seasons: readonly number[]
  /** The moment of the profile's first step. */
  readonly anchorMs: number
  /** All seasons together over the longest; one zero where there is none. */
  readonly profile: Float64Array
}

export function mstl(given: MstlOptions = {}): Forecaster {
  const options = readOptions(name, mstlOptions, given)
  const method: Method = {
    name,
    version: '1',
    needs: 1,
    start(history, horizon, { learned }) {
      if (learned === undefined) return model(history, horizon, fitted(history, options))
      return model(history, horizon, known(history, learned), correctionOf(learned))
    }
  }
  return { name, fit: (history: Series, fit?: FitOptions) => fitOnline(method, history, fit) }
}

function model(history: Series, horizon: number, parts: MstlParts, learned?: Json): PointModel {
  const { profile } = parts
  const m = profile.length
  const since = Math.round((history.startMs - parts.anchorMs) / parts.stepMs)
  const season = (t: number) => profile[(((since + t) % m) + m) % m]
  const point = corrected(name, history, season, horizon, learned)
  return {
    ...point,
    parameters: () => ({ ...parts, profile: Array.from(profile), correction: point.parameters() })
  }
}

function fitted(history: Series, { season, maxPoints }: ReadOptions<typeof mstlOptions>): MstlParts {
  requireSeason(name, season, history, 2)
  const seasons = season > 1 ? [season] : season === 1 ? [] : seasonsOf(history)
  const { values, stepMs } = history
  const longest = seasons.at(-1) ?? 1
  const kept = values.subarray(Math.max(0, values.length - Math.max(maxPoints, keptCycles * longest)))
  const size = sizeOf(kept)
  const varies = seasons.length > 0 && hasTwo(kept)
  const scaled = varies ? filled(kept, seasons[0]).map((y) => y / size) : undefined
  const profile = scaled ? takenApart(scaled, seasons).map((s) => s * size) : new Float64Array(1)
  return { stepMs, seasons: varies ? seasons : [], anchorMs: endMs(history), profile }
}

/** Confirmed hour, day and week, or the season that is none of these and clearly better. */
function seasonsOf(history: Series): number[] {
  const { season, candidates } = detectSeason(history)
  const steps = history.values.length
  const clock = [HOUR, DAY, 7 * DAY].map((ms) => ms / history.stepMs)
  if (season > 1 && !clock.includes(season)) return [season].filter((m) => m <= longestSeason)
  return candidates
    .filter(({ season: m, confirmed }) => confirmed && clock.includes(m) && m <= longestSeason)
    .map((candidate) => candidate.season)
    .filter((m) => m === season || steps >= foundCycles * m)
}

/** The last cycle of all seasons together, mean 0: what augurs forecasts over one longest season, without its trend. */
function takenApart(values: Float64Array, seasons: readonly number[]): Float64Array {
  const m = seasons[seasons.length - 1]
  const ahead = askAugurs(values, seasons, 2 * m)
  const mean = (from: number) => ahead.slice(from, from + m).reduce((sum, y) => sum + y, 0) / m
  const [first, second] = [mean(0), mean(m)]
  const slope = (second - first) / m
  return Float64Array.from({ length: m }, (_, h) => ahead[h] - first - slope * (h - (m - 1) / 2))
}

function askAugurs(values: Float64Array, seasons: readonly number[], steps: number): readonly number[] {
  let augurs: Augurs | undefined
  try {
    initSync({ module: augursModule(name, augursFiles.mstl) })
    augurs = Augurs.ets(Uint32Array.from(seasons))
    augurs.fit(values)
    const { point } = augurs.predict(steps)
    if (point.length === steps && point.every(Number.isFinite)) return point
    throw new PrescaleError('FAILED', `${name}: augurs gave numbers that are not finite`)
  } catch (cause) {
    if (cause instanceof PrescaleError) throw cause
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new PrescaleError('FAILED', `${name}: augurs could not take the load apart: ${words}`, { cause })
  } finally {
    augurs?.free()
  }
}

/** Without gaps: short ones along a line, long ones as one season before or behind. */
function filled(values: Float64Array, season: number): Float64Array {
  const out = values.slice()
  for (let from = 0; from < out.length; from++) {
    if (!Number.isNaN(out[from])) continue
    let to = from
    while (to < out.length && Number.isNaN(values[to])) to++
    const [before, after] = [out[from - 1] ?? values[to], values[to] ?? out[from - 1]]
    const long = to - from > season / 4
    for (let t = from; t < to; t++) {
      const line = before + ((after - before) * (t - from + 1)) / (to - from + 1)
      const alike = long ? (out[t - season] ?? values[t + season]) : NaN
      out[t] = Number.isFinite(alike) ? alike : line
    }
  }
  return out
}

function hasTwo(values: Float64Array): boolean {
  const first = values.find((y) => !Number.isNaN(y))
  return values.some((y) => !Number.isNaN(y) && y !== first)
}

function known({ stepMs }: Series, learned: Json): MstlParts {
  const read = readLearned(name, learned)
  const profile = read.numbers('profile')
  if (read.number('stepMs') !== stepMs || profile.length === 0) {
    throw new PrescaleError(
      'BAD_MODEL',
      `${name}: what was learned must be for steps of ${stepMs} ms, with a profile`
    )
  }
  return { stepMs, seasons: Array.from(read.numbers('seasons')), anchorMs: read.number('anchorMs'), profile }
}

const correctionOf = (learned: Json): Json => (learned as { readonly correction?: Json }).correction ?? null
