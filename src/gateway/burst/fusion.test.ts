import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { burstPredictors, fusion, streetWatch } from './index.ts'

const calm = { predictedLoad: 10, burstAlarm: false, horizonMs: 60_000, confidence: 0 }
const alarm = { ...calm, burstAlarm: true, confidence: 0.7 }
const now = { step: '5s', usual: '10m', patience: '60s' }

/** What is said of two streets, of which the second one fires where `fires` is 1. */
function said(totals: readonly number[], fires: readonly number[], options: object = now) {
  const together = fusion({ ...options })
  const memory = together.initial()
  return totals.map((total, i) =>
    together.update([total / 2, total / 2], [calm, fires[i] === 1 ? alarm : calm], memory)
  )
}

describe('the fusion of streets', () => {
  const quiet = new Array<number>(50).fill(200)
  const none = new Array<number>(50).fill(0)

  it('fires with one street, expects four times the usual, and stops when everybody sees the burst', () => {
    const answers = said([...quiet, 200, 205, 300, 800, 800], [...none, 1, 1, 1, 1, 1]).slice(50)
    expect(answers.map(({ burstAlarm }) => burstAlarm)).toEqual([true, true, true, false, false])
    expect(answers[0].predictedLoad).toBeCloseTo(800, 6)
    expect(answers[4].predictedLoad).toBe(800)
    expect(answers[0].confidence).toBe(0.7)
  })

  it('drops an alarm that nothing follows, and takes it up again only when the street was calm', () => {
    const totals = new Array<number>(40).fill(200)
    const fires = [...new Array<number>(20).fill(1), 0, ...new Array<number>(19).fill(1)]
    const answers = said([...quiet, ...totals], [...none, ...fires]).slice(50)
    const on = answers.map(({ burstAlarm }) => (burstAlarm ? 1 : 0))
    expect(on.slice(0, 12)).toEqual(new Array(12).fill(1))
    expect(on.slice(12, 21)).toEqual(new Array(9).fill(0))
    expect(on[21]).toBe(1)
  })

  it('does not fire again for the street whose burst is just over', () => {
    const totals = [...new Array<number>(10).fill(800), ...new Array<number>(10).fill(200)]
    const answers = said([...quiet, 200, ...totals], [...none, 1, ...new Array<number>(20).fill(1)]).slice(51)
    for (const { burstAlarm } of answers) expect(burstAlarm).toBe(false)
  })

  it('is not deaf for ever when the first total was only a part of one', () => {
    const [last] = said([20, ...quiet, 200], [0, ...none, 1]).slice(-1)
    expect(last.burstAlarm).toBe(true)
    expect(last.predictedLoad).toBeGreaterThan(700)
  })

  it('takes a burst that stays for the new usual', () => {
    const options = { ...now, stays: '5m' }
    const totals = [...quiet, ...new Array<number>(70).fill(500), 500]
    const fires = [...none, ...new Array<number>(70).fill(0), 1]
    const [last] = said(totals, fires, options).slice(-1)
    expect(last.burstAlarm).toBe(true)
    expect(said(totals, fires).at(-1)?.burstAlarm).toBe(false)
  })

  it('learns how high bursts are from those that came', () => {
    const burst = [200, 600, 600, 200]
    const totals = [...quiet]
    const fires = [...none]
    for (let i = 0; i < 12; i++) {
      totals.push(...burst, ...quiet)
      fires.push(0, 0, 0, 0, ...none)
    }
    const [last] = said([...totals, 200], [...fires, 1]).slice(-1)
    expect(last.predictedLoad).toBeGreaterThan(590)
    expect(last.predictedLoad).toBeLessThan(640)
  })

  it('takes a street that was not measured at what was last said of it, and none at all for nothing new', () => {
    const together = fusion(now)
    const memory = together.initial()
    for (let i = 0; i < 60; i++) together.update([10, 10], [calm, calm], memory)
    expect(together.update([10, NaN], [calm, calm], memory).total).toBe(20)
    const before = JSON.stringify(memory)
    expect(together.update([NaN, NaN], [calm, alarm], memory).burstAlarm).toBe(false)
    expect(JSON.stringify(memory)).toBe(before)
  })

  it('remembers the same amount for ever, in plain JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 100 }), { maxLength: 200 }), (rates) => {
        const watch = streetWatch(burstPredictors.cusum.make())
        const memory = watch.initial(3)
        const size = JSON.stringify(memory).replaceAll(/[\d.e+-]+/g, '0').length
        for (const rate of rates) watch.update([rate, NaN, 5], memory)
        expect(JSON.parse(JSON.stringify(memory))).toEqual(memory)
        const after = JSON.stringify(memory).replaceAll(/[\d.e+-]+/g, '0').length
        // null may have become a number, false true.
        expect(Math.abs(after - size)).toBeLessThan(60)
      })
    )
  })
})
