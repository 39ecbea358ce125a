/**
 * Running mean and variance of each number of a state, so that a network sees all of them at about the same size.
 *
 *   x ↦ clip((x − mean) / √(variance + 1e-8), ±10)
 *
 * Groups are merged as Chan, Golub & LeVeque 1983 do: nothing is forgotten, and nothing is summed up that would cancel.
 */
import { float64Of, PrescaleError, toBase64 } from '../base/index.ts'
import type { Tensor } from '../nn/index.ts'

/** Plain and changed in place. `squares`: sum of squared distances from the mean. */
export interface Moments {
  count: number
  readonly mean: Float64Array
  readonly squares: Float64Array
}

/** As it is kept in a model: numbers in base64 of float64. */
export interface SavedMoments {
  readonly count: number
  readonly mean: string
  readonly squares: string
}

/** Turns a state into what the network sees, `out[at…]`. */
export type Scaling = (x: ArrayLike<number>, from: number, out: Tensor, at: number) => void

/** No number of a state is farther from its mean than so many deviations. */
export const LIMIT = 10

export const noMoments = (size: number): Moments => ({
  count: 0,
  mean: new Float64Array(size),
  squares: new Float64Array(size)
})

/** Takes in `rows` states that follow each other in `x`. */
export function addMoments(moments: Moments, x: Float64Array, rows: number): void {
  const size = moments.mean.length
  const total = moments.count + rows
  for (let i = 0; i < size; i++) {
    let mean = 0
    for (let row = 0; row < rows; row++) mean += x[row * size + i] / rows
    let squares = 0
    for (let row = 0; row < rows; row++) squares += (x[row * size + i] - mean) ** 2
    const step = mean - moments.mean[i]
    moments.mean[i] += (step * rows) / total
    moments.squares[i] += squares + (step * step * moments.count * rows) / total
  }
  moments.count = total
}

export const varianceOf = ({ count, squares }: Moments, i: number) => (count > 0 ? squares[i] / count : 1)

/** x ↦ (x − mean) · factor, before it is held at ± LIMIT; of moments as they are now. */
export function scaleOf(moments: Moments): { readonly mean: Float64Array; readonly factor: Float64Array } {
  const mean = moments.mean.slice()
  return { mean, factor: mean.map((_, i) => 1 / Math.sqrt(varianceOf(moments, i) + 1e-8)) }
}

/** The scaling of moments as they are now; without moments states go in as they are. */
export function scalingOf(moments: Moments | undefined, size: number): Scaling {
  if (moments === undefined) {
    return (x, from, out, at) => {
      for (let i = 0; i < size; i++) out[at + i] = x[from + i]
    }
  }
  const { mean, factor } = scaleOf(moments)
  return (x, from, out, at) => {
    for (let i = 0; i < size; i++) {
      out[at + i] = Math.min(LIMIT, Math.max(-LIMIT, (x[from + i] - mean[i]) * factor[i]))
    }
  }
}

export const saveMoments = ({ count, mean, squares }: Moments): SavedMoments => ({
  count,
  mean: toBase64(mean, 'float64'),
  squares: toBase64(squares, 'float64')
})

/** Throws `BAD_MODEL` where there are not `size` finite numbers. */
export function readMoments({ count, mean, squares }: SavedMoments, size: number, where: string): Moments {
  return { count, mean: finite(mean, size, where, 'mean'), squares: finite(squares, size, where, 'squares') }
}

/** That many finite float64 numbers of a text, or `BAD_MODEL`. */
export function finite(text: string, size: number, where: string, what: string): Float64Array {
  const values = float64Of(text)
  if (values.length === size && values.every(Number.isFinite)) return values
  throw new PrescaleError(
    'BAD_MODEL',
    `${where}: ${what} must be ${size} finite numbers, has ${values.length}`
  )
}
