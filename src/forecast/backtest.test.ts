import { describe, expect, it } from 'vitest'
import { random, series } from '../base/index.ts'
import type { FitOptions, Forecaster } from '../roles.ts'
import { backtest, failedRow, naive, rollingOrigin, seasonalNaive, tailsOf } from './index.ts'

const ramp = series(
  60_000,
  Array.from({ length: 20 }, (_, t) => t)
)

describe('backtest', () => {
  it('scores the forecast for exactly the horizon: naive on a ramp is behind by it', () => {
    const { models } = backtest(ramp, { naive: naive() }, { horizon: 3, trainUntil: 10 })
    expect(models[0]).toMatchObject({ model: 'naive', rmse: 3, mae: 3, mase: 1, fitMs: 0, predictMs: 0 })
    const byHand = [12, 13, 14, 15, 16, 17, 18, 19].map((a) => 3 / (2 * a - 3))
    const mean = byHand.reduce((a, b) => a + b) / 8
    expect(models[0].smape2).toBeCloseTo(mean, 12)
    expect(models[0].smape).toBeCloseTo(2 * mean, 12)
  })

  it('has the shape of the contract', () => {
    const result = backtest(ramp, { naive: naive() }, { levels: [0.8, 0.95] })
    expect(Object.keys(result)).toEqual(['horizon', 'folds', 'models'])
    expect(Object.keys(result.models[0])).toEqual([
      'model',
      'rmse',
      'mae',
      'mase',
      'smape',
      'smape2',
      'pinball',
      'crps',
      'coverage',
      'fitMs',
      'predictMs'
    ])
    expect(Object.keys(result.models[0].coverage)).toEqual(['0.8', '0.95'])
  })

  it('takes coverage as the share inside the central interval', () => {
    const rng = random(9)
    const noise = series(
      60_000,
      Array.from({ length: 3_000 }, () => 100 + 10 * rng.normal())
    )
    const { models } = backtest(noise, { naive: naive() }, { trainUntil: 1_500, levels: [0.5, 0.95] })
    expect(models[0].coverage['0.5']).toBeCloseTo(0.5, 1)
    expect(models[0].coverage['0.95']).toBeGreaterThan(0.92)
  })

  it('shows a method only what it could have known', () => {
    const fits: number[] = []
    const spying: Forecaster = {
      name: 'spying',
      fit(history, options?: FitOptions) {
        fits.push(history.values.length)
        expect(Math.max(...history.values)).toBe(history.values.length - 1)
        return naive().fit(history, options)
      }
    }
    const { from, actual, mean } = rollingOrigin(ramp, spying, { horizon: 2, folds: 3, trainUntil: 10 })
    expect(fits).toEqual([10, 13, 16])
    expect(from).toBe(11)
    expect([...actual]).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19])
    expect([...mean]).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17])
  })

  it('leaves gaps out of every measure', () => {
    const gappy = { ...ramp, values: ramp.values.map((y, t) => (t === 15 ? NaN : y)) }
    expect(backtest(gappy, { naive: naive() }, { trainUntil: 10 }).models[0].mae).toBeCloseTo(10 / 9, 12)
  })

  it('takes its times from the clock it is given', () => {
    let ms = 0
    const { models } = backtest(ramp, { naive: naive() }, { trainUntil: 10, folds: 2, nowMs: () => ms++ })
    expect(models[0]).toMatchObject({ fitMs: 1, predictMs: 0.2 })
  })

  it('puts a better method before a worse one only by its numbers', () => {
    const wave = series(
      60_000,
      Array.from({ length: 60 }, (_, t) => [1, 5, 9][t % 3])
    )
    const { models } = backtest(wave, { naive: naive(), seasonal: seasonalNaive({ season: 3 }) })
    expect(models.map((m) => [m.model, m.mae === 0])).toEqual([
      ['naive', false],
      ['seasonal', true]
    ])
  })

  it('scores the whole distribution, and leaves the pinball loss to the intervals that were asked for', () => {
    const rng = random(4)
    const noise = series(
      60_000,
      Array.from({ length: 4_000 }, () => 100 + 10 * rng.normal())
    )
    const row = (levels: number[]) =>
      backtest(noise, { seasonal: seasonalNaive({ season: 1_000 }) }, { levels, trainUntil: 3_000 }).models[0]
    // Of N(0, √2 σ) with the right spread: √2 · σ / √π (Gneiting & Raftery 2007, eq. 5, in the mean).
    expect(row([0.8]).crps / (10 * Math.sqrt(2 / Math.PI))).toBeCloseTo(1, 1)
    expect(row([0.8]).crps).toBeCloseTo(row([0.95]).crps, 1)
    expect(row([0.8]).pinball).toBeGreaterThan(1.5 * row([0.95]).pinball)
  })

  it('measures every horizon from the same origins where it is asked to', () => {
    const options = { horizon: 3, trainUntil: 10, perHorizon: true }
    const [{ byHorizon, ...row }] = backtest(ramp, { naive: naive() }, options).models
    // Naive on a ramp is behind by the horizon, and so is the naive error.
    expect(byHorizon?.map(({ horizon, mae, mase }) => [horizon, mae, mase])).toEqual([
      [1, 1, 1],
      [2, 2, 1],
      [3, 3, 1]
    ])
    const [alone] = backtest(ramp, { naive: naive() }, { horizon: 3, trainUntil: 10 }).models
    expect(row).toEqual(alone)
    expect(byHorizon?.[2]).toMatchObject({ rmse: alone.rmse, crps: alone.crps, coverage: alone.coverage })
  })

  it('gives chance to methods where a seed was given, and none else', () => {
    const drawn: (number | undefined)[] = []
    const lucky: Forecaster = {
      name: 'lucky',
      fit(history, options?: FitOptions) {
        drawn.push(options?.rng?.next())
        return naive().fit(history, options)
      }
    }
    for (const seed of [1, 1, 2, undefined]) backtest(ramp, { lucky }, { trainUntil: 10, seed })
    expect(drawn[0]).toBe(drawn[1])
    expect(drawn[0]).not.toBe(drawn[2])
    expect(drawn[3]).toBeUndefined()
  })

  it('has a row for what failed, in which nothing was measured', () => {
    const { coverage, ...row } = failedRow('gru', 'why', [0.8])
    expect(row).toMatchObject({ model: 'gru', rmse: NaN, crps: NaN, fitMs: NaN, failed: 'why' })
    expect(coverage).toEqual({ '0.8': NaN })
    const fine = backtest(ramp, { naive: naive() }, { levels: [0.8] }).models[0]
    expect(Object.keys(failedRow('', '', [0.8])).filter((key) => key !== 'failed')).toEqual(Object.keys(fine))
  })

  const refused = [
    { options: { trainUntil: 20 }, says: /trainUntil must be between 1 and 19 steps, was 20/ },
    { options: { horizon: 0 }, says: /horizon must be a whole number of steps, at least 1, was 0/ },
    {
      options: { horizon: 5, trainUntil: 16 },
      says: /4 steps behind the training part are too few for 1 folds at horizon 5.*at least 5/
    },
    { options: { folds: 5, trainUntil: 16 }, says: /too few for 5 folds/ },
    { options: { levels: [1.5] }, says: /level must be a probability between 0 and 1, was 1.5/ }
  ]
  for (const { options, says } of refused) {
    it(`refuses ${JSON.stringify(options)}`, () =>
      expect(() => backtest(ramp, { naive: naive() }, options)).toThrow(says))
  }

  it('asks for the two tails of an interval', () => {
    expect(tailsOf(0.95)).toEqual([0.025, 0.975])
    expect(tailsOf(0.8)).toEqual([0.1, 0.9])
  })
})
