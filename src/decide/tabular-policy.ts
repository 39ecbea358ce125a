/**
 * A learned table as a policy: one unit down, none or one up, whichever action the table values most in the state it sees.
 *
 *   a = argmax_a Q(s, a)      s = (Utilisation, Capacity, Trend, Forecast) as in tabular-elastic.ts
 *
 * The table is data that is handed in; nothing here reads a file. Doubt holds: a state with a number that is not known, or one that
 * was never visited in training, changes nothing; where the queue is not measured it may grow but not shrink. It never asks for more units
 * than its table has: there one more was never tried.
 */
import { type GivenOptions, type OptionTable, readOptions } from '../base/index.ts'
import type { Decided, Observation, Policy } from '../roles.ts'
import { hold, metricOf, scale, trusted, usable, wantedNow, withinBounds } from './answer.ts'
import { bestAction, readTable, type TabularModel } from './tabular.ts'
import { type ElasticBins, type ElasticView, elasticBins, elasticStates } from './tabular-elastic.ts'

export const tabularPolicyOptions = {
  interval: {
    kind: 'duration',
    default: 60_000,
    min: 1_000,
    says: 'how often it is asked: the step it was trained with'
  },
  leadTime: {
    kind: 'duration',
    default: 120_000,
    min: 0,
    says: 'time until a new unit serves, where it is not estimated'
  }
} satisfies OptionTable

/** The load when it was last asked, for a trend where the series holds one step only. */
type TabularMemory = { readonly atMs: number; readonly load: number } | null

/** The forecast is read over this many intervals from the moment a new unit would serve. */
const LOOKS = 3

/** The policy of a model. Throws `BAD_MODEL` when it was learned for another world, state size or action space. */
export function tabularPolicy(
  model: TabularModel,
  given: GivenOptions = {},
  bins: Partial<ElasticBins> = {},
  where = 'the model'
): Policy<TabularMemory> {
  const { interval, leadTime } = readOptions(model.method, tabularPolicyOptions, given)
  const states = elasticStates(bins)
  const { values, visits } = readTable(model, states.shape, where)
  const { actions } = states.shape
  const { maxUnits } = { ...elasticBins, ...bins }

  function decide(seen: Observation, memory: TabularMemory): Decided<TabularMemory> {
    const from = wantedNow(seen)
    const names = Object.keys(from)
    const until = knownUntil(seen, interval)
    const load = meanRate(seen, until - interval, until)
    const after = Number.isNaN(load) ? memory : { atMs: seen.nowMs, load }
    if (names.length !== 1) return { decision: hold(from, 'not-one-resource'), memory: after }
    const queue = metricOf(seen, 'queue', names[0], false)
    const view: ElasticView = {
      load,
      previous: before(seen, until, memory),
      predicted: predictedRate(seen),
      waiting: queue === undefined ? 0 : (trusted(queue) * 1_000) / interval,
      units: from[names[0]],
      unitRate: seen.service?.unitRate ?? NaN
    }
    const state = view.units > 0 && view.unitRate > 0 ? states.index(view) : -1
    const inputs = { ...view }
    if (state < 0) return { decision: hold(from, 'state-unknown', inputs), memory: after }
    const row = state * actions.length
    const worth = Object.fromEntries(actions.map((action, a) => [action, values[row + a]]))
    const tried = actions.reduce((sum, _, a) => sum + visits[row + a], 0)
    const told = { ...inputs, ...worth, visits: tried }
    if (tried === 0) return { decision: hold(from, 'never-visited', told), memory: after }
    const action = bestAction(values, state, actions.length)
    if (action === 0 && queue === undefined)
      return { decision: hold(from, 'queue-unknown', told), memory: after }
    const bound: string[] = []
    const wish = Math.max(1, action === 2 ? grown(view.units, bound) : view.units + action - 1)
    const to = { [names[0]]: action === 1 ? view.units : withinBounds(seen, names[0], wish, bound) }
    return { decision: scale(from, to, `table-${actions[action]}`, told, bound), memory: after }
  }

  function grown(units: number, bound: string[]): number {
    if (units < maxUnits) return units + 1
    bound.push('table')
    return units
  }

  /** The load one interval before: from the series, else from what was remembered. */
  function before(seen: Observation, until: number, memory: TabularMemory): number {
    const told = meanRate(seen, until - 2 * interval, until - interval)
    if (!Number.isNaN(told) || memory === null) return told
    return Math.abs(seen.nowMs - memory.atMs - interval) <= interval / 2 ? memory.load : NaN
  }

  function predictedRate({ forecast, nowMs, service }: Observation): number {
    if (forecast === undefined) return NaN
    const from = nowMs + (service?.leadTimeMs?.p50 ?? leadTime)
    return meanOf(forecast.mean, forecast, from, from + LOOKS * interval)
  }

  return { name: model.method, intervalMs: interval, initial: () => null, decide }
}

/** Where the load ends: what is measured late by less than an interval, or by less than its own step, is still the load of now. */
function knownUntil({ load, nowMs }: Observation, interval: number): number {
  if (load === undefined) return nowMs
  const end = load.startMs + load.values.length * load.stepMs
  return nowMs - end < Math.max(interval, load.stepMs) ? Math.min(nowMs, end) : nowMs
}

function meanRate({ load }: Observation, fromMs: number, untilMs: number): number {
  return load === undefined ? NaN : meanOf(load.values, load, fromMs, untilMs)
}

/** Mean of the steps that lie in [from, until) by their middle; `NaN` where one is no rate, or none is there. */
function meanOf(
  values: ArrayLike<number>,
  { startMs, stepMs }: { readonly startMs: number; readonly stepMs: number },
  fromMs: number,
  untilMs: number
): number {
  // A step longer than the interval stands for all of it.
  const inside = stepMs > untilMs - fromMs
  const first = inside
    ? Math.ceil((untilMs - startMs) / stepMs) - 1
    : Math.ceil((fromMs - startMs) / stepMs - 0.5)
  const last = Math.max(first + 1, Math.ceil((untilMs - startMs) / stepMs - 0.5))
  if (first < 0 || last > values.length) return NaN
  let sum = 0
  for (let i = first; i < last; i++) sum += usable(values[i]) ? values[i] : NaN
  return sum / (last - first)
}
