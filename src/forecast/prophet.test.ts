import { afterAll, describe, expect, it } from 'vitest'
import { DAY, HOUR, random, series, sliceSteps } from '../base/index.ts'
import { handInAugurs } from '../cli/augurs.ts'
import type { Fitted, Json } from '../roles.ts'
import { useAugurs } from './augurs.ts'
import { mstl } from './mstl.ts'
import { prophet } from './prophet.ts'

type Parameters = { readonly [field: string]: Json }
const learnedOf = (fitted: Fitted) => (fitted.save() as { readonly parameters: Parameters }).parameters

const startMs = Date.UTC(2024, 2, 4)

/** Hours with a day and a week, a level that wanders, and a holiday in the third week. */
function load(steps = 24 * 28, holiday = 0) {
  const rng = random(6, 'prophet')
  let level = 400
  const values = Array.from({ length: steps }, (_, t) => {
    level += rng.normal()
    const week = t % 168 >= 120 ? -60 : 0
    const off = Math.floor(t / 24) === 16 ? holiday : 0
    return level + 90 * Math.sin((2 * Math.PI * (t - 6)) / 24) + week + off + 3 * rng.normal()
  })
  return series(HOUR, values, { startMs })
}

describe('Prophet', () => {
  it('finds day and week by itself, and nothing shorter than its steps', () => {
    expect(learnedOf(prophet().fit(load()))).toMatchObject({ dayWaves: 4, weekWaves: 3, seasonWaves: 0 })
    const short = learnedOf(prophet().fit(load(24 * 5)))
    expect(short).toMatchObject({ dayWaves: 4, weekWaves: 0 })
    const slow = series(
      8 * HOUR,
      Array.from(load().values).filter((_, t) => t % 8 === 0)
    )
    expect(learnedOf(prophet().fit(slow))).toMatchObject({ dayWaves: 1 })
  })

  it('follows step by step what its components miss', () => {
    const fitted = prophet().fit(load())
    const before = fitted.predict(49).mean[48]
    const { values } = load()
    const more = Array.from({ length: 48 }, (_, t) => values[values.length - 168 + t] + 300)
    const after = fitted.update(series(HOUR, more, { startMs: startMs + values.length * HOUR }))
    expect(Math.abs(after.predict(1).mean[0] - before - 300)).toBeLessThan(60)
  })

  it('is a curve that no later value moves, where it is asked to be the original', () => {
    const { values } = load()
    const more = (rise: number) => {
      const fitted = prophet({ correct: false }).fit(load(), { horizon: 2 })
      const later = Array.from({ length: 48 }, (_, t) => values[values.length - 168 + t] + rise)
      return fitted.update(series(HOUR, later, { startMs: startMs + values.length * HOUR }))
    }
    const [as, risen] = [more(0), more(300)]
    expect([...risen.predict(24).mean]).toEqual([...as.predict(24).mean])
    const learned = learnedOf(risen)
    expect(learned.correction).toBeNull()
    const again = prophet({ correct: false }).fit(load(), { horizon: 2, learned })
    expect(again.predict(50).mean[49]).toBeCloseTo(as.predict(2).mean[1], 6)
  })

  it('knows a holiday that it was told', () => {
    const holidays = '2024-03-20+2024-04-03'
    const of = load(24 * 30, -150)
    const [told, untold] = [prophet({ holidays }), prophet()].map((p) =>
      p.fit(of, { horizon: 24 }).predict(24)
    )
    const drop = Array.from(told.mean, (y, h) => y - untold.mean[h]).reduce((sum, d) => sum + d / 24, 0)
    expect(told.startMs).toBe(startMs + 30 * DAY)
    expect(drop).toBeLessThan(-75)
  })

  it('makes the same model of what was learned, without Stan', () => {
    const fitted = prophet({ holidays: '2024-03-20' }).fit(load(), { horizon: 4 })
    const learned = learnedOf(fitted)
    useAugurs(() => {
      throw new Error('nobody may ask for this')
    })
    try {
      const again = prophet().fit(load(), { horizon: 4, learned })
      expect([...again.predict(9).mean]).toEqual([...fitted.predict(9).mean])
      expect(learnedOf(again)).toEqual(learned)
      const later = prophet().fit(sliceSteps(load(), 100), { horizon: 4, learned })
      for (let h = 0; h < 4; h++)
        expect(later.predict(4).mean[h] / fitted.predict(4).mean[h]).toBeCloseTo(1, 1)
    } finally {
      handInAugurs()
    }
  })

  it('is a mean, and says why, where Stan finds no optimum', () => {
    const once = series(
      60_000,
      Float64Array.from({ length: 40 }, (_, t) => (t === 39 ? 1e-300 : 0))
    )
    const fitted = prophet({ season: 12 }).fit(once)
    const learned = learnedOf(fitted)
    expect(learned.trouble).toMatch(/^prophet: Stan stopped: /)
    expect(learnedOf(prophet().fit(once, { learned }))).toEqual(learned)
  })

  it('gives the same bytes again', () => {
    const once = () => JSON.stringify(prophet().fit(load()).save())
    expect(once()).toBe(once())
  })

  it('averages a history that is longer than maxPoints, and still shows its seasons', () => {
    const rng = random(1)
    const minutes = series(
      60_000,
      Array.from(
        { length: 4 * 1_440 },
        (_, t) => 100 + 40 * Math.sin((2 * Math.PI * t) / 1_440) + rng.normal()
      ),
      { startMs }
    )
    const { mean } = prophet({ maxPoints: 500 }).fit(minutes).predict(720)
    for (let h = 0; h < 720; h += 60) {
      expect(Math.abs(mean[h] - 100 - 40 * Math.sin((2 * Math.PI * h) / 1_440))).toBeLessThan(5)
    }
  })

  it('refuses what was not learned by it', () => {
    const learned = learnedOf(prophet().fit(load(24 * 5)))
    for (const other of [
      { ...learned, beta: [] },
      { ...learned, size: 0 },
      { ...learned, correction: null },
      {},
      3
    ]) {
      expect(() => prophet().fit(load(), { learned: other })).toThrow(
        expect.objectContaining({ code: 'BAD_MODEL' })
      )
    }
  })

  const refused = [
    { options: { growth: 'logistic' }, says: /growth must be one of linear, flat/ },
    { options: { holidays: 'Easter' }, says: /'Easter' is no date/ },
    { options: { tz: 'Europe/Atlantis' }, says: /IANA time zone/ }
  ]
  for (const { options, says } of refused) {
    it(`refuses ${JSON.stringify(options)}`, () => expect(() => prophet(options)).toThrow(says))
  }
})

describe('the WebAssembly of augurs', () => {
  afterAll(handInAugurs)

  it.each([
    { name: 'prophet', fit: () => prophet().fit(load(24 * 5)) },
    { name: 'mstl', fit: () => mstl({ season: 24 }).fit(load(24 * 5)) }
  ])('is missed by $name in one line when it cannot be read', ({ name, fit }) => {
    useAugurs(() => {
      throw new Error('it is not there')
    })
    expect(fit).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    expect(fit).toThrow(new RegExp(`^${name}: @bsull/.* could not be read: it is not there$`))
  })
})
