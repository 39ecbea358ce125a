/**
 * What a method costs, so that a tournament knows what it can afford before it begins, and so that without a clock the
 * same is tried on every machine.
 *
 *   fit    (fixed + history · fit) ms      roll   steps · (step + horizon · ahead) ms
 *
 * Milliseconds of one core of a 2-core Xeon of 2026, measured on 2,000–140,000 steps at horizons 1, 15 and 30; good to a
 * factor of two, which is all that a budget needs. With a clock the measured pace corrects them.
 */
export interface Work {
  readonly fixed?: number
  /** Per step of history, as many as it looks at. */
  readonly fit: number
  readonly most?: number
  /** Per step of history and horizon step. */
  readonly fitAhead?: number
  /** Per step learned and forecast from. */
  readonly step: number
  readonly ahead: number
  /** Fewest steps from which it has learned more than a simple method: below it does not begin. */
  readonly least?: number
}

/** With fewer windows a network is stopped before it has begun. */
const networkLeast = 500
const plain = { step: 0.004, ahead: 0.0008 }

const known: Readonly<Record<string, Work>> = {
  naive: { fit: 0.0005, ...plain },
  'seasonal-naive': { fit: 0.0015, ...plain },
  sma: { fit: 0.0005, ...plain },
  ewma: { fit: 0.001, ...plain },
  theta: { fixed: 30, fit: 0.015, ...plain },
  'holt-winters': { fixed: 20, fit: 0.01, ...plain },
  ets: { fixed: 60, fit: 0.08, most: 8_000, ...plain },
  mstl: { fixed: 100, fit: 0.08, ...plain },
  ridge: { fixed: 100, fit: 0.04, fitAhead: 0.006, step: 0.03, ahead: 0.012 },
  arima: { fixed: 200, fit: 0.15, most: 20_000, ...plain },
  prophet: { fixed: 300, fit: 0.3, ...plain },
  blend: { fixed: 20, fit: 0.005, fitAhead: 0.001, step: 0.012, ahead: 0.002 },
  cnn: { fixed: 300, fit: 0.25, most: 10_000, step: 0.06, ahead: 0.002, least: networkLeast },
  gru: { fixed: 500, fit: 1.2, most: 10_000, step: 0.15, ahead: 0.002, least: networkLeast },
  lstm: { fixed: 500, fit: 1.6, most: 10_000, step: 0.2, ahead: 0.002, least: networkLeast },
  tcn: { fixed: 500, fit: 1, most: 10_000, step: 0.2, ahead: 0.002, least: networkLeast },
  combination: { fixed: 300, fit: 0.1, fitAhead: 0.016, step: 0.06, ahead: 0.02 }
}

/** Of a method that nobody measured: dear enough to come late. */
const unknown: Work = { fixed: 100, fit: 0.1, step: 0.05, ahead: 0.002 }

/** The exact likelihood of a seasonal ARIMA climbs slowly where a season is short: a day of hours takes as long as this. */
const shortSeason = { below: 60, steps: 1_000, fixed: 3_000, fit: 5 }

/** `season`: steps of the one that the history shows, 0 = none. */
export function workOf(name: string, season = 0): Work {
  const work = known[name] ?? unknown
  if (name !== 'arima' || season < 2 || season >= shortSeason.below) return work
  const { fixed, fit, steps } = shortSeason
  return { ...work, fixed, fit, most: steps }
}

/** Members are fitted twice, to learn the weights and then to everything, and all of them at every step. */
export function workOfAll(names: readonly string[], season: number): Work {
  const all = names.map((name) => workOf(name, season))
  const sum = (of: (work: Work) => number) => all.reduce((total, work) => total + of(work), 0)
  return {
    fixed: 2 * sum(({ fixed = 0, fit, most = 0 }) => fixed + fit * most),
    fit: 2 * sum(({ fit, most }) => (most === undefined ? fit : 0)),
    fitAhead: 2 * sum(({ fitAhead = 0 }) => fitAhead),
    step: 0.02 + sum(({ step }) => step),
    ahead: 0.002 + sum(({ ahead }) => ahead),
    least: Math.max(...all.map(({ least = 0 }) => least))
  }
}

export function fitWork(
  { fixed = 0, fit, most, fitAhead = 0 }: Work,
  steps: number,
  horizon: number
): number {
  return fixed + Math.min(steps, most ?? Infinity) * (fit + horizon * fitAhead)
}

export function rollWork({ step, ahead }: Work, steps: number, horizon: number): number {
  return steps * (step + horizon * ahead)
}

/** What is left of a budget in ms: by the clock, or by the work that was counted. */
export interface Purse {
  readonly budget: number
  left(): number
  /** Expected ms of this much work, at the pace seen so far. */
  expected(work: number): number
  /** Runs it and books its work; gives the ms it took, which without a clock is the work. */
  pay<T>(work: number, run: () => T): T
  spent(): number
}

export function purse(budgetMs: number, nowMs?: () => number): Purse {
  const begun = nowMs?.() ?? 0
  let [booked, measured] = [0, 0]
  const spent = () => (nowMs ? nowMs() - begun : booked)
  // Before much was measured the table is believed; a machine is hardly a tenth or ten times as fast.
  const pace = () => (nowMs ? Math.min(10, Math.max(0.1, (measured + 200) / (booked + 200))) : 1)
  return {
    budget: budgetMs,
    left: () => budgetMs - spent(),
    expected: (work) => work * pace(),
    pay(work, run) {
      const before = nowMs?.() ?? 0
      try {
        return run()
      } finally {
        booked += work
        measured += nowMs ? nowMs() - before : work
      }
    },
    spent
  }
}
