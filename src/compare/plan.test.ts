import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endMs, HOUR, MINUTE, SECOND, series } from '../base/index.ts'
import {
  fateOf,
  forecastStepMs,
  needOf,
  peakUnits,
  planService,
  planSpark,
  planStream,
  serviceTimeRemark,
  unitsFor
} from './plan.ts'
import type { StreamWorld } from './plan-stream.ts'

const start = Date.UTC(2026, 0, 5)
const ramp = (steps: number, stepMs = MINUTE) =>
  series(
    stepMs,
    Array.from({ length: steps }, (_, i) => i + 1),
    { startMs: start }
  )
const until = (steps: number, ratio = 0.8) => ({
  fitFrom: 0,
  scoreFrom: Math.floor(steps * ratio),
  scoreTo: steps
})

describe('a service time that was asked for', () => {
  const plan = (unitRate: number, serviceTimeMs: number) =>
    planService('ramp', ramp(100), until(100), { unitRate, serviceTimeMs })
  const remark = (unitRate: number, ms: number) => serviceTimeRemark(ms, plan(unitRate, ms))

  it('is said to be another where a unit cannot have it', () => {
    expect(remark(9.6, 10)).toBe(
      'a service time of 10ms becomes 104 ms: a unit that serves 9.6 events/s is a whole number of servers, 1 server of 104 ms an event; events that are served faster need a larger unit rate'
    )
    expect(remark(9.6, 250)).toMatch(/250ms becomes 208 ms: .*, 2 servers of 208 ms an event$/)
  })

  it('is not mentioned where it is what was asked for, or nothing was', () => {
    expect(remark(100, 50)).toBeUndefined()
    expect(serviceTimeRemark(undefined, plan(9.6, 10))).toBeUndefined()
  })

  it('means nothing in another world, and that is said', () => {
    const other = planSpark('ramp', ramp(100), until(100), {})
    expect(serviceTimeRemark(10, other)).toBe(
      'a service time means nothing in the spark world: it is taken for none'
    )
  })
})

describe('the defaults of CONTRACTS §1', () => {
  // 2,000 rates 1 … 2,000 to train on: P99.9 is 1,998 by nearest rank.
  const trace = ramp(2_500)
  const plan = planService('ramp', trace, until(2_500))

  it('size a unit so that twenty of them serve P99.9 of the training rates', () => {
    expect(plan.settings.unitRate).toBeCloseTo(1_998 / 20, 12)
  })

  it('give it k = round(unitRate × 50 ms) servers, and four service times to be in time', () => {
    const k = Math.round((1_998 / 20) * 0.05)
    expect(plan.world).toEqual({ kind: 'service', serversPerUnit: k, serviceTimeMs: (1_000 * k) / 99.9 })
    expect(plan.settings.sloMs).toBeCloseTo((4_000 * k) / 99.9, 9)
  })

  it('give slow units one server', () => {
    const slow = planService('slow', trace, until(2_500), { unitRate: 3 })
    expect(slow.world).toMatchObject({ serversPerUnit: 1 })
    expect(slow.settings.sloMs).toBeCloseTo(4_000 / 3, 9)
  })

  it('are ready after 2 min, in steps of 15 s', () => {
    expect(plan.settings).toMatchObject({
      leadTimeMs: { p50: 2 * MINUTE, p90: 2 * MINUTE },
      stepMs: 15 * SECOND
    })
  })

  it('make the fixed size 1.2 × the training peak', () => {
    expect(peakUnits(plan)).toEqual({ unit: Math.ceil((1.2 * 2_000) / 99.9) })
  })

  it('are called assumed, and what was given is not', () => {
    expect(plan.assumed).toContain('leadTimeMs')
    const given = planService('ramp', trace, until(2_500), { leadTimeMs: { p50: 1, p90: 2 }, sloMs: 900 })
    expect(given.assumed).toContain('unitRate')
    expect(given.assumed).not.toContain('leadTimeMs')
    expect(given.assumed).not.toContain('sloMs')
  })

  it('come from the training part alone', () => {
    const other = series(MINUTE, [...trace.values.subarray(0, 2_000), ...new Array(500).fill(9e6)], {
      startMs: start
    })
    expect(planService('ramp', other, until(2_500)).settings).toEqual(plan.settings)
  })

  it('serve more with a longer service time only by more servers', () => {
    const long = planService('ramp', trace, until(2_500), { serviceTimeMs: 500 })
    expect(long.settings.unitRate).toBe(plan.settings.unitRate)
    expect(long.world).toMatchObject({ serversPerUnit: 50 })
  })
})

describe('what cannot be planned', () => {
  const trace = ramp(10)
  it.each([
    ['minUnits above maxUnits', () => planService('a', trace, until(10), { minUnits: 9, maxUnits: 3 })],
    ['half a unit', () => planService('a', trace, until(10), { maxUnits: 2.5 })],
    ['nothing to train on', () => planService('a', trace, { fitFrom: 0, scoreFrom: 0, scoreTo: 10 })],
    ['nothing held back', () => planService('a', trace, { fitFrom: 0, scoreFrom: 10, scoreTo: 10 })],
    ['no load at all', () => planService('a', series(MINUTE, [0, 0, NaN, 0, 5]), until(5))],
    ['an SLO below the service time', () => planService('a', trace, until(10), { sloMs: 1 })],
    ['a cycle', () => planStream('a', trace, until(10), {}, cyclic)],
    ['operators that are not connected', () => planStream('a', trace, until(10), {}, split)],
    ['an operator twice', () => planStream('a', trace, until(10), {}, { operators: [twice, twice] })],
    ['a setting nobody knows', () => planStream('a', trace, until(10), {}, { ...chain, sloMz: 3 } as never)],
    ['operators that are no operators', () => planStream('a', trace, until(10), {}, numbers as never)],
    [
      'an operator without a rate',
      () => planStream('a', trace, until(10), {}, { operators: [{ id: 'a' }] } as never)
    ],
    [
      'edges that are no edges',
      () => planStream('a', trace, until(10), {}, { ...chain, edges: [5] } as never)
    ],
    [
      'failures that are no times',
      () => planStream('a', trace, until(10), {}, { ...chain, outages: { failures: 'x' } } as never)
    ],
    ['no operators', () => planStream('a', trace, until(10), {}, {} as never)]
  ])('is refused in one line: %s', (_what, make) => {
    let message = ''
    try {
      make()
    } catch (error) {
      message = error instanceof Error ? `${error.name}: ${error.message}` : ''
    }
    expect(message).toMatch(/^PrescaleError: .+/)
    expect(message.split('\n')).toHaveLength(1)
  })
})

const twice = { id: 'a', rate: 10 }
const numbers = { operators: [1, null] }
const chain: StreamWorld = {
  operators: [
    { id: 'src', rate: 100 },
    { id: 'map', rate: 10, selectivity: 0.5 },
    { id: 'sink', rate: 40 }
  ]
}
const cyclic: StreamWorld = {
  ...chain,
  edges: [
    { from: 'src', to: 'map' },
    { from: 'map', to: 'sink' },
    { from: 'sink', to: 'map' }
  ]
}
const split: StreamWorld = { ...chain, edges: [{ from: 'src', to: 'map' }] }

describe('fateOf', () => {
  const steps = fc.constantFrom(
    ...[SECOND, 7 * SECOND, 10 * SECOND, 15 * SECOND, 40 * SECOND, MINUTE, 90 * SECOND],
    ...[7 * MINUTE, 10 * MINUTE, HOUR, 24 * HOUR]
  )

  it('begins where the history ends, and scores where the training part ends', () => {
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 2, max: 400 }),
        fc.constantFrom(SECOND, 15 * SECOND),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (traceStepMs, length, stepMs, ratio) => {
          const most = (86_400_000 * 1.2) / traceStepMs
          const trace = ramp(Math.max(2, Math.min(length, most)), traceStepMs)
          const scoreFrom = Math.max(1, Math.floor(trace.values.length * ratio))
          const span = { fitFrom: 0, scoreFrom, scoreTo: trace.values.length }
          const plan = planService('any', trace, span, { stepMs })
          const fate = fateOf(plan, 3)
          if (fate.history.values.length > 0) expect(endMs(fate.history)).toBe(fate.startMs)
          expect(fate.history.startMs).toBeGreaterThanOrEqual(trace.startMs)
          expect(fate.startMs + fate.warmupSteps * stepMs).toBe(start + scoreFrom * traceStepMs)
          const end = fate.startMs + fate.demand.length * stepMs
          expect(endMs(trace) - end).toBeGreaterThanOrEqual(0)
          expect(endMs(trace) - end).toBeLessThan(stepMs)
          expect(forecastStepMs(plan) % stepMs).toBe(0)
        }
      ),
      { numRuns: 60 }
    )
  })

  it('splits the counts of the trace and loses none of them', () => {
    for (const traceStepMs of [SECOND, MINUTE, 7 * MINUTE]) {
      const trace = ramp(200, traceStepMs)
      const fate = fateOf(planService('any', trace, until(200)), 1)
      const from = (fate.startMs - start) / traceStepMs
      const whole = trace.values.subarray(from).reduce((sum, rate) => sum + (rate * traceStepMs) / 1_000, 0)
      const drawn = fate.demand.reduce((sum, n) => sum + n, 0)
      // The last step of 15 s may be cut off a trace of seconds.
      expect(whole - drawn).toBeGreaterThanOrEqual(0)
      expect(whole - drawn).toBeLessThan(traceStepMs === SECOND ? 15 * 200 : 1e-6)
    }
  })

  it('warms up for an hour where there is one to spare, and for a quarter of a short training part', () => {
    const warmUp = (length: number, stepMs: number) => {
      const fate = fateOf(planService('any', ramp(length, stepMs), until(length)), 1)
      return fate.warmupSteps * fate.stepMs
    }
    expect(warmUp(2_000, MINUTE)).toBe(HOUR)
    expect(warmUp(100, MINUTE)).toBe(20 * MINUTE)
    expect(warmUp(1_000, SECOND)).toBe(195 * SECOND)
    expect(warmUp(1_000, 7 * MINUTE)).toBe(63 * MINUTE)
    expect(warmUp(2, MINUTE)).toBe(MINUTE)
  })

  it('keeps what was not measured unknown', () => {
    const trace = series(MINUTE, [5, 5, 5, 5, 5, 5, 5, 5, NaN, 5])
    const { demand, warmupSteps } = fateOf(planService('gap', trace, until(10)), 1)
    expect([...demand.subarray(warmupSteps)].map(Number.isNaN)).toEqual([
      ...[true, true, true, true],
      ...[false, false, false, false]
    ])
  })

  it('is the same for the same seed, and another for another', () => {
    const plan = planService('ramp', ramp(300), until(300))
    expect(fateOf(plan, 4).demand).toEqual(fateOf(plan, 4).demand)
    expect(fateOf(plan, 4).demand).not.toEqual(fateOf(plan, 5).demand)
  })

  it('lets policies know what was said about the lead time, and nothing else of the world', () => {
    const plan = planService('ramp', ramp(300), until(300), { truth: { unitRate: 0.8, leadTime: 2 } })
    expect(fateOf(plan, 1).priors).toEqual({ leadTimeMs: plan.settings.leadTimeMs })
  })

  it('begins with the load of the first hour at 70 %', () => {
    const trace = series(MINUTE, new Array(1_000).fill(70))
    const plan = planService('flat', trace, until(1_000), { unitRate: 10 })
    expect(fateOf(plan, 1).initial).toEqual({ unit: 10 })
    expect(unitsFor(plan, 1e9, 1)).toEqual({ unit: 200 })
    expect(unitsFor(plan, 0, 1)).toEqual({ unit: 1 })
  })
})

describe('what is really there', () => {
  const trace = series(MINUTE, new Array(1_000).fill(55))
  const given = { unitRate: 10 }
  const need = (truth: { unitRate?: number; leadTime?: number }) => {
    const plan = planService('flat', trace, until(1_000), { ...given, truth })
    return needOf(plan, fateOf(plan, 1))[0]
  }

  it('needs more units of a lower true rate, while the settings stay', () => {
    expect(need({ unitRate: 0.5 })).toBeGreaterThan(1.8 * need({}))
    expect(need({ unitRate: 2 })).toBeLessThan(need({}))
    expect(planService('flat', trace, until(1_000), { ...given, truth: { unitRate: 0.5 } }).settings).toEqual(
      planService('flat', trace, until(1_000), given).settings
    )
  })

  it.each(['service', 'stream'] as const)('makes units of the %s world wait twice as long', (kind) => {
    const make = kind === 'service' ? planService : planStream
    const plan = make('flat', trace, until(1_000), { ...given, truth: { leadTime: 2 } })
    const world = fateOf(plan, 1).open()
    const [resource] = Object.keys(world.observe().capacity.ready)
    let ready = 0
    while (world.step({ [resource]: 20 }, 0).ready < 20) ready++
    expect(ready * plan.settings.stepMs).toBe(4 * MINUTE)
  })
})

describe('the stream world of a rehearsal', () => {
  const trace = series(MINUTE, new Array(1_000).fill(50), { startMs: start })

  it('is one operator that serves a twentieth of P99.9 unless it is given', () => {
    const plan = planStream('flat', trace, until(1_000))
    expect(plan.world.config.operators).toEqual([{ id: 'job', rate: 2.5 }])
    expect(plan.settings.sloMs).toBe(2_000)
    expect(unitsFor(plan, 50, 1)).toEqual({ job: 20 })
  })

  it('is a chain without edges, sized by what reaches each operator', () => {
    const plan = planStream('flat', trace, until(1_000), {}, chain)
    expect(unitsFor(plan, 50, 0.5)).toEqual({ src: 1, map: 10, sink: 2 })
    expect(needOf(plan, fateOf(plan, 1))[0]).toBeGreaterThanOrEqual(1 + 4 + 1)
  })

  it('counts failures from the first scored moment', () => {
    const outages = { failures: [3 * MINUTE], failureMs: 60_000 }
    const plan = planStream(
      'flat',
      trace,
      until(1_000),
      {},
      { operators: [{ id: 'job', rate: 10 }], outages }
    )
    const fate = fateOf(plan, 1)
    const world = fate.open()
    const down: number[] = []
    for (let i = 0; i < fate.demand.length; i++) {
      if ((world.step({ job: 9 }, fate.demand[i]).down ?? 0) > 0 && i >= fate.warmupSteps) {
        down.push((i - fate.warmupSteps) * fate.stepMs)
      }
    }
    expect(down.filter((ms) => ms >= 3 * MINUTE && ms < 4 * MINUTE)).toHaveLength(4)
  })

  it.each([
    { kind: 'exponential', at0: 10, perHour: -0.5 },
    { kind: 'linear', at0: 10, perHour: -0.25 },
    { kind: 'constant', at0: 10 }
  ] as const)('has the rate of its first scored moment there: $kind', (rate) => {
    const plan = planStream(
      'flat',
      trace,
      until(1_000),
      { maxUnits: 50 },
      { operators: [{ id: 'job', rate }] }
    )
    const fate = fateOf(plan, 1)
    const world = fate.open({ job: 9 })
    let seen = NaN
    for (let i = 0; i <= fate.warmupSteps + 8; i++) {
      seen = world.observe().topology?.operators[0].trueProcessingRate ?? NaN
      world.step({ job: 9 }, fate.demand[i])
    }
    // Measured over the last minutes with a few percent noise.
    expect(Math.abs(seen / (9 * 10) - 1)).toBeLessThan(0.1)
  })

  it('needs more instances as the rate sinks, and never an endless number', () => {
    const rate = { kind: 'linear', at0: 10, perHour: -0.4 } as const
    const plan = planStream(
      'flat',
      trace,
      until(1_000),
      { maxUnits: 50 },
      { operators: [{ id: 'job', rate }] }
    )
    const need = needOf(plan, fateOf(plan, 1))
    expect(need[0]).toBeGreaterThanOrEqual(5)
    expect(need[60]).toBeGreaterThan(need[0])
    expect(need.at(-1)).toBe(51)
  })

  it('takes the lead time of its config, unless one is given', () => {
    const world = { ...chain, outages: { leadTime: { p50Ms: 7_000, p90Ms: 9_000 } } }
    const plan = planStream('flat', trace, until(1_000), {}, world)
    expect(plan.settings.leadTimeMs).toEqual({ p50: 7_000, p90: 9_000 })
    expect(plan.assumed).not.toContain('leadTimeMs')
    const leadTimeMs = { p50: MINUTE, p90: MINUTE }
    expect(planStream('flat', trace, until(1_000), { leadTimeMs }, world).settings.leadTimeMs).toEqual(
      leadTimeMs
    )
  })
})
