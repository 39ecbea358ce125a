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
  /** Per step of history. */
  readonly fit: number
  /** Per step of history and horizon step. */
  readonly fitAhead?: number
  /** Per step learned and forecast from. */
  readonly step: number
  readonly ahead: number
}

const known: Readonly<Record<string, Work>> = {
  naive: { fit: 0.0005, step: 0.003, ahead: 0.0006 },
  'seasonal-naive': { fit: 0.0015, step: 0.003, ahead: 0.0006 },
  sma: { fit: 0.0005, step: 0.003, ahead: 0.0006 },
  ewma: { fit: 0.001, step: 0.003, ahead: 0.0006 },
  'holt-winters': { fixed: 20, fit: 0.005, step: 0.003, ahead: 0.0006 },
  blend: { fixed: 20, fit: 0.005, fitAhead: 0.001, step: 0.01, ahead: 0.0018 }
}

/** Of a method that nobody measured: dear enough to come late. */
const unknown: Work = { fixed: 100, fit: 0.1, step: 0.05, ahead: 0.002 }

export const workOf = (name: string): Work => known[name] ?? unknown

export function fitWork({ fixed = 0, fit, fitAhead = 0 }: Work, steps: number, horizon: number): number {
  return fixed + steps * (fit + horizon * fitAhead)
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
