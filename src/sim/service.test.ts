import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../base/index.ts'
import { waits } from '../math/erlang.ts'
import type { Metric, StepOutcome } from '../roles.ts'
import { type ServiceState, service } from './service.ts'
import { type ServiceOptions, serviceConfig, serviceDefaults } from './service-config.ts'

/** 50 events/s a unit, 3 servers of 60 ms, steps of 15 s: a unit serves 750 a step. */
const base = { unitRate: 50, initialUnits: 4, minUnits: 0 }

/** Lives through wanted sizes and arrivals; returns every state behind the first. */
function live(
  given: ServiceOptions,
  steps: readonly (readonly [wanted: number, arrivals: number])[],
  seed = 1
): ServiceState[] {
  const world = service(given)
  let state = world.initial(seed)
  return steps.map(([unit, arrivals]) => {
    state = world.transition(state, { unit }, arrivals)
    return state
  })
}

function outcomes(given: ServiceOptions, steps: readonly (readonly [number, number])[]): StepOutcome[] {
  return live(given, steps).map(service(given).outcome)
}

function metrics(given: ServiceOptions, state: ServiceState): Readonly<Record<string, Metric>> {
  return service(given).observe(state).metrics ?? {}
}

function repeat<T>(times: number, value: T): T[] {
  return new Array<T>(times).fill(value)
}

describe('capacity', () => {
  it('serves after the lead time and is paid for from the moment it is asked for', () => {
    const seen = outcomes(base, [[4, 0], ...repeat(9, [6, 0] as const)])
    expect(seen.map(({ ready }) => ready)).toEqual([...repeat(9, 4), 6])
    expect(seen.map(({ starting }) => starting)).toEqual([0, ...repeat(8, 2), 0])
  })

  it('is kept where nothing is asked, rounded up, and held inside the bounds', () => {
    const world = service({ ...base, minUnits: 2, maxUnits: 9 })
    const first = world.initial(1)
    const wanted = (units: Record<string, number>) => world.transition(first, units, 0).wanted
    expect(wanted({})).toBe(4)
    expect(wanted({ unit: NaN })).toBe(4)
    expect(wanted({ unit: 4.2 })).toBe(5)
    expect(wanted({ unit: 1_000 })).toBe(9)
    expect(wanted({ unit: 0 })).toBe(2)
  })

  it('meets the same luck under every policy: a lead time belongs to its step and seed', () => {
    const given = { ...base, leadTime: { p50Ms: 60_000, p90Ms: 200_000 } }
    const readyAt = (before: number) =>
      live(given, [...repeat(5, [before, 0] as const), [before + 3, 0]], 8)
        .at(-1)
        ?.batches.at(-1)?.readyAtMs
    expect(readyAt(4)).toBe(readyAt(1))
    const other = live(given, [...repeat(5, [4, 0] as const), [7, 0]], 9).at(-1)
    expect(other?.batches.at(-1)?.readyAtMs).not.toBe(readyAt(4))
  })
})

describe('a step', () => {
  it('has the latency of M/M/c when the capacity is enough', () => {
    const [, last] = outcomes(base, repeat(2, [4, 2_400] as const))
    const c = waits(12, 9.6)
    expect(last.latencyMs).toBeCloseTo(60, 9)
    expect(last.waiting.share).toBeCloseTo(c, 12)
    expect(last.waiting.meanMs).toBeCloseTo(1_000 / 40, 9)
    expect(last.missed).toBeCloseTo(2_400 * c * Math.exp(-40 * 0.18), 9)
  })

  it('carries what it cannot serve, and those behind it wait for it', () => {
    const [first, second] = live(base, repeat(2, [4, 3_600] as const))
    expect(first.backlog).toBeCloseTo(600, 9)
    expect(second.backlog).toBeCloseTo(1_200, 9)
    // 600 to 1,200 events before them, at 200 a second.
    expect(second.latencyMs).toBeCloseTo(60 + 4_500, 6)
    expect(second.missed).toBe(3_600)
  })

  it('keeps or drops everything with no unit at all', () => {
    const [first, second] = outcomes({ ...base, initialUnits: 0 }, repeat(2, [0, 8_000] as const))
    expect(first).toMatchObject({ arrivals: 8_000, missed: 8_000, dropped: 0, ready: 0 })
    expect(second).toMatchObject({ arrivals: 8_000, missed: 8_000, ready: 0 })
    expect(second.dropped).toBeCloseTo(6_000, 9)
    expect(Number.isFinite(second.latencyMs)).toBe(true)
  })

  it('says how late a cold start is: until the unit that starts is there', () => {
    const [first] = outcomes({ ...base, initialUnits: 0 }, [[1, 150]])
    // In the middle of the step 112.5 s are left, and 75 events wait before one at 50 events/s.
    expect(first.latencyMs).toBeCloseTo(60 + 112_500 + 1_500, 6)
  })

  it('without arrivals has no latency, not one of zero', () => {
    const [one] = outcomes(base, [[4, 0]])
    expect(one).toMatchObject({ arrivals: 0, missed: 0, dropped: 0, latencyMs: NaN })
  })

  it('with an unknown load is paid for, serves what waits and measures nothing', () => {
    const [, state] = live(base, [
      [4, 4_000],
      [4, NaN]
    ])
    expect(service(base).outcome(state)).toMatchObject({ arrivals: NaN, missed: 0, dropped: 0, ready: 4 })
    expect(state.backlog).toBe(0)
    for (const name of ['latency', 'queue', 'concurrency']) {
      expect(metrics(base, state)[name]).toMatchObject({ value: NaN, quality: 'missing' })
    }
    const later = live(base, [...repeat(3, [4, 3_000] as const), [4, NaN], [4, 9], [4, 9]]).at(-1)!
    expect(metrics(base, later).cpu.quality).toBe('missing')
    expect(metrics(base, later).throughput.quality).toBe('missing')
  })

  it('loses no event over a whole run, whatever is asked', () => {
    const plan = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 20_000 })), {
      minLength: 1,
      maxLength: 60
    })
    fc.assert(
      fc.property(plan, fc.integer(), (steps, seed) => {
        const given = { ...base, queueLimit: 900, leadTime: { p50Ms: 30_000, p90Ms: 80_000 } }
        const states = live(given, steps, seed)
        const sum = (of: (s: ServiceState) => number) => states.reduce((total, s) => total + of(s), 0)
        const arrived = sum((s) => s.arrivals)
        const left = states[states.length - 1].backlog
        expect(Math.abs(arrived - sum((s) => s.served) - sum((s) => s.dropped) - left)).toBeLessThan(1e-6)
        for (const state of states) {
          expect(state.ready + state.starting).toBe(state.wanted)
          expect(state.missed).toBeLessThanOrEqual(state.arrivals + 1e-6)
        }
      })
    )
  })

  it('is never worse for who always had one more unit', () => {
    const loads = fc.array(fc.integer({ min: 0, max: 6_000 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(loads, fc.integer({ min: 1, max: 6 }), (counts, units) => {
        const fewer = outcomes(
          { ...base, initialUnits: units },
          counts.map((n) => [units, n] as const)
        )
        const more = outcomes(
          { ...base, initialUnits: units + 1 },
          counts.map((n) => [units + 1, n] as const)
        )
        fewer.forEach(({ missed, dropped }, i) => {
          expect(more[i].missed).toBeLessThanOrEqual(missed + 1e-6)
          expect(more[i].dropped).toBeLessThanOrEqual(dropped + 1e-6)
        })
      })
    )
  })

  it('obeys Little’s law in a long stationary run: events in the system = rate × mean latency, as Erlang says', () => {
    const seen = live(base, repeat(5_000, [4, 2_550] as const)).slice(100)
    const mean = (of: (s: ServiceState) => number) => seen.reduce((sum, s) => sum + of(s), 0) / seen.length
    const concurrency = mean((s) => metrics(base, s).concurrency.value)
    const latencyS = mean((s) => metrics(base, s).latency.value) / 1_000
    expect(concurrency).toBeCloseTo(170 * latencyS, 9)
    expect(concurrency).toBeCloseTo(10.2 + (waits(12, 10.2) * 170) / 30, 9)
  })

  it('never edits a state, and the same state goes the same way again', () => {
    const world = service({ ...base, leadTime: { p50Ms: 30_000, p90Ms: 80_000 } })
    const rng = random(2, 'plan')
    let state = world.initial(5)
    for (let i = 0; i < 200; i++) {
      const wanted = { unit: rng.integer(12) }
      const arrivals = rng.integer(9_000)
      const frozen = deepFreeze(state)
      const next = world.transition(frozen, wanted, arrivals)
      world.observe(frozen)
      expect(world.transition(frozen, wanted, arrivals)).toEqual(next)
      state = next
    }
  })
})

describe('what is seen', () => {
  it('is CPU and throughput of an interval that ended 30 s ago', () => {
    const quiet = { ...base, cpuNoise: 0 }
    const states = live(
      quiet,
      [900, 1_500, 2_400, 600, 0].map((n) => [4, n] as const)
    )
    const seen = states.map((state) => metrics(quiet, state))
    expect(seen.map(({ cpu }) => cpu.value)).toEqual([NaN, NaN, 0.3, 0.5, 0.8])
    expect(seen.map(({ throughput }) => throughput.value)).toEqual([NaN, NaN, 60, 100, 160])
    expect(seen.map(({ cpu }) => cpu.quality)).toEqual(['missing', 'missing', 'ok', 'ok', 'ok'])
    expect(seen[4].cpu.ageMs).toBe(30_000)
  })

  it('is CPU that saturates at 1 and says no more than that, while the queue grows', () => {
    const states = live({ ...base, cpuNoise: 0 }, repeat(5, [4, 9_000] as const))
    const { cpu, throughput, queue } = metrics({ ...base, cpuNoise: 0 }, states[4])
    expect(cpu.value).toBe(1)
    expect(throughput.value).toBe(200)
    expect(queue.value).toBeGreaterThan(29_000)
  })

  it('is CPU with 2 % noise that belongs to the moment, not to the policy', () => {
    const states = live(base, repeat(3_000, [4, 1_500] as const)).slice(2)
    const cpu = states.map((state) => metrics(base, state).cpu.value)
    const mean = cpu.reduce((a, b) => a + b) / cpu.length
    const sd = Math.sqrt(cpu.reduce((sum, x) => sum + (x - mean) ** 2, 0) / cpu.length)
    expect(mean).toBeCloseTo(0.5, 2)
    expect(sd / mean).toBeGreaterThan(0.018)
    expect(sd / mean).toBeLessThan(0.022)
    const twice = { ...base, initialUnits: 8 }
    const other = live(twice, repeat(3_000, [8, 3_000] as const)).slice(2)
    expect(other.map((state) => metrics(twice, state).cpu.value)).toEqual(cpu)
  })

  it('is no CPU when nothing was ready, and no CPU is not a CPU of 0', () => {
    const given = { ...base, initialUnits: 0 }
    const states = live(given, repeat(4, [0, 10] as const))
    expect(metrics(given, states[3]).cpu).toMatchObject({ value: NaN, quality: 'missing' })
    expect(metrics(given, states[3]).throughput).toMatchObject({ value: 0, quality: 'ok' })
  })

  it('is the planned moment of what starts, not the drawn one', () => {
    const given = { ...base, leadTime: { p50Ms: 60_000, p90Ms: 600_000 } }
    const world = service(given)
    const plans = [1, 2, 3, 4, 5].map((seed) => {
      const state = world.transition(world.initial(seed), { unit: 6 }, 0)
      return world.observe(state).capacity.starting?.map(({ readyAtMs, units }) => [readyAtMs, units])
    })
    expect(new Set(plans.map((plan) => JSON.stringify(plan ?? []))).size).toBeLessThanOrEqual(2)
    expect(plans).toContainEqual([[60_000, 2]])
    // One that is overdue is due now.
    const late = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => live(given, repeat(6, [6, 0] as const), seed).at(-1)!)
    const overdue = late.flatMap((state) => world.observe(state).capacity.starting ?? [])
    expect(overdue.length).toBeGreaterThan(0)
    for (const { readyAtMs } of overdue) expect(readyAtMs).toBe(90_000)
  })

  it('holds no parameter of the world: none of its numbers, whatever the metric', () => {
    const world = service({ ...base, unitRate: 53.217, sloMs: 400, queueLimit: 7_919 })
    const state = world.transition(world.initial(1), { unit: 9 }, 2_000)
    const text = JSON.stringify(world.observe(state))
    expect(Object.keys(world.observe(state)).sort()).toEqual([
      'bounds',
      'capacity',
      'metrics',
      'nowMs',
      'slo'
    ])
    for (const secret of ['53.217', '7919', '17.739']) expect(text).not.toContain(secret)
  })
})

describe('outages', () => {
  it('stop a share of the units for a while; they are paid for, and what came waits', () => {
    const given = { ...base, outages: [{ atMs: 20_000, durationMs: 20_000 }] }
    const seen = outcomes(given, repeat(5, [4, 1_500] as const))
    expect(seen.map(({ down }) => down?.toFixed(3))).toEqual(['0.000', '0.667', '0.667', '0.000', '0.000'])
    expect(seen.map(({ ready }) => ready)).toEqual(repeat(5, 4))
    expect(seen[0].missed).toBeLessThan(1e-3)
    // All of the last 10 s of the step wait for more than the SLO: 20 s to 10 s until it opens, and those before them.
    expect(seen[1].missed).toBeCloseTo(1_000, 0)
    expect(seen[2].missed).toBeGreaterThan(1_400)
  })

  it('leave the room to wait as it is, and do not bring a cold start forward', () => {
    const small = { ...base, queueLimit: 100, outages: [{ atMs: 0, durationMs: 15_000, share: 0.75 }] }
    expect(live(small, [[4, 1_150]])[0]).toMatchObject({ backlog: 400, dropped: 0 })
    const cold = { ...base, initialUnits: 0, outages: [{ atMs: 0, durationMs: 10_000 }] }
    const [state] = live(cold, [[1, 1.5]])
    // As without the outage: in the middle of the step 112.5 s are left until the unit is there.
    expect(state.latencyMs).toBeCloseTo(60 + 112_500 + 15, 6)
  })

  it('of half the units halve what is served', () => {
    const given = { ...base, outages: [{ atMs: 0, durationMs: 15_000, share: 0.5 }] }
    const [state] = live(given, [[4, 3_000]])
    expect(state.served).toBeCloseTo(1_500, 9)
    expect(state.down).toBe(0)
  })
})

describe('settings', () => {
  it('follow from the training rates as docs/worlds/service.md says', () => {
    const rates = Float64Array.from({ length: 2_000 }, (_, i) => (i % 1_000 === 0 ? NaN : i % 999))
    const config = serviceDefaults(rates)
    // The 1,997th of 1,998 measured values in order is 998, the largest.
    expect(config.unitRate).toBeCloseTo(998 / 20, 9)
    expect(config).toMatchObject({
      serversPerUnit: 2,
      stepMs: 15_000,
      leadTime: { p50Ms: 120_000, p90Ms: 120_000 },
      queueLimit: 10_000,
      cpuDelayMs: 30_000
    })
    expect(config.sloMs).toBeCloseTo((4 * 2 * 1_000) / config.unitRate, 9)
    expect(config.initialUnits).toBe(Math.ceil((1_999 % 999) / (0.8 * config.unitRate)))
    expect(serviceDefaults(rates, { unitRate: 53, sloMs: 900 })).toMatchObject({
      unitRate: 53,
      serversPerUnit: 3,
      sloMs: 900
    })
  })

  it.each([
    [{ unitRate: 0 }, 'unitRate must be a positive rate in events/s, was 0'],
    [{ unitRate: 50, stepMs: 0 }, 'stepMs must be a positive number of milliseconds, was 0'],
    [{ unitRate: 50, serversPerUnit: 1.5 }, 'serversPerUnit must be a whole number, at least 1, was 1.5'],
    [{ unitRate: 50, sloMs: 60 }, 'sloMs must be above the mean service time, 60 ms, was 60'],
    [
      { unitRate: 50, minUnits: 5, maxUnits: 4 },
      'maxUnits must be a whole number, at least minUnits, 5, was 4'
    ],
    [{ unitRate: 50, initialUnits: 500 }, 'initialUnits must be a whole number from 1 to 200, was 500'],
    [{ unitRate: 50, queueLimit: -1 }, 'queueLimit must be a number of events, at least 0, was -1'],
    [{ unitRate: 50, cpuNoise: -1 }, 'cpuNoise must be a share of the value, at least 0, was -1']
  ])('that cannot be are refused: %o', (given, message) => {
    expect(() => serviceConfig(given)).toThrow(message)
  })

  it('cannot follow from a load that was never above zero', () => {
    expect(() => serviceDefaults([0, NaN, 0])).toThrow('unitRate needs a training rate above 0 events/s')
  })
})

it('rewards as "Elastic Cloud Scaling for Small Models" does, with the price of a change applied', () => {
  const world = service(base)
  const rewards = live(base, [
    [4, 1_500],
    [4, 300],
    [5, 1_500],
    [5, 9_000]
  ]).map(world.reward)
  expect(rewards.map((reward) => Number(reward.toFixed(9)))).toEqual([0.6, 0.1, 0.3, -5.5])
  expect(world.terminal(world.initial(1))).toBe(false)
})

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}
