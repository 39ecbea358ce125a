/**
 * Ridge — a linear model of what just happened, what happened at this time before, and the calendar.
 *
 *   ŷ[t+h] = y[t] + g_h · (b₀ + Σ b_j x_j[t, h])
 *   b      = argmin Σ w (y[t+h] − y[t] − b₀ − x·b)² + N Σ λ_g (sd_j b_j)²          one b for each learned horizon
 *
 * All features x are distances (`ridge-features.ts`), so with large penalties it is the naive forecast. Direct multi-step:
 * horizons 1, 2, 3, 4, 6, 8, 11 … have coefficients of their own, between them they are mixed. Each group of features has
 * its penalty, chosen on the later parts of the history, each forecast by what lies before it (`ridge-fit.ts`). Every new
 * value joins the sums of products, O(features²), from which b is renewed now and then; old values fade over four weeks.
 * The trust g is 1, and less
 * where staying put was better lately: g = min(1, Σ|y[t+h] − y[t]| / Σ|y[t+h] − ŷ|)², over 500 steps or so. Hoerl & Kennard 1970; Huber 1964 (a miss of more than
 * 3 σ counts as one of 3 σ); direct forecasts: Marcellino, Stock & Watson 2006.
 *
 *   season     steps in a season; 0 = day, week and what the history shows
 *   lags       newest values that are looked at
 *   penalty    λ, the same for all; absent = chosen for each group
 *   dayWaves weekWaves holidays tz   the calendar, see `calendar.ts`
 */
import { DAY, type OptionTable, type ReadOptions, readOptions, type Series } from '../base/index.ts'
import type { FitOptions, Forecaster } from '../roles.ts'
import { calendar, calendarOptions } from './calendar.ts'
import { horizonNodes } from './horizons.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import { features } from './ridge-features.ts'
import { type RidgeShape, readRidge, writeRidge } from './ridge-learned.ts'
import { ridgeModel } from './ridge-model.ts'
import { trainRidge } from './ridge-train.ts'
import { detectSeason, requireSeason } from './season.ts'
import { sizeOf } from './size.ts'

export const ridgeOptions = {
  season: {
    kind: 'integer',
    default: 0,
    min: 0,
    says: 'steps in a season; 0 = day, week and what the history shows'
  },
  lags: { kind: 'integer', default: 24, min: 1, max: 500, says: 'newest values that are looked at' },
  penalty: {
    kind: 'number',
    min: 0,
    says: 'one penalty for all features; else chosen for each group of them'
  },
  ...calendarOptions
} as const satisfies OptionTable

export type RidgeOptions = Partial<ReadOptions<typeof ridgeOptions>>

const name = 'ridge'
const longestSeason = 100_000
/** Nearly a second season must be there before anything can be learned from the one before. */
const timesRound = 1.75
/** Steps; slower loads are remembered longer than four weeks. */
const leastMemory = 4_000

export function ridge(given: RidgeOptions = {}): Forecaster {
  const options = readOptions(name, ridgeOptions, given)
  const method: Method = {
    name,
    version: '1',
    needs: 1,
    start: (history, horizon, fit) => start(history, horizon, options, fit)
  }
  return { name, fit: (history: Series, fit?: FitOptions) => fitOnline(method, history, fit) }
}

function start(
  history: Series,
  horizon: number,
  options: ReadOptions<typeof ridgeOptions>,
  { learned, progress }: FitOptions
): PointModel {
  const { stepMs, startMs, values } = history
  const known = learned === undefined ? undefined : readRidge(learned)
  if (!known) requireSeason(name, options.season, history, 1)
  const shape = known?.shape ?? shapeOf(history, horizon, options)
  const { nodes } = horizonNodes(shape.horizon, 4, 1.4)
  const { dayWaves, weekWaves, size } = shape
  const clock = calendar({ dayWaves, weekWaves, holidays: options.holidays, tz: options.tz })
  const fresh = () => features(shape, clock, shape.horizon, startMs, stepMs)
  const row = fresh()
  const trained = known
    ? known.trained(row, nodes, (timeMs) => Math.max(0, Math.round((timeMs - startMs) / stepMs)))
    : trainRidge(history, fresh, { nodes, size, penalty: options.penalty, progress })
  return ridgeModel({
    trained,
    features: row,
    horizon: shape.horizon,
    size,
    steps: values.length,
    firstStep: Math.round(startMs / stepMs),
    memory: Math.max(leastMemory, (28 * DAY) / stepMs),
    describe: (now) => writeRidge(shape, row, now, startMs + now.until * stepMs)
  })
}

function shapeOf(history: Series, horizon: number, options: ReadOptions<typeof ridgeOptions>): RidgeShape {
  const { stepMs, values } = history
  const size = sizeOf(values)
  const spanMs = values.length * stepMs
  const waves = (wanted: number, ms: number, times: number) =>
    spanMs >= times * ms ? Math.min(wanted, Math.floor(ms / stepMs / 2)) : 0
  let [sum, count] = [0, 0]
  for (const y of values) {
    if (Number.isNaN(y)) continue
    sum += y / size
    count++
  }
  return {
    size,
    centre: sum / count,
    lags: options.lags,
    seasons: seasonsOf(history, options.season),
    dayWaves: waves(options.dayWaves, DAY, 2),
    weekWaves: waves(options.weekWaves, 7 * DAY, timesRound),
    horizon
  }
}

function seasonsOf(history: Series, season: number): number[] {
  if (season > 1) return [season]
  const clock = [DAY, 7 * DAY].map((ms) => Math.round(ms / history.stepMs))
  return [...new Set([...clock, detectSeason(history).season])]
    .filter((m) => m >= 4 && m <= longestSeason && history.values.length >= timesRound * m)
    .sort((a, b) => a - b)
}
