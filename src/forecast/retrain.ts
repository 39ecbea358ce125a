/**
 * Retraining — a forecaster made of a forecaster, fitted again to recent history when it is due.
 *
 *   age      `every` has passed since it was last fitted
 *   error    its MASE over the last 500 scored steps is `errorRatio` times what it was when it was fitted
 *   drift    a detector fed with its one-step errors says so
 *
 * What is kept is the last `window` steps, so memory is bounded; the new model sees nothing older. All is counted in
 * steps since the fit, so the same values give the same models, however they arrive. A fit that fails leaves the model
 * that was there, with the reason. Gama et al. 2014 (when to adapt) has the field's words for it.
 */
import { endMs, PrescaleError, requireOption, type Series } from '../base/index.ts'
import type { DriftDetector, FitOptions, Fitted, Forecaster, Json } from '../roles.ts'
import { checkValues, missedSteps } from './online.ts'

export interface RetrainingOptions {
  /** Age of a fit in ms at which it is due. */
  readonly every?: number
  /** Above 1: how much worse against naive than when it was fitted. */
  readonly errorRatio?: number
  readonly drift?: DriftDetector
  /** Steps that are kept and fitted to. Default those of the first history, at most 50,000. */
  readonly window?: number
  /** Steps between two looks at the error; the least distance of two fits. */
  readonly patience?: number
}

/** One fit after the first, newest last in `retrained`. */
export type Retrained = {
  readonly atMs: number
  readonly because: string
  /** The new fit failed and the old model stayed. */
  readonly failed: string | null
}

const mostWindow = 50_000
/** Fits remembered in `parameters()`. */
const remembered = 20

export function withRetraining(forecaster: Forecaster, options: RetrainingOptions): Forecaster {
  const { every, errorRatio, drift, window, patience = 100 } = options
  requireOption(
    every !== undefined || errorRatio !== undefined || drift !== undefined,
    'retraining',
    'nothing',
    'by age (every), error (errorRatio) or drift'
  )
  requireOption(every === undefined || every > 0, 'every', every, 'an age in ms above 0')
  requireOption(errorRatio === undefined || errorRatio > 1, 'errorRatio', errorRatio, 'above 1')
  requireOption(isCount(patience), 'patience', patience, 'a whole number of steps, at least 1')
  requireOption(
    window === undefined || isCount(window),
    'window',
    window,
    'a whole number of steps, at least 1'
  )
  return { name: forecaster.name, fit: (history, fit) => retraining(forecaster, options, history, fit) }
}

function retraining(
  forecaster: Forecaster,
  { every, errorRatio, drift, window, patience = 100 }: RetrainingOptions,
  history: Series,
  fit: FitOptions = {}
): Fitted {
  const { stepMs } = history
  const kept = window ?? Math.max(1, Math.min(mostWindow, history.values.length))
  const dueAfter = every === undefined ? Infinity : Math.max(1, Math.ceil(every / stepMs))
  // Trained again for real: what was learned elsewhere is for the first fit only.
  const { learned: _learned, ...again } = fit
  let inner = forecaster.fit(history, fit)
  const buffer = new Float64Array(2 * kept)
  let held = 0
  keep(history.values)
  let nextMs = endMs(history)
  let age = 0
  let reference = maseOf(inner)
  let memory = drift?.initial() ?? null
  let drifted = false
  const done: Retrained[] = []

  /** One by one only where somebody looks at every step; otherwise up to the next look. */
  function feed(values: Float64Array): void {
    for (let t = 0; t < values.length; ) {
      const untilLook = patience - (age % patience)
      const untilDue = dueAfter - age
      const steps = drift ? 1 : Math.min(values.length - t, untilLook, untilDue)
      const part = { ...history, startMs: nextMs, values: values.subarray(t, t + steps) }
      if (drift) watch(part.values[0])
      inner = inner.update(part)
      keep(part.values)
      t += steps
      age += steps
      nextMs += steps * stepMs
      const because = due()
      if (because !== undefined) refit(because)
    }
  }

  function watch(y: number): void {
    if (Number.isNaN(y) || !drift) return
    if (drift.update(Math.abs(y - inner.predict(1).mean[0]), memory) === 'drift') drifted = true
  }

  function due(): string | undefined {
    if (age >= dueAfter) return `it was ${age} steps old`
    if (drifted && age >= patience) return `${drift?.name} saw its errors drift`
    if (errorRatio === undefined || age % patience !== 0) return undefined
    const now = maseOf(inner)
    // A model that was not scored when it was fitted is measured by its first scores.
    if (Number.isNaN(reference)) reference = now
    return now > errorRatio * reference
      ? `its error rose to ${(now / reference).toFixed(2)} times that of its fit`
      : undefined
  }

  function refit(because: string): void {
    let failed: string | null = null
    try {
      inner = forecaster.fit(recent(), again)
    } catch (error) {
      if (!(error instanceof Error) || (error instanceof PrescaleError && error.code === 'INTERRUPTED')) {
        throw error
      }
      failed = error.message
    }
    age = 0
    reference = maseOf(inner)
    memory = drift?.initial() ?? null
    drifted = false
    done.push({ atMs: nextMs, because, failed })
    if (done.length > remembered) done.shift()
  }

  /** The last `kept` steps at the end of a buffer twice as long, so that each is copied once or twice in all. */
  function keep(values: Float64Array): void {
    const newest = values.subarray(Math.max(0, values.length - kept))
    if (held + newest.length > buffer.length) {
      buffer.copyWithin(0, Math.max(0, held - kept), held)
      held = Math.min(held, kept)
    }
    buffer.set(newest, held)
    held += newest.length
  }

  function recent(): Series {
    const values = buffer.slice(Math.max(0, held - kept), held)
    return { ...history, startMs: nextMs - values.length * stepMs, values }
  }

  const fitted: Fitted = {
    predict: (steps) => inner.predict(steps),
    update(more) {
      // Everything is refused before anything is learned.
      const missed = missedSteps(forecaster.name, more, nextMs, stepMs)
      checkValues(forecaster.name, more)
      feed(new Float64Array(missed).fill(NaN))
      feed(more.values)
      return fitted
    },
    save() {
      const saved = inner.save()
      if (!isObject(saved) || !isObject(saved.parameters)) return saved
      const retrained = done.map((one) => ({ ...one }))
      return { ...saved, parameters: { ...saved.parameters, retrained } }
    }
  }
  return fitted
}

const isObject = (json: Json | undefined): json is { readonly [key: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

const isCount = (n: number) => Number.isInteger(n) && n >= 1

/** Of the last steps it was scored on; `NaN` while there are none. */
const maseOf = (fitted: Fitted): number => fitted.predict(1).record?.mase ?? NaN
