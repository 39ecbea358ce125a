import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { series } from '../../src/base/index.ts'
import { dataPath } from '../experiment.ts'
import { meanRanks, rankOf, scoredRows } from './auto/rows.ts'
import { type PassDone, runPass } from './pass.ts'
import { readPublished } from './published-rows/published.ts'
import { cut, partOf, trainingSteps } from './sets.ts'

describe('the held-back part', () => {
  const s = series(
    1_000,
    Float64Array.from({ length: 100 }, (_, t) => t)
  )
  it('is opened by the long form only, or when it is asked for', () => {
    expect(partOf('auto', false)).toBe('development')
    expect(partOf('auto', true)).toBe('held-back')
    expect(partOf('development', true)).toBe('development')
  })
  it('lies behind everything that the development part holds', () => {
    expect(cut(s, 'development').values).toHaveLength(trainingSteps(s))
    expect(cut(s, 'held-back').values).toHaveLength(100)
  })
})

describe('ranks', () => {
  it('count from 1, share the places of equals, and put what failed last', () => {
    expect([3, 1, 1, NaN].map((x, _i, all) => rankOf(x, all))).toEqual([3, 1.5, 1.5, 4])
  })
  it('are means over series and horizons, best first', () => {
    const one = (model: string, set: string, mase: number): PassDone => ({
      set,
      model,
      fitMs: 1,
      stepMs: 1,
      scores: [
        { horizon: 1, steps: 9, rmse: 1, mae: 1, mase, smape: 1, smape2: 1, pinball: 1, intervals: [] }
      ]
    })
    const done = [one('a', 'x', 1), one('b', 'x', 2), one('a', 'y', 1), one('b', 'y', 4)]
    const failed: PassDone = { set: 'x', model: 'c', scores: [], fitMs: NaN, stepMs: NaN, reason: 'no' }
    const ranks = meanRanks(scoredRows([...done, failed]))
    expect(ranks.map(({ model, rank }) => [model, rank])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3]
    ])
    expect(ranks[1].overBest).toBeCloseTo(Math.sqrt(2 * 4), 12)
  })
})

describe('a pass', () => {
  const ramp = series(
    60_000,
    Float64Array.from({ length: 40 }, (_, t) => 10 + t)
  )
  const pass = { set: 'ramp', options: {}, series: ramp, trainUntil: 30, horizons: [1, 3] }
  it('scores every horizon on the values it reaches, naive on a ramp exactly', () => {
    const { scores } = runPass({ ...pass, model: 'naive' })
    expect(scores.map(({ horizon, steps, mae, mase }) => [horizon, steps, mae, mase])).toEqual([
      [1, 10, 1, 1],
      [3, 8, 3, 1]
    ])
  })
  it('says what was chosen and why, of auto', () => {
    const { chosen, because } = runPass({ ...pass, model: 'auto', options: { models: 'naive+sma' } })
    expect(chosen).toBe('naive')
    expect(because).toMatch(/^lost least|too short/)
  })
  it('has a reason where a model refuses', () => {
    const { scores, reason } = runPass({ ...pass, model: 'seasonal-naive', options: { season: 100 } })
    expect(scores).toEqual([])
    expect(reason).toMatch(/season 100 needs/)
  })
})

describe.skipIf(!existsSync(dataPath('dsp', 'published')))('published rows', () => {
  it('are our rows, cut to whole numbers', async () => {
    const { from, series, predictions, apart } = await readPublished('iot')
    expect(from).toBe(4_838)
    expect(series.values.length - from).toBe(1_208)
    expect(apart).toBeLessThan(1)
    expect(Object.keys(predictions)).toEqual(
      expect.arrayContaining(['LASTOBSERVED', 'ARIMA', 'ExpSmoothing', 'Prophet', 'GRU', 'CNN'])
    )
  })
})
