/** What every burst predictor promises, whoever wrote it: run over the table. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, random } from '../../base/index.ts'
import type { BurstForecast, BurstPredictor, Json } from '../../roles.ts'

/** An hour of a street of 12 messages/s, counted in 5 s, at three times its rate from `from` on. */
function street(from: number, seed = 1): number[] {
  const rng = random(seed, 'street')
  return Array.from({ length: 720 }, (_, i) => rng.poisson(60 * (i >= from ? 3 : 1)) / 5)
}

function watch(predictor: BurstPredictor, rates: readonly number[], memory: Json = predictor.initial()) {
  return { said: rates.map((rate) => predictor.update(rate, memory)), memory }
}

export function burstCase(name: string, make: () => BurstPredictor): void {
  describe(`${name} keeps the promises of a burst predictor`, () => {
    const alarmAt = (said: readonly BurstForecast[]) => said.findIndex(({ burstAlarm }) => burstAlarm)
    const anyRate = fc.oneof(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.constantFrom(0, NaN, -1, Infinity, -Infinity, 1e300)
    )

    it('fires within half a minute of a rate that triples, and never before it did', () => {
      for (let seed = 0; seed < 20; seed++) {
        const fired = alarmAt(watch(make(), street(400, seed)).said)
        expect(fired).toBeGreaterThanOrEqual(400)
        expect(fired).toBeLessThanOrEqual(406)
      }
    })

    it('ends its alarm when the rate is back', () => {
      const rates = [...street(700), ...street(720, 2)]
      const { said } = watch(make(), rates)
      expect(alarmAt(said)).toBeGreaterThan(0)
      expect(said[said.length - 1].burstAlarm).toBe(false)
    })

    it('takes a rise that stays for the new usual, within half an hour', () => {
      for (let seed = 0; seed < 5; seed++) {
        const { said } = watch(make(), street(360, seed))
        expect(said[365].burstAlarm).toBe(true)
        expect(said.slice(-3).map(({ burstAlarm }) => burstAlarm)).toEqual([false, false, false])
      }
    })

    it('is no blinder for a quarter of an hour after a burst', () => {
      for (let seed = 0; seed < 10; seed++) {
        const rates = [...street(660, seed), ...street(200, seed + 100)]
        const fired = alarmAt(watch(make(), rates).said.slice(720 + 180))
        expect(fired).toBeGreaterThanOrEqual(20)
        expect(fired).toBeLessThanOrEqual(26)
      }
    })

    it('says a load, a horizon and how sure it is', () => {
      for (const { predictedLoad, horizonMs, confidence, burstAlarm } of watch(make(), street(400)).said) {
        expect(predictedLoad).toBeGreaterThanOrEqual(0)
        expect(horizonMs).toBeGreaterThan(0)
        expect(confidence).toBeGreaterThanOrEqual(0)
        expect(confidence).toBeLessThanOrEqual(1)
        expect(typeof burstAlarm).toBe('boolean')
      }
    })

    it('never fires on a constant, whichever', () => {
      fc.assert(
        fc.property(
          fc.double({ min: 0, max: 1e12, noNaN: true }),
          fc.integer({ min: 1, max: 600 }),
          (rate, n) => {
            expect(alarmAt(watch(make(), new Array<number>(n).fill(rate)).said)).toBe(-1)
          }
        )
      )
    })

    it('does not care about the unit of the rate', () => {
      fc.assert(
        fc.property(
          fc.array(fc.double({ min: 1, max: 1_000, noNaN: true }), { minLength: 30, maxLength: 200 }),
          // Powers of two, which scale without rounding.
          fc.integer({ min: -12, max: 12 }),
          (rates, power) => {
            const factor = 2 ** power
            const here = watch(make(), rates).said
            const there = watch(
              make(),
              rates.map((rate) => rate * factor)
            ).said
            expect(there.map(({ burstAlarm }) => burstAlarm)).toEqual(
              here.map(({ burstAlarm }) => burstAlarm)
            )
            there.forEach(({ predictedLoad, confidence }, i) => {
              expect(predictedLoad).toBeCloseTo(here[i].predictedLoad * factor, 3)
              expect(confidence).toBeCloseTo(here[i].confidence, 9)
            })
          }
        )
      )
    })

    it('neither fires nor ends an alarm on what was not measured', () => {
      fc.assert(
        fc.property(
          fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 120 }),
          fc.integer({ min: 0, max: 719 }),
          fc.constantFrom(NaN, -1, Infinity),
          (before, cut, unmeasured) => {
            const predictor = make()
            const { said, memory } = watch(predictor, [...before, ...street(300).slice(0, cut)])
            const kept = canonicalJson(memory)
            const gap = watch(predictor, new Array<number>(50).fill(unmeasured), memory)
            for (const each of gap.said) expect(each).toEqual(said[said.length - 1])
            expect(canonicalJson(gap.memory)).toBe(kept)
          }
        )
      )
    })

    it('says nothing before anything was measured', () => {
      const [said] = watch(make(), [NaN]).said
      expect(said).toMatchObject({ predictedLoad: NaN, burstAlarm: false, confidence: 0 })
    })

    it('remembers in plain JSON that does not grow', () => {
      fc.assert(
        fc.property(fc.array(anyRate, { minLength: 50, maxLength: 400 }), (rates) => {
          const predictor = make()
          const memory = predictor.initial()
          const size = Object.keys(memory as object).length
          for (const rate of rates) predictor.update(rate, memory)
          expect(JSON.parse(JSON.stringify(memory))).toEqual(memory)
          expect(Object.keys(memory as object)).toHaveLength(size)
          for (const value of Object.values(memory as object)) expect(value).not.toBeTypeOf('object')
        })
      )
    })

    it('goes on from memory that was stored', () => {
      const predictor = make()
      const rates = street(400)
      const whole = watch(predictor, rates)
      const first = watch(predictor, rates.slice(0, 403))
      const stored = JSON.parse(JSON.stringify(first.memory)) as Json
      expect(watch(make(), rates.slice(403), stored).said).toEqual(whole.said.slice(403))
    })

    it('gives up its level neither for rates beyond measure nor for none', () => {
      const rates = [...street(720), 0, 0, 1e300, ...street(720, 5)]
      const { said } = watch(make(), rates)
      expect(Number.isFinite(said[said.length - 1].predictedLoad)).toBe(true)
    })
  })
}
