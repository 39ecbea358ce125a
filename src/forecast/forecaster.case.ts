import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  append,
  canonicalJson,
  PrescaleError,
  random,
  type Series,
  scale,
  series,
  sliceSteps
} from '../base/index.ts'
import type { Fitted, Forecaster } from '../roles.ts'

/** What makes a forecaster an exception to a promise, and why: said beside the method, shown in the test's name. */
export interface ForecasterCase {
  readonly make: () => Forecaster
  /** Why a scaled series is not forecast as the scaled forecast. */
  readonly notLinear?: string
  readonly tolerance?: number
  /** Seasons of history behind which 500 steps were scored; longer where a part of it was trained on. */
  readonly seasons?: number
}

const season = 12
const levels = [0.05, 0.5, 0.9, 0.99]

/** A wave with noise and a slow drift, always well above zero. */
function load(steps: number, seed = 1): Series {
  const rng = random(seed, 'load')
  const values = Array.from(
    { length: steps },
    (_, t) => 200 + t / 10 + 60 * Math.sin((2 * Math.PI * t) / season) + 8 * rng.normal()
  )
  return series(60_000, values, { startMs: 1_000_000_000 })
}

/** What every forecaster promises. */
export function forecasterCase(
  name: string,
  { make, notLinear, tolerance = 1e-9, seasons = 80 }: ForecasterCase
): void {
  const fit = (history: Series, horizon = 8): Fitted => make().fit(history, { horizon, levels })

  describe(`${name} keeps the role's promises`, () => {
    const history = load(10 * season)

    it('begins directly behind what it saw, at the same step', () => {
      const { startMs, stepMs, by } = fit(history).predict(3)
      expect(startMs).toBe(1_000_000_000 + 10 * season * 60_000)
      expect(stepMs).toBe(60_000)
      expect(by).toMatchObject({ model: name, trainedUntilMs: startMs })
    })

    for (const steps of [1, 8, 20]) {
      it(`says mean and quantiles for each of ${steps} steps`, () => {
        const { mean, quantiles } = fit(history).predict(steps)
        expect(mean).toHaveLength(steps)
        expect(Object.keys(quantiles).sort()).toEqual(levels.map(String).sort())
        for (const level of levels) expect(quantiles[level]).toHaveLength(steps)
        for (const row of [mean, ...Object.values(quantiles)])
          for (const y of row) expect(Number.isFinite(y)).toBe(true)
      })
    }

    it('has quantiles that rise with the level at every step', () => {
      const { quantiles } = fit(history).predict(20)
      for (let i = 1; i < levels.length; i++) {
        for (let h = 0; h < 20; h++) {
          expect(quantiles[levels[i]][h]).toBeGreaterThanOrEqual(quantiles[levels[i - 1]][h])
        }
      }
    })

    it('gives the same bytes for the same input', () => {
      const once = () => canonicalJson(fit(history).update(load(5)).predict(8))
      const after = { ...load(5), startMs: history.startMs + history.values.length * history.stepMs }
      const again = () => canonicalJson(fit(history).update(after).predict(8))
      expect(again()).toBe(again())
      expect(once).toThrow(/startMs/)
    })

    it('learns the same from values one by one as from all at once', () => {
      const all = load(12 * season)
      const more = sliceSteps(all, 10 * season)
      const atOnce = fit(history).update(more).predict(8)
      let oneByOne = fit(history)
      for (let t = 0; t < more.values.length; t++) oneByOne = oneByOne.update(sliceSteps(more, t, t + 1))
      expect(canonicalJson(oneByOne.predict(8))).toBe(canonicalJson(atOnce))
    })

    it('says the same when asked twice, and less is the beginning of more', () => {
      const fitted = fit(history)
      expect(canonicalJson(fitted.predict(8))).toBe(canonicalJson(fitted.predict(8)))
      const [few, many] = [fitted.predict(3), fitted.predict(20)]
      expect([...many.mean.subarray(0, 3)]).toEqual([...few.mean])
    })

    it('leaves what it was given as it was', () => {
      const before = canonicalJson(history)
      const fitted = fit(history)
      const { mean } = fitted.predict(8)
      mean.fill(-1)
      expect(fitted.predict(8).mean[0]).toBeGreaterThan(0)
      expect(canonicalJson(history)).toBe(before)
    })

    it('never turns a gap into a zero', () => {
      const gappy = { ...history, values: history.values.map((y, t) => (t % 7 === 3 || t > 113 ? NaN : y)) }
      const { mean, quantiles } = fit(gappy).predict(8)
      for (const row of [mean, quantiles[0.05]]) for (const y of row) expect(y).toBeGreaterThan(50)
    })

    it('takes a gap between what it saw and what comes for steps that were not measured', () => {
      const more = sliceSteps(load(12 * season), 10 * season + 5)
      const jumped = fit(history).update(more).predict(4)
      const filled = fit(history)
        .update(sliceSteps(append(history, more), history.values.length))
        .predict(4)
      expect(canonicalJson(jumped)).toBe(canonicalJson(filled))
    })

    if (notLinear === undefined) {
      it('forecasts a scaled load as the scaled forecast', () => {
        const [plain, scaled] = [fit(history).predict(8), fit(scale(history, 1_000)).predict(8)]
        for (let h = 0; h < 8; h++) {
          expect(Math.abs(scaled.mean[h] / plain.mean[h] / 1_000 - 1)).toBeLessThan(tolerance)
          expect(Math.abs(scaled.quantiles[0.9][h] / plain.quantiles[0.9][h] / 1_000 - 1)).toBeLessThan(
            tolerance
          )
        }
      })
    } else it.skip(`forecasts a scaled load as the scaled forecast: ${notLinear}`)

    it('says a constant for a constant', () => {
      const { mean } = fit(series(60_000, new Float64Array(60).fill(42))).predict(5)
      for (const y of mean) expect(y).toBeCloseTo(42, 6)
    })

    it('says zero for a load that is always zero, and stays finite', () => {
      const { mean, quantiles } = fit(series(60_000, new Float64Array(60))).predict(5)
      for (const y of [...mean, ...quantiles[0.99]]) expect(Math.abs(y)).toBeLessThan(1e-6)
    })

    it('never forecasts a negative rate, but may in other units', () => {
      const falling = series(
        60_000,
        Array.from({ length: 60 }, (_, t) => Math.max(0, 50 - t))
      )
      const { mean, quantiles } = fit(falling).predict(20)
      for (const row of [mean, ...Object.values(quantiles)])
        for (const y of row) expect(y).toBeGreaterThanOrEqual(0)
      const cold = series(60_000, new Float64Array(60).fill(-5), { unit: '°C' })
      expect(fit(cold).predict(1).mean[0]).toBeCloseTo(-5, 6)
    })

    it('knows its own record', () => {
      const { record } = fit(load(seasons * season)).predict(1)
      expect(record?.steps).toBe(500)
      expect(record?.mase).toBeGreaterThan(0)
      for (const level of levels) expect(Math.abs((record?.coverage[level] ?? 0) - level)).toBeLessThan(0.05)
    })

    it('saves plain JSON', () => {
      const saved = fit(history).save()
      expect(JSON.parse(JSON.stringify(saved))).toMatchObject({ model: name, trainedUntilMs: 1_007_200_000 })
    })

    const refused = [
      {
        when: 'nothing was measured',
        values: [NaN, NaN, NaN],
        says: /TOO_SHORT.*measured steps, the history has 0/
      },
      { when: 'there is nothing', values: [], says: /TOO_SHORT.*measured steps, the history has 0/ },
      { when: 'a value is infinite', values: [1, Infinity, 2], says: /BAD_INPUT.*step 1 is Infinity/ },
      { when: 'a rate is negative', values: [1, 2, -3], says: /BAD_INPUT.*step 2 is -3.*at least 0/ }
    ]
    for (const { when, values, says } of refused) {
      it(`refuses when ${when}, in one line`, () => {
        const error = errorOf(() => fit(series(60_000, values)))
        expect(`${error.code} ${error.message}`).toMatch(says)
        expect(error.message).not.toContain('\n')
      })
    }

    it('refuses more of another step, or from the past', () => {
      const other = series(1_000, [1], { startMs: 1_007_200_000 })
      expect(() => fit(history).update(other)).toThrow(/same step, 60000 ms/)
      expect(() => fit(history).update(sliceSteps(history, 3))).toThrow(/startMs must be at or after/)
      const decadesLater = series(60_000, [1], { startMs: 1e15 })
      expect(() => fit(history).update(decadesLater)).toThrow(/steps lie between.*check the clock/)
    })

    it('is not moved by a refused update', () => {
      const fitted = fit(history)
      const before = canonicalJson(fitted.predict(4))
      const bad = series(60_000, [3, Infinity], { startMs: 1_007_200_000 })
      expect(() => fitted.update(bad)).toThrow(/finite/)
      expect(canonicalJson(fitted.predict(4))).toBe(before)
    })

    it('stays finite and in order whatever it is shown', () => {
      const value = fc.oneof(
        { weight: 4, arbitrary: fc.double({ min: 0, max: 1e6, noNaN: true }) },
        fc.constantFrom(0, NaN, 1e-9, 1e9)
      )
      fc.assert(
        fc.property(fc.array(value, { minLength: 30, maxLength: 90 }), (values) => {
          fc.pre(values.filter((y) => !Number.isNaN(y)).length >= 12)
          const { mean, quantiles } = fit(series(60_000, values), 4).predict(6)
          for (let h = 0; h < 6; h++) {
            expect(Number.isFinite(mean[h])).toBe(true)
            let below = 0
            for (const level of levels) {
              expect(quantiles[level][h]).toBeGreaterThanOrEqual(below)
              below = quantiles[level][h]
            }
          }
        }),
        { numRuns: 40 }
      )
    })
  })
}

function errorOf(run: () => unknown): PrescaleError {
  try {
    run()
  } catch (error) {
    if (error instanceof PrescaleError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
