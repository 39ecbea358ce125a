/**
 * Partial autocorrelations — the coordinates in which a stationary process is a box.
 *
 *   φ(B) is stationary  ⇔  every partial autocorrelation r[k] of it lies in (−1, 1)
 *   φ[k,k] = r[k],  φ[k,i] = φ[k−1,i] − r[k] φ[k−1,k−i]        (Durbin and Levinson), and backwards
 *
 * Barndorff-Nielsen & Schou 1973, Monahan 1984. A moving average θ is invertible when −θ is stationary.
 */
import type { Coefficients } from './orders.ts'

/** r of φ (p); undefined when φ is not stationary. */
export function partialsOf(phi: ArrayLike<number>): number[] | undefined {
  let now = Array.from(phi)
  const out = new Array<number>(now.length)
  for (let k = now.length - 1; k >= 0; k--) {
    const r = now[k]
    if (!(Math.abs(r) < 1)) return undefined
    out[k] = r
    const shrink = 1 - r * r
    now = now.slice(0, k).map((c, i) => (c + r * now[k - 1 - i]) / shrink)
  }
  return out
}

/** φ of r (p), each in (−1, 1). */
export function fromPartials(r: ArrayLike<number>): number[] {
  let phi: number[] = []
  for (let k = 0; k < r.length; k++) phi = [...phi.map((c, i) => c - r[k] * phi[k - 1 - i]), r[k]]
  return phi
}

/** Stationary and invertible. */
export function isInside({ phi, theta, seasonalPhi, seasonalTheta }: Coefficients): boolean {
  return [phi, seasonalPhi, negated(theta), negated(seasonalTheta)].every((c) => partialsOf(c) !== undefined)
}

export const negated = (x: readonly number[]): number[] => x.map((v) => -v)

/** Nearest that can be used as a start: the roots drawn inwards until it is stationary with room to move. */
export function drawnInside(phi: readonly number[], room = 0.02): number[] {
  for (let shrink = 1; shrink > 1e-3; shrink *= 0.9) {
    const drawn = phi.map((c, i) => c * shrink ** (i + 1))
    if (partialsOf(drawn)?.every((r) => Math.abs(r) <= 1 - room)) return drawn
  }
  return phi.map(() => 0)
}
