import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ScalingWorld, StepOutcome, Units } from '../roles.ts'
import { type StreamConfig, type StreamState, stream } from './stream.ts'
import { compileDag } from './stream-dag.ts'
import { flowLayout } from './stream-flow.ts'

const still = { replay: { kind: 'fixed', ms: 6_000 }, warmUp: { ms: 0 } } as const
const job = (more: Partial<StreamConfig> = {}): StreamConfig => ({
  operators: [{ id: 'job', rate: 100, parallelism: 10 }],
  outages: still,
  ...more
})

/** Runs a world and hands over every state. */
function live(
  world: ScalingWorld<StreamState>,
  steps: number,
  action: (t: number) => Units,
  arrivals: (t: number) => number,
  seed = 1
): StreamState[] {
  const states = [world.initial(seed)]
  for (let t = 0; t < steps; t++) states.push(world.transition(states[t], action(t), arrivals(t)))
  return states
}

const outcomes = (states: readonly StreamState[]): StepOutcome[] =>
  states.slice(1).map((state) => state.outcome)

describe('the stream world, one operator', () => {
  it('answers at its base latency while it keeps up', () => {
    const world = stream(job({ baseLatencyMs: 950 }))
    for (const outcome of outcomes(
      live(
        world,
        50,
        () => ({ job: 10 }),
        () => 900
      )
    )) {
      expect(outcome).toMatchObject({
        latencyMs: 950,
        missed: 0,
        dropped: 0,
        down: 0,
        ready: 10,
        starting: 0
      })
    }
  })

  it('lets the lag grow by what it cannot process, and says how long the last record will wait', () => {
    const world = stream(job())
    const states = live(
      world,
      60,
      () => ({ job: 10 }),
      () => 1_500
    )
    expect(states[60].flow[0]).toBeCloseTo(60 * 500, 6)
    expect(states[60].outcome.latencyMs).toBeCloseTo(29_750, 6)
  })

  it('is down 15 s when it grows and 8 s when it shrinks', () => {
    for (const [to, pause] of [
      [12, 15],
      [8, 8]
    ]) {
      const states = live(
        stream(job()),
        60,
        (t) => ({ job: t < 20 ? 10 : to }),
        () => 500
      )
      const down = outcomes(states).reduce((sum, outcome) => sum + (outcome.down ?? 0), 0)
      expect(down).toBe(pause)
    }
  })

  it('reads 6 s worth of records again after a stop', () => {
    const states = live(
      stream(job()),
      30,
      (t) => ({ job: t < 20 ? 10 : 9 }),
      () => 500
    )
    expect(states[21].flow[0]).toBeCloseTo(6 * 500 + 500, 6)
  })

  it('reads again what came since the last checkpoint', () => {
    const outages = { ...still, replay: { kind: 'checkpoints', everyMs: 10_000 } } as const
    const states = live(
      stream(job({ outages })),
      30,
      (t) => ({ job: t < 27 ? 10 : 9 }),
      () => 500
    )
    expect(states[28].flow[0]).toBeCloseTo(7 * 500 + 500, 6)
  })

  it('reads nothing again that it has not read since its last stop', () => {
    const outages = { ...still, failures: [20_000, 21_000] }
    const states = live(
      stream(job({ outages })),
      30,
      () => ({ job: 10 }),
      () => 500
    )
    expect(states[22].flow[0]).toBeCloseTo(6 * 500 + 2 * 500, 6)
  })

  it('fails when the schedule says so, for the length it says, also in the middle of a step', () => {
    const outages = { ...still, failures: [{ atMs: 20_500, outageMs: 4_000 }] }
    const states = live(
      stream(job({ outages })),
      60,
      () => ({ job: 10 }),
      () => 500
    )
    const down = outcomes(states).map((outcome) => outcome.down)
    expect(down.slice(20, 26)).toEqual([0.5, 1, 1, 1, 0.5, 0])
  })

  it('is not up earlier because it fails again while it is down', () => {
    const failures = [
      { atMs: 20_000, outageMs: 30_000 },
      { atMs: 25_000, outageMs: 2_000 }
    ]
    const states = live(
      stream(job({ outages: { ...still, failures } })),
      60,
      () => ({ job: 10 }),
      () => 500
    )
    expect(outcomes(states).filter((outcome) => outcome.down === 1)).toHaveLength(30)
  })

  it('pays for slots that start and works with the old ones until they are there', () => {
    const world = stream(job({ outages: { ...still, leadTime: { p50Ms: 30_000, p90Ms: 30_000 } } }))
    const seen = outcomes(
      live(
        world,
        60,
        () => ({ job: 13 }),
        () => 500
      )
    )
    expect(seen[10]).toMatchObject({ ready: 10, starting: 3, down: 0 })
    expect(seen[30]).toMatchObject({ ready: 13, starting: 0, down: 1 })
    expect(seen[46]).toMatchObject({ ready: 13, starting: 0, down: 0 })
  })

  it('tells the wait of a record truly: it is processed exactly then', () => {
    const times = { min: 1, max: 40 }
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 900 }),
        fc.integer(times),
        fc.integer({ min: 0, max: 30_000 }),
        (load, outage, warmUpMs) => {
          const outages = {
            replay: { kind: 'fixed', ms: 3_000 },
            warmUp: { ms: warmUpMs },
            failures: [{ atMs: 50_000, outageMs: outage * 1000 }]
          } as const
          const states = live(
            stream(job({ outages })),
            600,
            () => ({ job: 10 }),
            () => load
          )
          // The first record after the failure waits for the outage and what is read again.
          const first = states[51].outcome.latencyMs
          const last = states[51].flow[0]
          const done = (t: number) => states[t].flow[1] - states[51].flow[1]
          const when = states.findIndex((_, t) => t > 51 && done(t) >= last - 1e-6)
          expect(Math.abs(51 + first / 1000 - when)).toBeLessThanOrEqual(1.6)
        }
      ),
      { numRuns: 50 }
    )
  })

  it('counts late arrivals the same in long steps as in short ones', () => {
    const outages = { failures: [95_000], warmUp: { ms: 20_000 } }
    const total = (stepMs: number) => {
      const world = stream(job({ stepMs, outages, baseLatencyMs: 100 }))
      const states = live(
        world,
        600_000 / stepMs,
        () => ({ job: 10 }),
        () => (600 * stepMs) / 1000
      )
      return outcomes(states).reduce((sum, outcome) => sum + outcome.missed, 0)
    }
    expect(total(5_000) / total(1_000)).toBeCloseTo(1, 1)
    expect(total(20_000) / total(1_000)).toBeCloseTo(1, 0)
  })

  it('loses capacity by the hour when its rate says so', () => {
    const operators = [
      { id: 'job', rate: { kind: 'linear', at0: 100, perHour: -0.5 } as const, parallelism: 10 }
    ]
    const states = live(
      stream({ operators, stepMs: 3_600_000 }),
      2,
      () => ({ job: 10 }),
      () => 800 * 3_600
    )
    expect(states[1].flow[0]).toBe(0)
    expect(states[2].flow[0]).toBeCloseTo(300 * 3_600, 3)
  })

  it('takes an unknown load as one that it cannot count, not as a mistake', () => {
    const states = live(
      stream(job()),
      3,
      () => ({ job: 10 }),
      (t) => (t === 1 ? NaN : 100)
    )
    expect(states[2].outcome.arrivals).toBeNaN()
    expect(states[2].outcome.missed).toBe(0)
    expect(states[3].flow[0]).toBe(0)
  })

  it('refuses an unknown setting with the nearest name', () => {
    expect(() => stream({ ...job(), ...{ stepMS: 1 } })).toThrow(
      /'stepMS' is not a setting.*did you mean 'stepMs'/
    )
  })
})

describe('the stream world, a DAG', () => {
  const chain: StreamConfig = {
    operators: [
      { id: 'source', rate: 200, parallelism: 10, maxParallelism: 20 },
      { id: 'map', rate: 50, parallelism: 10, bufferRecords: 20 },
      { id: 'sink', rate: 300, parallelism: 5, scalable: false }
    ],
    outages: still
  }

  it('slows its source to the pace of the slowest operator, and the source is backpressured', () => {
    const world = stream(chain)
    const states = live(
      world,
      120,
      () => ({}),
      () => 800
    )
    const seen = world.observe(states[120])
    const source = seen.topology!.operators[0]
    expect(states[120].flow[0]).toBeGreaterThan(30_000)
    expect(source.observedProcessingRate).toBeCloseTo(500, 0)
    expect(source.backpressured).toBeGreaterThan(0.5)
    expect(seen.topology!.operators[1].busy).toBeGreaterThan(0.9)
    expect(seen.topology!.operators[2].idle).toBeGreaterThan(0.5)
  })

  it('sizes only what can be scaled', () => {
    const world = stream(chain)
    expect(world.resources).toEqual(['source', 'map'])
    const state = world.transition(world.initial(1), { map: 16, source: 100 }, 0)
    expect(state.outcome.ready).toBe(20 + 16)
    expect(world.observe(state).capacity.ready).toEqual({ source: 20, map: 16 })
  })

  it('shows true rates of every operator within their noise, whatever the load', () => {
    const world = stream({ ...chain, operators: chain.operators.map((o) => ({ ...o, selectivity: 0.5 })) })
    const states = live(
      world,
      200,
      () => ({}),
      () => 400
    )
    const truth = { source: 2_000, map: 500, sink: 1_500 }
    for (const { id, trueProcessingRate, trueOutputRate } of world.observe(states[200]).topology!.operators) {
      const rate = truth[id as keyof typeof truth]
      expect(Math.abs(trueProcessingRate / rate - 1)).toBeLessThan(0.07)
      expect(trueOutputRate).toBeCloseTo(trueProcessingRate / 2, 9)
    }
  })

  it('lets a hot partition wait while the others do not', () => {
    const operators = [{ id: 'job', rate: 100, parallelism: 4, partitions: 4, skew: 1 }]
    const states = live(
      stream({ operators }),
      60,
      () => ({}),
      () => 320
    )
    const [all, hot, ...cold] = states[60].flow.slice(0, 5)
    // Zipf over 4: 0.48, 0.24, 0.16, 0.12 of 320 against 100 for one instance.
    expect(hot).toBeCloseTo(60 * (320 * 0.48 - 100), 6)
    expect(cold.map(Math.round)).toEqual([0, 0, 0])
    expect(all).toBeCloseTo(hot, 6)
    const late = states[60].outcome.missed / 320
    expect(late).toBeCloseTo(0.48, 6)
  })

  it('gains nothing from more instances than partitions', () => {
    const lag = (parallelism: number) => {
      const operators = [{ id: 'job', rate: 100, parallelism, partitions: 4 }]
      return live(
        stream({ operators }),
        60,
        () => ({}),
        () => 600
      )[60].flow[0]
    }
    expect(lag(8)).toBeCloseTo(lag(4), 6)
    expect(lag(2)).toBeGreaterThan(lag(4))
  })

  it('loses no record and overfills no buffer, on any DAG under any orders', () => {
    const dags = fc.record({
      n: fc.integer({ min: 1, max: 6 }),
      numbers: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 40, maxLength: 40 }),
      failures: fc.array(fc.integer({ min: 0, max: 80_000 }), { maxLength: 3 })
    })
    fc.assert(
      fc.property(dags, ({ n, numbers, failures }) => {
        const operators = Array.from({ length: n }, (_, i) => ({
          id: `o${i}`,
          rate: numbers[i],
          parallelism: 1 + (numbers[i + 6] % 5),
          selectivity: (numbers[i + 12] % 30) / 10,
          bufferRecords: numbers[i + 18],
          contention: (numbers[i + 24] % 10) / 20,
          ...(numbers[i + 30] % 3 === 0 ? { partitions: 1 + (numbers[i + 30] % 7), skew: 0.7 } : {})
        }))
        const edges = operators.slice(1).map((operator, i) => ({
          from: `o${numbers[i] % (i + 1)}`,
          to: operator.id,
          outputRatio: (1 + (numbers[i + 9] % 10)) / 10
        }))
        const dag = compileDag(operators, edges)
        const layout = flowLayout(dag)
        const world = stream({
          operators,
          edges,
          outages: { failures, warmUp: { ms: 9_000 }, replay: { kind: 'none' } }
        })
        const order = (t: number) => ({ o0: 1 + (((t >> 4) * numbers[38]) % 6) })
        const states = live(world, 80, order, (t) => numbers[t % 40])
        let arrived = 0
        for (const [t, { flow, job: life }] of states.entries()) {
          if (t > 0) arrived += numbers[(t - 1) % 40]
          for (let i = 0; i < dag.n; i++) {
            expect(flow[i]).toBeGreaterThanOrEqual(0)
            if (dag.isSource[i]) continue
            expect(flow[i]).toBeLessThanOrEqual(dag.buffer[i] * Math.max(...life.units) + 1e-6)
          }
          expect(flow[0] + flow[layout.processed]).toBeCloseTo(arrived, 5)
          let lanes = 0
          for (let k = 0; k < dag.lags; k++) lanes += flow[layout.lags + k]
          if (dag.lags > 0) expect(lanes).toBeCloseTo(flow[0], 5)
        }
      }),
      { numRuns: 60 }
    )
  })
})

describe('the stream world is pure', () => {
  const world = stream({
    operators: [
      { id: 'source', rate: 300, parallelism: 4, partitions: 8, skew: 0.5 },
      { id: 'map', rate: 100, parallelism: 8 }
    ],
    outages: { failures: [30_000], leadTime: { p50Ms: 10_000, p90Ms: 40_000 } }
  })
  const action = (t: number) => ({ map: t % 50 < 25 ? 8 : 10 })

  it('gives the same state again from the same one, and leaves the old one alone', () => {
    const states = live(world, 200, action, () => 700)
    for (const t of [0, 31, 99, 150]) {
      const before = JSON.stringify(states[t])
      const again = world.transition(states[t], action(t), 700)
      expect(again).toEqual(states[t + 1])
      expect(JSON.stringify(states[t])).toBe(before)
    }
  })

  it('draws lead times from the seed and the moment', () => {
    const ready = (seed: number) =>
      world.observe(live(world, 26, action, () => 700, seed)[26]).capacity.starting![0].readyAtMs
    expect(ready(1)).toBe(ready(1))
    expect(ready(1)).not.toBe(ready(2))
  })

  it('never ends by itself, and its reward is what units and lateness cost', () => {
    const [, state] = live(
      stream(job({ price: { unitHour: 2, lateHour: 50 } })),
      1,
      () => ({ job: 10 }),
      () => 900
    )
    const own = stream(job({ price: { unitHour: 2, lateHour: 50 } }))
    expect(own.terminal(state)).toBe(false)
    expect(own.reward(state)).toBeCloseTo(-20 / 3600, 12)
  })
})
