/**
 * ETS — error, trend and season: the exponential smoothing model that the history makes likeliest for its size.
 *
 *   A additive error         y = ŷ + e                 M multiplicative error   y = ŷ (1 + ε)
 *   trend N none, A additive, Ad damped;  season N none, A additive, M multiplicative;  recursion in `smoothing.ts`
 *   chosen                   the least AICc of those that the letters allow (`ets-form.ts`, `ets-fit.ts`)
 *
 * Hyndman, Koehler, Snyder & Grose 2002; FPP3 ch. 8. A gap moves the state along its own forecast. No forecast is ten
 * times larger than anything seen: a multiplicative season that met a zero would else promise the impossible.
 *
 *   season   m, steps; 0 = find it in the history
 *   model    letters, Z = chosen
 */
import { type OptionTable, PrescaleError, type ReadOptions, readOptions, type Series } from '../base/index.ts'
import type { FitOptions, Forecaster, Json } from '../roles.ts'
import { beginOf, chooseEts } from './ets-fit.ts'
import { type EtsForm, formOf, formsOf } from './ets-form.ts'
import { readLearned } from './learned.ts'
import { fitOnline, type Method, type PointModel } from './online.ts'
import { detectSeason, requireSeason } from './season.ts'
import { sizeOf } from './size.ts'
import { ahead, type State, step, type Weights } from './smoothing.ts'

export const etsOptions = {
  season: { kind: 'integer', default: 0, min: 0, says: 'steps in a season; 0 = find it in the history' },
  model: {
    kind: 'text',
    default: 'ZZZ',
    says: 'error A or M, trend N, A or Ad, season N, A or M, such as AAdA; Z = chosen by AICc'
  }
} as const satisfies OptionTable

export type EtsOptions = Partial<ReadOptions<typeof etsOptions>>

const name = 'ets'
/** More history than this, or than six seasons, does not change weights and costs one pass for each trial. */
const [fittedOn, fittedSeasons] = [5_000, 6]
/** Nearer to zero than this share of the largest value, proportions say nothing and the search leaves them out. */
const leastShare = 1e-3
const [leastFactor, largestFactor] = [1e-3, 1e3]
const largest = 10

export function ets(given: EtsOptions = {}): Forecaster {
  const options = readOptions(name, etsOptions, given)
  formsOf(options.model, 2, true)
  const method: Method = {
    name,
    version: '1',
    needs: 1,
    start: (history, _, { learned }) =>
      learned === undefined ? trained(history, options) : known(history, learned)
  }
  return { name, fit: (history: Series, fit?: FitOptions) => fitOnline(method, history, fit) }
}

/** What is stepped on: the form, its weights and where it begins, in the unit of the series. */
export interface EtsParts {
  readonly chosen: EtsForm
  readonly weights: Weights
  /** First level and slope, for the history that begins there; elsewhere the history's own first values say. */
  readonly begins: { readonly startMs: number; readonly level: number; readonly slope: number } | undefined
  readonly logLikelihood: number
  readonly aicc: number
}

function trained(history: Series, { season, model }: ReadOptions<typeof etsOptions>): PointModel {
  const found = model.endsWith('N') ? 0 : season || detectSeason(history).season
  requireSeason(name, found, history, 2)
  return etsModel(history, fitEts(history, model, Math.max(1, found)))
}

/** The best of the models that the letters allow, on the newest part of the history. `season` in steps, 1 = none. */
export function fitEts(
  history: Series,
  letters: string,
  season: number,
  allowed: (form: EtsForm) => boolean = () => true
): EtsParts {
  const { values, startMs } = history
  const size = sizeOf(values)
  const kept = values.subarray(Math.max(0, values.length - Math.max(fittedOn, fittedSeasons * season)))
  const scaled = kept.map((y) => y / size)
  const [least, n] = leastOf(scaled)
  const forms = formsOf(letters, season, least > (letters.includes('Z') ? leastShare : 0)).filter(allowed)
  const [[chosen, fit]] = chooseEts(scaled, forms)
  const begins =
    kept.length === values.length ? { startMs, level: fit.level * size, slope: fit.slope * size } : undefined
  const shift = n * Math.log(size)
  return {
    chosen,
    weights: fit.weights,
    begins,
    logLikelihood: fit.logLikelihood - shift,
    aicc: fit.aicc + 2 * shift
  }
}

/** A model of these parts that has not stepped through the history yet. */
export function etsModel(history: Series, parts: EtsParts): PointModel {
  const { chosen, weights, begins } = parts
  const { form, relative } = chosen
  const size = sizeOf(history.values)
  const state = stateOf(history, parts, size)
  let bound = 0
  const point: PointModel = {
    observe(y) {
      const { phase } = state
      step(state, form, weights, y / size, leastFactor)
      if (form.multiplicative) {
        state.seasons[phase] = Math.min(largestFactor, Math.max(leastFactor, state.seasons[phase]))
      }
      if (Math.abs(y) * largest > bound) bound = Math.min(Number.MAX_VALUE, Math.abs(y) * largest)
    },
    ahead(out) {
      ahead(state, form, weights.phi, out)
      for (let h = 0; h < out.length; h++) out[h] = Math.min(bound, Math.max(-bound, out[h] * size))
    },
    parameters: () => ({
      model: chosen.name,
      season: form.season,
      ...weights,
      begins: begins ?? null,
      logLikelihood: finite(parts.logLikelihood),
      aicc: finite(parts.aicc),
      level: state.level * size,
      slope: state.slope * size
    })
  }
  // Errors in proportion to the forecast; one of nearly zero is never held to be sure.
  const spread = (mean: Float64Array, out: Float64Array) => {
    const level = Math.abs(state.level * size)
    for (let h = 0; h < out.length; h++) out[h] = Math.max(Math.abs(mean[h]), 0.01 * level, 1e-12)
  }
  return relative ? { ...point, spread } : point
}

function known(history: Series, learned: Json): PointModel {
  const parts = etsPartsOf(name, learned)
  requireSeason(name, parts.chosen.form.season === 1 ? 0 : parts.chosen.form.season, history, 2)
  return etsModel(history, parts)
}

/** Parts as `parameters` of a saved model hold them. */
export function etsPartsOf(owner: string, learned: Json): EtsParts {
  const read = readLearned(owner, learned)
  const chosen = formOf(read.text('model'), read.number('season'))
  if (!chosen)
    throw new PrescaleError(
      'BAD_MODEL',
      `${owner}: no such model: ${read.text('model')}, season ${read.number('season')}`
    )
  const [alpha, beta, gamma, phi] = ['alpha', 'beta', 'gamma', 'phi'].map((field) => {
    const value = read.number(field)
    if (value >= 0 && value <= 1) return value
    throw new PrescaleError('BAD_MODEL', `${owner}: ${field} of what was learned must be 0..1, was ${value}`)
  })
  const begins = read.inner('begins')
  return {
    chosen,
    weights: { alpha, beta, gamma, phi },
    begins: begins && {
      startMs: begins.number('startMs'),
      level: begins.number('level'),
      slope: begins.number('slope')
    },
    logLikelihood: read.maybe('logLikelihood'),
    aicc: read.maybe('aicc')
  }
}

function stateOf({ values, startMs }: Series, { chosen, begins }: EtsParts, size: number): State {
  const first = beginOf(
    values.map((y) => y / size),
    chosen.form
  )
  if (begins?.startMs !== startMs) return first
  return { ...first, level: begins.level / size, slope: begins.slope / size }
}

function leastOf(values: Float64Array): [least: number, measured: number] {
  let [least, n] = [Infinity, 0]
  for (const y of values) {
    if (Number.isNaN(y)) continue
    n++
    if (y < least) least = y
  }
  return [least, n]
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
