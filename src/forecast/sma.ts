/**
 * Simple moving average — the mean of the last few values.
 *
 *   ŷ[t+h] = (y[t] + y[t−1] + … + y[t−w+1]) / w,  over those of them that were measured
 *
 * NIST/SEMATECH e-Handbook of Statistical Methods §6.4.2. With none of the w measured, the mean before them stays.
 *
 *   window   w, steps, default 5
 */
import { requireOption, type Series } from '../base/index.ts'
import type { FitOptions, Forecaster } from '../roles.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'

export function sma({ window = 5 }: { readonly window?: number } = {}): Forecaster {
  requireOption(
    Number.isInteger(window) && window >= 1,
    'window',
    window,
    'a whole number of steps, at least 1'
  )
  const method: Method = {
    name: 'sma',
    version: '1',
    needs: 1,
    start: () => start(window)
  }
  return { name: 'sma', fit: (history: Series, options?: FitOptions) => fitOnline(method, history, options) }
}

function start(window: number): PointModel {
  const ring = new Float64Array(window).fill(NaN)
  let next = 0
  let mean = NaN
  return {
    observe(y) {
      ring[next] = y
      next = (next + 1) % window
      // Summed anew each time: a running sum would carry the rounding of a spike for ever.
      let sum = 0
      let count = 0
      for (const value of ring) {
        if (Number.isNaN(value)) continue
        sum += value
        count++
      }
      if (count > 0) mean = sum / count
    },
    ahead: (out) => void out.fill(mean),
    parameters: () => ({ window, mean })
  }
}
