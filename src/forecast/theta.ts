/**
 * Theta — the mean of a line through everything and of a smoothed level, season taken out before and put back after.
 *
 *   ŷ[t+h] = ℓ[t] + (1 − 1/θ) · (A (1−α)^t + B ((1 − (1−α)^(t+1)) / α + h − 1)),    ℓ[t] = α y[t] + (1−α) ℓ[t−1]
 *   A + B t  the least-squares line through the history; t = values seen
 *
 * Assimakopoulos & Nikolopoulos 2000: θ = 2, the winner of the M3 competition; as exponential smoothing with a drift:
 * Hyndman & Billah 2003; θ fitted: Fiorucci et al. 2016. The season is taken out (`deseason.ts`) where the autocorrelation
 * at its lag is significant at 90 %. A gap moves the level along its own forecast. Line and season are learned once.
 *
 *   season     m, steps; 0 = find it in the history
 *   seasonal   auto | multiplicative | additive | none
 *   theta      at least 1; alpha 0..1
 */
import { type OptionTable, PrescaleError, type ReadOptions, readOptions, type Series } from '../base/index.ts'
import { autocorrelation, nelderMead } from '../math/index.ts'
import type { FitOptions, Forecaster, Json } from '../roles.ts'
import { seasonIndices } from './deseason.ts'
import { readLearned } from './learned.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import { detectSeason, requireSeason } from './season.ts'
import { sizeOf } from './size.ts'
import { inside, outside } from './smoothing.ts'

export const thetaOptions = {
  season: { kind: 'integer', default: 0, min: 0, says: 'steps in a season; 0 = find it in the history' },
  seasonal: {
    kind: 'text',
    default: 'auto',
    oneOf: ['auto', 'multiplicative', 'additive', 'none'],
    says: 'how the season is taken out; auto = only if it is significant, multiplicative where all is above 0'
  },
  theta: {
    kind: 'number',
    min: 1,
    says: 'curvature of the second line, 2 = the standard method; else fitted'
  },
  alpha: { kind: 'number', min: 0.01, max: 1, says: 'weight of the newest value in the level; else fitted' }
} as const satisfies OptionTable

export type ThetaOptions = Partial<ReadOptions<typeof thetaOptions>>

const name = 'theta'
/** Neither the line nor its weights change with more history than this. */
const fittedOn = 20_000
/** Where more history says nothing new about where the level began. */
const searchedStart = 1_000
const significant = 1.6448536269514722
const bounds = { alpha: [0.01, 0.9999], share: [0, 0.999] } as const
/** An index nearer to zero would make of one value a hundred. */
const leastIndex = 0.01

/** All in the unit of the series but weights and a multiplicative season. */
interface ThetaParts {
  readonly startMs: number
  readonly stepMs: number
  readonly alpha: number
  /** 1 − 1/θ. */
  readonly share: number
  readonly intercept: number
  readonly slope: number
  /** The level before the first value. */
  readonly level: number
  readonly multiplicative: boolean
  /** One index a phase; the first belongs to `startMs`. One neutral index where there is no season. */
  readonly indices: Float64Array
}

export function theta(given: ThetaOptions = {}): Forecaster {
  const options = readOptions(name, thetaOptions, given)
  const method: Method = {
    name,
    version: '1',
    needs: 1,
    start: (history, _, { learned }) =>
      model(history, learned === undefined ? fitted(history, options) : known(history, learned))
  }
  return { name, fit: (history: Series, fit?: FitOptions) => fitOnline(method, history, fit) }
}

function fitted(history: Series, options: ReadOptions<typeof thetaOptions>): ThetaParts {
  const season = options.seasonal === 'none' ? 0 : options.season || detectSeason(history).season
  requireSeason(name, season, history, 2)
  const { values, startMs, stepMs } = history
  const size = sizeOf(values)
  const from = Math.max(0, values.length - Math.max(fittedOn, 4 * season))
  const scaled = values.subarray(from).map((y) => y / size)
  const { multiplicative, indices } = seasonOf(scaled, season, options.seasonal)
  const plain = scaled.map((y, t) => without(y, indices[t % indices.length], multiplicative))
  const { intercept, slope } = lineOf(plain)
  const { alpha, share, level } = fitWeights(plain, intercept, slope, options)
  const unit = multiplicative ? 1 : size
  return {
    startMs: startMs + from * stepMs,
    stepMs,
    alpha,
    share,
    intercept: intercept * size,
    slope: slope * size,
    level: level * size,
    multiplicative,
    indices: indices.map((s) => s * unit)
  }
}

function model({ startMs, values }: Series, parts: ThetaParts): PointModel {
  const { alpha, share, slope, multiplicative, indices } = parts
  const m = indices.length
  // Steps since the training part began; what was seen before it only leads the level up to there.
  const since = Math.round((startMs - parts.startMs) / parts.stepMs)
  let t = 0
  let level = since === 0 ? parts.level : firstOf(values)
  const phase = (h: number) => (((since + t + h) % m) + m) % m
  const drift = () => share * driftAt(parts, since === 0 ? t : Infinity)
  const point: PointModel = {
    observe(y) {
      const plain = without(y, indices[phase(0)], multiplicative)
      level += alpha * (Number.isNaN(plain) ? drift() : plain - level)
      t++
    },
    ahead(out) {
      const next = level + drift()
      for (let h = 0; h < out.length; h++) {
        out[h] = within(next + share * slope * h, indices[phase(h)], multiplicative)
      }
    },
    parameters: () => ({
      startMs: parts.startMs,
      stepMs: parts.stepMs,
      theta: 1 / (1 - share),
      alpha,
      share,
      intercept: parts.intercept,
      slope,
      level: parts.level,
      seasonal: m === 1 ? 'none' : multiplicative ? 'multiplicative' : 'additive',
      indices: Array.from(indices)
    })
  }
  const spread = (mean: Float64Array, out: Float64Array) => {
    for (let h = 0; h < out.length; h++) out[h] = Math.max(Math.abs(mean[h]), 0.01 * Math.abs(level), 1e-12)
  }
  return multiplicative ? { ...point, spread } : point
}

/** A (1−α)^t + B (1 − (1−α)^(t+1)) / α. */
function driftAt({ alpha, intercept, slope }: Drift, t: number): number {
  const rest = (1 - alpha) ** t
  return intercept * rest + (slope * (1 - rest * (1 - alpha))) / alpha
}

type Drift = Pick<ThetaParts, 'alpha' | 'intercept' | 'slope'>

const without = (y: number, s: number, multiplicative: boolean) => (multiplicative ? y / s : y - s)
const within = (y: number, s: number, multiplicative: boolean) => (multiplicative ? y * s : y + s)

function seasonOf(values: Float64Array, season: number, seasonal: string) {
  const positive = values.every((y) => Number.isNaN(y) || y > 0)
  if (seasonal === 'multiplicative' && !positive) {
    throw new PrescaleError(
      'BAD_INPUT',
      `${name}: a multiplicative season needs values above 0; use seasonal=additive`
    )
  }
  if (season < 2 || (seasonal === 'auto' && !isSignificant(values, season))) {
    return { multiplicative: false, indices: new Float64Array(1) }
  }
  if (seasonal !== 'additive' && positive) {
    const indices = seasonIndices(values, season, true)
    if (indices.every((s) => s >= leastIndex)) return { multiplicative: true, indices }
  }
  return { multiplicative: false, indices: seasonIndices(values, season, false) }
}

/** |r[m]| > 1.645 · √((1 + 2 Σ_{k<m} r[k]²) / n), r summed over pairs and divided by n: Fiorucci et al. 2016. */
function isSignificant(values: Float64Array, season: number): boolean {
  const n = values.length
  const r = autocorrelation(values, season).map((c, k) => (c * (n - k)) / n)
  let squares = 0
  for (let k = 1; k < season; k++) squares += Number.isNaN(r[k]) ? 0 : r[k] * r[k]
  return Math.abs(r[season]) > significant * Math.sqrt((1 + 2 * squares) / n)
}

/** The least-squares line; its t counts from 1. */
function lineOf(values: Float64Array): { readonly intercept: number; readonly slope: number } {
  let [n, sumT, sumY, sumTT, sumTY] = [0, 0, 0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue
    // Counted from the middle, so that the sums of squares keep their digits.
    const t = i - values.length / 2
    n++
    sumT += t
    sumY += values[i]
    sumTT += t * t
    sumTY += t * values[i]
  }
  const spread = sumTT - (sumT * sumT) / n
  const slope = spread > 0 ? (sumTY - (sumT * sumY) / n) / spread : 0
  return { intercept: sumY / n - slope * (sumT / n + values.length / 2 + 1), slope }
}

function fitWeights(
  values: Float64Array,
  intercept: number,
  slope: number,
  options: ReadOptions<typeof thetaOptions>
): Pick<ThetaParts, 'alpha' | 'share' | 'level'> {
  const short = values.length <= searchedStart
  const first = firstOf(values)
  const fixed = [options.alpha, options.theta === undefined ? undefined : 1 - 1 / options.theta]
  const free = fixed.map((value) => value === undefined)
  const at = (z: readonly number[]) => {
    let next = 0
    const one = (i: number, range: readonly [number, number]) => fixed[i] ?? inside(range, z[next++])
    const [alpha, share] = [one(0, bounds.alpha), one(1, bounds.share)]
    return { alpha, share, level: short ? first + z[next] : first }
  }
  const loss = (z: readonly number[]) => {
    const { alpha, share, level } = at(z)
    return squaredError(values, { alpha, intercept, slope }, share, level)
  }
  const starts = [0.3, 0.8].map((alpha) => [
    ...(free[0] ? [outside(bounds.alpha, alpha)] : []),
    ...(free[1] ? [0] : []),
    ...(short ? [0] : [])
  ])
  if (starts[0].length === 0) return at([])
  const step = starts[0].map((_, i) => (short && i === starts[0].length - 1 ? 0.05 : 1))
  const search = (z: readonly number[]) => nelderMead(loss, z, { step, tolerance: 1e-10 })
  const [low, high] = starts.map((z) => search(search(z).x))
  return at((low.value <= high.value ? low : high).x)
}

function squaredError(values: Float64Array, drift: Drift, share: number, first: number): number {
  const { alpha, intercept, slope } = drift
  let [level, rest, sum] = [first, 1, 0]
  for (const y of values) {
    const ahead = share * (intercept * rest + (slope * (1 - rest * (1 - alpha))) / alpha)
    rest *= 1 - alpha
    if (Number.isNaN(y)) level += alpha * ahead
    else {
      sum += (y - level - ahead) ** 2
      level += alpha * (y - level)
    }
  }
  return sum
}

const firstOf = (values: Float64Array): number => values.find((y) => !Number.isNaN(y)) ?? 0

function known({ stepMs }: Series, learned: Json): ThetaParts {
  const read = readLearned(name, learned)
  const [alpha, share] = [read.number('alpha'), read.number('share')]
  const fits = alpha > 0 && alpha <= 1 && share >= 0 && share < 1 && read.number('stepMs') === stepMs
  const seasonal = read.text('seasonal')
  const indices = read.numbers('indices')
  if (!fits || indices.length === 0) {
    throw new PrescaleError(
      'BAD_MODEL',
      `${name}: what was learned must be for steps of ${stepMs} ms, alpha and share 0..1 and at least one index`
    )
  }
  return {
    startMs: read.number('startMs'),
    stepMs,
    alpha,
    share,
    intercept: read.number('intercept'),
    slope: read.number('slope'),
    level: read.number('level'),
    multiplicative: seasonal === 'multiplicative',
    indices
  }
}
