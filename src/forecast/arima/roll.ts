/**
 * A fitted ARIMA led through a series — one step at a time, without fitting again.
 *
 *   by its Kalman filter (filter.ts)                          where the state is small: right across gaps too
 *   ŷ[t] = c·a(1) + Σ a[k] y[t−k] + Σ b[k] e[t−k]             else, over the lags that are not 0: O(p + q) at any season
 *   ψ[0] = 1,  ψ[k] = b[k] + Σ a[i] ψ[k−i];   error h ahead: σ · √(ψ[0]² + … + ψ[h−1]²)
 *
 * Box & Jenkins 1976 ch. 5. In the second form a step that was not measured takes its own forecast, e = 0. While the
 * first values are gathered (d + D·m; in the second form p + P·m more) the last one stands in.
 */
import { arimaFilter } from './filter.ts'
import { autoregressive, dense, differencing, integrated, type Lags, movingAverage } from './lags.ts'
import { type Coefficients, lostTo, type Orders, reachOf } from './orders.ts'

export interface Rolling {
  /** One more step; `NaN` = not measured. */
  observe(y: number): void
  /** Writes ŷ[t+1 ..]; `NaN` before anything was measured. */
  ahead(out: Float64Array): void
}

/** State above which a step of the filter costs more than it is worth. */
const mostState = 64

export function rolling(orders: Orders, coefficients: Coefficients): Rolling {
  const { ar, ma } = reachOf(orders)
  const lost = lostTo(orders)
  const { constant } = coefficients
  const [a, b] = [autoregressive(coefficients, orders), movingAverage(coefficients, orders)]
  if (Math.max(ar, ma + 1) + lost <= mostState) {
    const parts = { ar: dense(a, ar), ma: dense(b, ma), delta: dense(differencing(orders), lost), constant }
    return gathering(lost, (before) => arimaFilter({ ...parts, before }))
  }
  const level = constant * (1 - a.weights.reduce((sum, v) => sum + v, 0))
  return gathering(lost + ar, (before) => recursion(integrated(coefficients, orders), b, level, before))
}

/** Holds the first `count` values back for `start`, the newest first; a gap among them takes the value before it. */
function gathering(count: number, start: (before: readonly number[]) => Rolling): Rolling {
  const before: number[] = []
  let last = NaN
  let model: Rolling | undefined
  return {
    observe(y) {
      if (model) return model.observe(y)
      if (!Number.isNaN(y)) last = y
      if (Number.isNaN(last)) return
      if (count > 0) before.unshift(last)
      if (before.length < count) return
      model = start(before)
      if (count === 0) model.observe(y)
    },
    ahead(out) {
      if (model) model.ahead(out)
      else out.fill(last)
    }
  }
}

function recursion(a: Lags, b: Lags, level: number, before: readonly number[]): Rolling {
  const reach = Math.max(1, a.at.at(-1) ?? 0, b.at.at(-1) ?? 0)
  const ys = new Float64Array(reach)
  const es = new Float64Array(reach)
  for (let k = 0; k < before.length; k++) ys[before.length - 1 - k] = before[k]
  let t = before.length

  /** ŷ of step at ≥ t; from step t on y is in `out`. */
  function expected(at: number, out: Float64Array): number {
    let sum = level
    for (let k = 0; k < a.at.length; k++) {
      const back = at - a.at[k]
      sum += a.weights[k] * (back >= t ? out[back - t] : ys[back % reach])
    }
    for (let k = 0; k < b.at.length; k++) {
      const back = at - b.at[k]
      if (back < t && back >= 0) sum += b.weights[k] * es[back % reach]
    }
    return sum
  }

  const none = new Float64Array(0)
  return {
    observe(y) {
      const forecast = expected(t, none)
      const measured = !Number.isNaN(y)
      ys[t % reach] = measured ? y : forecast
      es[t % reach] = measured ? y - forecast : 0
      t++
    },
    ahead(out) {
      for (let h = 0; h < out.length; h++) out[h] = expected(t + h, out)
    }
  }
}

/** √(ψ[0]² + … + ψ[h]²) for h < steps: how the error grows with the horizon, σ = 1. */
export function growth(orders: Orders, coefficients: Coefficients, steps: number): Float64Array {
  const [a, b] = [integrated(coefficients, orders), movingAverage(coefficients, orders)]
  const psi = new Float64Array(steps)
  const out = new Float64Array(steps)
  for (let k = 0; k < b.at.length; k++) if (b.at[k] < steps) psi[b.at[k]] = b.weights[k]
  let sum = 0
  for (let h = 0; h < steps; h++) {
    if (h === 0) psi[0] = 1
    for (let k = 0; k < a.at.length && a.at[k] <= h; k++) psi[h] += a.weights[k] * psi[h - a.at[k]]
    sum += psi[h] * psi[h]
    out[h] = Math.sqrt(sum)
  }
  return out
}
