/**
 * Auto — the method that forecast this history's end best, or the simplest that is as good.
 *
 *   tournament  rolling origin over the last fifth of the history, racing within a budget (`auto-tournament.ts`)
 *   chosen      the simplest of those not more than one standard error, nor half a percent, behind the best
 *   forecast    that of the chosen method, fitted to everything
 *
 * FPP3 §5.10; Maron & Moore 1994 (racing); Breiman et al. 1984 §3.4.3 (one standard error). A history too short for a
 * tournament goes to `blend`, which learns as it goes. `parameters()` holds the whole table and the reason.
 *
 *   models    contenders, joined by +; none = every method there is
 *   budget    time for it; without a clock as much estimated work, so that the same is chosen on every machine
 *   metric    mae | rmse | pinball, at 1 step and at the horizon fitted for, each divided by what naive loses there
 *   tolerance most that a simpler one may be behind, as a share
 *   folds     how often each is fitted on the way
 *   season    handed to those that have one; 0 = each finds its own
 *   retrain   held again on what was seen lately whenever the choice is this old (`retrain.ts`)
 */
import {
  type GivenOptions,
  type OptionTable,
  PrescaleError,
  type ReadOptions,
  random,
  readOptions,
  type Series,
  sliceSteps,
  unknownName
} from '../base/index.ts'
import type { FitOptions, Fitted, Forecaster, Json } from '../roles.ts'
import { reasonOf } from './auto-reason.ts'
import { type Metric, scoringOf } from './auto-score.ts'
import { type Contender, type TournamentRow, tournament } from './auto-tournament.ts'
import { purse, workOf, workOfAll } from './auto-work.ts'
import { checkHistory, defaultHorizon } from './online.ts'
import { withRetraining } from './retrain.ts'
import { detectSeason, requireSeason } from './season.ts'

export const autoOptions = {
  models: { kind: 'text', default: '', says: 'contenders, joined by +; none = every method there is' },
  budget: {
    kind: 'duration',
    default: 20_000,
    says: 'time for the tournament and the last fit; without a clock as much estimated work'
  },
  metric: {
    kind: 'text',
    default: 'mae',
    oneOf: ['mae', 'rmse', 'pinball'],
    says: 'what is lost, at 1 step and at the horizon, each divided by what naive loses there'
  },
  tolerance: {
    kind: 'number',
    default: 0.005,
    min: 0,
    says: 'most that a simpler one may be behind the best, as a share, however large the standard error is'
  },
  folds: { kind: 'integer', default: 2, min: 1, max: 10, says: 'how often each is fitted on the way' },
  season: {
    kind: 'integer',
    default: 0,
    min: 0,
    says: 'steps in a season, for those that have one; 0 = each finds its own'
  },
  retrain: { kind: 'duration', says: 'choose again on recent history whenever the choice is this old' }
} as const satisfies OptionTable

export type AutoOptions = Partial<ReadOptions<typeof autoOptions>>

/** The other methods, handed in so that the table may hold this one too. */
export interface Methods {
  /** From the simplest to the most complex. */
  readonly names: readonly string[]
  readonly make: (name: string, options: GivenOptions, season?: number) => Forecaster
}

/** What `parameters()` of a fitted one gives. */
export type AutoParameters = {
  readonly chosen: string
  /** Its options, as they would be written after its name. */
  readonly options: Readonly<Record<string, string>>
  readonly because: string
  readonly metric: Metric
  readonly horizons: readonly number[]
  readonly origins: number
  readonly spentMs: number
  readonly table: readonly TournamentRow[]
  /** What the chosen method learned. */
  readonly learned: Json
}

const name = 'auto'
const version = '1'
/** Where too little is known to compare: it learns its weights as it goes. */
const fallback = 'blend'
/** Steps that a tournament looks at: a longer history would leave no time for the better half of the contenders. */
const longest = 60_000
/** Enters last, made of the best few. */
const mixture = 'combination'
const members = 3

export function auto(given: AutoOptions, methods: Methods): Forecaster {
  const options = readOptions(name, autoOptions, given)
  const names = contenderNames(options.models, methods.names)
  const plain: Forecaster = {
    name,
    fit: (history, fit = {}) =>
      fit.learned === undefined
        ? choose(history, fit, options, names, methods)
        : restore(history, fit, options, methods)
  }
  return options.retrain === undefined ? plain : withRetraining(plain, { every: options.retrain })
}

/** The sentence that says why, from what `parameters()` gave. */
export function whyChosen(parameters: Json): string | undefined {
  if (!isObject(parameters) || parameters.because === undefined) return undefined
  return `${parameters.chosen}: ${parameters.because}`
}

function contenderNames(models: string, table: readonly string[]): readonly string[] {
  const possible = table.filter((other) => other !== name)
  if (models.trim() === '') return possible
  const wanted = models.split('+').map((model) => model.trim())
  for (const model of wanted) {
    if (!possible.includes(model)) {
      throw new PrescaleError('BAD_OPTION', unknownName('a contender of auto', model, possible))
    }
  }
  return possible.filter((model) => wanted.includes(model))
}

function choose(
  history: Series,
  fit: FitOptions,
  options: ReadOptions<typeof autoOptions>,
  names: readonly string[],
  methods: Methods
): Fitted {
  checkHistory(name, 1, history)
  requireSeason(name, options.season, history, 1)
  const { horizon = defaultHorizon } = fit
  const metric = options.metric as Metric
  const season = options.season === 0 ? undefined : options.season
  const found = season ?? detectSeason(history).season
  const contender = (model: string, own: Readonly<Record<string, string>> = {}): Contender => ({
    name: labelOf(model, own),
    method: model,
    options: own,
    make: () => methods.make(model, own, season),
    work: own.models === undefined ? workOf(model, found) : workOfAll(own.models.split('+'), found),
    rank: methods.names.indexOf(model)
  })
  const seed = fit.rng?.integer(2 ** 31) ?? 0
  const chance = (model: string, fold: number | string) => random(seed, name, model, fold)
  const contenders = names.map((model) => contender(model))
  // Six weeks of minutes tell who is better; the chosen one is fitted to everything.
  const recent = sliceSteps(history, history.values.length - longest)
  const scoring = names.length > 1 ? scoringOf(recent.values, metric, horizon) : undefined
  const budget = purse(options.budget, fit.nowMs)
  const held = scoring
    ? tournament(recent, contenders, {
        steps: history.values.length,
        scoring,
        horizon,
        folds: options.folds,
        tolerance: options.tolerance,
        purse: budget,
        fit: (model, fold) => ({ ...fit, levels: scoring.levels, horizon, rng: chance(model, fold) }),
        late: (best) => lateContender(best, names, contender)
      })
    : { rows: [], order: [] }
  const order = held.order.length > 0 ? held.order : withoutTournament(contenders)
  const { fitted, winner, refused } = firstThatFits(order, history, fit, chance)
  return wrapped(fitted, {
    chosen: winner.method,
    options: winner.options,
    because: [reasonOf(winner.name, held.rows, scoring, names.length), ...refused].join('; '),
    metric,
    horizons: [...(scoring?.horizons ?? [])],
    origins: scoring ? scoring.blocks * scoring.blockSteps : 0,
    spentMs: budget.spent(),
    table: [...held.rows]
  })
}

/** The combination of the best few, where it may take part and there are a few. */
function lateContender(
  best: readonly string[],
  names: readonly string[],
  contender: (model: string, own: Readonly<Record<string, string>>) => Contender
): Contender | undefined {
  const some = best.filter((model) => model !== mixture).slice(0, members)
  if (!names.includes(mixture) || some.length < 2) return undefined
  return contender(mixture, { models: some.join('+') })
}

/** The chosen one fitted to everything; should it fail there, the next. */
function firstThatFits(
  order: readonly Contender[],
  history: Series,
  fit: FitOptions,
  chance: (model: string, fold: string) => FitOptions['rng']
): { fitted: Fitted; winner: Contender; refused: string[] } {
  const refused: string[] = []
  for (const [i, winner] of order.entries()) {
    try {
      const fitted = winner.make().fit(history, { ...fit, rng: chance(winner.name, 'last') })
      return { fitted, winner, refused }
    } catch (error) {
      if (!(error instanceof Error) || isInterruption(error) || i + 1 === order.length) throw error
      refused.push(`${winner.name} came before but cannot be fitted to the whole history (${error.message})`)
    }
  }
  throw new PrescaleError('BAD_OPTION', 'auto has nobody to choose from')
}

/** What was chosen once is made again without a tournament. */
function restore(
  history: Series,
  fit: FitOptions,
  { season }: ReadOptions<typeof autoOptions>,
  methods: Methods
): Fitted {
  const learned = readLearned(fit.learned, methods.names)
  const forecaster = methods.make(learned.chosen, learned.options, season === 0 ? undefined : season)
  const { learned: own, ...parameters } = learned
  return wrapped(forecaster.fit(history, { ...fit, learned: own }), parameters)
}

function readLearned(learned: Json | undefined, names: readonly string[]): AutoParameters {
  const { chosen } = isObject(learned) ? learned : {}
  if (!isObject(learned) || typeof chosen !== 'string' || !names.includes(chosen)) {
    throw new PrescaleError(
      'BAD_MODEL',
      `auto: what was learned must name the chosen method, one of ${names.join(', ')}; it says ${JSON.stringify(chosen)}`
    )
  }
  return learned as AutoParameters
}

function withoutTournament(contenders: readonly Contender[]): Contender[] {
  const first = contenders.find((c) => c.name === fallback)
  return first ? [first, ...contenders.filter((c) => c !== first)] : [...contenders]
}

function wrapped(inner: Fitted, parameters: Omit<AutoParameters, 'learned'>): Fitted {
  let current = inner
  const label = `${version}/${parameters.chosen}`
  const fitted: Fitted = {
    predict(steps) {
      const forecast = current.predict(steps)
      return { ...forecast, by: { ...forecast.by, model: name, version: label } }
    },
    update(more) {
      current = current.update(more)
      return fitted
    },
    save() {
      const saved = current.save()
      const own = isObject(saved) ? saved : {}
      return {
        ...own,
        model: name,
        version: label,
        parameters: { ...parameters, learned: own.parameters ?? null }
      }
    }
  }
  return fitted
}

const labelOf = (model: string, own: Readonly<Record<string, string>>) =>
  [model, ...Object.entries(own).map(([option, value]) => `${option}=${value}`)].join(':')

const isObject = (json: Json | undefined): json is { readonly [key: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

const isInterruption = (error: Error) => error instanceof PrescaleError && error.code === 'INTERRUPTED'
