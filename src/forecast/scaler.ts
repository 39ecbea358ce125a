/**
 * Scaler — loads of any size as numbers that a network learns from.
 *
 *   min-max   x = (y − min) / (max − min)        fitted on the training part only
 *
 * Values outside of what was seen there lie outside of 0..1; far outside (`reach` of that range) a network knows nothing
 * and must not be asked. A constant has no range: `size` is 0.
 */
import { PrescaleError } from '../base/index.ts'

export type Scaler = {
  /** y that becomes 0. */
  readonly shift: number
  /** max − min. */
  readonly size: number
}

/** Over the measured values. Throws `TOO_SHORT` when there is none. */
export function fitScaler(values: ArrayLike<number>): Scaler {
  let [min, max] = [Infinity, -Infinity]
  for (let i = 0; i < values.length; i++) {
    if (values[i] < min) min = values[i]
    if (values[i] > max) max = values[i]
  }
  if (min > max) throw new PrescaleError('TOO_SHORT', 'a scaler needs at least 1 measured value, got 0')
  // Two values near ±1e308 are further apart than the largest number.
  return { shift: min, size: Math.min(max - min, Number.MAX_VALUE) }
}

export const scaled = ({ shift, size }: Scaler, y: number): number => (y - shift) / size
export const unscaled = ({ shift, size }: Scaler, x: number): number => shift + x * size
