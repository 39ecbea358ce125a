/**
 * ARIMA — the next value from the last few, and from how wrong the last few forecasts were; with a season also from those of a season ago.
 *
 *   φ(B) Φ(B^m) (w[t] − c) = θ(B) Θ(B^m) e[t],   w = (1 − B)^d (1 − B^m)^D y
 *
 * Box & Jenkins 1976; automatic orders after Hyndman & Khandakar 2008. Fitted once (`arima/auto-arima.ts`), then led
 * through the values without fitting again (`arima/roll.ts`): O(p + q) a step. Errors h ahead grow as the ψ weights say.
 *
 *   season          m, steps; 0 = find it in the history
 *   p d q  P D Q    orders; not given: chosen by `criterion`
 *   mode            paper = Nelder–Mead of 30 moves, AIC, p and q to 3, no season, as arXiv 2507.14597 has it
 */
import {
  type OptionTable,
  PrescaleError,
  type ReadOptions,
  readOptions,
  requireOption,
  type Series
} from '../base/index.ts'
import type { FitOptions, Forecaster, Json } from '../roles.ts'
import { type AutoArimaOptions, autoArima } from './arima/auto-arima.ts'
import type { ArimaModel, Criterion } from './arima/model.ts'
import { type Coefficients, type Orders, orderName } from './arima/orders.ts'
import { isInside } from './arima/partial.ts'
import { growth, rolling } from './arima/roll.ts'
import { readLearned } from './learned.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import { detectSeason, requireSeason } from './season.ts'

const order = (max: number, says: string) => ({ kind: 'integer', min: 0, max, says }) as const

export const arimaOptions = {
  season: { kind: 'integer', default: 0, min: 0, says: 'steps in a season; 0 = find it in the history' },
  p: order(24, 'last values that are looked at; else chosen'),
  d: order(2, 'times that differences are taken; else 0 or 1'),
  q: order(24, 'last errors that are looked at; else chosen'),
  P: order(1, 'values at seasons before; else 0 or 1'),
  D: order(1, 'times that seasonal differences are taken; else 0 or 1'),
  Q: order(1, 'errors at seasons before; else 0 or 1'),
  maxOrder: { kind: 'integer', default: 3, min: 0, max: 8, says: 'largest p and q that are tried' },
  criterion: {
    kind: 'text',
    default: 'aicc',
    oneOf: ['aicc', 'aic', 'bic'],
    says: 'what the chosen orders have least of'
  },
  mode: {
    kind: 'text',
    default: 'best',
    oneOf: ['best', 'paper'],
    says: 'paper: no season, p and q to 3, AIC, 30 moves of Nelder–Mead'
  },
  optimizer: {
    kind: 'text',
    default: 'bfgs',
    oneOf: ['bfgs', 'nelder-mead'],
    says: 'what climbs the exact likelihood; nelder-mead makes 30 moves'
  }
} as const satisfies OptionTable

export type ArimaOptions = Partial<ReadOptions<typeof arimaOptions>>
type Options = ReadOptions<typeof arimaOptions>

const name = 'arima'
/** As the paper states it. */
const paperMoves = 30
const paperOrder = 3

export function arima(given: ArimaOptions = {}): Forecaster {
  const options = readOptions(name, arimaOptions, given)
  requireOption(options.season !== 1, 'arima.season', options.season, 'at least 2 steps, or 0 to find it')
  const method: Method = {
    name,
    version: '1',
    needs: 1,
    start: (history, horizon, { learned }) =>
      pointModel(learned === undefined ? trained(history, options) : known(learned), horizon)
  }
  return { name, fit: (history: Series, fit?: FitOptions) => fitOnline(method, history, fit) }
}

function trained(history: Series, options: Options): ArimaModel {
  requireSeason(name, options.season, history, 2)
  const season = options.mode === 'paper' ? 0 : options.season || detectSeason(history).season
  return autoArima(history.values, { season, ...searchOf(options) })
}

function searchOf({ p, d, q, P, D, Q, maxOrder, criterion, mode, optimizer }: Options): AutoArimaOptions {
  const fixed = Object.fromEntries(Object.entries({ p, d, q, P, D, Q }).filter(([, v]) => v !== undefined))
  if (mode === 'paper') {
    const maxIterations = paperMoves
    const shortlist = (paperOrder + 1) ** 2
    return {
      fixed,
      criterion: 'aic',
      optimizer: 'nelder-mead',
      maxIterations,
      maxOrder: paperOrder,
      shortlist
    }
  }
  const which = optimizer === 'bfgs' ? {} : { optimizer: 'nelder-mead' as const, maxIterations: paperMoves }
  return { fixed, maxOrder, criterion: criterion as Criterion, ...which }
}

function pointModel(model: ArimaModel, horizon: number): PointModel {
  const roll = rolling(model.orders, model.coefficients)
  // Errors grow on while nothing is measured: as far as ten horizons of silence, alike from there.
  const spreads = growth(model.orders, model.coefficients, 10 * horizon + 100)
  let silent = 0
  let last = NaN
  return {
    observe(y) {
      silent = Number.isNaN(y) ? silent + 1 : 0
      if (silent === 0) last = y
      roll.observe(y)
    },
    ahead(out) {
      roll.ahead(out)
      // Differences of values near the largest number are infinite, and what follows from them is no number.
      for (let h = 0; h < out.length; h++) if (!Number.isFinite(out[h])) out[h] = last
    },
    spread(_, out) {
      for (let h = 0; h < out.length; h++) out[h] = spreads[Math.min(spreads.length - 1, h + silent)]
    },
    parameters: () => saved(model)
  }
}

function saved(model: ArimaModel): Json {
  const { orders, coefficients, estimator, tried, reason, count } = model
  const finite = (v: number) => (Number.isFinite(v) ? v : null)
  return {
    name: orderName(orders),
    ...orders,
    phi: coefficients.phi,
    theta: coefficients.theta,
    seasonalPhi: coefficients.seasonalPhi,
    seasonalTheta: coefficients.seasonalTheta,
    mean: coefficients.constant,
    sigma2: finite(model.sigma2),
    logLikelihood: finite(model.logLikelihood),
    aic: finite(model.aic),
    aicc: finite(model.aicc),
    bic: finite(model.bic),
    steps: count,
    estimator,
    tried,
    ...(reason === undefined ? {} : { reason })
  }
}

function known(learned: Json): ArimaModel {
  const read = readLearned(name, learned)
  const refuse = (what: string) => new PrescaleError('BAD_MODEL', `${name}: what was learned ${what}`)
  const whole = (field: string, most: number) => {
    const value = read.number(field)
    if (Number.isInteger(value) && value >= 0 && value <= most) return value
    throw refuse(`has ${field} ${value}, which must be a whole number, 0 to ${most}`)
  }
  const list = (field: string, count: number) => {
    const values = [...read.numbers(field)]
    if (values.length === count) return values
    throw refuse(`has ${values.length} numbers in ${field}, its orders need ${count}`)
  }
  const [p, d, q, P, D, Q] = ['p', 'd', 'q', 'P', 'D', 'Q'].map((field) => whole(field, 24))
  const orders: Orders = {
    p,
    d,
    q,
    P,
    D,
    Q,
    m: whole('m', Number.MAX_SAFE_INTEGER),
    constant: read.truth('constant')
  }
  if (P + D + Q > 0 && orders.m < 2) throw refuse(`has seasonal orders and a season of ${orders.m} steps`)
  const coefficients: Coefficients = {
    phi: list('phi', p),
    theta: list('theta', q),
    seasonalPhi: list('seasonalPhi', P),
    seasonalTheta: list('seasonalTheta', Q),
    constant: read.number('mean')
  }
  if (!isInside(coefficients)) throw refuse('is not stationary and invertible')
  const estimator = read.text('estimator')
  const from = (['exact', 'conditional', 'fallback'] as const).find((one) => one === estimator)
  if (from === undefined)
    throw refuse(`was estimated by '${estimator}'; exact, conditional or fallback would be right`)
  // Only what could not be fitted as asked has a reason.
  const reason = from === 'fallback' ? { reason: read.text('reason') } : {}
  return {
    orders,
    coefficients,
    sigma2: read.maybe('sigma2'),
    logLikelihood: read.maybe('logLikelihood'),
    count: read.number('steps'),
    aic: read.maybe('aic'),
    aicc: read.maybe('aicc'),
    bic: read.maybe('bic'),
    estimator: from,
    tried: read.number('tried'),
    ...reason
  }
}
