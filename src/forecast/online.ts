/**
 * A point forecaster that learns step by step, made into a `Fitted`: quantiles, record, gaps and refusals in one
 * place, so that a method's own file holds its formula only.
 */
import type { Series } from '../base/index.ts'
import { endMs, PrescaleError, requireOption } from '../base/index.ts'
import type { FitOptions, Fitted, Forecast, Json } from '../roles.ts'
import { type Conformal, conformal } from './conformal.ts'

/** The formula of a method. Owned by one `Fitted`; both calls are O(state), never O(history). */
export interface PointModel {
  /** One more step; `NaN` = not measured: keep the state, advance the clock. */
  observe(y: number): void
  /** Writes ŷ[t+1 .. t+out.length]; `NaN` where nothing is known yet. */
  ahead(out: Float64Array): void
  /** How uncertain each of these is relative to the others (> 0), same length; absent = all alike. */
  spread?(mean: Float64Array, out: Float64Array): void
  /** What was learned, plain JSON; handed to `start` as `options.learned` it makes the same model without training. */
  parameters(): Json
  /** Step of the history behind the last one it was trained on: only forecasts from there on tell how wrong it will be. */
  readonly trainedUntil?: number
}

export interface Method {
  readonly name: string
  readonly version: string
  /** Fewest measured steps without which it cannot say anything. */
  readonly needs: number
  /** A model fitted to the history that has not stepped through it yet. Refuses what it cannot be fitted to. */
  readonly start: (history: Series, horizon: number, options: FitOptions) => PointModel
}

export const defaultLevels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 0.975, 0.99] as const
export const defaultHorizon = 30
/** Scores per horizon: enough for the 99 % level, few enough to forget last week's storm. */
const window = 500

export function fitOnline(method: Method, history: Series, options: FitOptions = {}): Fitted {
  const { horizon = defaultHorizon } = options
  requireOption(
    Number.isInteger(horizon) && horizon >= 1,
    'horizon',
    horizon,
    'a whole number of steps, at least 1'
  )
  const levels = readLevels(options.levels ?? defaultLevels)
  checkHistory(method.name, method.needs, history)
  const model = method.start(history, horizon, options)
  const least = isRate(history) ? 0 : -Infinity
  const scored = conformal({ horizon, levels, window, least })
  // Only what can still matter to the windows is scored; the older part is learned from without.
  const scoredFrom = Math.max(0, history.values.length - 3 * window - horizon, model.trainedUntil ?? 0)
  for (let t = 0; t < scoredFrom; t++) model.observe(history.values[t])
  return fittedOf({ method, model, scored, levels, horizon, least }, history, scoredFrom)
}

/** Refuses what no method can be fitted to: too few measured steps, and values that cannot be. */
export function checkHistory(name: string, needs: number, history: Series): void {
  checkValues(name, history)
  const measured = countMeasured(history.values)
  if (measured < needs) {
    throw new PrescaleError(
      'TOO_SHORT',
      `${name} needs at least ${needs} measured steps, the history has ${measured}`
    )
  }
}

interface Parts {
  readonly method: Method
  readonly model: PointModel
  readonly scored: Conformal
  readonly levels: readonly number[]
  readonly horizon: number
  readonly least: number
}

function fittedOf(parts: Parts, history: Series, from: number): Fitted {
  const { method, model, scored, levels, horizon, least } = parts
  const names = levels.map(String)
  const mean = new Float64Array(horizon)
  const spread = model.spread ? new Float64Array(horizon) : undefined
  const { stepMs } = history
  let seenUntilMs = endMs(history)

  function look(out: Float64Array): void {
    model.ahead(out)
    for (let h = 0; h < out.length; h++) if (out[h] < least) out[h] = least
  }

  function feed(values: Float64Array): void {
    for (const y of values) {
      scored.score(y)
      model.observe(y)
      refresh()
    }
  }

  function refresh(): void {
    look(mean)
    if (spread) model.spread?.(mean, spread)
    scored.issue(mean, spread)
  }

  function predict(steps: number): Forecast {
    requireOption(Number.isInteger(steps) && steps >= 1, 'steps', steps, 'a whole number, at least 1')
    const near = Math.min(steps, horizon)
    const out = new Float64Array(steps)
    if (steps > horizon) look(out)
    else out.set(mean.subarray(0, steps))
    const quantiles: Record<string, Float64Array> = {}
    for (let l = 0; l < levels.length; l++) {
      const row = new Float64Array(steps)
      const known = scored.quantiles(l)
      row.set(known.subarray(0, near))
      // Beyond the horizons that were learned the last one's distance grows like that of a random walk.
      const offset = known[horizon - 1] - mean[horizon - 1]
      for (let h = near; h < steps; h++) {
        row[h] = Math.max(least, out[h] + offset * Math.sqrt((h + 1) / horizon))
      }
      quantiles[names[l]] = row
    }
    return {
      startMs: seenUntilMs,
      stepMs,
      mean: out,
      quantiles,
      by: { model: method.name, version: method.version, trainedUntilMs: seenUntilMs },
      record: scored.record(names)
    }
  }

  function update(more: Series): Fitted {
    const missed = missedSteps(method.name, more, seenUntilMs, stepMs)
    checkValues(method.name, more)
    feed(new Float64Array(missed).fill(NaN))
    feed(more.values)
    seenUntilMs = endMs(more)
    return fitted
  }

  const fitted: Fitted = {
    predict,
    update,
    save: () => ({
      model: method.name,
      version: method.version,
      trainedUntilMs: seenUntilMs,
      stepMs,
      parameters: model.parameters()
    })
  }
  refresh()
  feed(history.values.subarray(from))
  return fitted
}

/** Two years of minutes. A longer gap is a wrong clock or another load, and would be walked through step by step. */
const longestGap = 1_000_000

/** Steps that were not measured between what was seen and what comes. Refuses another step, the past, and a gap beyond all reason. */
export function missedSteps(name: string, more: Series, seenUntilMs: number, stepMs: number): number {
  requireOption(more.stepMs === stepMs, 'stepMs', more.stepMs, `the same step, ${stepMs} ms`)
  const missed = Math.round((more.startMs - seenUntilMs) / stepMs)
  requireOption(missed >= 0, 'startMs', more.startMs, `at or after ${seenUntilMs}`)
  if (missed <= longestGap) return missed
  throw new PrescaleError(
    'BAD_INPUT',
    `${name}: ${missed} steps lie between what it saw (until ${seenUntilMs}) and what comes (from ${more.startMs}); ` +
      `they must be at most ${longestGap}: check the clock, or fit anew`
  )
}

/** A rate cannot be negative; other units may be anything finite. */
export const isRate = (s: Series) => s.unit === 'events/s'

/** Refuses values that cannot be: infinite ones, and negative rates. */
export function checkValues(name: string, s: Series): void {
  const rate = isRate(s)
  for (let i = 0; i < s.values.length; i++) {
    const y = s.values[i]
    if (Math.abs(y) === Infinity || (rate && y < 0)) {
      const right = rate ? 'a finite rate, at least 0' : 'a finite number'
      throw new PrescaleError(
        'BAD_INPUT',
        `${name}: the value at step ${i} is ${y}; it must be ${right}, or NaN where nothing was measured`
      )
    }
  }
}

function countMeasured(values: Float64Array): number {
  let count = 0
  for (const y of values) if (!Number.isNaN(y)) count++
  return count
}

function readLevels(levels: readonly number[]): number[] {
  for (const level of levels) {
    requireOption(level > 0 && level < 1, 'level', level, 'a probability between 0 and 1')
  }
  return [...new Set(levels)].sort((a, b) => a - b)
}
