import { describe, expect, it } from 'vitest'
import { random, series } from '../base/index.ts'
import type { Observation } from '../roles.ts'
import { estimator } from './estimate.ts'

const step = 15_000

/** A world of one pool with known parameters, written down independently of the worlds of `sim`. */
function live(options: {
  hours: number
  unitRate: (hour: number) => number
  load: (minute: number) => number
  wanted: (stepIndex: number) => number
  leadSteps: number
  outageMs?: number
  noise?: number
  cpuLateSteps?: number
  prior?: number
}) {
  const estimate = estimator({ unitRate: options.prior })
  const memory = estimate.initial()
  const rng = random(3, 'estimate')
  const noisy = (y: number) => y * (1 + (options.noise ?? 0.01) * rng.normal())
  const steps = options.hours * 240
  const loads: number[] = []
  const cpus: number[] = []
  const starts: { atStep: number; units: number }[] = []
  let ready = options.wanted(0)
  let backlog = 0
  let changed = false
  let throughput = Number.NaN
  const rates: number[] = []
  let last = estimate.update({ nowMs: 0, capacity: { ready: { pool: ready } } }, memory)
  for (let i = 0; i < steps; i++) {
    const seen: Observation = {
      nowMs: i * step,
      load: series(step, loads.slice(0, -1).slice(-240), { startMs: Math.max(0, i - 1 - 240) * step }),
      capacity: {
        ready: { pool: ready },
        starting: starts.map((s) => ({ resource: 'pool', units: s.units, readyAtMs: Number.NaN })),
        wanted: { pool: options.wanted(Math.max(0, i - 1)) }
      },
      metrics: {
        throughput: { value: throughput, quality: 'ok', ageMs: 0 },
        cpu: {
          value: cpus[cpus.length - 1 - (options.cpuLateSteps ?? 2)] ?? Number.NaN,
          quality: 'late',
          ageMs: (options.cpuLateSteps ?? 2) * step
        }
      }
    }
    last = estimate.update(seen, memory)
    rates.push(last.unitRate ?? Number.NaN)
    const wanted = options.wanted(i)
    const pending = starts.reduce((sum, s) => sum + s.units, 0)
    if (wanted > ready + pending) starts.push({ atStep: i, units: wanted - ready - pending })
    let moved = false
    if (wanted < ready) [ready, moved] = [wanted, true]
    // The step i → i + 1.
    const load = options.load(i / 4)
    const up = moved || changed ? step - (options.outageMs ?? 0) : step
    const rate = options.unitRate(i / 240)
    const possible = (ready * rate * up) / step
    const served = Math.min(possible, load + backlog / 15)
    backlog = Math.max(0, backlog + (load - served) * 15)
    loads.push(noisy(load))
    throughput = noisy(served)
    cpus.push(Math.min(1, noisy(served / (ready * rate))))
    changed = false
    while (starts.length > 0 && i + 1 - starts[0].atStep >= options.leadSteps) {
      ready += starts.shift()!.units
      changed = true
    }
  }
  return { last, memory, rates }
}
describe('estimator', () => {
  it('learns the unit rate within 1 % from noisy metrics of which cpu is 30 s late, while capacity moves', () => {
    const { last } = live({
      hours: 3,
      unitRate: () => 53,
      load: (m) => 400 + 200 * Math.sin(m / 7),
      wanted: (i) => 14 + (Math.floor(i / 9) % 3),
      leadSteps: 4
    })
    expect(last.unitRate! / 53).toBeGreaterThan(0.99)
    expect(last.unitRate! / 53).toBeLessThan(1.01)
    expect(last.assumed).not.toContain('unitRate')
  })

  it('would be wrong if late cpu were divided by the capacity of now: the match in time matters', () => {
    const { last } = live({
      hours: 2,
      unitRate: () => 50,
      load: () => 300,
      wanted: (i) => (i % 3 === 0 ? 8 : 16),
      leadSteps: 1,
      cpuLateSteps: 4
    })
    expect(Math.abs(last.unitRate! / 50 - 1)).toBeLessThan(0.02)
  })

  it('follows a drift of 3 %/h to 1.5 %', () => {
    const { last } = live({
      hours: 12,
      unitRate: (h) => 10_500 * Math.exp(-0.03 * h),
      load: (m) => 80_000 + 20_000 * Math.sin(m / 40),
      wanted: () => 16,
      leadSteps: 4
    })
    expect(Math.abs(last.unitRate! / (10_500 * Math.exp(-0.36)) - 1)).toBeLessThan(0.015)
  })

  it('takes a saturated step as a lower bound only', () => {
    const { last } = live({
      hours: 1,
      unitRate: () => 50,
      load: (m) => (m < 30 ? 300 : 900),
      wanted: () => 10,
      leadSteps: 4
    })
    expect(Math.abs(last.unitRate! / 50 - 1)).toBeLessThan(0.02)
  })

  it('finds a new level after a jump and shrugs at a single wild reading', () => {
    const { rates } = live({
      hours: 3,
      unitRate: (h) => (h < 1.5 ? 50 : 40),
      load: (m) => (m === 30 ? 100 : 300),
      wanted: () => 12,
      leadSteps: 4
    })
    expect(Math.abs(rates[350] / 50 - 1)).toBeLessThan(0.02)
    expect(Math.abs(rates[400] / 40 - 1)).toBeLessThan(0.02)
  })

  it('measures the lead time from starting to ready, and says so', () => {
    const { last } = live({
      hours: 2,
      unitRate: () => 50,
      load: () => 300,
      wanted: (i) => (i % 60 < 30 ? 10 : 14),
      leadSteps: 12
    })
    expect(last.leadTimeMs).toEqual({ p50: 180_000, p90: 180_000 })
    expect(last.assumed).not.toContain('leadTimeMs')
  })

  /** Sizes of a pool, one look every 15 s unless it says when: `ready NaN` while it restarts, nothing at all before it is told. */
  function looked(
    looks: readonly { ready?: number; starting?: number; atS?: number; lag?: number }[],
    memory = estimator().initial()
  ) {
    const sees = estimator()
    let nowMs = 0
    let last = sees.update({ nowMs, capacity: { ready: {} } }, memory)
    for (const { ready, starting = 0, atS, lag } of looks) {
      nowMs = atS === undefined ? nowMs + step : atS * 1_000
      const capacity: Observation['capacity'] = {
        ready: ready === undefined ? {} : { pool: ready },
        starting: starting === 0 ? [] : [{ resource: 'pool', units: starting, readyAtMs: NaN }]
      }
      const metrics = { lag: { value: lag ?? 0, quality: 'ok' as const } }
      const load = series(step, [100, 100], { startMs: nowMs - 2 * step })
      last = sees.update({ nowMs, capacity, load, ...(lag !== undefined && { metrics }) }, memory)
    }
    return { last, memory: JSON.parse(JSON.stringify(memory)) as typeof memory }
  }

  it('measures the lead time of units that became ready while nobody could see it, and not twice', () => {
    const { last, memory } = looked([
      { ready: 2 },
      { ready: 2, starting: 2 },
      { ready: NaN },
      { ready: 4 },
      ...Array.from({ length: 100 }, () => ({ ready: 4 })),
      { ready: 4, starting: 1 },
      { ready: 5 }
    ])
    expect(memory.leads).toEqual([45_000, 30_000])
    expect(last.leadTimeMs?.p90).toBe(45_000)
  })

  it('takes what is not told yet for no size, so that a loop that begins saw no rescale', () => {
    const { memory } = looked([{}, { ready: 4 }, { ready: 4 }])
    expect(memory.restart.gap).toBeNull()
    // Begun again: the first turn comes before the first reading.
    const again = looked([{ atS: 90 }, { ready: 4, atS: 105 }, { ready: 4, atS: 300 }], memory)
    expect([again.memory.restart.gap, again.memory.restart.lost]).toEqual([null, []])
  })

  it.each([
    ['that nobody saw before', {}],
    ['that was only being started', { map: 0 }],
    ['whose size was not measured', { map: NaN }]
  ])('measures no restart of a job %s', (_, first: Readonly<Record<string, number>>) => {
    const sees = estimator()
    const memory = sees.initial()
    for (let i = 0; i < 30; i++) {
      const nowMs = i * step
      const metrics = { throughput: { value: 100, quality: 'ok' as const } }
      const load = series(step, [100, 100], { startMs: nowMs - 2 * step })
      const { restartMs } = sees.update(
        { nowMs, capacity: { ready: i < 2 ? first : { map: 2 } }, load, metrics },
        memory
      )
      expect(restartMs).toBeUndefined()
    }
  })

  it('does not count the time in which the loop was away as lead time or restart', () => {
    const { memory } = looked([{ ready: 4 }, { ready: 4, starting: 2 }])
    memory.logRate = Math.log(50)
    const { last } = looked(
      [
        { ready: 6, atS: 7_200, lag: 900 },
        { ready: 6, atS: 7_215, lag: 900 },
        { ready: 6, atS: 7_400, lag: 0 }
      ],
      memory
    )
    expect([last.leadTimeMs, last.restartMs]).toEqual([undefined, undefined])
  })

  it('measures the outage of a rescale to 2 s, and zero where there is none', () => {
    const world = {
      hours: 6,
      unitRate: () => 50,
      load: () => 400,
      wanted: (i: number) => (i % 80 < 40 ? 12 : 15),
      leadSteps: 4
    }
    const stops = live({ ...world, outageMs: 12_000 }).last.restartMs!
    expect(Math.abs(stops.p50 - 12_000)).toBeLessThan(2_000)
    expect(live(world).last.restartMs!.p50).toBe(0)
  })

  it('keeps what was assumed until it is measured; unknown is NaN', () => {
    const priors = { unitRate: 40, leadTimeMs: { p50: 1, p90: 2 } }
    const one: Observation = { nowMs: 0, capacity: { ready: { a: 1 } } }
    const assumed = estimator(priors)
    expect(assumed.update(one, assumed.initial())).toEqual({
      ...priors,
      restartMs: undefined,
      assumed: ['unitRate', 'leadTimeMs', 'restartMs']
    })
    const unknown = estimator()
    expect(unknown.update(one, unknown.initial()).unitRate).toBeNaN()
  })

  it('learns nothing from stale, missing or invalid metrics', () => {
    const e = estimator()
    const memory = e.initial()
    for (let i = 0; i < 20; i++) {
      const quality = (['stale', 'missing', 'invalid', 'partial'] as const)[i % 4]
      e.update(
        {
          nowMs: i * step,
          capacity: { ready: { pool: 4 } },
          metrics: { cpu: { value: 0.5, quality }, throughput: { value: 100, quality } }
        },
        memory
      )
    }
    expect(memory.logRate).toBeNull()
  })

  it('keeps its memory plain JSON and small', () => {
    const { memory } = live({
      hours: 4,
      unitRate: () => 50,
      load: () => 400,
      wanted: (i) => 10 + (i % 7),
      leadSteps: 3
    })
    expect(JSON.parse(JSON.stringify(memory))).toEqual(memory)
    expect(JSON.stringify(memory).length).toBeLessThan(5_000)
  })
})

/** A stream job under 8,000 records/s with slots of 1,000, seen every 15 s; its meters and lag gauge as Flink's. */
function job(
  seconds: number,
  stop: { readonly atS: number; readonly lostS: number; readonly units: number }
) {
  const estimate = estimator()
  const memory = estimate.initial()
  const load = 8_000
  let last = estimate.update({ nowMs: 0, capacity: { ready: { job: 12 } } }, memory)
  for (let t = 15; t <= seconds; t += 15) {
    const units = t > stop.atS ? stop.units : 12
    const since = t - stop.atS
    // What is missing is made up for with what the capacity leaves over.
    const behind = since > 0 ? Math.max(0, load * since - units * 1_000 * Math.max(0, since - stop.lostS)) : 0
    const down = since > 0 && since <= stop.lostS
    const quality = down ? ('missing' as const) : ('ok' as const)
    // The window of a minute is not full behind a stop: for that long the true rate reads too low.
    const full = since > 0 && since < 75 ? 0.6 : 1
    last = estimate.update(
      {
        nowMs: t * 1_000,
        load: series(step, new Float64Array(240).fill(load), { startMs: t * 1_000 - 241 * step }),
        capacity: { ready: { job: units }, wanted: { job: units } },
        metrics: {
          throughput: { value: down ? Number.NaN : load, quality, ageMs: 0 },
          lag: { value: down ? Number.NaN : behind, quality, ageMs: 0 }
        },
        topology: {
          operators: [
            {
              id: 'job',
              parallelism: units,
              source: true,
              trueProcessingRate: down ? Number.NaN : units * 1_000 * full,
              trueOutputRate: units * 1_000,
              busy: load / (units * 1_000)
            }
          ],
          edges: []
        }
      },
      memory
    )
  }
  return last
}

describe('estimator of a stream job', () => {
  it("takes the engine's own rate, and not while its window fills behind a stop", () => {
    expect(job(900, { atS: 600, lostS: 20, units: 14 }).unitRate).toBeCloseTo(1_000, 6)
  })

  it('finds what a rescale lost from the lag that is left, though it is drained meanwhile', () => {
    // Observations are 15 s apart: the rescale began up to one of them before it was seen.
    for (const lostS of [15, 20, 34]) {
      const { restartMs, assumed } = job(1_200, { atS: 600, lostS, units: 14 })
      expect(Math.abs(restartMs!.p50 / 1_000 - lostS)).toBeLessThan(1)
      expect(assumed).not.toContain('restartMs')
    }
  })

  it('does not know what a rescale costs before there was one', () => {
    expect(job(600, { atS: 600, lostS: 20, units: 14 }).restartMs).toBeUndefined()
  })
})

/** A chain source → parse → count of 10, 4 and 8 instances; count is the narrowest. `told`: further metrics. */
function chain(
  seconds: number,
  {
    lostS = 0,
    told = {},
    prior,
    lag = true,
    to = 12,
    unseen = false
  }: {
    readonly lostS?: number
    readonly told?: Readonly<Record<string, number>>
    readonly prior?: { readonly p50: number; readonly p90: number }
    readonly lag?: boolean
    /** Instances of count behind the stop. */
    readonly to?: number
    /** Nothing is known of its size while it is down. */
    readonly unseen?: boolean
  }
) {
  const estimate = estimator({ restartMs: prior, leadTimeMs: prior })
  const memory = estimate.initial()
  const [load, atS] = [6_000, 600]
  let last = estimate.update({ nowMs: 0, capacity: { ready: { src: 10, parse: 4, count: 8 } } }, memory)
  for (let t = 15; t <= seconds; t += 15) {
    const count = t > atS ? to : 8
    const since = t - atS
    const behind = since > 0 ? Math.max(0, load * since - count * 1_000 * Math.max(0, since - lostS)) : 0
    const down = since > 0 && since <= lostS
    const ready = { src: 10, parse: 4, count }
    const of = (id: string, n: number, rate: number, inputs: number) => ({
      ...{ id, parallelism: n, trueProcessingRate: down ? NaN : n * rate, trueOutputRate: n * rate },
      ...{ observedProcessingRate: down ? NaN : load * inputs, busy: (load * inputs) / (n * rate) }
    })
    const quality = down ? ('missing' as const) : ('ok' as const)
    last = estimate.update(
      {
        nowMs: t * 1_000,
        load: series(step, new Float64Array(240).fill(load), { startMs: t * 1_000 - 241 * step }),
        capacity: { ready: unseen && down ? { src: NaN, parse: NaN, count: NaN } : ready, wanted: ready },
        metrics: {
          throughput: { value: down ? NaN : load, quality },
          busy: { value: down ? NaN : 0.4, quality },
          ...(lag && { lag: { value: down ? NaN : behind, quality } }),
          ...Object.fromEntries(
            Object.entries(t > atS ? told : {}).map(([name, value]) => [
              name,
              { value, quality: 'ok' as const }
            ])
          )
        },
        topology: {
          // Parse makes two of one, so count takes in twice the load: 8 · 2,000 / 2.
          operators: [
            { ...of('src', 10, 5_000, 1), source: true },
            of('parse', 4, 6_000, 1),
            of('count', count, 2_000, 2)
          ],
          edges: [
            { from: 'src', to: 'parse' },
            { from: 'parse', to: 'count' }
          ]
        }
      },
      memory
    )
  }
  return { last, memory }
}

describe('estimator of a job of several operators', () => {
  // Flink 2.3.0, engine notes: 585 ms from asking to executing, 174 ms of them down.
  const told = {
    ...{ 'rescaleMs.p50': 585, 'rescaleMs.p90': 1_400 },
    ...{ 'rescaleDownMs.p50': 174, 'rescaleDownMs.p90': 300 }
  }

  it('finds what a rescale lost from the lag that is left, by what its narrowest operator can do', () => {
    for (const lostS of [15, 20, 34]) {
      const { restartMs, assumed } = chain(1_200, { lostS }).last
      expect(Math.abs(restartMs!.p50 / 1_000 - lostS)).toBeLessThan(1)
      expect(assumed).not.toContain('restartMs')
    }
  })

  it('finds it as well where nothing is known of the job while it is down; a restart to the same size is a failure', () => {
    const { restartMs } = chain(1_200, { lostS: 34, unseen: true }).last
    expect(Math.abs(restartMs!.p50 / 1_000 - 34)).toBeLessThan(1)
    const failed = chain(1_200, { lostS: 34, unseen: true, to: 8 })
    expect([failed.last.restartMs, failed.memory.restart.gap]).toEqual([undefined, null])
  })

  it('knows lead times from the history of the engine, and what was given only until then', () => {
    const prior = { p50: 30_000, p90: 60_000 }
    const before = chain(600, { told, prior }).last
    expect([before.leadTimeMs, before.restartMs]).toEqual([prior, prior])
    expect(before.assumed).toEqual(expect.arrayContaining(['leadTimeMs', 'restartMs']))
    const after = chain(900, { told, prior }).last
    expect(after.leadTimeMs).toEqual({ p50: 585, p90: 1_400 })
    expect(after.assumed).not.toContain('leadTimeMs')
  })

  it('holds a restart between the time in which nothing ran and the most that a drained lag allows', () => {
    // 15 s after the rescale nothing waits any more: of those, half were needed for the load, and two seconds of it may wait.
    const most = 15_000 - (6_000 * 15_000 - 2 * 6_000_000) / 12_000
    const { last, memory } = chain(900, { told, prior: { p50: 100, p90: 60_000 } })
    expect(memory.restart.ms).toBeNull()
    expect(last.restartMs).toEqual({ p50: 174, p90: expect.closeTo(most, 6) })
    expect(last.assumed).not.toContain('restartMs')
    expect(chain(900, { prior: { p50: 1_000, p90: 2_000 } }).last.assumed).toContain('restartMs')
    expect(chain(900, { told, lag: false }).last.restartMs?.p50).toBeGreaterThanOrEqual(174)
  })

  it('goes on knowing what the engine told when its history is gone', () => {
    const { memory } = chain(900, { told })
    const again = estimator()
    const kept = JSON.parse(JSON.stringify(memory))
    const seen: Observation = { nowMs: 910_000, capacity: { ready: { src: 1 } }, metrics: {} }
    expect(again.update(seen, kept).leadTimeMs).toEqual({ p50: 585, p90: 1_400 })
    // What is no pair of quantiles is not taken.
    for (const [p50, p90] of [
      [9, 8],
      [NaN, 8],
      [-1, 8]
    ]) {
      const metrics = {
        'rescaleMs.p50': { value: p50, quality: 'ok' as const },
        'rescaleMs.p90': { value: p90, quality: 'ok' as const }
      }
      expect(again.update({ ...seen, metrics }, kept).leadTimeMs).toEqual({ p50: 585, p90: 1_400 })
    }
  })
})
