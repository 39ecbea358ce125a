import { describe, expect, it } from 'vitest'
import { canonicalJson, type GivenOptions, MINUTE, series } from '../base/index.ts'
import type { Decision, Observation, Operator } from '../roles.ts'
import { type FlinkMemory, flink } from './flink.ts'

/** A job that is looked at again and again. Each look gives rates since the look before. */
function watched(options: GivenOptions, startMs = 0) {
  const policy = flink(options)
  let memory: FlinkMemory = policy.initial()
  return {
    memory: () => memory,
    look(nowMs: number, seen: Partial<Observation>): Decision {
      const frozen = canonicalJson(memory)
      const observation = { nowMs: startMs + nowMs, capacity: { ready: {} }, ...seen }
      const turn = policy.decide(observation, memory)
      expect(canonicalJson(memory)).toBe(frozen)
      expect(frozen).not.toContain('Infinity')
      memory = turn.memory
      return turn.decision
    }
  }
}

/** A source and what it feeds; rates of `null` are not measured. */
function sourceAndSink(
  source: Partial<Operator> & { readonly rate: number },
  sink: Partial<Operator>,
  parallelism: readonly [number, number],
  maxParallelism = 720
): Partial<Observation> {
  const base = { trueProcessingRate: NaN, trueOutputRate: NaN, maxParallelism, keyed: false }
  const operators: Operator[] = [
    {
      ...base,
      id: 'source',
      source: true,
      observedProcessingRate: source.rate,
      observedOutputRate: source.rate,
      backpressured: 0,
      ...source,
      parallelism: parallelism[0]
    },
    { ...base, id: 'sink', observedProcessingRate: source.rate, ...sink, parallelism: parallelism[1] }
  ]
  return { topology: { operators, edges: [{ from: 'source', to: 'sink' }] } }
}

const boundaries = { utilizationTarget: 0.8, utilizationMax: 0.9, utilizationMin: 0.7 }
const unlimited = { scaleDownMaxFactor: 1, scaleUpMaxFactor: 2_147_483_647 }

describe('flink decides like the original', () => {
  it('up with a backlog, no further while catching up, down when it is gone', () => {
    // flink-autoscaler BacklogBasedScalingTest.test: one look a second, a window of 1 s and then 2 s.
    const options = {
      ...boundaries,
      ...unlimited,
      stabilizationInterval: 0,
      restartTime: '1s',
      catchUpDuration: '2s',
      scaleDownInterval: 0,
      backlogProcessingLagThreshold: '1s'
    }
    const first = watched({ ...options, metricsWindow: '1s' })
    const start = sourceAndSink({ rate: 500, busy: 0.85, lag: 2000 }, { busy: 0.85 }, [1, 1])
    expect(first.look(0, start).why.rule).toBe('window-not-full')
    expect(first.look(1000, start)).toMatchObject({ kind: 'scale', to: { source: 4, sink: 4 } })

    const second = watched({ ...options, metricsWindow: '2s' }, 2000)
    const at = (atMs: number, rate: number, lag: number, parallelism: number) =>
      second.look(
        atMs,
        sourceAndSink(
          { rate, busy: 1, lag },
          { busy: 1 },
          [parallelism, parallelism],
          parallelism === 1 ? 720 : 24
        )
      )
    expect(at(0, 1800, 6000, 4).kind).toBe('hold')
    expect(at(1000, 1800, 3600, 4).kind).toBe('hold')
    expect(at(2000, 1800, 2000, 4)).toMatchObject({ kind: 'hold', to: { source: 4, sink: 4 } })
    expect(at(3000, 1800, 400, 4)).toMatchObject({ kind: 'scale', to: { source: 2, sink: 2 } })
    expect(at(4000, 900, 2000, 2).why.rule).toBe('window-not-full')
    expect(at(5000, 900, 1400, 2).kind).toBe('hold')
    expect(at(6000, 900, 800, 2)).toMatchObject({ kind: 'hold', to: { source: 2, sink: 2 } })
    expect(at(7000, 900, 300, 2)).toMatchObject({ kind: 'hold', to: { source: 2, sink: 2 } })
  })

  it('only says what it would do while scaling is disabled, and does it once it is enabled', () => {
    // RecommendedParallelismTest.endToEnd: window 3 s.
    const options = {
      ...boundaries,
      ...unlimited,
      stabilizationInterval: 0,
      metricsWindow: '3s',
      restartTime: '1s',
      catchUpDuration: '2s',
      scaleDownInterval: 0
    }
    for (const scalingEnabled of [false, true]) {
      const job = watched({ ...options, scalingEnabled })
      const look = (second: number, lag = 2000) =>
        job.look(second * 1000, sourceAndSink({ rate: 500, busy: 0.85, lag }, { busy: 0.85 }, [1, 1]))
      expect([look(0), look(1), look(2)].map(({ why }) => why.rule)).toEqual(Array(3).fill('window-not-full'))
      const { kind, to, why } = look(3, 1900)
      expect(kind).toBe(scalingEnabled ? 'scale' : 'hold')
      expect(to).toEqual(scalingEnabled ? { source: 4, sink: 4 } : { source: 1, sink: 1 })
      expect(why.inputs.vertices).toMatchObject([
        { vertex: 'source', from: 1, to: 4 },
        { vertex: 'sink', from: 1, to: 4 }
      ])
    }
  })

  describe('the delayed scale-down of a job of 200 and 1,000 instances', () => {
    // DelayedScaleDownEndToEndTest: window 9:59, interval 59:59, one look a minute, 80,000 records/s.
    const options = {
      ...boundaries,
      ...unlimited,
      stabilizationInterval: 0,
      metricsWindow: '9m59s',
      scaleDownInterval: '59m59s',
      restartTime: 0,
      catchUpDuration: 0,
      vertexMaxParallelism: 10_000
    }

    /** Ten minutes each at these busy times (ms/s), until something is asked for. */
    function play(
      sourceBusy: readonly number[],
      sinkBusy: readonly number[],
      rate = 80_000,
      untilSinkMean = Infinity
    ) {
      const job = watched(options)
      const see = (minute: number, source: number, sink: number) =>
        job.look(
          minute * MINUTE,
          sourceAndSink({ rate, busy: source / 1000, lag: 0 }, { busy: sink / 1000 }, [200, 1000], 4000)
        )
      let minute = 0
      see(minute, 800, 800)
      const means: { source: number; sink: number }[] = []
      for (let window = 0; window < sourceBusy.length; window++) {
        for (let i = 1; i <= 10; i++) {
          const decision = see(++minute, sourceBusy[window], sinkBusy[window])
          if (window > 0 || i === 10) {
            const mean = (list: readonly number[]) =>
              (list[window] * i + (list[window - 1] ?? list[0]) * (10 - i)) / 10
            means.push({ source: mean(sourceBusy), sink: mean(sinkBusy) })
          }
          const { pending } = job.memory()
          if (decision.kind === 'scale') return { minute, to: decision.to, means, pending }
          if ((means.at(-1)?.sink ?? 0) >= untilSinkMean) return { minute, to: undefined, means, pending }
          expect(decision.to).toEqual({ source: 200, sink: 1000 })
        }
      }
      return { minute, to: undefined, means, pending: job.memory().pending }
    }

    const needed = (busy: number, parallelism: number) => Math.ceil((parallelism * busy) / 1000 / 0.8)

    it('happens in the last look of the interval, to the highest wish within it', () => {
      const { minute, to } = play(Array(7).fill(800), [350, 300, 150, 200, 400, 250, 100])
      expect({ minute, to }).toEqual({ minute: 70, to: { source: 200, sink: needed(400, 1000) } })
    })

    it.each([
      { busy: [700, 690, 690, 690, 690, 690, 700, 690, 690, 690, 690, 690, 700] },
      { busy: [700, 690, 700, 690, 700, 690, 700, 690, 700, 690, 700] },
      { busy: [790, 200, 200, 200, 200, 200, 790, 200, 200, 200, 200, 200, 790] },
      { busy: [790, 200, 790, 200, 790, 200, 790, 200, 790] }
    ])('never happens while the highest wish is within the range: $busy', ({ busy }) => {
      expect(play(Array(busy.length).fill(800), busy).to).toBeUndefined()
    })

    it.each([
      { sink: [800, 790, 780, 770, 760, 750, 740, 730, 720, 710, 700, 690, 680, 670, 660, 660, 660] },
      { sink: [700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 690, 680, 670, 660, 660, 660] },
      { sink: [800, 790, 790, 790, 790, 790, 790, 790, 790, 790, 790, 690, 680, 670, 660, 660, 660, 660] },
      { sink: [800, 790, 780, 770, 760, 750, 740, 730, 720, 710, 700, 100, 100, 100, 100, 100, 100] },
      {
        sink: [
          800, 790, 780, 770, 760, 750, 740, 730, 720, 710, 700, 200, 200, 200, 200, 200, 700, 100, 100, 100,
          100, 100, 100
        ]
      }
    ])('happens once the highest wish has been outside the range for an hour: $sink', ({ sink }) => {
      const { to, means } = play(Array(sink.length).fill(780), sink)
      const hour = means.slice(-60)
      expect(hour.every((mean) => mean.sink < 700)).toBe(true)
      // One look earlier the hour still began with a wish within the range.
      expect(means.at(-61)!.sink).toBeGreaterThanOrEqual(700)
      expect(to).toEqual({
        source: Math.max(...hour.map((mean) => needed(mean.source, 200))),
        sink: Math.max(...hour.map((mean) => needed(mean.sink, 1000)))
      })
    })

    it('begins again when another vertex scales up', () => {
      const { to, means, pending } = play([800, 800, 800, 800, 950], Array(5).fill(200))
      expect(to).toEqual({ source: needed(means.at(-1)!.source, 200), sink: 1000 })
      expect(means.at(-1)!.source).toBeGreaterThan(900)
      expect(pending).toEqual({})
    })

    it('begins again when another vertex scales down', () => {
      const { minute, to, pending } = play(Array(7).fill(200), [800, 800, 200, 200, 200, 200, 200])
      expect({ minute, to, pending }).toEqual({ minute: 70, to: { source: 50, sink: 1000 }, pending: {} })
    })

    it.each([
      { busy: [200, 200, 200, 200, 800] },
      { busy: [790, 800] },
      { busy: [350, 800] },
      { busy: [700, 700, 700, 700, 850] },
      { busy: [750, 900] }
    ])('is cancelled when the present parallelism or more is right again: $busy', ({ busy }) => {
      const { to, pending } = play(Array(busy.length).fill(800), busy, 8_000_000, 800)
      expect(to).toBeUndefined()
      expect(pending).toEqual({})
    })
  })
})

describe('flink waits', () => {
  const busy = (parallelism: number) =>
    sourceAndSink({ rate: 900, busy: 0.95, lag: 0 }, { busy: 0.95 }, [parallelism, 2])
  const rules = (job: ReturnType<typeof watched>, minutes: readonly number[], seen: Partial<Observation>) =>
    minutes.map((minute) => job.look(minute * MINUTE, seen).why.rule)

  it('5 minutes for the job to settle and 15 for the window to fill, after every restart', () => {
    const job = watched({ utilizationMax: 0.9 })
    expect(rules(job, [0, 4], busy(2))).toEqual(['stabilizing', 'stabilizing'])
    expect(rules(job, [5, 12, 19], busy(2))).toEqual([
      'window-not-full',
      'window-not-full',
      'window-not-full'
    ])
    expect(job.look(20 * MINUTE, busy(2))).toMatchObject({ kind: 'scale', why: { rule: 'flink' } })
    expect(job.look(21 * MINUTE, busy(4)).why.rule).toBe('stabilizing')
    expect(job.memory().samples).toHaveLength(1)
    expect(rules(job, [25, 26, 40, 41], busy(4))).toEqual([
      'stabilizing',
      'window-not-full',
      'window-not-full',
      'flink'
    ])
  })

  it('for instances that start, and measures how long that took', () => {
    const job = watched({ restartTimeTrackingEnabled: true, utilizationMax: 0.9 })
    for (let minute = 0; minute <= 20; minute += 5) job.look(minute * MINUTE, busy(2))
    expect(job.memory().rescales).toEqual([{ atMs: 20 * MINUTE, restartMs: null }])
    const starting = { starting: [{ resource: 'source', units: 2, readyAtMs: 23 * MINUTE }] }
    const seen = {
      ...busy(2),
      capacity: { ready: { source: 2, sink: 2 }, wanted: { source: 4, sink: 4 }, ...starting }
    }
    expect(job.look(21 * MINUTE, seen)).toMatchObject({
      to: { source: 4, sink: 4 },
      why: { rule: 'not-running' }
    })
    const asked = job.memory().history
    const ready = { source: asked.source[0].to, sink: asked.sink[0].to }
    job.look(23 * MINUTE, { ...busy(2), capacity: { ready } })
    expect(job.memory().rescales).toEqual([{ atMs: 20 * MINUTE, restartMs: 3 * MINUTE }])
  })

  // flink-autoscaler ScalingTrackingTest: configured 5 min, limit 15 min
  it.each([
    { when: 'nothing was tracked', restarts: [], tracks: true, seconds: 300 },
    { when: 'tracking is off', restarts: [180, 299], tracks: false, seconds: 300 },
    { when: 'restarts were tracked', restarts: [180, 899], tracks: true, seconds: 899 },
    { when: 'one took over the limit', restarts: [180, 901], tracks: true, seconds: 900 }
  ])('for $seconds s of restart in its capacity when $when', ({ restarts, tracks, seconds }) => {
    const policy = flink({ metricsWindow: 0, stabilizationInterval: 0, restartTimeTrackingEnabled: tracks })
    const rescales = restarts.map((restart, i) => ({ atMs: i, restartMs: restart * 1000 }))
    const observation = { nowMs: 10, capacity: { ready: {} }, ...busy(2) }
    const { decision } = policy.decide(observation, { ...policy.initial(), rescales })
    const scaleDownAbove = Math.round((900 * seconds) / 1800 + 900 / (0.7 - 0.3))
    expect(decision.why.inputs.vertices).toMatchObject([{ vertex: 'source', scaleDownAbove }, {}])
  })

  it('for the metric runningSinceMs rather than for what it first saw, where there is one', () => {
    const job = watched({})
    const metrics = { runningSinceMs: { value: -MINUTE * 30, quality: 'ok' as const } }
    expect(rules(job, [0, 14], { ...busy(2), metrics })).toEqual(['window-not-full', 'window-not-full'])
    expect(job.look(15 * MINUTE, { ...busy(2), metrics }).why.rule).not.toBe('window-not-full')
  })

  it('not at all with no window and no interval: one look gives the answer of the rule', () => {
    const options = { ...unlimited, metricsWindow: 0, stabilizationInterval: 0, scaleDownInterval: 0 }
    const one = (utilizationTarget: number, parallelism: number, rate: number, trueRate: number) => {
      const seen = sourceAndSink({ rate, busy: rate / trueRate }, { busy: 0.5 }, [parallelism, 1])
      return watched({ ...options, catchUpDuration: 0, utilizationTarget }).look(0, seen).to.source
    }
    expect(one(1, 10, 50, 100)).toBe(5)
    expect(one(0.5, 2, 100, 40)).toBe(10)
    expect(one(0.6, 2, 100, 100)).toBe(4)
  })
})

describe('flink keeps as it is', () => {
  const quick = { metricsWindow: 0, stabilizationInterval: 0, scaleDownInterval: 0 }
  const once = (seen: Partial<Observation>, options: GivenOptions = {}) =>
    watched({ ...quick, ...options }).look(0, seen)
  const late = sourceAndSink({ rate: 950, busy: 1, lag: 50_000 }, { busy: 1 }, [2, 2])

  it('what has no topology and no single service', () => {
    expect(once({ capacity: { ready: { a: 2, b: 3 } } })).toMatchObject({
      kind: 'hold',
      to: { a: 2, b: 3 },
      why: { rule: 'no-topology' }
    })
  })

  it('a job of which the input is unknown, where the original ends with an exception', () => {
    const seen = sourceAndSink({ rate: NaN, busy: 1, lag: 0 }, { busy: 1 }, [2, 2])
    expect(once(seen)).toMatchObject({ kind: 'hold', why: { rule: 'input-rate-unknown' } })
  })

  it('a vertex without busy time, while the others scale', () => {
    const seen = sourceAndSink({ rate: 950, busy: 1, lag: 50_000 }, { busy: NaN }, [2, 2])
    const { to, why } = once(seen)
    expect(to.source).toBeGreaterThan(2)
    expect(to.sink).toBe(2)
    expect(why.inputs.vertices).toMatchObject([{}, { because: 'busy-time-unknown', capacity: null }])
  })

  it('a vertex that is excluded', () => {
    const { to } = once(late, { vertexExcludeIds: 'other;source' })
    expect(to.source).toBe(2)
    expect(to.sink).toBeGreaterThan(2)
  })

  it('everything in an excluded period', () => {
    const decision = once(late, { excludedPeriods: '0:00-1:00' })
    expect(decision).toMatchObject({
      kind: 'hold',
      to: { source: 2, sink: 2 },
      why: { rule: 'excluded-period' }
    })
    expect(once(late, { excludedPeriods: '1:00-2:00' }).kind).toBe('scale')
  })

  it('everything while all are within the range, though they would like to change', () => {
    // ScalingExecutorTest.testUtilizationBoundaries: 0.7 and 0.6 within 0.4..0.8; 0.85 is not.
    const range = { utilizationTarget: 0.6, utilizationMax: 0.8, utilizationMin: 0.4, catchUpDuration: 0 }
    const seen = (sink: number) => sourceAndSink({ rate: 70, busy: 0.7, lag: 0 }, { busy: sink }, [10, 10])
    expect(once(seen(0.6), range)).toMatchObject({ kind: 'hold', why: { rule: 'within-range' } })
    expect(once(seen(0.85), range)).toMatchObject({ kind: 'scale', to: { source: 12, sink: 15 } })
  })

  it('within the bounds of the target and its own cap of 200', () => {
    const { to, why } = once({ ...late, bounds: { source: { max: 3 } } })
    expect(to.source).toBe(3)
    expect(why.bound).toEqual([])
    const starved = sourceAndSink({ rate: 1000, busy: 1, lag: 1e9 }, { busy: 1 }, [2, 2], 32_768)
    expect(once(starved).to).toEqual({ source: 200, sink: 200 })
  })

  it('aligns to partitions and, behind a keyBy, to key groups', () => {
    const of = (keyed: boolean, partitions?: number) => {
      const source = { rate: 100, busy: 1, lag: 0, ...(partitions === undefined ? {} : { partitions }) }
      return once(sourceAndSink(source, { busy: 1, keyed }, [5, 5], 16), {
        catchUpDuration: 0,
        utilizationMax: 0.9
      }).to
    }
    expect(of(false)).toEqual({ source: 8, sink: 8 })
    expect(of(false, 9)).toEqual({ source: 9, sink: 8 })
    const seven = { catchUpDuration: 0, utilizationTarget: 0.8, utilizationMax: 0.9 }
    const seen = sourceAndSink({ rate: 100, busy: 1, lag: 0 }, { busy: 1, keyed: true }, [5, 5], 16)
    expect(once(seen, seven).to).toEqual({ source: 7, sink: 8 })
  })
})

describe('flink remembers', () => {
  it('the scalings it asked for, with what they should bring', () => {
    // JobVertexScalerTest.testExpectedProcessingRateComputation
    const options = { metricsWindow: 0, stabilizationInterval: 0, catchUpDuration: 0, utilizationTarget: 1 }
    const seen = (rate: number, trueRate: number, partitions = 0) =>
      sourceAndSink({ rate, busy: rate / trueRate, partitions }, { busy: 0.5 }, [10, 1])
    const capped = watched({ ...options, scaleUpMaxFactor: 0.5 })
    capped.look(0, seen(200, 10))
    expect(capped.memory().history.source).toEqual([
      { atMs: 0, from: 10, to: 15, trueProcessingRate: 10, expectedRate: 15 }
    ])
    const partitioned = watched({ ...options, scalingKeyGroupPartitionsAdjustMode: 'EVENLY_SPREAD' })
    partitioned.look(0, seen(200, 100, 15))
    expect(partitioned.memory().history.source[0]).toMatchObject({ to: 15, expectedRate: 150 })
  })

  it('no more than the last three, and none that is older than a day', () => {
    const job = watched({ metricsWindow: 0, stabilizationInterval: 0 })
    const seen = sourceAndSink({ rate: 950, busy: 1, lag: 50_000 }, { busy: 1 }, [2, 2])
    const hours = (n: number) => n * 60 * MINUTE
    for (const hour of [0, 1, 2, 3, 25.5]) job.look(hours(hour), seen)
    expect(job.memory().history.source.map(({ atMs }) => atMs)).toEqual([hours(2), hours(3), hours(25.5)])
  })
})

describe('flink on a service', () => {
  const options = { stabilizationInterval: 0, metricsWindow: '1m', scaleDownInterval: 0, catchUpDuration: 0 }
  const load = (perSecond: number, end: number) =>
    series(15_000, Array(8).fill(perSecond), { startMs: end - 120_000 })

  it('reads it as one vertex that processes its load', () => {
    const job = watched({ ...options, utilizationTarget: 0.5, targetUtilizationBoundary: 0.1 })
    const see = (minute: number) =>
      job.look(minute * MINUTE, {
        load: load(900, minute * MINUTE),
        capacity: { ready: { pool: 10 } },
        service: { unitRate: 100 }
      })
    see(0)
    expect(see(1)).toMatchObject({
      kind: 'scale',
      to: { pool: 18 },
      why: {
        inputs: { vertices: [{ vertex: 'pool', from: 10, to: 18, capacity: 1000, targetDataRate: 900 }] }
      }
    })
  })

  it('takes the CPU as busy share where the rate of a unit is unknown', () => {
    const job = watched({ ...options, utilizationTarget: 0.5, targetUtilizationBoundary: 0.1 })
    const see = (minute: number, quality: 'ok' | 'missing') =>
      job.look(minute * MINUTE, {
        load: load(900, minute * MINUTE),
        capacity: { ready: { pool: 10 } },
        metrics: { cpu: { value: 0.75, quality } }
      })
    see(0, 'ok')
    expect(see(1, 'ok').to).toEqual({ pool: 15 })
    expect(see(2, 'missing')).toMatchObject({ kind: 'hold', to: { pool: 10 } })
  })

  it('takes a growing queue for what is not processed, and makes room to catch up', () => {
    const job = watched({ ...options, catchUpDuration: '10m', restartTime: 0, utilizationTarget: 1 })
    const see = (minute: number) =>
      job.look(minute * MINUTE, {
        load: load(1200, minute * MINUTE),
        capacity: { ready: { pool: 10 } },
        metrics: { queue: { value: minute * 12_000, quality: 'ok' }, cpu: { value: 1, quality: 'ok' } }
      })
    see(0)
    see(1)
    // 1,000/s of 1,200/s are processed; 24,000 wait: 1,200 + 24,000 / 600 s = 1,240/s.
    expect(see(2)).toMatchObject({
      to: { pool: 13 },
      why: { inputs: { vertices: [{ capacity: 1000, targetDataRate: 1200 }] } }
    })
  })

  it('waits for a load', () => {
    const job = watched({ ...options, metricsWindow: 0 })
    const seen = { capacity: { ready: { pool: 10 } }, service: { unitRate: 100 } }
    expect(job.look(0, seen)).toMatchObject({ kind: 'hold', to: { pool: 10 } })
  })
})
