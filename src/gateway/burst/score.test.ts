import { describe, expect, it } from 'vitest'
import { DAY } from '../../base/index.ts'
import { scoreAlarms } from './score.ts'

const clock = { startMs: 0, stepMs: 1_000, windowMs: 5_000 }
const on = (text: string) => Array.from(text, (c) => c === '#')

describe('the score of alarms', () => {
  const seen = { precursorMs: 10_000, onsetMs: 20_000, endMs: 30_000 }
  const unseen = { precursorMs: null, onsetMs: 50_000, endMs: 60_000 }

  it.each([
    [
      'a hit',
      12,
      { precision: 1, recall: 0.5, recallForeseeable: 1, late: 0, leadMs: { p50: 7_000, p10: 7_000 } }
    ],
    ['before its precursor', 5, { precision: 0, recall: 0, recallForeseeable: 0, late: 0 }],
    ['late', 22, { precision: NaN, recall: 0, late: 1 }],
    ['luck', 46, { precision: 1, recall: 0.5, recallForeseeable: 0 }],
    ['false', 40, { precision: 0, falsePerDay: DAY / 70_000 }]
  ])('%s', (_what, at, score) => {
    const alarms = on('.'.repeat(at) + '###'.padEnd(70 - at, '.'))
    expect(scoreAlarms(alarms, [seen, unseen], clock)).toMatchObject(score)
  })

  it('counts an alarm once, however long it is, and a burst once, however often it is announced', () => {
    const alarms = on(`${'.'.repeat(11)}##.##.####${'.'.repeat(49)}`)
    expect(scoreAlarms(alarms, [seen], clock)).toMatchObject({
      bursts: 1,
      alarms: 3,
      precision: 1,
      recall: 1
    })
    expect(scoreAlarms(alarms, [seen], clock).leadMs.p50).toBe(8_000)
  })

  it('knows nothing of a lead where nothing was hit', () => {
    expect(scoreAlarms([0, 0], [seen], clock)).toMatchObject({
      alarms: 0,
      precision: NaN,
      recall: 0,
      falsePerDay: 0
    })
    expect(scoreAlarms([0, 0], [seen], clock).leadMs.p50).toBeNaN()
  })
})
