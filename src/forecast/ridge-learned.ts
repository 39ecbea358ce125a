/** What ridge learned as plain JSON, and back: long rows of numbers as base64 of float64, exactly as they were. */
import { float64Of, PrescaleError, toBase64 } from '../base/index.ts'
import type { Json } from '../roles.ts'
import { readLearned } from './learned.ts'
import type { FeatureShape, Features } from './ridge-features.ts'
import type { Trained } from './ridge-train.ts'

export interface RidgeShape extends FeatureShape {
  readonly dayWaves: number
  readonly weekWaves: number
  /** The longest learned horizon. */
  readonly horizon: number
}

export interface KnownRidge {
  readonly shape: RidgeShape
  /** What was learned, for these features and horizons; `stepOf` tells the step of the history that a moment is. */
  trained(features: Features, nodes: readonly number[], stepOf: (timeMs: number) => number): Trained
}

export function writeRidge(
  shape: RidgeShape,
  { width, groups }: Features,
  now: Trained,
  untilMs: number
): Json {
  return {
    ...shape,
    seasons: [...shape.seasons],
    groups: [...groups],
    penalties: now.penalties.flat(),
    misses: [...now.misses],
    untilMs,
    coefficients: toBase64(
      now.coefficients.flatMap((b) => [...b]),
      'float64'
    ),
    products: toBase64(
      now.products.flatMap((sums) => lowerOf(sums, width + 2)),
      'float64'
    )
  }
}

/** Errors: `BAD_MODEL` where something is missing or does not fit together. */
export function readRidge(learned: Json): KnownRidge {
  const saved = readLearned('ridge', learned)
  const whole = (field: string, least: number) => {
    const value = saved.number(field)
    if (!Number.isInteger(value) || value < least) throw bad(field, `a whole number, at least ${least}`)
    return value
  }
  const seasons = [...saved.numbers('seasons')]
  if (!seasons.every((m) => Number.isInteger(m) && m >= 2)) throw bad('seasons', 'whole numbers, at least 2')
  const size = saved.number('size')
  if (!(size > 0)) throw bad('size', 'above 0')
  const shape: RidgeShape = {
    size,
    centre: saved.number('centre'),
    lags: whole('lags', 1),
    seasons,
    dayWaves: whole('dayWaves', 0),
    weekWaves: whole('weekWaves', 0),
    horizon: whole('horizon', 1)
  }
  return {
    shape,
    trained({ width: p, groups }, nodes, stepOf) {
      const rows = (values: Float64Array, width: number, field: string) => {
        if (values.length !== nodes.length * width || !values.every(Number.isFinite)) {
          throw bad(field, `${nodes.length} × ${width} finite numbers, of the same options as now`)
        }
        return nodes.map((_, k) => values.slice(k * width, (k + 1) * width))
      }
      const base64 = (field: string, width: number) => rows(numbersOf(saved.text(field), field), width, field)
      const q = p + 2
      return {
        penalties: rows(saved.numbers('penalties'), groups.length, 'penalties').map((row) => [...row]),
        misses: [...rows(saved.numbers('misses'), 1, 'misses')].map(([miss]) => miss),
        coefficients: base64('coefficients', p + 1),
        products: base64('products', (q * (q + 1)) / 2).map((row) => squareOf(row, q)),
        until: stepOf(saved.number('untilMs'))
      }
    }
  }
}

function numbersOf(text: string, field: string): Float64Array {
  try {
    return float64Of(text)
  } catch (cause) {
    throw bad(field, 'base64 of float64', cause)
  }
}

const bad = (field: string, right: string, cause?: unknown) =>
  new PrescaleError('BAD_MODEL', `ridge: ${field} of what was learned must be ${right}`, { cause })

function lowerOf(square: Float64Array, q: number): number[] {
  const out: number[] = []
  for (let i = 0; i < q; i++) for (let j = 0; j <= i; j++) out.push(square[i * q + j])
  return out
}

function squareOf(lower: Float64Array, q: number): Float64Array {
  const out = new Float64Array(q * q)
  for (let i = 0, at = 0; i < q; i++) for (let j = 0; j <= i; j++) out[i * q + j] = lower[at++]
  return out
}
