/**
 * Nelder–Mead — finds a low point of a function of a few variables without derivatives.
 *
 *   a simplex of n + 1 points; the worst is reflected through the others' centre (1), expanded (2), contracted
 *   (½), or all shrink towards the best (½)
 *
 * Nelder & Mead 1965, with the convergence test of Press et al. on the spread of values. A point where the function
 * is `NaN` counts as infinitely bad, so bounds can be kept by returning `Infinity` or `NaN` outside.
 */
import { requireOption } from '../base/index.ts'

export interface Minimum {
  readonly x: readonly number[]
  readonly value: number
  readonly evaluations: number
}

export interface NelderMeadOptions {
  /** First edge of the simplex along each axis. */
  readonly step?: number | readonly number[]
  readonly maxEvaluations?: number
  /** Moves of the simplex at most; a shrink is one. */
  readonly maxIterations?: number
  /** Stops when best and worst differ by less than this share of their size. */
  readonly tolerance?: number
}

interface Vertex {
  readonly x: readonly number[]
  readonly value: number
}

export function nelderMead(
  f: (x: readonly number[]) => number,
  start: readonly number[],
  options: NelderMeadOptions = {}
): Minimum {
  const {
    step = 0.1,
    maxEvaluations = 200 * start.length,
    maxIterations = Infinity,
    tolerance = 1e-9
  } = options
  requireOption(start.length > 0, 'start', start, 'a list of at least one number')
  let evaluations = 0
  const at = (x: readonly number[]): Vertex => {
    evaluations++
    const value = f(x)
    return { x, value: Number.isNaN(value) ? Infinity : value }
  }
  const edge = (axis: number) => (typeof step === 'number' ? step : step[axis])
  const simplex = [at(start), ...start.map((_, i) => at(start.map((v, j) => (i === j ? v + edge(i) : v))))]
  const byValue = (a: Vertex, b: Vertex) => a.value - b.value
  simplex.sort(byValue)
  for (let moves = 0; moves < maxIterations; moves++) {
    if (evaluations >= maxEvaluations || converged(simplex, tolerance)) break
    const worst = simplex[simplex.length - 1]
    const centre = centreOf(simplex.slice(0, -1))
    const towards = (factor: number) => at(centre.map((c, i) => c + factor * (c - worst.x[i])))
    const next = improve(simplex, worst, towards)
    if (next) simplex[simplex.length - 1] = next
    else {
      const best = simplex[0]
      for (let i = 1; i < simplex.length; i++) {
        simplex[i] = at(simplex[i].x.map((v, j) => best.x[j] + (v - best.x[j]) / 2))
      }
    }
    simplex.sort(byValue)
  }
  return { ...simplex[0], evaluations }
}

/** The vertex that replaces the worst, or undefined when the simplex must shrink. */
function improve(
  simplex: readonly Vertex[],
  worst: Vertex,
  towards: (factor: number) => Vertex
): Vertex | undefined {
  const reflected = towards(1)
  if (reflected.value < simplex[0].value) {
    const expanded = towards(2)
    return expanded.value < reflected.value ? expanded : reflected
  }
  if (reflected.value < simplex[simplex.length - 2].value) return reflected
  const contracted = towards(reflected.value < worst.value ? 0.5 : -0.5)
  return contracted.value < Math.min(reflected.value, worst.value) ? contracted : undefined
}

function centreOf(vertices: readonly Vertex[]): number[] {
  return vertices[0].x.map((_, i) => vertices.reduce((sum, v) => sum + v.x[i], 0) / vertices.length)
}

function converged(simplex: readonly Vertex[], tolerance: number): boolean {
  const best = simplex[0].value
  const worst = simplex[simplex.length - 1].value
  if (!Number.isFinite(worst)) return false
  const flat = Math.abs(worst - best) <= tolerance * (Math.abs(worst) + Math.abs(best) + 1e-300)
  // Equal values alone may be two sides of one valley: the points must also be near each other.
  return (
    flat &&
    simplex.every((v) => v.x.every((c, i) => Math.abs(c - simplex[0].x[i]) <= 1e-6 * (1 + Math.abs(c))))
  )
}
