/**
 * Integrated gradients — how much of an answer each feature makes, against a usual state.
 *
 *   A_i = (x_i − x⁰_i) · ∫₀¹ ∂f/∂x_i (x⁰ + α (x − x⁰)) dα          Σ A_i = f(x) − f(x⁰)
 *
 * The network is a function that is handed in, so the gradient is a central difference and the integral the middle of `steps` pieces;
 * pieces are halved until the sum is right to a hundredth, and the gap that is left is told. Sundararajan, Taly & Yan, "Axiomatic
 * attribution for deep networks" (2017).
 */

export interface Attribution {
  /** A_i, one for each feature. */
  readonly parts: Float64Array
  /** f(x) − f(x⁰). */
  readonly difference: number
  /** difference − Σ A_i. */
  readonly gap: number
}

const STEP = 1e-3
const FIRST_STEPS = 16
const MOST_STEPS = 256
const TOLERANCE = 0.01

/** Several functions of one state at once, `f(state, out)` writes their values. Features that are alike in both states cost nothing. */
export function integratedGradients(
  f: (state: Float64Array, out: Float64Array) => void,
  count: number,
  state: ArrayLike<number>,
  usual: ArrayLike<number>
): readonly Attribution[] {
  const [at, before] = [new Float64Array(count), new Float64Array(count)]
  f(Float64Array.from(state), at)
  f(Float64Array.from(usual), before)
  const difference = at.map((value, k) => value - before[k])
  let parts: Float64Array[] = []
  for (let steps = FIRST_STEPS; steps <= MOST_STEPS; steps *= 2) {
    parts = integrated(f, count, state, usual, steps)
    const isDone = parts.every((own, k) => {
      const gap = Math.abs(difference[k] - sum(own))
      return gap <= TOLERANCE * Math.max(Math.abs(difference[k]), 0.1)
    })
    if (isDone) break
  }
  return parts.map((own, k) => ({ parts: own, difference: difference[k], gap: difference[k] - sum(own) }))
}

function integrated(
  f: (state: Float64Array, out: Float64Array) => void,
  count: number,
  state: ArrayLike<number>,
  usual: ArrayLike<number>,
  steps: number
): Float64Array[] {
  const size = state.length
  const parts = Array.from({ length: count }, () => new Float64Array(size))
  const [above, below] = [new Float64Array(count), new Float64Array(count)]
  const point = new Float64Array(size)
  for (let n = 0; n < steps; n++) {
    const alpha = (n + 0.5) / steps
    for (let i = 0; i < size; i++) point[i] = usual[i] + alpha * (state[i] - usual[i])
    for (let i = 0; i < size; i++) {
      const way = state[i] - usual[i]
      if (way === 0) continue
      const middle = point[i]
      point[i] = middle + STEP
      f(point, above)
      point[i] = middle - STEP
      f(point, below)
      point[i] = middle
      for (let k = 0; k < count; k++) parts[k][i] += (way * (above[k] - below[k])) / (2 * STEP * steps)
    }
  }
  return parts
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
