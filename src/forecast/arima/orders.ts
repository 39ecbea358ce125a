/**
 * Orders — which ARIMA it is, and where its coefficients stand.
 *
 *   φ(B) Φ(B^m) (w[t] − c) = θ(B) Θ(B^m) e[t],   w = (1 − B)^d (1 − B^m)^D y
 *   φ(B) = 1 − φ₁B − … − φₚB^p,  θ(B) = 1 + θ₁B + … + θ_qB^q;  Φ, Θ the same in B^m        (signs as in R)
 *
 * Box & Jenkins 1976. c is the mean of w: the mean when nothing is differenced, the drift when once.
 */
export interface Orders {
  readonly p: number
  readonly d: number
  readonly q: number
  readonly P: number
  readonly D: number
  readonly Q: number
  /** Steps in a season; 0 = none, and then P = D = Q = 0. */
  readonly m: number
  readonly constant: boolean
}

/** φ (p), θ (q), Φ (P), Θ (Q) and c, 0 without a constant. */
export interface Coefficients {
  readonly phi: readonly number[]
  readonly theta: readonly number[]
  readonly seasonalPhi: readonly number[]
  readonly seasonalTheta: readonly number[]
  readonly constant: number
}

/** How many numbers are estimated, σ² not counted. */
export const countOf = ({ p, q, P, Q, constant }: Orders): number => p + q + P + Q + Number(constant)

/** Steps that are lost to differencing: d + D·m. */
export const lostTo = ({ d, D, m }: Pick<Orders, 'd' | 'D' | 'm'>): number => d + D * m

/** The farthest lag of the autoregressive and of the moving average polynomial, multiplied out. */
export const reachOf = ({ p, q, P, Q, m }: Orders): { readonly ar: number; readonly ma: number } => ({
  ar: p + P * m,
  ma: q + Q * m
})

/** As the field writes it: `(1,1,2)(0,1,1)[24]`. */
export function orderName({ p, d, q, P, D, Q, m }: Orders): string {
  return m > 0 ? `(${p},${d},${q})(${P},${D},${Q})[${m}]` : `(${p},${d},${q})`
}

/** One after the other as an optimiser sees them: φ, θ, Φ, Θ, c. */
export function toVector(c: Coefficients, { constant }: Orders): Float64Array {
  const { phi, theta, seasonalPhi, seasonalTheta } = c
  return Float64Array.from([
    ...phi,
    ...theta,
    ...seasonalPhi,
    ...seasonalTheta,
    ...(constant ? [c.constant] : [])
  ])
}

export function fromVector(x: ArrayLike<number>, { p, q, P, Q, constant }: Orders): Coefficients {
  const part = (from: number, count: number) => Array.from({ length: count }, (_, i) => x[from + i])
  return {
    phi: part(0, p),
    theta: part(p, q),
    seasonalPhi: part(p + q, P),
    seasonalTheta: part(p + q + P, Q),
    constant: constant ? x[p + q + P + Q] : 0
  }
}

/** A start for these orders from coefficients of others: what is missing is 0, what is too much is left out. */
export function resized(c: Coefficients, { p, q, P, Q, constant }: Orders): Coefficients {
  const to = (list: readonly number[], n: number) => Array.from({ length: n }, (_, i) => list[i] ?? 0)
  return {
    phi: to(c.phi, p),
    theta: to(c.theta, q),
    seasonalPhi: to(c.seasonalPhi, P),
    seasonalTheta: to(c.seasonalTheta, Q),
    constant: constant ? c.constant : 0
  }
}
