import { describe, expect, it } from 'vitest'
import { MINUTE, type Series, series } from '../base/index.ts'
import { forecasters } from '../forecast/index.ts'
import type { Json } from '../roles.ts'
import { type ForecastOrder, type ForecastReply, forecastDesk, forecastService } from './forecast-desk.ts'
import { forecastKeeper } from './forecast-keeper.ts'
import { loadLog } from './load-log.ts'

const STEP = 15_000
const wave = (i: number) => 100 + 50 * Math.sin(i / 40)
const load = (from: number, to: number) => {
  const values = Array.from({ length: to - from }, (_, i) => wave(from + i))
  return series(STEP, values, { startMs: from * STEP })
}
const keep = { stepMs: MINUTE, horizon: 10, historyMs: 86_400_000, refitMs: 3_600_000 }
const keeper = (more: Partial<typeof keep> = {}) =>
  forecastKeeper({ forecaster: forecasters.naive.make({}), ...keep, ...more })
const never = new AbortController().signal

describe('a forecast keeper', () => {
  it('forecasts in its own steps, from the means of whole groups', () => {
    const k = keeper()
    const forecast = k.advance(load(0, 41))
    const last = (wave(36) + wave(37) + wave(38) + wave(39)) / 4
    expect(forecast).toMatchObject({ startMs: 10 * MINUTE, stepMs: MINUTE })
    expect(forecast?.mean[0]).toBeCloseTo(last, 9)
    expect(k.untilMs).toBe(10 * MINUTE)
  })

  it('is the same led on step by step as told at once', () => {
    const [once, often] = [keeper(), keeper()]
    const made = once.advance(load(0, 400))
    for (let i = 0; i < 400; i++)
      often.advance(load(Number.isNaN(often.untilMs) ? 0 : often.untilMs / STEP, i + 1))
    expect(often.advance(load(often.untilMs / STEP, 400))?.mean).toEqual(made?.mean)
  })

  it('has no forecast while there is too little, and says why not when the method fails', () => {
    expect(keeper().advance(load(0, 2))).toBeUndefined()
    const fails = forecastKeeper({
      ...keep,
      forecaster: {
        name: 'bad',
        fit: () => {
          throw new Error('no memory')
        }
      }
    })
    expect(fails.advance(load(0, 40))).toBeUndefined()
    expect(fails.trouble).toBe('no memory')
  })

  it('says how many steps are there, and how many it needs', () => {
    const fit = (history: Series) => {
      const steps = history.values.length
      if (steps < 6) throw new Error(`fussy needs at least 6 measured steps, the history has ${steps}`)
      return forecasters.naive.make({}).fit(history)
    }
    const k = forecastKeeper({ ...keep, forecaster: { name: 'fussy', fit } })
    const lacks = Array.from({ length: 10 }, (_, minute) => {
      k.advance(load(Number.isNaN(k.untilMs) ? 0 : k.untilMs / STEP, 4 * minute + 3))
      return k.lacks
    })
    const has = (steps: number) => `fussy needs at least 6 measured steps, the history has ${steps}`
    expect(lacks.slice(0, 4)).toEqual([
      'no step of 1m was measured from end to end yet',
      `${has(1)} (steps of 1m)`,
      `${has(2)} (steps of 1m)`,
      `${has(2)} (steps of 1m, 3 by now)`
    ])
    expect(lacks.slice(8)).toEqual([undefined, undefined])
  })

  it('takes a gap for what was not measured', () => {
    const k = keeper()
    k.advance(load(0, 40))
    const forecast = k.advance(load(80, 120))
    expect(forecast?.startMs).toBe(30 * MINUTE)
    expect(forecast?.mean.every(Number.isFinite)).toBe(true)
  })
})

describe('a forecast desk', () => {
  const service = () => forecastService(() => ({ forecaster: forecasters.naive.make({}), ...keep }))
  const log = loadLog({ stepMs: STEP, keepMs: 86_400_000 })
  log.put(load(0, 1_000))
  const until =
    (nowMs: number) =>
    (fromMs: number): Series =>
      log.read(fromMs, nowMs)
  const desk = (send: (order: ForecastOrder) => Promise<ForecastReply>, complain?: (what: string) => void) =>
    forecastDesk({ target: 'web', spec: { method: 'naive' } as Json, send, complain })

  it('tells only what is new', async () => {
    const answer = service()
    const told: number[] = []
    const d = desk(async (order) => {
      told.push(order.part.values.length)
      return answer(order)
    })
    await d.ask(until(100 * MINUTE), 100 * MINUTE, never)
    const forecast = await d.ask(until(101 * MINUTE), 101 * MINUTE, never)
    expect(told).toEqual([400, 4])
    expect(forecast?.startMs).toBe(101 * MINUTE)
  })

  it('tells everything again when the other side has lost it', async () => {
    let answer = service()
    const told: number[] = []
    const d = desk(async (order) => {
      told.push(order.part.values.length)
      return answer(order)
    })
    await d.ask(until(100 * MINUTE), 100 * MINUTE, never)
    answer = service()
    const forecast = await d.ask(until(101 * MINUTE), 101 * MINUTE, never)
    expect(told).toEqual([400, 4, 404])
    expect(forecast?.startMs).toBe(101 * MINUTE)
  })

  it('answers when its time is over with what it has, for two steps, and does not ask twice', async () => {
    const answer = service()
    let hangs = false
    let asked = 0
    const d = desk(async (order) => {
      asked++
      if (hangs) await new Promise(() => {})
      return answer(order)
    })
    await d.ask(until(100 * MINUTE), 100 * MINUTE, never)
    hangs = true
    const over = AbortSignal.abort()
    expect((await d.ask(until(102 * MINUTE), 102 * MINUTE, over))?.startMs).toBe(100 * MINUTE)
    expect(await d.ask(until(103 * MINUTE), 103 * MINUTE, over)).toBeUndefined()
    expect(d.missing?.(102 * MINUTE)).toBeUndefined()
    expect(d.missing?.(103 * MINUTE)).toBe('the next is not ready, the last was made 3m ago')
    expect(asked).toBe(2)
  })

  it('has no forecast when the other side dies, and says so once', async () => {
    const said: string[] = []
    const d = desk(
      async () => {
        throw new Error('the thread is gone')
      },
      (what) => said.push(what)
    )
    for (let i = 0; i < 3; i++) expect(await d.ask(until(100 * MINUTE), 100 * MINUTE, never)).toBeUndefined()
    expect(said).toEqual(['the thread is gone'])
    expect(d.missing?.(100 * MINUTE)).toBe('the thread is gone')
  })
})
