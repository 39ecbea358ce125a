/** What the predictors are worth, on seeds and data that no default was chosen on; docs/methods/burst-predictors.md prints it. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DAY, MINUTE } from '../../base/index.ts'
import { accidents } from '../../sim/index.ts'
import { type BurstMethod, burstPredictors, type Happened, scoreAlarms, streetWatch } from './index.ts'

const names = Object.keys(burstPredictors) as BurstMethod[]
/** Defaults were chosen on seeds 1 to 4. */
const heldOut = [101, 102, 103]

function onAccidents(name: BurstMethod, base: number) {
  const scores = heldOut.map((seed) => {
    const load = accidents({ durationMs: DAY, base }, seed)
    const watch = streetWatch(burstPredictors[name].make())
    const memory = watch.initial(load.streets.length)
    const rates = new Float64Array(load.streets.length)
    const alarms = Array.from(load.streets[0].values, (_, i) => {
      for (let s = 0; s < rates.length; s++) rates[s] = load.streets[s].values[i]
      return watch.update(rates, memory).burstAlarm
    })
    return scoreAlarms(alarms, load.accidents, { startMs: 0, stepMs: 5_000 })
  })
  const mean = (of: (score: (typeof scores)[number]) => number) =>
    scores.reduce((sum, score) => sum + of(score), 0) / scores.length
  return {
    precision: mean(({ precision }) => precision),
    recall: mean(({ recall }) => recall),
    recallForeseeable: mean(({ recallForeseeable }) => recallForeseeable),
    leadMs: mean(({ leadMs }) => leadMs.p50),
    falsePerDay: mean(({ falsePerDay }) => falsePerDay)
  }
}

describe('on accidents of held-out seeds', () => {
  it.each(names)('%s sees most that can be seen, a minute ahead, with few false alarms', (name) => {
    const score = onAccidents(name, 200)
    expect(score.recallForeseeable).toBeGreaterThan(0.9)
    expect(score.recall).toBeLessThan(1)
    expect(score.precision).toBeGreaterThan(0.65)
    expect(score.leadMs).toBeGreaterThan(50_000)
    expect(score.falsePerDay).toBeLessThan(10)
  })

  it('only cusum keeps quiet in streets of one message a second, where counting alone makes others fire', () => {
    expect(onAccidents('cusum', 20).falsePerDay).toBeLessThan(25)
    expect(onAccidents('threshold', 20).falsePerDay).toBeGreaterThan(300)
    expect(onAccidents('crossover', 20).falsePerDay).toBeGreaterThan(300)
    expect(onAccidents('cusum', 20).recall).toBeGreaterThan(0.6)
  })
})

const folder = process.env.PRESCALE_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const tweets = `${folder}/web/twitter_stream_2021-08_1min.csv`

/** Bursts by a rule: from the first minute above 1.5 times the median of the hour before, until below 1.2 times that. */
function labelled(rates: readonly number[]): Happened[] {
  const bursts: Happened[] = []
  let onset = -1
  let usual = NaN
  for (let i = 60; i < rates.length; i++) {
    if (onset < 0) {
      const hour = rates.slice(i - 60, i).filter((rate) => !Number.isNaN(rate))
      usual = hour.sort((a, b) => a - b)[hour.length >> 1]
      if (rates[i] > 1.5 * usual) onset = i
    } else if (rates[i] < 1.2 * usual) {
      bursts.push({ precursorMs: null, onsetMs: onset * MINUTE, endMs: i * MINUTE })
      onset = -1
    }
  }
  return bursts
}

describe.skipIf(!existsSync(tweets))('on tweets per minute, whose bursts take half a minute to rise', () => {
  const rates = readTweets()
  const bursts = labelled(rates)

  it.each(names)('%s finds nearly all, raises hardly a false alarm, and foresees none', (name) => {
    const window = name === 'crossover' ? { short: '1m', long: '30m' } : { level: '30m' }
    const predictor = burstPredictors[name].make({ step: '1m', warmUp: '1h', ...window })
    const memory = predictor.initial()
    const alarms = rates.map((rate) => predictor.update(rate, memory as never).burstAlarm)
    const score = scoreAlarms(alarms, bursts, { startMs: 0, stepMs: MINUTE, windowMs: 10 * MINUTE })
    expect(bursts.length).toBeGreaterThan(200)
    expect(score.late / bursts.length).toBeGreaterThan(0.9)
    expect(score.falsePerDay).toBeLessThan(0.5)
    expect(score.recall).toBeLessThan(0.05)
  })
})

function readTweets(): number[] {
  if (!existsSync(tweets)) return []
  const [, ...rows] = readFileSync(tweets, 'utf8').trim().split('\n')
  return rows.map((row) => {
    const [, value, missing] = row.split(',')
    return missing === '1' ? NaN : Number(value)
  })
}
