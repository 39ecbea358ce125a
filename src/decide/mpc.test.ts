import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE, series } from '../base/index.ts'
import type { Forecast, ForecastRecord, Observation } from '../roles.ts'
import { mpc } from './mpc.ts'

/** A service of 100 events/s a unit, lead time 3 min, no restart; nothing waits, one may wait 150 ms. */
interface Scene {
  /** Load of every minute from the one that runs on, known almost exactly unless `spread` says how far it may be off. */
  readonly load: (minute: number) => number
  readonly spread?: number
  readonly past?: number
  readonly ready?: number
  readonly starting?: readonly (readonly [units: number, inMs: number])[]
  readonly record?: ForecastRecord
  readonly steps?: number
  readonly backlog?: number
  readonly restartMs?: number
  readonly also?: Partial<Observation>
}

const now = 100 * MINUTE

function seenIn(scene: Scene): Observation {
  const { load, spread = 0.02, past = load(0), ready = 5, starting = [], backlog = 0, steps = 30 } = scene
  const total = ready + starting.reduce((sum, [units]) => sum + units, 0)
  return {
    nowMs: now,
    load: series(15_000, new Float64Array(240).fill(past), { startMs: now - 241 * 15_000 }),
    capacity: {
      ready: { web: ready },
      starting: starting.map(([units, inMs]) => ({ resource: 'web', units, readyAtMs: now + inMs })),
      wanted: { web: total }
    },
    metrics: {
      queue: { value: backlog, quality: 'ok' },
      latency: { value: 50, quality: 'ok' }
    },
    service: {
      unitRate: 100,
      leadTimeMs: { p50: 180_000, p90: 180_000 },
      restartMs: { p50: scene.restartMs ?? 0, p90: scene.restartMs ?? 0 }
    },
    slo: { latencyMs: 200 },
    forecast: forecastOf(load, spread, steps, scene.record),
    ...scene.also
  }
}

function forecastOf(
  load: (minute: number) => number,
  spread: number,
  steps: number,
  record: ForecastRecord = { coverage: { '0.9': 0.9, '0.99': 0.99 }, mase: 0.7, steps: 500 }
): Forecast {
  const row = (factor: number) => Float64Array.from({ length: steps }, (_, h) => load(h) * factor)
  return {
    startMs: now,
    stepMs: MINUTE,
    mean: row(1),
    quantiles: { '0.1': row(1 - spread), '0.5': row(1), '0.9': row(1 + spread), '0.99': row(1 + 2 * spread) },
    by: { model: 'told', version: '1', trainedUntilMs: now },
    record
  }
}

function ask(scene: Scene, options: Record<string, number> = {}) {
  const policy = mpc(options)
  const seen = seenIn(scene)
  return policy.decide(seen, policy.initial()).decision
}

const peakIn =
  (minutes: number, height = 1_500, base = 400) =>
  (minute: number) =>
    minute >= minutes && minute < minutes + 10 ? height : base

describe('mpc', () => {
  it.each([
    { when: 'a peak comes in 3 min, just one lead time away', load: peakIn(3), ready: 5, to: 16 },
    { when: 'it comes in 4 min, and asking can wait', load: peakIn(4), ready: 5, to: 5 },
    {
      when: 'it comes in 2 min, and nothing asked for now would be there for its first minute',
      load: peakIn(2),
      ready: 5,
      to: 16
    },
    { when: 'the peak is over', load: () => 400, ready: 16, to: 5 },
    {
      when: 'it is over for 2 min only, less than starting again takes',
      load: (m: number) => (m < 2 ? 400 : 1_500),
      ready: 16,
      to: 16
    },
    {
      when: 'it is over for 10 min, more than starting again costs',
      load: (m: number) => (m < 10 ? 400 : 1_500),
      ready: 16,
      to: 5
    },
    { when: 'nothing changes', load: () => 400, ready: 5, to: 5 }
  ])('asks for $to of $ready units when $when', ({ load, ready, to }) => {
    expect(ask({ load, ready, past: 400 }).to).toEqual({ web: to })
  })

  it('counts what is starting already, and neither asks for it twice nor gives it back', () => {
    for (const inMs of [170_000, 100_000, 15_000]) {
      const load = peakIn(Math.ceil(inMs / MINUTE))
      expect(ask({ load, ready: 5, starting: [[11, inMs]], past: 400 }).to).toEqual({ web: 16 })
    }
  })

  it('keeps what is starting for a peak that is over before anything new could serve', () => {
    const load = (minute: number) => (minute === 2 ? 1_500 : 400)
    expect(ask({ load, ready: 5, starting: [[11, 100_000]], past: 400 }).to).toEqual({ web: 16 })
    expect(ask({ load, ready: 5, past: 400 }).to).toEqual({ web: 5 })
  })

  it('is never below what the load of now needs, whatever the forecast says', () => {
    const { to, why } = ask({ load: () => 100, past: 900, ready: 2 })
    expect(to.web).toBeGreaterThanOrEqual(10)
    expect(why.rule).toBe('reactive-floor')
  })

  it.each([
    {
      because: 'its error is worse than that of naive',
      record: { coverage: { '0.9': 0.9 }, mase: 1.3, steps: 500 },
      rule: 'reactive-error'
    },
    {
      because: 'its 90 % quantile covered 70 %',
      record: { coverage: { '0.9': 0.7 }, mase: 0.8, steps: 500 },
      rule: 'reactive-coverage'
    },
    {
      because: 'nobody knows yet how good it is',
      record: { coverage: { '0.9': 0.9 }, mase: 0.8, steps: 3 },
      rule: 'reactive-record-short'
    }
  ])('falls back to the load of now when $because', ({ record, rule }) => {
    // Believed, this forecast would ask for 16.
    const { to, why } = ask({ load: peakIn(3), past: 400, record })
    expect(why.rule).toBe(rule)
    expect(to.web).toBeLessThan(8)
  })

  it('falls back when the forecast is shorter than what it takes to start', () => {
    expect(ask({ load: () => 400, steps: 3 }).why.rule).toBe('reactive-forecast-short')
  })

  it('decides without a forecast: what is there, and room for what the load did lately', () => {
    const calm = ask({ load: () => 400, ready: 1, also: { forecast: undefined } })
    expect(calm.why.rule).toBe('reactive-no-forecast')
    expect(calm.to.web).toBeGreaterThanOrEqual(5)
    const values = Float64Array.from({ length: 240 }, (_, i) => 200 + (200 * i) / 240)
    const load = series(15_000, values, { startMs: now - 241 * 15_000 })
    const rising = ask({ load: () => 400, ready: 1, also: { forecast: undefined, load } })
    expect(rising.to.web).toBeGreaterThanOrEqual(calm.to.web)
  })

  describe('behind a burst, without a forecast, while a gateway is silent', () => {
    /** 300/s for an hour, but three times that for five minutes. */
    const values = Float64Array.from({ length: 240 }, (_, i) => (i >= 150 && i < 170 ? 900 : 300))
    const load = series(15_000, values, { startMs: now - 241 * 15_000 })
    const units = (heard?: number, more: { horizonMs?: number; burstAlarm?: boolean } = {}) => {
      const { horizonMs = 4 * MINUTE, burstAlarm = false } = more
      const signal = { gateway: 'g', seq: 1, sentMs: now, predictedLoad: 300, confidence: 0 }
      const signals = heard === undefined ? undefined : [{ ...signal, heard, horizonMs, burstAlarm }]
      return ask({ load: () => 300, ready: 9, also: { forecast: undefined, load, signals } }).to.web
    }

    it('keeps less for the next one, the more of its bursts that gateway announced', () => {
      expect(units(1)).toBeLessThan(units())
      const shares = [0, 0.3, 0.6, 0.9, 1]
      const asked = shares.map((heard) => units(heard))
      expect(asked).toEqual(asked.toSorted((a, b) => b - a))
      expect(asked[0]).toBe(units())
      expect(asked.at(-1)).toBeGreaterThanOrEqual(4)
    })

    it('keeps as much where the gateway looks less far ahead than units need, or is not silent', () => {
      expect(units(1, { horizonMs: MINUTE })).toBe(units())
      expect(units(1, { burstAlarm: true })).toBe(units())
    })
  })

  it.each([
    { what: 'the unit rate', also: { service: { unitRate: NaN } }, rule: 'unit-rate-unknown' },
    {
      what: 'what waits',
      also: { metrics: { lag: { value: NaN, quality: 'missing' } } },
      rule: 'backlog-unknown'
    },
    { what: 'load and forecast', also: { load: undefined, forecast: undefined }, rule: 'load-unknown' },
    { what: 'the load', also: { load: undefined }, rule: 'load-unknown' },
    {
      what: 'the newest step of the load',
      also: {
        load: series(
          15_000,
          Float64Array.from({ length: 240 }, (_, i) => (i < 239 ? 100 : NaN)),
          {
            startMs: now - 240 * 15_000
          }
        )
      },
      rule: 'load-unknown'
    }
  ] as const)('takes nothing away when $what is unknown', ({ also, rule }) => {
    const { kind, to, why } = ask({ load: () => 100, ready: 9, also })
    expect([kind, to.web, why.rule]).toEqual(['hold', 9, rule])
  })

  it('takes steps that were not measured for no steps without load', () => {
    const waveOf = (phase: number, missing: readonly number[]) =>
      Float64Array.from({ length: 240 }, (_, i) =>
        missing.includes(i) ? NaN : 500 + 400 * Math.sin((2 * Math.PI * i) / 40 + phase)
      )
    const asked = (shown: Float64Array) => {
      const load = series(15_000, shown, { startMs: now - 240 * 15_000 })
      return ask({ load: () => 100, ready: 9, also: { load, forecast: undefined } }).to.web
    }
    // The newest is measured, three before it are not: a unit is what the wave changes meanwhile.
    for (const phase of [0, 1, 2, 3, 4, 5]) {
      const [all, some] = [asked(waveOf(phase, [])), asked(waveOf(phase, [236, 237, 238]))]
      expect(some, String(phase)).toBeGreaterThanOrEqual(all - 1)
    }
  })

  it('sizes one resource and holds when there are several', () => {
    const also = { capacity: { ready: { map: 2, sink: 3 } } }
    const { to, why } = ask({ load: () => 400, also })
    expect(to).toEqual({ map: 2, sink: 3 })
    expect(why.rule).toBe('one-resource-only')
  })

  it('gives nothing back, and grows for what the load asks, where what waits or what is ready is not known', () => {
    const unknown = { metrics: { queue: { value: NaN, quality: 'missing' } } } as const
    const partly = { metrics: { queue: { value: 90_000, quality: 'partial' } } } as const
    const scene = { load: () => 400, ready: 16 }
    expect(ask({ ...scene, also: unknown })).toMatchObject({
      to: { web: 16 },
      why: { rule: 'backlog-unknown' }
    })
    expect(ask({ ...scene, ready: 2, also: unknown }).to.web).toBe(ask({ ...scene, ready: 2 }).to.web)
    expect(ask({ ...scene, ready: 5, also: partly }).to.web).toBeGreaterThan(5)
    const down = { capacity: { ready: { web: NaN }, wanted: { web: 2 } } }
    const { to, why } = ask({ ...scene, also: down })
    expect([to.web >= 5, why.rule]).toEqual([true, 'capacity-unknown'])
    expect(ask({ ...scene, also: { capacity: { ready: {} } } })).toMatchObject({
      kind: 'hold',
      why: { rule: 'capacity-unknown' }
    })
  })

  it('does not plan for a load that cannot be, and survives it', () => {
    const { to, why } = ask({ load: () => 1e15, past: 400, ready: 5 })
    expect([to.web, why.rule]).toEqual([5, 'too-large-to-plan'])
    expect(ask({ load: () => 400, past: 1e300, ready: 5 }).to.web).toBe(5)
    expect(ask({ load: () => Infinity, ready: 5, past: 400 }).to.web).toBe(5)
  })

  it('asks for more the wider the forecast is and the dearer a late minute, never for less', () => {
    const wide = (spread: number, price: number) =>
      ask({ load: () => 1_000, ready: 1, spread, past: 1_000 }, { price }).to.web
    expect(wide(0.3, 100)).toBeGreaterThan(wide(0.02, 100))
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        fc.integer({ min: 0, max: 2_000 }),
        fc.integer({ min: 0, max: 2_000 }),
        (spread, a, b) => {
          expect(wide(spread, Math.max(a, b))).toBeGreaterThanOrEqual(wide(spread, Math.min(a, b)))
        }
      ),
      { numRuns: 60 }
    )
  })

  it('stays within its bounds and above the floor that they leave, whatever it sees', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 30, maxLength: 30 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 3_000 }),
        fc.integer({ min: 0, max: 50_000 }),
        fc.integer({ min: 0, max: 20_000 }),
        (loads, ready, past, backlog, restartMs) => {
          const also = { bounds: { web: { min: 2, max: 20 } } }
          const { to } = ask({ load: (m) => loads[m], ready, past, backlog, restartMs, also })
          expect(to.web).toBeGreaterThanOrEqual(Math.min(20, Math.max(2, Math.ceil(past / 100))))
          expect(to.web).toBeLessThanOrEqual(20)
        }
      ),
      { numRuns: 200 }
    )
  })

  describe('with a backlog', () => {
    const load = () => 800

    it('asks for units that drain it, more the dearer a late minute', () => {
      const units = (price: number) => ask({ load, ready: 9, backlog: 60_000 }, { price }).to.web
      expect(ask({ load, ready: 9, backlog: 60_000 }).why.rule).toBe('backlog')
      expect(units(50)).toBeGreaterThan(9)
      expect(units(500)).toBeGreaterThan(units(50))
    })

    it('does not give its own request back before it is fulfilled', () => {
      const first = ask({ load, ready: 9, backlog: 60_000 }).to.web
      for (const inMs of [165_000, 120_000, 60_000, 15_000]) {
        const { to } = ask({ load, ready: 9, backlog: 60_000, starting: [[first - 9, inMs]] })
        expect(to.web).toBeGreaterThanOrEqual(first - 2)
      }
    })

    it('keeps what it has until nobody waits too long any more', () => {
      expect(ask({ load, ready: 30, backlog: 60_000 }).to.web).toBe(30)
      expect(ask({ load, ready: 30, backlog: 10 }).to.web).toBeLessThan(12)
    })
  })

  describe('where a rescale stops the job', () => {
    it('lives through a dip that a free change would have used', () => {
      const dip = (minute: number) => (minute < 8 ? 500 : 1_000)
      const scene = { load: dip, ready: 12, past: 500 }
      expect(ask(scene).to.web).toBeLessThan(12)
      expect(ask({ ...scene, restartMs: 30_000 }).to.web).toBe(12)
    })

    it('changes once where the floor forces it, straight to what the next hour needs', () => {
      const rising = (minute: number) => 1_000 + 20 * minute
      const also = {
        service: { unitRate: 100, leadTimeMs: { p50: 0, p90: 0 }, restartMs: { p50: 30_000, p90: 30_000 } }
      }
      const { to } = ask({ load: rising, ready: 10, past: 1_050, also })
      expect(to.web).toBeGreaterThanOrEqual(15)
    })

    it('keeps more room once it has seen the job fail', () => {
      const policy = mpc({ price: 50 })
      const also = (lag: number, atMs: number): Partial<Observation> => ({
        nowMs: atMs,
        load: series(15_000, new Float64Array(240).fill(1_000), { startMs: atMs - 241 * 15_000 }),
        forecast: { ...forecastOf(() => 1_000, 0.02, 60), startMs: atMs },
        metrics: { lag: { value: lag, quality: 'ok', ageMs: 0 }, latency: { value: 50, quality: 'ok' } },
        topology: { operators: [], edges: [] },
        service: { unitRate: 100, leadTimeMs: { p50: 0, p90: 0 }, restartMs: { p50: 15_000, p90: 15_000 } }
      })
      const sizes: number[] = []
      let memory = policy.initial()
      // Every 20 minutes 40 s of work are lost and drained again.
      for (let i = 0; i < 480; i++) {
        const lag = i > 80 && i % 80 < 12 ? 40_000 - 3_000 * (i % 80) : 0
        const scene = { load: () => 1_000, ready: 11, also: also(lag, now + i * 15_000) }
        const { decision, memory: after } = policy.decide(seenIn(scene), memory)
        memory = after
        if (i % 80 === 79) sizes.push(decision.to.web)
      }
      expect(sizes[0]).toBe(11)
      expect(sizes[sizes.length - 1]).toBeGreaterThan(12)
    })
  })

  it('learns that a surprise stays where loads jump and stay, and that it does not where minutes are strangers', () => {
    const carryAfter = (next: (minute: number, before: number) => number) => {
      const policy = mpc()
      let memory = policy.initial()
      const loads: number[] = []
      let level = 500
      for (let m = 0; m < 240; m++) {
        level = next(m, level)
        for (let k = 0; k < 4; k++) loads.push(level)
      }
      const values = Float64Array.from(loads)
      for (let i = 244; i < values.length; i++) {
        const nowMs = i * 15_000
        // The forecaster saw whole minutes, one step late, and repeats the last one (or says the mean).
        const seenSteps = Math.floor((i - 1) / 4) * 4
        const said = next(-1, values[seenSteps - 1])
        const forecast = { ...forecastOf(() => said, 0.05, 30), startMs: seenSteps * 15_000 }
        const load = series(15_000, values.subarray(i - 241, i - 1), { startMs: (i - 241) * 15_000 })
        memory = policy.decide(seenIn({ load: () => said, also: { nowMs, load, forecast } }), memory).memory
      }
      return memory.surprise.sxx > 0 ? memory.surprise.sxy / memory.surprise.sxx : NaN
    }
    const jumps = carryAfter((m, before) => (m % 17 === 0 && m > 0 ? 300 + ((m * 7919) % 900) : before))
    const strangers = carryAfter((m) => (m < 0 ? 600 : 300 + ((m * 7919) % 601)))
    expect(jumps).toBeGreaterThan(0.8)
    expect(Math.abs(strangers)).toBeLessThan(0.35)
  })
})
