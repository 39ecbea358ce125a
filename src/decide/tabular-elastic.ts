/**
 * The state of the elastic world as a table sees it: (Utilisation, Capacity, Trend, Forecast), each in bins.
 *
 *   utilisation  (load + what waits / step) / (capacity · unitRate)      capacity  units ready and starting
 *   trend        (load − load one step before) / unitRate                forecast  (predicted load − load) / unitRate, both in units
 *
 * Utilisation is that of all units that were asked for: what still starts will serve before anything that is asked for now, so
 * counting it is what keeps a learner from asking twice. The predicted load is the mean over the steps in which a unit that is asked
 * for now would begin to serve, from a forecaster that has seen the past only. The environment that trains and the policy that
 * decides put their states together here. `NaN` anywhere is no state: −1.
 */
import { requireOption } from '../base/index.ts'
import type { TableFeature, TableShape } from './tabular.ts'

/** A change of order, unit or meaning is another version. */
export const elasticStateVersion = 'elastic-env/1'

export const elasticActions = ['down', 'hold', 'up'] as const

/** Edges between bins, rising; a value on an edge belongs to the bin above it. */
export interface ElasticBins {
  readonly maxUnits: number
  readonly utilisation: readonly number[]
  readonly trend: readonly number[]
  readonly forecast: readonly number[]
}

export const elasticBins: ElasticBins = {
  maxUnits: 20,
  utilisation: [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2],
  trend: [-0.5, 0.5],
  forecast: [-1.5, -0.5, 0.5, 1.5]
}

/** What of the world goes into a state, before it is sorted into bins. */
export interface ElasticView {
  /** Events/s of the last step, and of the one before it. */
  readonly load: number
  readonly previous: number
  /** Predicted for when a unit asked for now would serve, events/s. */
  readonly predicted: number
  /** Events that wait, as a rate over one step, events/s. */
  readonly waiting: number
  readonly units: number
  readonly unitRate: number
}

export interface ElasticStates {
  readonly shape: TableShape
  readonly states: number
  /** Index of the state, or −1 where something is not measured. */
  index(view: ElasticView): number
}

/** Throws `BAD_OPTION` for edges that do not rise. */
export function elasticStates(given: Partial<ElasticBins> = {}): ElasticStates {
  const bins = { ...elasticBins, ...given }
  const { maxUnits, utilisation, trend, forecast } = bins
  requireOption(
    Number.isInteger(maxUnits) && maxUnits >= 1,
    'maxUnits',
    maxUnits,
    'a whole number, at least 1'
  )
  for (const [name, edges] of Object.entries({ utilisation, trend, forecast })) {
    const rising = edges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge > edges[i - 1]))
    requireOption(rising && edges.length > 0, name, edges, 'edges that rise')
  }
  const features: readonly TableFeature[] = [
    { name: 'utilisation', bins: binNames(utilisation, (x) => `${Math.round(x * 100)} %`) },
    {
      name: 'capacity',
      bins: Array.from({ length: maxUnits }, (_, i) => `${i + 1} ${i === 0 ? 'unit' : 'units'}`)
    },
    { name: 'trend', bins: changeNames(trend) },
    { name: 'forecast', bins: changeNames(forecast) }
  ]
  const trends = trend.length + 1
  const forecasts = forecast.length + 1
  return {
    shape: { environment: elasticStateVersion, features, actions: elasticActions },
    states: (utilisation.length + 1) * maxUnits * trends * forecasts,
    index({ load, previous, predicted, waiting, units, unitRate }) {
      const u = (load + waiting) / (units * unitRate)
      const t = (load - previous) / unitRate
      const f = (predicted - load) / unitRate
      if (Number.isNaN(u + t + f)) return -1
      const c = Math.min(maxUnits, Math.max(1, units)) - 1
      return (
        ((binOf(utilisation, u) * maxUnits + c) * trends + binOf(trend, t)) * forecasts + binOf(forecast, f)
      )
    }
  }
}

/** How many edges are at or below. */
function binOf(edges: readonly number[], value: number): number {
  let bin = 0
  while (bin < edges.length && value >= edges[bin]) bin++
  return bin
}

function binNames(edges: readonly number[], say: (edge: number) => string): string[] {
  return [
    `below ${say(edges[0])}`,
    ...edges.slice(1).map((edge, i) => `${say(edges[i])} to ${say(edge)}`),
    `${say(edges[edges.length - 1])} and more`
  ]
}

/** Two edges around zero are falling, steady, rising; more are told in units. */
function changeNames(edges: readonly number[]): string[] {
  if (edges.length === 2 && edges[0] < 0 && edges[1] > 0) return ['falling', 'steady', 'rising']
  const signed = (x: number) => `${x < 0 ? '−' : '+'}${Math.abs(x)}`
  return binNames(edges, signed).map((name) => {
    if (name === `${signed(-0.5)} to ${signed(0.5)}`) return 'steady'
    return `${name} units`
  })
}
