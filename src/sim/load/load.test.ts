import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, SECOND, series } from '../../base/index.ts'
import { needSeries } from '../need.ts'
import { serviceDefaults } from '../service-config.ts'
import { type Burst, burstRates, randomBursts } from './burst.ts'
import { dailyWave } from './daily-wave.ts'
import { splitCounts } from './demand.ts'
import { phaseRates } from './phases.ts'
import { poissonArrivals } from './poisson.ts'

const sum = (values: Iterable<number>) => [...values].reduce((total, n) => total + n, 0)

describe('phases', () => {
  it('are a load as load generators write it: a minute warming up, then a ramp, then nothing', () => {
    const rates = phaseRates(
      [
        { duration: '1m', arrivalRate: 5 },
        { duration: '2m', arrivalRate: 5, rampTo: 45 },
        { duration: 30_000, arrivalRate: 0 }
      ],
      { stepMs: 30 * SECOND, startMs: 1_000 }
    )
    expect(rates).toMatchObject({ startMs: 1_000, stepMs: 30_000, unit: 'events/s' })
    expect([...rates.values]).toEqual([5, 5, 10, 20, 30, 40, 0].map((y) => expect.closeTo(y, 12)))
  })

  it('hold as many events as the written rates do, wherever the steps fall', () => {
    const phase = fc.record({
      duration: fc.integer({ min: 1, max: 100_000 }),
      arrivalRate: fc.double({ min: 0, max: 100, noNaN: true }),
      rampTo: fc.double({ min: 0, max: 100, noNaN: true })
    })
    fc.assert(
      fc.property(
        fc.array(phase, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 500, max: 40_000 }),
        (list, stepMs) => {
          const written = sum(list.map((p) => (p.duration * (p.arrivalRate + p.rampTo)) / 2))
          const held = sum(phaseRates(list, { stepMs }).values) * stepMs
          expect(Math.abs(held - written)).toBeLessThan(1e-6 * (1 + written))
        }
      )
    )
  })

  it('refuse what is no phase', () => {
    const read = (phase: { duration: string; arrivalRate: number; rampTo?: number }) => () =>
      phaseRates([phase], { stepMs: 1_000 })
    expect(() => phaseRates([], { stepMs: 1_000 })).toThrow('phases must be a list of at least one phase')
    expect(read({ duration: 'soon', arrivalRate: 1 })).toThrow(
      "phases[0].duration must be a duration such as 30s, 5m or PT5M, was 'soon'"
    )
    expect(read({ duration: '0', arrivalRate: 1 })).toThrow('longer than nothing')
    expect(read({ duration: '1s', arrivalRate: -1 })).toThrow(
      'phases[0].arrivalRate must be a rate of at least 0 events/s, was -1'
    )
    expect(read({ duration: '1s', arrivalRate: 1, rampTo: NaN })).toThrow('phases[0].rampTo')
  })
})

describe('Poisson arrivals', () => {
  it('have the mean and variance of their rate, and whole events', () => {
    const seen = poissonArrivals(series(2_000, new Array(20_000).fill(4)), 1)
    const mean = sum(seen.values) / 20_000
    const variance = sum(seen.values.map((y) => (y - mean) ** 2)) / 20_000
    expect(mean / 4).toBeGreaterThan(0.98)
    expect(mean / 4).toBeLessThan(1.02)
    // Var(n)/step² = 8/4
    expect(variance / 2).toBeGreaterThan(0.95)
    expect(variance / 2).toBeLessThan(1.05)
    for (const y of seen.values) expect(Number.isInteger(y * 2)).toBe(true)
  })

  it('keep a gap a gap and a zero a zero, and follow the seed', () => {
    const rates = series(1_000, [0, NaN, 50])
    expect([...poissonArrivals(rates, 1).values].slice(0, 2)).toEqual([0, NaN])
    expect(poissonArrivals(rates, 1)).toEqual(poissonArrivals(rates, 1))
    expect(poissonArrivals(rates, 1)).not.toEqual(poissonArrivals(rates, 2))
  })
})

describe('bursts', () => {
  const one: Burst = { atMs: 60_000, height: 100, onsetMs: 30_000, holdMs: 60_000, decayMs: 20_000 }
  const load = { durationMs: 5 * MINUTE, stepMs: 30_000, base: 10 }

  it('set in, hold and fade', () => {
    const { values } = burstRates({ ...load, bursts: [one] })
    expect([...values.subarray(0, 5)]).toEqual([10, 10, 60, 110, 110])
    // The mean of e^{−u/20} over the first 30 s.
    expect(values[5]).toBeCloseTo(10 + (100 * 20 * (1 - Math.exp(-1.5))) / 30, 9)
    expect(values[6] - 10).toBeCloseTo((values[5] - 10) * Math.exp(-1.5), 9)
  })

  it('add up, may begin before the load, and without onset or decay are a step', () => {
    const step: Burst = { atMs: -15_000, height: 8, onsetMs: 0, holdMs: 45_000, decayMs: 0 }
    expect([...burstRates({ ...load, bursts: [step, step] }).values.subarray(0, 3)]).toEqual([26, 10, 10])
  })

  it('come at random as often as was said, inside their ranges, the same under one seed', () => {
    const ranges = {
      durationMs: 400 * DAY,
      perDay: 3,
      height: [50, 90] as const,
      onsetMs: [0, MINUTE] as const,
      holdMs: [MINUTE, HOUR] as const,
      decayMs: [MINUTE, MINUTE] as const
    }
    const bursts = randomBursts({ ...ranges, seed: 4 })
    expect(bursts.length / 1_200).toBeGreaterThan(0.9)
    expect(bursts.length / 1_200).toBeLessThan(1.1)
    for (const { height, decayMs, atMs } of bursts) {
      expect(height >= 50 && height <= 90 && decayMs === MINUTE && atMs >= 0 && atMs < 400 * DAY).toBe(true)
    }
    expect(randomBursts({ ...ranges, seed: 4 })).toEqual(bursts)
    expect(randomBursts({ ...ranges, seed: 4, perDay: 0 })).toEqual([])
  })

  it('refuse a negative amount', () => {
    expect(() => burstRates({ ...load, base: -1, bursts: [] })).toThrow(
      'burst load.base must be a number of at least 0, was -1'
    )
    expect(() => burstRates({ ...load, bursts: [{ ...one, decayMs: -5 }] })).toThrow('bursts[0].decayMs')
    expect(() => burstRates({ ...load, bursts: [{ ...one, atMs: NaN }] })).toThrow('bursts[0].atMs')
  })
})

describe('the daily wave', () => {
  it('really needs 2 to 15 units under its own defaults, and more only in spikes', () => {
    for (const seed of [1, 2, 3]) {
      const wave = dailyWave({ seed })
      const config = serviceDefaults(wave.values.subarray(0, Math.floor(0.8 * wave.values.length)))
      const need = [...needSeries(splitCounts(wave, config.stepMs, 1), config)]
      const inside = need.filter((units) => units >= 2 && units <= 15).length / need.length
      expect(inside).toBeGreaterThan(0.98)
      expect(Math.min(...need)).toBeLessThanOrEqual(3)
      expect(need.filter((units) => units >= 13).length / need.length).toBeGreaterThan(0.1)
    }
  })

  it('rises fastest at 9 in the morning', () => {
    const hours = dailyWave({ days: 60, stepMs: HOUR }).values
    const byHour = Array.from({ length: 24 }, (_, h) => sum(hours.filter((_rate, i) => i % 24 === h)) / 60)
    const rise = byHour.map((rate, h) => rate - byHour[(h + 23) % 24])
    expect([8, 9, 10]).toContain(rise.indexOf(Math.max(...rise)))
  })

  it('is the same load in every step: finer steps repeat the minute, coarser ones are its mean', () => {
    const minutes = dailyWave({ days: 1, seed: 5 })
    const fine = dailyWave({ days: 1, seed: 5, stepMs: 15 * SECOND })
    const coarse = dailyWave({ days: 1, seed: 5, stepMs: 5 * MINUTE })
    expect(minutes.values.length).toBe(1_440)
    minutes.values.forEach((rate, i) => {
      for (let k = 0; k < 4; k++) expect(fine.values[4 * i + k]).toBe(rate)
    })
    expect(coarse.values[7]).toBeCloseTo(sum(minutes.values.subarray(35, 40)) / 5, 9)
    expect(dailyWave({ days: 1, seed: 6 })).not.toEqual(minutes)
    expect(() => dailyWave({ stepMs: 7_000 })).toThrow('stepMs must be a part or a multiple of a minute')
  })
})
