import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FlinkEdge, FlinkSubtask, FlinkVertex } from '../net/index.ts'
import {
  type FlinkMeter,
  type FlinkSnapshot,
  flinkRates,
  meter,
  unmeasuredTopology,
  worst
} from './flink-rates.ts'

interface Counters {
  readonly in: number
  readonly out?: number
  readonly busy: number
  readonly idle: number
  readonly blocked?: number
  readonly life?: string
  readonly status?: string
  readonly invalid?: readonly string[]
}

function task(index: number, it: Counters): FlinkSubtask {
  return {
    index,
    status: it.status ?? 'RUNNING',
    life: it.life ?? 'a',
    recordsIn: it.in,
    recordsOut: it.out ?? it.in,
    busyMs: it.busy,
    idleMs: it.idle,
    backpressuredMs: it.blocked ?? 0,
    invalid: it.invalid ?? []
  }
}

function vertex(name: string, parallelism: number, maxParallelism = 128): FlinkVertex {
  return { id: `id-${name}`, name, parallelism, maxParallelism, running: parallelism }
}

function snapshot(
  atMs: number,
  vertices: readonly (readonly [FlinkVertex, readonly Counters[]])[],
  edges: readonly (readonly [string, string, string?])[] = []
): FlinkSnapshot {
  return {
    atMs,
    job: {
      ...{
        id: 'job',
        name: 'job',
        state: 'RUNNING',
        startMs: 0,
        endMs: -1,
        nowMs: atMs,
        scheduler: 'Adaptive'
      },
      vertices: vertices.map(([it]) => it),
      edges: edges.map(
        ([from, to, ship = 'FORWARD']): FlinkEdge => ({ from: `id-${from}`, to: `id-${to}`, ship })
      )
    },
    subtasks: new Map(vertices.map(([it, tasks]) => [it.id, tasks.map((counters, i) => task(i, counters))]))
  }
}

const operator = (rates: ReturnType<typeof flinkRates>, id: string) =>
  rates.topology.operators.find((it) => it.id === id)!

/**
 * A job recorded from Flink 2.3.0, 310 ms apart by the JobManager's clock (engine notes: persubtask-count.json, job.json, vertex-count.json):
 * records and busy times of the three subtasks of `count`, which charges 1,000 µs a record. Idle times of the earlier answer are known as
 * their sum only, 23,020 ms.
 */
describe('the recorded job', () => {
  const before = snapshot(0, [
    [
      vertex('count', 3),
      [
        { in: 1_824, busy: 1_910, idle: 7_412 },
        { in: 1_620, busy: 1_680, idle: 7_742 },
        { in: 1_491, busy: 1_573, idle: 7_866 }
      ]
    ]
  ])
  const after = snapshot(2_000, [
    [
      vertex('count', 3),
      [
        { in: 2_205, busy: 2_365, idle: 9_074 },
        { in: 1_939, busy: 2_073, idle: 9_404 },
        { in: 1_802, busy: 1_956, idle: 9_528 }
      ]
    ]
  ])

  it('does about what its cost allows: 1,000 records a second and subtask', () => {
    const rates = flinkRates(before, after)
    const { trueProcessingRate, busy, observedProcessingRate } = operator(rates, 'count')
    // 1,011 records in 1,231 ms of busy time; the running costs of a record come on top of the 1,000 µs.
    expect(trueProcessingRate).toBeCloseTo((3 * 1_000 * 1_011) / 1_231, 6)
    expect(trueProcessingRate / 3).toBeGreaterThan(800)
    expect(trueProcessingRate / 3).toBeLessThan(1_050)
    expect(busy).toBeCloseTo(1_231 / (1_231 + 4_986), 6)
    expect(observedProcessingRate! / trueProcessingRate).toBeCloseTo(busy!, 1)
  })
})

/** Overload of the recorded notes §5: 1,600 arrive, count with one subtask does 1,000: measured parse 1950/s true, count 985/s. */
describe('an overloaded chain', () => {
  const chain = [
    ['source', 'parse'],
    ['parse', 'count', 'HASH']
  ] as const
  const parts = [vertex('source', 1, NaN), vertex('parse', 1), vertex('count', 1)] as const
  const before = snapshot(
    0,
    parts.map((it) => [it, [{ in: 500, busy: 100, idle: 400, blocked: 5 }]] as const),
    chain
  )
  const after = snapshot(
    3_000,
    [
      [parts[0], [{ in: 500 + 2_955, busy: 100 + 45, idle: 400, blocked: 5 + 2_955 }]],
      [parts[1], [{ in: 500 + 2_955, busy: 100 + 1_515, idle: 400, blocked: 5 + 1_485 }]],
      [parts[2], [{ in: 500 + 2_955, busy: 100 + 3_000, idle: 400, blocked: 5 }]]
    ],
    chain
  )

  it('is told as the design of the job has it', () => {
    const rates = flinkRates(before, after)
    expect(rates.quality).toBe('ok')
    expect(operator(rates, 'source')).toMatchObject({
      source: true,
      observedProcessingRate: 985,
      backpressured: 0.985
    })
    expect(operator(rates, 'parse').trueProcessingRate).toBeCloseTo(1_950, 0)
    expect(operator(rates, 'parse')).toMatchObject({ keyed: false, busy: 0.505, backpressured: 0.495 })
    expect(operator(rates, 'count')).toMatchObject({
      trueProcessingRate: 985,
      busy: 1,
      keyed: true,
      maxParallelism: 128
    })
    expect(operator(rates, 'source').maxParallelism).toBeUndefined()
    expect(rates.topology.edges).toEqual([
      { from: 'source', to: 'parse' },
      { from: 'parse', to: 'count' }
    ])
  })

  it('is told the same however late the answer came: the clock is the tasks own', () => {
    const late = { ...after, atMs: 9_000 }
    expect(flinkRates(before, late)).toEqual(flinkRates(before, after))
  })
})

describe('k of n subtasks', () => {
  const two = vertex('count', 4)
  const start = { in: 0, busy: 0, idle: 0 }
  const end = { in: 100, busy: 500, idle: 500 }
  const before = snapshot(0, [[two, [start, start, start, start]]])

  it.each([
    ['one that is not heard of', [end, end, end]],
    ['one whose counters are not complete', [end, end, end, { ...end, in: NaN }]],
    ['one whose times are not told', [end, end, end, { ...end, busy: NaN }]],
    ['one that began anew', [end, end, end, { ...end, life: 'b' }]],
    ['one that does not run', [end, end, end, { ...end, status: 'INITIALIZING' }]]
  ])('%s: scaled up and partial', (_, tasks) => {
    const rates = flinkRates(before, snapshot(1_000, [[two, tasks]]))
    expect(rates.quality).toBe('partial')
    expect(rates.operators.count).toEqual({ quality: 'partial', measured: 3, of: 4 })
    expect(operator(rates, 'count')).toMatchObject({
      observedProcessingRate: 400,
      trueProcessingRate: 800,
      busy: 0.5
    })
  })

  // Recorded from an idle source of Flink 2.3.0, a second apart: busy time is too high while a wait is not over.
  it('busy time that falls a little while the sum of the three grows is no other attempt', () => {
    const one = vertex('source', 1)
    const before = snapshot(0, [[one, [{ in: 0, busy: 2_320, idle: 51_823 }]]])
    const rates = flinkRates(before, snapshot(1_500, [[one, [{ in: 0, busy: 2_139, idle: 53_465 }]]]))
    expect(rates.quality).toBe('ok')
    expect(operator(rates, 'source')).toMatchObject({ busy: 0, observedProcessingRate: 0, idle: 1 })
  })

  it('counters that ran backwards are another attempt', () => {
    const high = snapshot(0, [[two, [{ in: 5_000, busy: 5_000, idle: 0 }, start, start, start]]])
    expect(flinkRates(high, snapshot(1_000, [[two, [end, end, end, end]]])).quality).toBe('partial')
  })

  it('none: missing, and every rate NaN', () => {
    const rates = flinkRates(before, snapshot(1_000, [[two, []]]))
    expect(rates.quality).toBe('missing')
    const { observedProcessingRate, trueProcessingRate, busy, idle } = operator(rates, 'count')
    expect([observedProcessingRate, trueProcessingRate, busy, idle]).toEqual([NaN, NaN, NaN, NaN])
  })

  it('a vertex that did not answer is missing', () => {
    const after = { ...snapshot(1_000, [[two, []]]), subtasks: new Map() }
    expect(flinkRates(before, after).quality).toBe('missing')
  })
})

describe('nonsense is invalid', () => {
  const one = vertex('count', 1)
  const before = snapshot(0, [[one, [{ in: 0, busy: 0, idle: 0 }]]])
  it.each<[string, Counters]>([
    ['a counter that held no count', { in: NaN, busy: 10, idle: 0, invalid: ['read-records'] }],
    ['a task whose time ran far ahead of ours', { in: 1, busy: 1e9, idle: 0 }],
    ['records without any time', { in: 5, busy: 0, idle: 0 }]
  ])('%s', (_, counters) => {
    const rates = flinkRates(before, snapshot(1_000, [[one, [counters]]]))
    expect(rates.quality).toBe('invalid')
    expect(operator(rates, 'count').trueProcessingRate).toBeNaN()
  })
})

describe('a true rate that nothing was measured of', () => {
  const one = vertex('count', 1)
  const before = snapshot(0, [[one, [{ in: 0, busy: 0, idle: 0 }]]])
  it.each([
    ['no records: idle', { in: 0, busy: 0, idle: 1_000 }, 0],
    ['no busy time', { in: 5, busy: 0, idle: 1_000 }, 5],
    ['busy without records', { in: 0, busy: 1_000, idle: 0 }, 0]
  ])('%s is unknown, not infinite; what was observed is known', (_, counters, observed) => {
    const rates = flinkRates(before, snapshot(1_000, [[one, [counters]]]))
    expect(rates.quality).toBe('ok')
    expect(operator(rates, 'count')).toMatchObject({
      trueProcessingRate: NaN,
      observedProcessingRate: observed
    })
  })

  it('a source that counts only what it gives out is measured by that', () => {
    const after = snapshot(1_000, [[one, [{ in: 0, out: 300, busy: 100, idle: 900 }]]])
    expect(operator(flinkRates(before, after), 'count')).toMatchObject({
      ...{ observedProcessingRate: 300, observedOutputRate: 300, trueProcessingRate: 3_000 }
    })
  })

  it('where only the output is not told, the input still is', () => {
    const after = snapshot(1_000, [[one, [{ in: 300, out: NaN, busy: 100, idle: 900 }]]])
    const found = operator(flinkRates(before, after), 'count')
    expect(found).toMatchObject({ observedProcessingRate: 300, observedOutputRate: NaN })
  })
})

it('knows of an operator that feeds nobody that nothing comes out of it', () => {
  const [map, sink] = [vertex('map', 1), vertex('sink', 1)]
  const edges = [['map', 'sink']] as const
  const at = (ms: number, n: number) =>
    snapshot(
      ms,
      [
        [map, [{ in: n, busy: n, idle: ms }]],
        [sink, [{ in: n, out: 0, busy: n, idle: ms }]]
      ],
      edges
    )
  const rates = flinkRates(at(0, 0), at(5_000, 100))
  expect(operator(rates, 'sink').trueOutputRate).toBe(0)
  expect(operator(rates, 'sink').trueProcessingRate).toBeCloseTo(1_000, 6)
})

it('tells the share of each way where records go several ways', () => {
  const parts = [vertex('a', 1), vertex('b', 1), vertex('c', 1), vertex('d', 1)]
  const edges = [
    ['a', 'b'],
    ['a', 'c'],
    ['b', 'd'],
    ['c', 'd']
  ] as const
  const zero = { in: 0, busy: 0, idle: 0 }
  const at = (records: number) => [{ in: records, busy: 500, idle: 500 }]
  const before = snapshot(
    0,
    parts.map((it) => [it, [zero]] as const),
    edges
  )
  const after = snapshot(
    1_000,
    [
      [parts[0], at(100)],
      [parts[1], at(70)],
      [parts[2], at(30)],
      [parts[3], at(100)]
    ],
    edges
  )
  expect(flinkRates(before, after).topology.edges).toEqual([
    { from: 'a', to: 'b', outputRatio: 0.7 },
    { from: 'a', to: 'c', outputRatio: 0.3 },
    { from: 'b', to: 'd' },
    { from: 'c', to: 'd' }
  ])
})

it('calls two vertices of one name by their ids', () => {
  const parts = [{ ...vertex('map', 1), id: 'x' }, { ...vertex('map', 1), id: 'y' }, vertex('sink', 1)]
  const { operators } = unmeasuredTopology(
    snapshot(
      0,
      parts.map((it) => [it, []] as const)
    ).job
  )
  expect(operators.map(({ id }) => id)).toEqual(['x', 'y', 'sink'])
  expect(operators.every(({ trueProcessingRate }) => Number.isNaN(trueProcessingRate))).toBe(true)
})

describe('the meter', () => {
  const one = vertex('count', 1)
  const look = (atMs: number, records: number, ms: number, life = 'a') =>
    snapshot(atMs, [[one, [{ in: records, busy: ms / 2, idle: ms / 2, life }]]])

  function run(snapshots: readonly FlinkSnapshot[]) {
    let memory: FlinkMeter | undefined
    return snapshots.map((it) => {
      const measured = meter(memory, it)
      memory = measured.memory
      return measured.rates === undefined
        ? undefined
        : operator(measured.rates, 'count').observedProcessingRate
    })
  }

  it('throws the first answer away, and has rates with the third', () => {
    expect(run([look(0, 9e9, 0), look(1_000, 100, 1_000), look(2_000, 300, 2_000)])).toEqual([
      undefined,
      undefined,
      200
    ])
  })

  // Flink 2.3.0: right after a rescale the answer can still carry the counters of the attempt before.
  it('does so again when the tasks began anew, whatever the counters say', () => {
    const rates = run([
      ...[look(0, 0, 0), look(1_000, 100, 1_000), look(2_000, 300, 2_000)],
      look(3_000, 300, 2_000, 'b'),
      look(4_000, 900_000, 1_000_000, 'b'),
      look(5_000, 40, 200, 'b'),
      look(6_000, 140, 1_200, 'b')
    ])
    expect(rates.slice(3, 5)).toEqual([undefined, undefined])
    expect(rates[5]).toBeNaN()
    expect(rates[6]).toBe(100)
  })

  it('and when nobody looked for long', () => {
    expect(run([look(0, 0, 0), look(1_000, 100, 1_000), look(200_000, 300, 2_000)])[2]).toBeUndefined()
  })

  it('keeps the older snapshot while no time passes for the tasks, and then measures over all of it', () => {
    const rates = run([
      look(0, 0, 0),
      look(1_000, 100, 1_000),
      look(2_000, 100, 1_000),
      look(3_000, 300, 2_000)
    ])
    expect(rates[2]).toBeNaN()
    expect(rates[3]).toBe(200)
  })

  it('measures over a window, as far as there is one', () => {
    let memory: FlinkMeter | undefined
    const counts = [0, 0, 100, 200, 900, 1_000, 1_100]
    const rates = counts.map((records, i) => {
      const measured = meter(memory, look(1_000 * i, records, 1_000 * i), 3_000)
      memory = measured.memory
      return measured.rates === undefined
        ? undefined
        : operator(measured.rates, 'count').observedProcessingRate
    })
    expect(rates).toEqual([undefined, undefined, 100, 100, 300, 300, 300])
    expect(memory?.history.length).toBe(4)
  })

  it('begins again with another job', () => {
    const other = look(3_000, 400, 3_000)
    expect(
      run([look(0, 0, 0), look(1_000, 100, 1_000), { ...other, job: { ...other.job, id: 'other' } }])[2]
    ).toBeUndefined()
  })

  it('does not begin again because one vertex did not answer', () => {
    const silent = { ...look(2_000, 0, 0), subtasks: new Map() }
    expect(run([look(0, 0, 0), look(1_000, 100, 1_000), silent, look(3_000, 300, 3_000)])[2]).toBeNaN()
  })
})

it('no counters, however wild, make a negative, infinite or absurd rate', () => {
  const wild = fc.oneof(fc.nat(1e6), fc.constantFrom(NaN, 0, 1e15))
  const counters = fc.record({ in: wild, out: wild, busy: wild, idle: wild, blocked: wild })
  fc.assert(
    fc.property(fc.array(fc.tuple(counters, counters), { maxLength: 4 }), fc.nat(60_000), (tasks, wall) => {
      const one = vertex('count', 4)
      const rates = flinkRates(
        snapshot(0, [[one, tasks.map(([it]) => it)]]),
        snapshot(wall, [[one, tasks.map(([, it]) => it)]])
      )
      const { trueProcessingRate, observedProcessingRate, busy, idle, backpressured } = operator(
        rates,
        'count'
      )
      for (const rate of [trueProcessingRate, observedProcessingRate!]) {
        expect(Number.isNaN(rate) || (rate >= 0 && Number.isFinite(rate))).toBe(true)
      }
      for (const share of [busy!, idle!, backpressured!]) {
        expect(Number.isNaN(share) || (share >= 0 && share <= 1)).toBe(true)
      }
      if (rates.operators.count.measured < 4) expect(rates.quality).not.toBe('ok')
    }),
    { numRuns: 2_000 }
  )
})

it('the worst of several qualities counts, and of none nothing is known', () => {
  expect(worst(['ok', 'partial', 'late'])).toBe('partial')
  expect(worst(['missing', 'invalid', 'ok'])).toBe('invalid')
  expect(worst([])).toBe('missing')
})
