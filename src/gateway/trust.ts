/**
 * Trust — how far the alarms of a gateway are believed, learned from what followed them.
 *
 *   trust ~ Beta(a, b)        a = hits before + hits, b = misses before + misses
 *   mean = a/(a + b)          sd = √(a·b / ((a + b)²·(a + b + 1)))          lower = max(0, mean − sd)
 *
 * An alarm is a *hit* when the load stands at `rise` times its usual before the horizon (and `grace`) is over, else a *miss*; where the
 * load was not measured meanwhile, it is neither. What was learned is forgotten by `forget` with each outcome, so a gateway that was
 * replaced is judged anew after some 1/(1 − forget) alarms. A burst that came without an alarm is *unannounced*: it says nothing about
 * the alarms, but how much silence is worth: announced ~ the same, of bursts. Memory is plain JSON, changed in place, of constant size.
 *
 * Conjugate prior of a Bernoulli rate: Gelman et al., *Bayesian Data Analysis*, §2.4.
 */
import { type GivenOptions, MINUTE, type OptionTable, readOptions, SECOND } from '../base/index.ts'

export const trustOptions = {
  hits: { kind: 'number', default: 1, min: 0.001, says: 'hits it begins with' },
  misses: { kind: 'number', default: 1, min: 0.001, says: 'misses it begins with' },
  forget: {
    kind: 'number',
    default: 0.97,
    min: 0.5,
    max: 1,
    says: 'what is kept of the past with each outcome'
  },
  rise: { kind: 'number', default: 1.5, min: 1.01, says: 'this many usual loads are a burst' },
  over: { kind: 'number', default: 1.2, min: 1, says: 'below this many it is over' },
  grace: {
    kind: 'duration',
    default: 30 * SECOND,
    min: 0,
    says: 'a burst may come this much later than announced'
  },
  usual: { kind: 'duration', default: 10 * MINUTE, min: 1, says: 'time over which the usual load is learned' }
} satisfies OptionTable

export type TrustMemory = {
  hits: number
  misses: number
  announced: number
  unannounced: number
  /** An alarm that waits for its burst. One at a time: a second one before the end of the first is the same. */
  waiting: { fromMs: number; untilMs: number; measured: boolean } | null
  usual: number | null
  loadMs: number | null
  inBurst: boolean
}

export interface Trust {
  readonly mean: number
  readonly sd: number
  /** A standard deviation below the mean: what is safe to believe. */
  readonly lower: number
  /** Of the bursts that came, the share that was announced: a standard deviation below the mean of its own posterior. */
  readonly heard: number
}

export type Outcome = 'hit' | 'miss' | 'unannounced'

export interface TrustLearner {
  initial(): TrustMemory
  /** An alarm was accepted. */
  alarm(atMs: number, horizonMs: number, memory: TrustMemory): void
  /** The load as measured, `NaN` where it was not. Gives what became clear by it. */
  load(nowMs: number, load: number, memory: TrustMemory): Outcome[]
  of(memory: TrustMemory): Trust
}

/** Throws `BAD_OPTION` for an option that cannot be. */
export function trustLearner(given: GivenOptions = {}): TrustLearner {
  const options = readOptions('trust', trustOptions, given)
  return { initial, alarm, load, of }

  function initial(): TrustMemory {
    return {
      hits: 0,
      misses: 0,
      announced: 0,
      unannounced: 0,
      waiting: null,
      usual: null,
      loadMs: null,
      inBurst: false
    }
  }

  function alarm(atMs: number, horizonMs: number, memory: TrustMemory): void {
    const untilMs = atMs + horizonMs + options.grace
    // Repeated while it lasts: the burst must come after the first, not after the last.
    if (memory.waiting !== null && atMs <= memory.waiting.untilMs) return
    expire(atMs, memory)
    // An alarm for what everybody sees already is no forecast.
    if (memory.inBurst) return
    memory.waiting = { fromMs: atMs, untilMs, measured: false }
  }

  function load(nowMs: number, value: number, memory: TrustMemory): Outcome[] {
    const outcomes: Outcome[] = []
    const isMeasured = value >= 0 && value < Number.POSITIVE_INFINITY
    if (isMeasured) {
      const usual = memory.usual ?? value
      const begins = !memory.inBurst && value > options.rise * usual
      if (begins) outcomes.push(burst(nowMs, memory))
      else if (memory.waiting !== null) memory.waiting.measured = true
      if (begins) memory.inBurst = true
      else if (value < options.over * usual) memory.inBurst = false
      learnUsual(nowMs, value, usual, memory)
    }
    if (expire(nowMs, memory)) outcomes.push('miss')
    return outcomes
  }

  /** Whether an alarm is over and nothing followed it, as far as anybody measured. */
  function expire(nowMs: number, memory: TrustMemory): boolean {
    const { waiting } = memory
    if (waiting === null || nowMs <= waiting.untilMs) return false
    memory.waiting = null
    if (!waiting.measured) return false
    memory.hits *= options.forget
    memory.misses = memory.misses * options.forget + 1
    return true
  }

  function burst(nowMs: number, memory: TrustMemory): Outcome {
    const { waiting } = memory
    const isHit = waiting !== null && nowMs >= waiting.fromMs && nowMs <= waiting.untilMs
    memory.announced = memory.announced * options.forget + (isHit ? 1 : 0)
    memory.unannounced = memory.unannounced * options.forget + (isHit ? 0 : 1)
    if (!isHit) return 'unannounced'
    memory.waiting = null
    memory.hits = memory.hits * options.forget + 1
    memory.misses *= options.forget
    return 'hit'
  }

  /** The level of quiet time; in a burst it moves slowly, so that a rise that stays is the new usual. */
  function learnUsual(nowMs: number, value: number, usual: number, memory: TrustMemory): void {
    const sinceMs = memory.loadMs === null ? 0 : Math.max(0, nowMs - memory.loadMs)
    const pace = 1 - Math.exp(-sinceMs / (options.usual * (memory.inBurst ? 5 : 1)))
    memory.usual = usual + pace * (value - usual)
    memory.loadMs = nowMs
  }

  function of(memory: TrustMemory): Trust {
    const { mean, sd } = beta(options.hits + memory.hits, options.misses + memory.misses)
    const bursts = beta(options.hits + memory.announced, options.misses + memory.unannounced)
    return { mean, sd, lower: Math.max(0, mean - sd), heard: Math.max(0, bursts.mean - bursts.sd) }
  }
}

function beta(a: number, b: number): { mean: number; sd: number } {
  const n = a + b
  return { mean: a / n, sd: Math.sqrt((a * b) / (n * n * (n + 1))) }
}
