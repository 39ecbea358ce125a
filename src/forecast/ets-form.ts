/**
 * The names of exponential smoothing models: error, trend, season, such as `AAdA` or `MNM`.
 *
 * Fifteen of them are sound: an additive error never goes with a multiplicative season (its variance is infinite), and
 * a multiplicative trend is left out as it is by those who wrote the taxonomy (FPP3 §8.5–8.6).
 */
import { PrescaleError } from '../base/index.ts'
import type { Form } from './smoothing.ts'

export interface EtsForm {
  readonly name: string
  readonly relative: boolean
  readonly damped: boolean
  readonly form: Form
}

/** The models that letters may mean, simplest first; `Z` is any. `season` in steps, 1 = none; `positive`: all values above 0. */
export function formsOf(letters: string, season: number, positive: boolean): EtsForm[] {
  const given = /^([AMZ])(N|A|Ad|Z)([NAMZ])$/.exec(letters)
  if (!given) throw unknown(letters)
  const [, error, trend, seasonal] = given
  const may = (wanted: string, letter: string) => wanted === 'Z' || wanted === letter
  const forms = sound
    .filter((f) => may(error, f.error) && may(trend, f.trend) && may(seasonal, f.seasonal))
    .filter((f) => (season > 1 ? true : f.seasonal === 'N'))
    .filter((f) => positive || (f.error === 'A' && f.seasonal !== 'M'))
  if (forms.length > 0) return forms.map((f) => ({ ...f, form: { ...f.form, season: seasonOf(f, season) } }))
  if (sound.every((f) => !(may(error, f.error) && may(trend, f.trend) && may(seasonal, f.seasonal)))) {
    throw unknown(letters)
  }
  const needs = season > 1 || seasonal === 'N' ? 'values above 0' : 'a season; none was given or found'
  throw new PrescaleError('BAD_INPUT', `ets: model ${letters} needs ${needs}`)
}

/** The one model of this full name, for what was learned. */
export function formOf(name: string, season: number): EtsForm | undefined {
  const f = sound.find((one) => one.name === name)
  return f && (f.seasonal === 'N') === (season === 1) ? { ...f, form: { ...f.form, season } } : undefined
}

const seasonOf = (f: { readonly seasonal: string }, season: number) => (f.seasonal === 'N' ? 1 : season)

const sound = ['N', 'A', 'M'].flatMap((seasonal) =>
  ['N', 'Ad', 'A'].flatMap((trend) =>
    ['A', 'M']
      .filter((error) => error === 'M' || seasonal !== 'M')
      .map((error) => ({
        name: `${error}${trend}${seasonal}`,
        error,
        trend,
        seasonal,
        relative: error === 'M',
        damped: trend === 'Ad',
        form: { season: 1, multiplicative: seasonal === 'M', trend: trend !== 'N' }
      }))
  )
)

function unknown(letters: string): PrescaleError {
  const right =
    'three letters such as ZZZ or AAdA: error A, M or Z; trend N, A, Ad or Z; season N, A, M (with error M) or Z'
  return new PrescaleError('BAD_OPTION', `ets.model must be ${right}, was '${letters}'`)
}
