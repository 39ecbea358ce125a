/**
 * The elastic world with a load that is a Markov chain: a finite MDP, so that the optimum is known exactly.
 *
 *   state   (place in the chain, ready units, starting units, backlog on its grid), as far as they can be reached
 *   seen    what the table sees of it: (Utilisation, Capacity, Trend, Forecast), the forecast being the chain's own expectation
 *
 * The optimum sees everything, the learner only `seen`: what lies between them is the price of the table and of learning together.
 */
import { requireOption } from '../base/index.ts'
import { type CompiledMdp, compileMdp, type ElasticStates, elasticStates } from '../decide/index.ts'
import {
  type ElasticAction,
  type ElasticConfig,
  type ElasticState,
  elastic,
  elasticStart,
  unitsIn
} from '../sim/index.ts'

/** Place j has load `rate[j]`, and had `previous[j]` a step before. */
export interface LoadChain {
  readonly rate: Float64Array
  readonly previous: Float64Array
  /** Where it goes: places and their probabilities. */
  readonly next: readonly (readonly (readonly [to: number, p: number])[])[]
}

export interface ElasticMdp {
  readonly mdp: CompiledMdp
  readonly table: ElasticStates
  /** State of the MDP → state of the table. */
  readonly seen: Int32Array
  /** All places of the chain with the world's first size and nothing waiting. */
  readonly starts: readonly number[]
  /** Units that are ready or starting, and the load, by state. */
  readonly units: Int32Array
  readonly load: Float64Array
}

/**
 * A day that rises and falls between `low` and `high` events/s over `places`, lingering at each (`stay` = chance to stay a step), and
 * with chance `gust` a step is louder by `gustRate`.
 */
export function waveChain({
  places = 24,
  low = 60,
  high = 300,
  stay = 0.5,
  gust = 0.15,
  gustRate = 40
}: {
  readonly places?: number
  readonly low?: number
  readonly high?: number
  readonly stay?: number
  readonly gust?: number
  readonly gustRate?: number
} = {}): LoadChain {
  requireOption(Number.isInteger(places) && places >= 2, 'places', places, 'a whole number, at least 2')
  const base = (i: number) => low + ((high - low) * (1 - Math.cos((2 * Math.PI * i) / places))) / 2
  // (place, it has just come here, gust now, gust a step before)
  const count = places * 8
  const parts = (j: number) => ({ i: j >> 3, came: (j >> 2) & 1, now: (j >> 1) & 1, before: j & 1 })
  const rate = new Float64Array(count)
  const previous = new Float64Array(count)
  const next: (readonly [number, number])[][] = []
  for (let j = 0; j < count; j++) {
    const { i, came, now, before } = parts(j)
    rate[j] = base(i) + now * gustRate
    previous[j] = base(came === 1 ? (i + places - 1) % places : i) + before * gustRate
    const ways: (readonly [number, number])[] = []
    for (const moves of [0, 1]) {
      for (const blows of [0, 1]) {
        const p = (moves === 1 ? 1 - stay : stay) * (blows === 1 ? gust : 1 - gust)
        if (p > 0) ways.push([(((i + moves) % places) << 3) | (moves << 2) | (blows << 1) | now, p])
      }
    }
    next.push(ways)
  }
  return { rate, previous, next }
}

/** What the chain expects of the three steps in which a unit asked for now would begin to serve, events/s. */
export function expectedLoad({ rate, next }: LoadChain, bootSteps: number, looks = 3): Float64Array {
  let ahead = rate
  const sum = new Float64Array(rate.length)
  for (let h = 1; h <= bootSteps + looks; h++) {
    const from: Float64Array = ahead
    ahead = Float64Array.from(next, (ways) => ways.reduce((mean, [to, p]) => mean + p * from[to], 0))
    if (h > bootSteps) for (let j = 0; j < sum.length; j++) sum[j] += ahead[j] / looks
  }
  return sum
}

/** All that can be reached from the starts. The world's `backlogGrid` must be above 0. */
export function elasticMdp(given: Partial<ElasticConfig>, chain: LoadChain): ElasticMdp {
  const world = elastic(given)
  const { config } = world
  requireOption(
    config.backlogGrid > 0,
    'backlogGrid',
    config.backlogGrid,
    'above 0: otherwise there are too many backlogs'
  )
  const seconds = config.stepMs / 1_000
  const places = chain.rate.length
  const numbers = new Map<number, number>()
  const found: { readonly place: number; readonly state: ElasticState }[] = []
  const levels = Math.ceil((config.queueLimit * config.maxUnits) / config.backlogGrid) + 1
  const numberOf = (place: number, state: ElasticState) => {
    const level = Math.round(state.backlog / config.backlogGrid)
    const key = ((state.ready * 32_768 + state.starting) * levels + level) * places + place
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, found.length)
    const { ready, starting, backlog } = state
    found.push({ place, state: elasticStart(config, ready, starting, backlog) })
    return found.length - 1
  }
  const starts = Array.from({ length: places }, (_, place) => numberOf(place, elasticStart(config)))
  const ways: { to: number; p: number; reward: number }[][] = []
  for (let s = 0; s < found.length; s++) {
    const { place, state } = found[s]
    for (let a = 0; a < 3; a++) {
      ways.push(
        chain.next[place].map(([to, p]) => {
          const after = world.transition(state, ACTIONS[a], chain.rate[to] * seconds)
          return { to: numberOf(to, after), p, reward: after.reward }
        })
      )
    }
  }
  const mdp = compileMdp({
    states: found.length,
    actions: 3,
    outcomes: (s, a, emit) => {
      for (const { to, p, reward } of ways[s * 3 + a]) emit(p, to, reward)
    }
  })
  const table = elasticStates({ maxUnits: config.maxUnits })
  const predicted = expectedLoad(chain, config.bootSteps)
  const units = Int32Array.from(found, ({ state }) => state.ready + unitsIn(state.starting))
  const load = Float64Array.from(found, ({ place }) => chain.rate[place])
  const seen = Int32Array.from(found, ({ place, state }, s) =>
    table.index({
      load: load[s],
      previous: chain.previous[place],
      predicted: predicted[place],
      waiting: state.backlog / seconds,
      units: units[s],
      unitRate: config.unitRate
    })
  )
  return { mdp, table, seen, starts, units, load }
}

const ACTIONS: readonly ElasticAction[] = [-1, 0, 1]
