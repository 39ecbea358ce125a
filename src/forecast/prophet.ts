/**
 * Prophet — a trend that bends at changepoints, and waves of day and week.
 *
 *   y(t) = g(t) + s(t) + holidays(t) + e(t)            `prophet-fit.ts`; fitted by Prophet's own Stan model
 *   ŷ[t+h] = f(t+h) + ê[t+h]                           f = g + s + holidays, ê the smoothed miss (`correction.ts`)
 *
 * Taylor & Letham 2018. The original forecasts f alone; one step ahead in a load that is far from noise that leaves most
 * of what is known on the table, so here what it lately missed is followed step by step. f itself is not fitted again
 * before the model is. The bytes of Stan are handed in: `augurs.ts`.
 *
 *   season          m, steps, the only season; 0 = day and week, and what the history shows besides
 *   seasonal        additive | multiplicative
 *   growth          linear | flat
 *   correct         false: f alone, as the original
 */
import {
  DAY,
  type OptionTable,
  PrescaleError,
  type ReadOptions,
  readOptions,
  type Series
} from '../base/index.ts'
import type { FitOptions, Forecaster, Json } from '../roles.ts'
import { calendar, calendarOptions } from './calendar.ts'
import { corrected } from './correction.ts'
import { type Learned, readLearned } from './learned.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import {
  calendarWaves,
  componentsOf,
  featuresOf,
  fitProphet,
  type ProphetParts,
  type ProphetSeasons,
  wavesIn
} from './prophet-fit.ts'
import { detectSeason, requireSeason } from './season.ts'

export const prophetOptions = {
  season: {
    kind: 'integer',
    default: 0,
    min: 0,
    says: 'steps in the only season; 0 = day and week, or what the history shows'
  },
  seasonal: {
    kind: 'text',
    default: 'additive',
    oneOf: ['additive', 'multiplicative'],
    says: 'how seasons and holidays join the trend'
  },
  seasonWaves: {
    kind: 'integer',
    default: 8,
    min: 1,
    max: 50,
    says: 'sine and cosine waves in a season that is no day or week'
  },
  ...calendarOptions,
  growth: { kind: 'text', default: 'linear', oneOf: ['linear', 'flat'], says: 'trend that bends, or none' },
  changepoints: { kind: 'integer', default: 25, min: 0, max: 500, says: 'places where the trend may bend' },
  flexibility: {
    kind: 'number',
    default: 0.05,
    min: 1e-6,
    max: 100,
    says: 'how readily it bends: prior scale'
  },
  maxPoints: {
    kind: 'integer',
    default: 3000,
    min: 10,
    says: 'at most so many points are fitted: a longer history is averaged in groups of steps'
  },
  correct: {
    kind: 'boolean',
    default: true,
    says: 'what it lately missed is followed; false = trend and seasons alone, as the original'
  }
} as const satisfies OptionTable

export type ProphetOptions = Partial<ReadOptions<typeof prophetOptions>>
type Options = ReadOptions<typeof prophetOptions>

const name = 'prophet'
/** Fewest points that a season keeps where steps are averaged. */
const pointsInSeason = 24

export function prophet(given: ProphetOptions = {}): Forecaster {
  const options = readOptions(name, prophetOptions, given)
  const { dayWaves, weekWaves, holidays, tz } = options
  calendar({ dayWaves, weekWaves, holidays, tz })
  const method: Method = {
    name,
    version: '1',
    needs: 1,
    start(history, horizon, { learned }) {
      const { correct } = options
      if (learned === undefined) return model(history, horizon, fitted(history, options), correct)
      const parts = known(readLearned(name, learned))
      const { correction = null } = learned as { readonly correction?: Json }
      return model(history, horizon, parts, correct, correction)
    }
  }
  return { name, fit: (history: Series, fit?: FitOptions) => fitOnline(method, history, fit) }
}

function model(
  history: Series,
  horizon: number,
  parts: ProphetParts,
  correct: boolean,
  learned?: Json
): PointModel {
  const { startMs, stepMs } = history
  const components = componentsOf(parts)
  const f = (t: number) => components(startMs + t * stepMs)
  const point = correct ? corrected(name, history, f, horizon, learned) : alone(f)
  return {
    ...point,
    parameters: () => ({
      ...parts,
      changes: Array.from(parts.changes),
      delta: Array.from(parts.delta),
      beta: Array.from(parts.beta),
      correction: point.parameters()
    })
  }
}

/** f as it is, whatever is measured. */
function alone(f: (t: number) => number): PointModel {
  let t = 0
  return {
    observe() {
      t++
    },
    ahead(out) {
      for (let h = 0; h < out.length; h++) out[h] = f(t + h)
    },
    parameters: () => null
  }
}

function fitted(history: Series, options: Options): ProphetParts {
  const seasons = seasonsOf(history, options)
  const { growth, changepoints, flexibility, seasonal, maxPoints } = options
  const trend = { growth: growth === 'flat' ? 'flat' : 'linear', changepoints, flexibility } as const
  return fitProphet(thinned(history, seasons, maxPoints), seasons, seasonal === 'multiplicative', trend)
}

function seasonsOf(history: Series, options: Options): ProphetSeasons {
  const { season, holidays, tz, seasonWaves } = options
  requireSeason(name, season, history, 2)
  const given = (steps: number) => ({
    seasonMs: steps * history.stepMs,
    seasonWaves: wavesIn(steps, seasonWaves)
  })
  if (season > 0) return { dayWaves: 0, weekWaves: 0, holidays, tz, ...given(season) }
  const found = detectSeason(history).season
  const clock = [DAY, 7 * DAY].includes(found * history.stepMs)
  return {
    ...calendarWaves(history, options.dayWaves, options.weekWaves),
    holidays,
    tz,
    ...(found > 1 && !clock ? given(found) : { seasonMs: 0, seasonWaves: 0 })
  }
}

/** Means over groups of steps, and of more than still shows every season the newest; each group stands at its middle. */
function thinned(history: Series, seasons: ProphetSeasons, maxPoints: number): Series {
  const { values, startMs, stepMs } = history
  const shortest = Math.min(
    seasons.dayWaves > 0 ? DAY : Infinity,
    seasons.weekWaves > 0 ? 7 * DAY : Infinity,
    seasons.seasonWaves > 0 ? seasons.seasonMs : Infinity
  )
  const most = Math.max(1, Math.floor(shortest / stepMs / pointsInSeason))
  const group = Math.min(most, Math.ceil(values.length / maxPoints))
  const points = Math.min(maxPoints, Math.floor(values.length / group))
  const from = values.length - points * group
  const means = new Float64Array(points)
  for (let i = 0; i < points; i++) means[i] = meanOf(values, from + i * group, group)
  return {
    ...history,
    startMs: startMs + (from + (group - 1) / 2) * stepMs,
    stepMs: stepMs * group,
    // Nothing measured in the newest part: then all of it, as it is.
    ...(means.every(Number.isNaN) ? { values, startMs, stepMs } : { values: means })
  }
}

function meanOf(values: Float64Array, from: number, count: number): number {
  let [sum, n] = [0, 0]
  for (let t = from; t < from + count; t++) {
    if (Number.isNaN(values[t])) continue
    n++
    sum += (values[t] - sum) / n
  }
  return n > 0 ? sum : NaN
}

function known(read: Learned): ProphetParts {
  const number = (field: string, right: string, fits: (value: number) => boolean) => {
    const value = read.number(field)
    if (fits(value)) return value
    throw new PrescaleError(
      'BAD_MODEL',
      `${name}: ${field} of what was learned must be ${right}, was ${value}`
    )
  }
  const whole = (field: string) =>
    number(field, 'a whole number, at least 0', (v) => Number.isInteger(v) && v >= 0)
  const positive = (field: string) => number(field, 'above 0', (v) => v > 0)
  const parts: ProphetParts = {
    dayWaves: whole('dayWaves'),
    weekWaves: whole('weekWaves'),
    holidays: read.text('holidays'),
    tz: read.text('tz'),
    seasonMs: number('seasonMs', 'at least 0', (v) => v >= 0),
    seasonWaves: whole('seasonWaves'),
    multiplicative: read.truth('multiplicative'),
    startMs: read.number('startMs'),
    spanMs: positive('spanMs'),
    size: positive('size'),
    k: read.number('k'),
    m: read.number('m'),
    changes: read.numbers('changes'),
    delta: read.numbers('delta'),
    beta: read.numbers('beta'),
    ...(read.has('trouble') && { trouble: read.text('trouble') })
  }
  if (parts.changes.length !== parts.delta.length || featuresOf(parts).width !== parts.beta.length) {
    throw new PrescaleError(
      'BAD_MODEL',
      `${name}: what was learned must have one delta a change and one beta a wave`
    )
  }
  return parts
}
