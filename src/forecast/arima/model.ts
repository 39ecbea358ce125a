/**
 * A fitted ARIMA, as plain data, and how models are compared.
 *
 *   AIC = −2 log L + 2k,   AICc = AIC + 2k(k+1)/(n − k − 1),   BIC = −2 log L + k log n,   k counts σ² too
 *
 * Akaike 1974, Hurvich & Tsai 1989, Schwarz 1978.
 */
import { type Coefficients, countOf, type Orders } from './orders.ts'

export type Criterion = 'aic' | 'aicc' | 'bic'

export interface ArimaModel {
  readonly orders: Orders
  readonly coefficients: Coefficients
  /** Variance of one step's error. */
  readonly sigma2: number
  readonly logLikelihood: number
  /** Steps in the likelihood. */
  readonly count: number
  readonly aic: number
  readonly aicc: number
  readonly bic: number
  readonly estimator: 'exact' | 'conditional' | 'fallback'
  /** Why it is not what was asked for. */
  readonly reason?: string
  /** Orders that were looked at. */
  readonly tried: number
}

/** `more`: what is estimated besides the coefficients and σ². Penalised −2 log L; infinite when there are not more steps than numbers to estimate. */
export function criterionOf(
  which: Criterion,
  minusTwoLog: number,
  orders: Orders,
  n: number,
  more = 0
): number {
  const k = countOf(orders) + 1 + more
  if (n <= k + 1) return Infinity
  if (which === 'bic') return minusTwoLog + k * Math.log(n)
  return minusTwoLog + 2 * k + (which === 'aicc' ? (2 * k * (k + 1)) / (n - k - 1) : 0)
}

export interface Estimate {
  readonly orders: Orders
  readonly coefficients: Coefficients
  readonly sigma2: number
  readonly logLikelihood: number
  readonly count: number
}

export function modelOf(
  { orders, coefficients, sigma2, logLikelihood, count }: Estimate,
  estimator: ArimaModel['estimator'],
  tried: number
): ArimaModel {
  const by = (which: Criterion) => criterionOf(which, -2 * logLikelihood, orders, count)
  return {
    orders,
    coefficients,
    sigma2,
    logLikelihood,
    count,
    aic: by('aic'),
    aicc: by('aicc'),
    bic: by('bic'),
    estimator,
    tried
  }
}

/** The same model of a·y + b: only c, σ² and the likelihood know the unit. */
export function inUnits(model: ArimaModel, scale: number, shift: number): ArimaModel {
  const { orders, coefficients, sigma2, logLikelihood, count } = model
  const added = orders.d + orders.D === 0 && orders.constant ? shift : 0
  const changed = modelOf(
    {
      orders,
      coefficients: { ...coefficients, constant: coefficients.constant * scale + added },
      sigma2: sigma2 * scale * scale,
      logLikelihood: logLikelihood - count * Math.log(scale),
      count
    },
    model.estimator,
    model.tried
  )
  return model.reason === undefined ? changed : { ...changed, reason: model.reason }
}
