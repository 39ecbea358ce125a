/**
 * What keeps one outlier from ruling sums of squares.
 *
 *   target   a miss of more than c σ counts as one of c σ, c = 3                Huber 1964, as modified residuals
 *   row      weight 1 / max(1, |x|∞ / 10, |u| / 10)²: a load that jumps far above all that was trained on teaches
 *            by its proportions, not by its size                                 bounded leverage, Mallows 1975
 *   value    at most a million times the largest of the history
 */
const reach = 3
const usual = 10
const largest = 1e6

/** A miss as it counts. */
export const farthest = (miss: number, sigma: number) =>
  Math.max(-reach * sigma, Math.min(reach * sigma, miss))

export const bounded = (z: number) => Math.max(-largest, Math.min(largest, z))

/** Weight of the row x (p, from `at` on) with target u. */
export function weightOfRow(x: Float64Array, at: number, p: number, u: number): number {
  let most = Math.abs(u)
  for (let j = at; j < at + p; j++) if (Math.abs(x[j]) > most) most = Math.abs(x[j])
  return most > usual ? (usual / most) ** 2 : 1
}
