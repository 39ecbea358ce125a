/**
 * Perfect foresight in the elastic world — a bound: nobody who is asked only for units can earn more over this load.
 *
 *   V_t(ready, starting) = max_a r(ready, starting, a, load_t) + V_{t+1}(…)        backwards over the known load, undiscounted
 *
 * Backlog is relaxed: what a step leaves behind is forgotten. A step is then never worse than it is with the backlog, except that
 * serving one may lift a utilisation into the zone; the plan is also run in the real world, and both numbers are given.
 */
import { type ElasticAction, type ElasticConfig, elastic, elasticStart } from '../sim/index.ts'

export interface Foresight {
  /** Sum of rewards with the backlog relaxed. */
  readonly bound: number
  /** 0 down, 1 hold, 2 up, for each step. */
  readonly plan: Uint8Array
}

/** The plan for these arrivals, events a step, beginning with the world's first size. */
export function elasticForesight(given: Partial<ElasticConfig>, arrivals: Float64Array): Foresight {
  const world = elastic(given)
  const { config } = world
  const masks = 1 << (config.bootSteps - 1)
  const width = (config.maxUnits + 1) * masks
  const steps = arrivals.length
  const chosen = new Uint8Array(steps * width)
  const places = Array.from({ length: width }, (_, i) => {
    const ready = Math.floor(i / masks)
    return ready >= config.minUnits ? elasticStart(config, ready, i % masks) : undefined
  })
  let later = new Float64Array(width)
  for (let t = steps - 1; t >= 0; t--) {
    const now = new Float64Array(width).fill(-Infinity)
    for (let i = 0; i < width; i++) {
      const state = places[i]
      if (state === undefined) continue
      for (let a = 0; a < 3; a++) {
        const after = world.transition(state, ACTIONS[a], arrivals[t])
        const to = after.ready * masks + after.starting
        // More than there can be is reached from sizes that cannot be reached.
        const worth = to < width ? after.reward + later[to] : -Infinity
        if (worth > now[i]) {
          now[i] = worth
          chosen[t * width + i] = a
        }
      }
    }
    later = now
  }
  const plan = new Uint8Array(steps)
  let state = world.initial(0)
  const bound = later[state.ready * masks + state.starting]
  for (let t = 0; t < steps; t++) {
    plan[t] = chosen[t * width + state.ready * masks + state.starting]
    state = world.transition(state, ACTIONS[plan[t]], arrivals[t])
  }
  return { bound, plan }
}

const ACTIONS: readonly ElasticAction[] = [-1, 0, 1]
