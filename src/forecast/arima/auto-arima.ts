/**
 * autoArima — an ARIMA for a series, whatever the series: orders given or chosen, gaps, constants and short ones too.
 *
 * It is fitted to the newest 20,000 steps (or four seasons): coefficients do not change with more. What cannot be
 * fitted gets the nearest thing that can be said, with the reason beside it: a mean, a line, the last value.
 */
import { meanOf } from './family.ts'
import { difference } from './lags.ts'
import { type ArimaModel, inUnits, modelOf } from './model.ts'
import { type Orders, orderName } from './orders.ts'
import { type SearchOptions, searchArima } from './search.ts'

export type AutoArimaOptions = Partial<SearchOptions>

export const autoArimaDefaults: SearchOptions = {
  season: 0,
  fixed: {},
  maxOrder: 3,
  criterion: 'aicc',
  optimizer: 'bfgs',
  maxIterations: 30,
  shortlist: 16,
  margin: 6
}

const fittedOn = 20_000
/** Fewest measured steps of which orders are chosen. */
const fewest = 12

/** Values at equal steps, `NaN` = not measured; at least one is. */
export function autoArima(values: Float64Array, given: AutoArimaOptions = {}): ArimaModel {
  const shortlist = (given.season ?? 0) > 0 ? 3 : autoArimaDefaults.shortlist
  const options = { ...autoArimaDefaults, shortlist, ...given }
  const y = kept(values, options.season)
  const measured = y.reduce((count, v) => count + Number(!Number.isNaN(v)), 0)
  if (measured < fewest) return fallback(options, `only ${measured} measured steps`)
  const still = unmoved(y, options)
  if (still) return still
  const { scale, shift } = sizeOf(y, options)
  const found = searchArima(
    y.map((v) => (v - shift) / scale),
    options
  )
  if (found) return inUnits(found, scale, shift)
  return fallback(options, `${measured} measured steps are too few for the orders asked for`)
}

function kept(values: Float64Array, season: number): Float64Array {
  const newest = values.subarray(Math.max(0, values.length - Math.max(fittedOn, 4 * season)))
  const first = newest.findIndex((v) => !Number.isNaN(v))
  return first < 0 ? values.subarray(values.findIndex((v) => !Number.isNaN(v))) : newest.subarray(first)
}

/** Mean and mean absolute deviation: in that unit squares stay near 1. */
function sizeOf(
  y: Float64Array,
  { fixed }: SearchOptions
): { readonly scale: number; readonly shift: number } {
  // Halved and divided first: values near the largest number must not add up to infinity.
  const mean = 2 * y.length * meanOf(y.map((v) => v / 2 / y.length))
  const spread = 2 * y.length * meanOf(y.map((v) => Math.abs(v / 2 - mean / 2) / y.length))
  return { scale: spread || 1, shift: fixed.constant === false ? 0 : mean }
}

/** A constant or a line: nothing is left to explain. */
function unmoved(y: Float64Array, { fixed, season }: SearchOptions): ArimaModel | undefined {
  const size = largest(y)
  for (const d of fixed.d === undefined ? [0, 1] : [fixed.d]) {
    const w = difference(y, { d, D: 0, m: season })
    const mean = w.find((v) => !Number.isNaN(v)) ?? NaN
    const rest = largest(w.map((v) => v - mean))
    if (Number.isNaN(mean) || rest > 1e-12 * size || (d > 1 && mean !== 0)) continue
    const orders: Orders = { p: 0, d, q: 0, P: 0, D: 0, Q: 0, m: season, constant: d < 2 }
    return plain(orders, d < 2 ? mean : 0, d === 0 ? 'the series is constant' : 'the series is a line')
  }
  return undefined
}

/** The largest absolute value that was measured. */
function largest(values: Float64Array): number {
  let most = 0
  for (const v of values) if (!Number.isNaN(v)) most = Math.max(most, Math.abs(v))
  return most
}

function fallback({ season }: SearchOptions, because: string): ArimaModel {
  const orders: Orders = { p: 0, d: 1, q: 0, P: 0, D: 0, Q: 0, m: season, constant: false }
  return plain(orders, 0, `${because}: ${orderName({ ...orders, m: 0 })}, the last value, stands in`)
}

function plain(orders: Orders, constant: number, reason: string): ArimaModel {
  const coefficients = { phi: [], theta: [], seasonalPhi: [], seasonalTheta: [], constant }
  const nothing = { orders, coefficients, sigma2: 0, logLikelihood: NaN, count: 0 }
  return { ...modelOf(nothing, 'fallback', 0), reason }
}
