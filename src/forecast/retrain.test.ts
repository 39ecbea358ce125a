import { describe, expect, it } from 'vitest'
import { canonicalJson, endMs, random, type Series, series, sliceSteps } from '../base/index.ts'
import type { DriftDetector, Forecaster, Json } from '../roles.ts'
import { forecasterCase } from './forecaster.case.ts'
import { makeForecaster } from './index.ts'
import { type Retrained, type RetrainingOptions, withRetraining } from './retrain.ts'

const MINUTE = 60_000

/** Noise around a level that changes at step 1,000. */
function jumping(steps: number, before = 100, after = 100, spread = 5): Series {
  const rng = random(3, 'jumping')
  return series(
    MINUTE,
    Array.from({ length: steps }, (_, t) => (t < 1_000 ? before : after) + spread * rng.normal())
  )
}

/** The mean of its history, for ever: it must be fitted again to learn anything. */
function frozenMean(fits: number[]): Forecaster {
  return {
    name: 'frozen',
    fit(history, options) {
      fits.push(history.values.length)
      const mean = history.values.reduce((a, b) => a + b, 0) / history.values.length
      let inner = makeForecaster('naive').fit(history, options)
      const errors: number[] = []
      const fitted = {
        ...inner,
        predict: (steps: number) => {
          const forecast = inner.predict(steps)
          const mase = errors.length > 0 ? errors.reduce((a, b) => a + b, 0) / errors.length / 5 : NaN
          return {
            ...forecast,
            mean: new Float64Array(steps).fill(mean),
            record: { coverage: {}, steps: errors.length, mase }
          }
        },
        update(more: Series) {
          for (const y of more.values) errors.push(Math.abs(y - mean))
          if (errors.length > 200) errors.splice(0, errors.length - 200)
          inner = inner.update(more)
          return fitted
        },
        save: (): Json => ({ model: 'frozen', parameters: { mean } })
      }
      return fitted
    }
  }
}

function live(options: RetrainingOptions, s: Series, from = 800, oneByOne = true) {
  const fits: number[] = []
  let fitted = withRetraining(frozenMean(fits), options).fit(sliceSteps(s, 0, from), { horizon: 2 })
  if (oneByOne) {
    for (let t = from; t < s.values.length; t++) fitted = fitted.update(sliceSteps(s, t, t + 1))
  } else fitted = fitted.update(sliceSteps(s, from))
  const { parameters } = fitted.save() as { parameters: { mean: number; retrained: Retrained[] } }
  return { fits, fitted, ...parameters }
}

// Looked at by the contract suite too: due in the middle of its updates.
forecasterCase('holt-winters', {
  make: () => withRetraining(makeForecaster('holt-winters'), { every: 7 * MINUTE }),
  tolerance: 1e-3
})

describe('retraining', () => {
  it('by age: after so long, with what is recent, and the reason', () => {
    const s = jumping(1_900, 100, 200)
    const { fits, retrained, mean } = live({ every: 300 * MINUTE, window: 400 }, s)
    expect(fits).toEqual([800, 400, 400, 400])
    expect(retrained[0]).toEqual({
      atMs: s.startMs + 1_100 * MINUTE,
      because: 'it was 300 steps old',
      failed: null
    })
    expect(mean).toBeCloseTo(200, 0)
  })

  it('by error: when it got worse against naive than at its fit, and not before', () => {
    expect(live({ errorRatio: 2 }, jumping(1_900)).retrained).toEqual([])
    const { retrained } = live({ errorRatio: 2, window: 300 }, jumping(1_900, 100, 160))
    expect(retrained.length).toBeGreaterThan(0)
    expect(retrained[0].because).toMatch(/its error rose to \d+\.\d\d times that of its fit/)
    expect(retrained[0].atMs).toBeGreaterThan(1_000 * MINUTE)
  })

  it('by drift: when the detector says so', () => {
    const threshold: DriftDetector<{ seen: number }> = {
      name: 'threshold',
      initial: () => ({ seen: 0 }),
      update(value, memory) {
        memory.seen++
        return value > 50 ? 'drift' : 'none'
      }
    }
    const { retrained } = live({ drift: threshold as DriftDetector, window: 200 }, jumping(1_400, 100, 200))
    expect(retrained[0]).toMatchObject({
      atMs: 1_001 * MINUTE,
      because: 'threshold saw its errors drift'
    })
  })

  it('does the same with values one by one as with all at once', () => {
    const s = jumping(1_700, 100, 160)
    const options = { every: 250 * MINUTE, errorRatio: 2, window: 300 }
    const [one, all] = [live(options, s), live(options, s, 800, false)]
    expect(one.retrained).toEqual(all.retrained)
    expect(canonicalJson(one.fitted.predict(2))).toBe(canonicalJson(all.fitted.predict(2)))
  })

  it('takes a gap between what it saw and what comes for steps that age it', () => {
    const s = jumping(900)
    const later = series(MINUTE, [100, 100], { startMs: endMs(s) + 400 * MINUTE })
    const fitted = withRetraining(makeForecaster('ewma'), { every: 300 * MINUTE }).fit(s)
    const { parameters } = fitted.update(later).save() as { parameters: { retrained: Retrained[] } }
    expect(parameters.retrained).toHaveLength(1)
    expect(fitted.predict(1).startMs).toBe(endMs(later))
  })

  it('keeps the old model where the new fit fails, and goes on', () => {
    let fits = 0
    const moody: Forecaster = {
      name: 'moody',
      fit(history, options) {
        if (fits++ === 1) throw new Error('not today')
        return makeForecaster('ewma').fit(history, options)
      }
    }
    const s = jumping(900)
    const fitted = withRetraining(moody, { every: 30 * MINUTE }).fit(sliceSteps(s, 0, 800), { horizon: 1 })
    const { parameters } = fitted.update(sliceSteps(s, 800)).save() as {
      parameters: { retrained: Retrained[] }
    }
    expect(parameters.retrained.map(({ failed }) => failed)).toEqual(['not today', null, null])
    expect(Number.isFinite(fitted.predict(1).mean[0])).toBe(true)
  })

  it('trains for real the second time, whatever was learned elsewhere', () => {
    const asked: (Json | undefined)[] = []
    const asking: Forecaster = {
      name: 'asking',
      fit(history, options) {
        asked.push(options?.learned)
        return makeForecaster('naive').fit(history, options)
      }
    }
    const s = jumping(900)
    withRetraining(asking, { every: 60 * MINUTE })
      .fit(sliceSteps(s, 0, 800), { learned: { a: 1 } })
      .update(sliceSteps(s, 800))
    expect(asked).toEqual([{ a: 1 }, undefined])
  })

  it('remembers a bounded number of fits', () => {
    const { retrained, fits } = live({ every: 10 * MINUTE, window: 50 }, jumping(1_400))
    expect(fits.length).toBe(61)
    expect(retrained).toHaveLength(20)
  })

  it.each([
    [{}, /by age \(every\), error \(errorRatio\) or drift/],
    [{ every: 0 }, /every must be an age/],
    [{ errorRatio: 1 }, /errorRatio must be above 1, was 1/],
    [{ every: 1, patience: 0.5 }, /patience must be a whole number/],
    [{ every: 1, window: 0 }, /window must be a whole number/]
  ])('refuses %j', (options, says) => {
    expect(() => withRetraining(makeForecaster('naive'), options)).toThrow(says)
  })

  it('is an option of auto', () => {
    const s = jumping(1_200, 100, 100)
    const fitted = makeForecaster('auto', { models: 'naive+ewma', retrain: '2h' }).fit(
      sliceSteps(s, 0, 800),
      {
        horizon: 1
      }
    )
    const { parameters } = fitted.update(sliceSteps(s, 800)).save() as {
      parameters: { retrained: Retrained[]; chosen: string }
    }
    expect(parameters.retrained).toHaveLength(3)
    expect(parameters.chosen).toBe('ewma')
  })
})
