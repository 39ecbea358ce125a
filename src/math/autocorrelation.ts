/**
 * Autocorrelation — how alike a series is to itself some steps ago.
 *
 *   r[k] = mean over measured pairs of (y[t] − ȳ)(y[t+k] − ȳ) / mean (y[t] − ȳ)²
 *
 * Pairs with a `NaN` are left out of both sums, so gaps do not pull it to zero. Through the FFT of the values and
 * of the mask of measured steps: O(n log n). Box & Jenkins 1976 ch. 2; the pairwise form for gaps is Parzen 1963.
 */
import { fft } from './fft.ts'

/** r[0..maxLag]; `NaN` at a lag with fewer than two measured pairs, and everywhere when nothing varies. */
export function autocorrelation(values: ArrayLike<number>, maxLag: number): Float64Array {
  const n = values.length
  const lags = Math.max(0, Math.min(maxLag, n - 1))
  let size = 1
  while (size < n + lags + 1) size *= 2
  const centred = new Float64Array(size)
  const measured = new Float64Array(size)
  const mean = meanMeasured(values)
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(values[i])) continue
    centred[i] = values[i] - mean
    measured[i] = 1
  }
  const sums = selfProducts(centred)
  const pairs = selfProducts(measured)
  const variance = sums[0] / Math.round(pairs[0])
  const out = new Float64Array(maxLag + 1).fill(NaN)
  if (!(variance > 0)) return out
  for (let k = 0; k <= lags; k++) {
    const count = Math.round(pairs[k])
    if (count >= 2) out[k] = sums[k] / count / variance
  }
  return out
}

/** Σ x[t]·x[t+k] for every k: the inverse transform of |X|². */
function selfProducts(x: Float64Array): Float64Array {
  const re = x.slice()
  const im = new Float64Array(x.length)
  fft(re, im)
  for (let i = 0; i < re.length; i++) {
    re[i] = re[i] * re[i] + im[i] * im[i]
    im[i] = 0
  }
  fft(re, im, true)
  return re
}

function meanMeasured(values: ArrayLike<number>): number {
  let sum = 0
  let count = 0
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue
    sum += values[i]
    count++
  }
  return sum / count
}
