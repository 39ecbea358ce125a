/**
 * Naive — tomorrow looks like right now.
 *
 *   ŷ[t+h] = y[t],  the last measured value
 *
 * The line every other forecaster has to beat; also called persistence. Hyndman & Athanasopoulos, FPP3 §5.2.
 */
import type { Series } from '../base/index.ts'
import type { FitOptions, Forecaster } from '../roles.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'

const method: Method = { name: 'naive', version: '1', needs: 1, start }

export function naive(): Forecaster {
  return {
    name: 'naive',
    fit: (history: Series, options?: FitOptions) => fitOnline(method, history, options)
  }
}

function start(): PointModel {
  let last = NaN
  return {
    observe(y) {
      if (!Number.isNaN(y)) last = y
    },
    ahead: (out) => void out.fill(last),
    parameters: () => ({ last })
  }
}
