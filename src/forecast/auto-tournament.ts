/**
 * Tournament — contenders forecast the end of the history from its beginning, and the best goes on, or a simpler one
 * that is as good.
 *
 *   rolling origin   the last fifth of the history in blocks of origins; a contender is fitted to what lies before,
 *                    forecasts from every origin, learns one value a step, and is fitted anew at each of the folds
 *   racing           the cheapest first; whoever is 3 standard errors behind the best after a fifth of the blocks leaves,
 *                    and 2 after half of them, and whoever cannot be paid for any more does not go on
 *   chosen           the simplest that is not more than one standard error, nor `tolerance`, behind the best
 *
 * FPP3 §5.10 (rolling origin); Maron & Moore 1994 (racing); Breiman et al. 1984 §3.4.3 (one standard error), here of
 * the paired difference. A contender that throws is out with its reason and stops nobody.
 */
import { PrescaleError, type Series, sliceSteps } from '../base/index.ts'
import type { FitOptions, Fitted, Forecaster } from '../roles.ts'
import { behind, type Losses, meanLoss, noLosses, type Scoring, scoreOne } from './auto-score.ts'
import { fitWork, type Purse, rollWork, type Work } from './auto-work.ts'

export interface Contender {
  /** As it would be written, its options included. */
  readonly name: string
  readonly method: string
  readonly options: Readonly<Record<string, string>>
  readonly make: () => Forecaster
  readonly work: Work
  /** Rank by simplicity: of two equals the lower goes on. */
  readonly rank: number
}

/** Plain JSON: it is kept with the model. */
export type TournamentRow = {
  readonly model: string
  /** `null` when it was never scored. */
  readonly score: number | null
  /** Loss above the best one's on the same origins, as a share of it, and its standard error. */
  readonly behind: number | null
  readonly se: number | null
  readonly origins: number
  readonly fits: number
  /** Measured by the clock, else estimated work. */
  readonly ms: number
  /** Why it is not a finalist. */
  readonly out: string | null
}

export interface Tournament {
  /** By score, then those that are out. */
  readonly rows: readonly TournamentRow[]
  /** Finalists in the order in which they should be tried: the chosen one first. */
  readonly order: readonly Contender[]
}

export interface Rules {
  /** Of the whole history, to which the winner will be fitted. */
  readonly steps: number
  readonly scoring: Scoring
  readonly horizon: number
  readonly folds: number
  /** Where little is known a standard error is large: doubt alone must not cost more than this share. */
  readonly tolerance: number
  readonly purse: Purse
  readonly fit: (model: string, fold: number) => FitOptions
  /** A contender made of the best, entered last. */
  readonly late?: (best: readonly string[]) => Contender | undefined
  readonly progress?: (done: number, of: number) => void
}

/** After these shares of the blocks whoever is so many standard errors behind leaves: few blocks know their own error badly. */
const rungs = [
  { share: 0.2, clearly: 3 },
  { share: 0.5, clearly: 2 },
  { share: 1, clearly: Infinity }
] as const

/** A share of the budget that nobody minds. */
const cheap = 0.02

interface Racer {
  readonly contender: Contender
  readonly losses: Losses
  fitted: Fitted | undefined
  blocks: number
  fits: number
  ms: number
  out: string | null
}

export function tournament(history: Series, contenders: readonly Contender[], rules: Rules): Tournament {
  const { scoring, horizon, purse, progress } = rules
  const racers: Racer[] = []
  const cost = (c: Contender) => fullWork(c.work, rules)
  const byCost = contenders.toSorted((a, b) => cost(a) - cost(b) || a.rank - b.rank)
  for (const [i, contender] of byCost.entries()) {
    racers.push(race(history, contender, racers, rules))
    progress?.(i + 1, byCost.length + 1)
  }
  const late = rules.late?.(ranked(finalists(racers), scoring).map(({ contender }) => contender.name))
  if (late) racers.push(race(history, late, racers, rules))
  progress?.(byCost.length + 1, byCost.length + 1)
  const finished = ranked(finalists(racers), scoring)
  const best = finished[0]
  const all = [...finished, ...racers.filter(({ out }) => out !== null)]
  return {
    rows: all.map((racer) => rowOf(racer, best, scoring)),
    order: chosenFirst(finished, rules).map(({ contender }) => contender)
  }

  /** Enters one contender against the finalists so far. */
  function race(s: Series, contender: Contender, others: readonly Racer[], { folds }: Rules): Racer {
    const racer = entered(contender, scoring)
    const opponent = ranked(finalists(others), scoring)[0]
    const { work } = contender
    const needed = purse.expected(fullWork(work, rules))
    if (scoring.from < (work.least ?? 0)) {
      racer.out = `needs ${work.least} steps to learn from, the history has ${scoring.from} before the origins`
      return racer
    }
    // The first is always tried: somebody has to forecast.
    if (opponent && needed > purse.left()) {
      racer.out = `no time: needs about ${seconds(needed)}, ${seconds(purse.left())} are left`
      return racer
    }
    for (const { share, clearly } of rungs) {
      const until = Math.ceil(share * scoring.blocks)
      try {
        while (racer.blocks < until) play(s, racer, folds)
      } catch (error) {
        if (error instanceof PrescaleError && error.code === 'INTERRUPTED') throw error
        racer.out = `failed: ${error instanceof Error ? error.message : String(error)}`
        return racer
      }
      if (!Number.isFinite(meanLoss(racer.losses, until))) {
        racer.out = 'has no finite forecast to score'
        return racer
      }
      if (!opponent || until === scoring.blocks) continue
      const { mean, se } = behind(racer.losses, opponent.losses, until)
      if (mean > clearly * se && isDear(racer, until)) {
        racer.out = `clearly behind ${opponent.contender.name} after ${until * scoring.blockSteps} origins`
        return racer
      }
      if (purse.left() < 0) {
        racer.out = `no time left after ${until * scoring.blockSteps} origins`
        return racer
      }
    }
    return racer
  }

  /** Whoever learns slowly is behind at first: it may go on where that costs next to nothing. */
  function isDear({ contender: { work } }: Racer, done: number): boolean {
    const rest = rollWork(work, (scoring.blocks - done) * scoring.blockSteps, horizon)
    const all = rest + fitWork(work, history.values.length, horizon) * 2
    return purse.expected(all) > cheap * purse.budget
  }

  /** One block: fitted anew where a fold begins, then forecast and learned step by step. */
  function play(s: Series, racer: Racer, folds: number): void {
    const { contender, losses } = racer
    const { from, blocks, blockSteps } = scoring
    const begin = from + racer.blocks * blockSteps
    const isFold = Array.from({ length: folds }, (_, f) => Math.floor((f * blocks) / folds)).includes(
      racer.blocks
    )
    const anew = fitWork(contender.work, begin, horizon)
    // A later fold is a luxury: the same model goes on learning where it cannot be paid for twice more.
    if (!racer.fitted || (isFold && purse.expected(2 * anew) < purse.left())) {
      const options = rules.fit(contender.name, racer.fits)
      timed(racer, anew, () => {
        racer.fitted = contender.make().fit(sliceSteps(s, 0, begin), options)
      })
      racer.fits++
    }
    timed(racer, rollWork(contender.work, blockSteps, horizon), () => {
      let fitted = racer.fitted as Fitted
      for (let t = begin; t < begin + blockSteps; t++) {
        scoreOne(scoring, losses, s.values, t, fitted.predict(horizon))
        fitted = fitted.update(sliceSteps(s, t, t + 1))
      }
      racer.fitted = fitted
    })
    racer.blocks++
  }

  function timed(racer: Racer, work: number, run: () => void): void {
    const before = purse.spent()
    purse.pay(work, run)
    racer.ms += purse.spent() - before
  }
}

/** From the first fit to the one to everything, should it win. */
function fullWork(work: Work, { scoring, horizon, steps }: Rules): number {
  const fits = fitWork(work, scoring.from, horizon) + fitWork(work, steps, horizon)
  return fits + rollWork(work, scoring.blocks * scoring.blockSteps, horizon)
}

function entered(contender: Contender, scoring: Scoring): Racer {
  return { contender, losses: noLosses(scoring), fitted: undefined, blocks: 0, fits: 0, ms: 0, out: null }
}

const finalists = (racers: readonly Racer[]) => racers.filter(({ out }) => out === null)

/** Least loss first; equals by simplicity. */
function ranked(racers: readonly Racer[], { blocks }: Scoring): Racer[] {
  const loss = ({ losses }: Racer) => meanLoss(losses, blocks)
  return racers.toSorted((a, b) => loss(a) - loss(b) || a.contender.rank - b.contender.rank)
}

/** The simplest within one standard error of the best, then the others as they came in. */
function chosenFirst(finished: readonly Racer[], { scoring, tolerance }: Rules): Racer[] {
  const [best] = finished
  if (!best) return []
  const most = tolerance * meanLoss(best.losses, scoring.blocks)
  const close = finished.filter((racer) => {
    if (racer === best) return true
    const { mean, se } = behind(racer.losses, best.losses, scoring.blocks)
    return mean <= se && mean <= most
  })
  const chosen = close.reduce((a, b) => (b.contender.rank < a.contender.rank ? b : a))
  return [chosen, ...finished.filter((racer) => racer !== chosen)]
}

function rowOf(racer: Racer, best: Racer | undefined, scoring: Scoring): TournamentRow {
  const { contender, losses, blocks, fits, ms, out } = racer
  const loss = meanLoss(losses, blocks)
  const gap = best && blocks > 0 ? behind(losses, best.losses, blocks) : undefined
  const size = best ? meanLoss(best.losses, blocks) : NaN
  const share = (x: number | undefined) =>
    x === undefined ? null : x === 0 ? 0 : Number.isFinite(x / size) ? x / size : null
  return {
    model: contender.name,
    score: Number.isFinite(loss) ? (scoring.metric === 'rmse' ? Math.sqrt(loss) : loss) : null,
    behind: share(gap?.mean),
    se: share(gap?.se),
    origins: blocks * scoring.blockSteps,
    fits,
    ms,
    out
  }
}

const seconds = (ms: number) => `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
