/**
 * The dynamic programme of `mpc` and `oracle` — the cheapest path of ready units through the steps ahead.
 *
 *   V[t](r) = min over n ≤ cap[t] of  J[t](n) + move(r → n)          J[t](n) = stage[t](n) + V[t+1](n)
 *   move(r → n) = 0                              n = r
 *               = back · change[t](n)            n < r     giving back is immediate
 *               = change[t](n) + up[t]·(n − r)   n > r     paid while it starts
 *
 * A move up costs the same for each unit, so min over n > r of J + up·n is a suffix minimum and min over n < r a prefix
 * minimum: O(levels) a step and not its square (Bellman 1957; convex moves as in Rockafellar's inf-convolution). Ties go
 * to staying, then to more units.
 */
export interface Problem {
  readonly steps: number
  /** Ready units are `least + i` for i in 0..levels − 1. */
  readonly least: number
  readonly levels: number
  /** (steps, levels) cost of being at a level for a step. */
  readonly stage: Float64Array
  /** (steps, levels) cost of having arrived at a level by a change; absent = changes are free. */
  readonly change?: Float64Array
  /** A change down costs this many times as much: what is given back is asked for again. */
  readonly back?: number
  /** (steps) cost of each unit more that is ready from this step on. */
  readonly up: Float64Array
  /** (steps) most units that can be ready in a step, in units. */
  readonly cap: Float64Array
  /** Units ready before the first step. */
  readonly from: number
}

export interface Path {
  readonly cost: number
  /** (steps) ready units. */
  readonly ready: Int32Array
}

export function cheapestPath(problem: Problem): Path {
  const { steps, least, levels, stage, change, up, cap, back = 1 } = problem
  // next[t·levels + i]: level to be at in step t when coming from level i.
  const next = new Int32Array(steps * levels)
  const value = new Float64Array(levels)
  const above = new Float64Array(levels + 1)
  const aboveAt = new Int32Array(levels + 1)
  for (let t = steps - 1; t >= 0; t--) {
    const row = t * levels
    const top = Math.min(levels - 1, Math.floor(cap[t]) - least)
    const perUnit = up[t]
    // value[i] becomes J[t](i); unreachable levels cost infinity.
    for (let i = 0; i < levels; i++) value[i] += stage[row + i]
    above[levels] = Infinity
    for (let i = levels - 1; i >= 0; i--) {
      const cost = i > top ? Infinity : value[i] + (change === undefined ? 0 : change[row + i]) + perUnit * i
      const better = cost < above[i + 1]
      above[i] = better ? cost : above[i + 1]
      aboveAt[i] = better ? i : aboveAt[i + 1]
    }
    let below = Infinity
    let belowAt = 0
    for (let i = 0; i < levels; i++) {
      const stay = i > top ? Infinity : value[i]
      let cost = stay
      let at = i
      const climb = above[i + 1] - perUnit * i
      if (climb < cost) {
        cost = climb
        at = aboveAt[i + 1]
      }
      if (below < cost) {
        cost = below
        at = belowAt
      }
      const arrived = change === undefined ? stay : stay + back * change[row + i]
      if (arrived <= below) {
        below = arrived
        belowAt = i
      }
      value[i] = cost
      next[row + i] = at
    }
  }
  const ready = new Int32Array(steps)
  let at = Math.max(0, Math.min(levels - 1, problem.from - least))
  const cost = value[at]
  for (let t = 0; t < steps; t++) {
    at = next[t * levels + at]
    ready[t] = least + at
  }
  return { cost, ready }
}
