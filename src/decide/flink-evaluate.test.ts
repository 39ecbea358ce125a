import { describe, expect, it } from 'vitest'
import type { GivenOptions } from '../base/index.ts'
import type { Operator } from '../roles.ts'
import {
  busyOf,
  edgeOutputRatio,
  evaluate,
  inputRate,
  isProcessingBacklog,
  thresholds,
  trueProcessingRate
} from './flink-evaluate.ts'
import {
  average,
  type Reading,
  rateOf,
  type Samples,
  sampleOf,
  type VertexSample,
  withBackpressure
} from './flink-metrics.ts'
import { readFlinkOptions } from './flink-options.ts'
import { type Dag, dagOf } from './topology.ts'

// All rows: apache/flink-kubernetes-operator, flink-autoscaler, ScalingMetricEvaluatorTest, ScalingMetricsTest and
// MetricsCollectionAndEvaluationTest.
const unmeasured: VertexSample = {
  recordsIn: null,
  recordsOut: null,
  busyMs: null,
  inPerSecond: null,
  load: null,
  lag: null,
  observedTpr: null
}

type Given = Readonly<Record<string, Partial<VertexSample>>>

function window(...moments: readonly (readonly [atMs: number, vertices: Given])[]): Samples {
  return moments.map(([atMs, vertices]) => ({
    atMs,
    vertices: Object.fromEntries(
      Object.entries(vertices).map(([id, given]) => [id, { ...unmeasured, ...given }])
    )
  }))
}

function dag(ids: string, ...edges: readonly (readonly [string, string])[]): Dag {
  const operators = ids
    .split(' ')
    .map((id): Operator => ({ id, parallelism: 1, trueProcessingRate: NaN, trueOutputRate: NaN }))
  return dagOf({ operators, edges })
}

const chain = dag('source sink', ['source', 'sink'])

function evaluated(samples: Samples, options: GivenOptions = {}) {
  const settings = readFlinkOptions({ ...options })
  const [source, sink] = evaluate(chain, [1, 1], samples, settings, 0) ?? []
  return { source, sink }
}

describe('evaluate', () => {
  // testLagBasedSourceScaling
  const catchingUp = window(
    [
      1000,
      {
        source: { lag: 950, recordsIn: 0, recordsOut: 0, load: 0.8 },
        sink: { recordsIn: 0, load: 0.4 }
      }
    ],
    [
      2000,
      {
        source: { lag: 1000, recordsIn: 100, recordsOut: 200, load: 0.6 },
        sink: { recordsIn: 200, load: 0.3 }
      }
    ]
  )
  const rows = [
    { catchUp: '2s', source: [150, 500], sink: [300, 1000] },
    { catchUp: '1s', source: [150, 1000], sink: [300, 2000] },
    { catchUp: 0, source: [150, 0], sink: [300, 0] }
  ]
  it.each(rows)('adds growing lag to the input, catch-up $catchUp', ({ catchUp, source, sink }) => {
    const found = evaluated(catchingUp, { catchUpDuration: catchUp })
    expect(found.source).toMatchObject({ targetDataRate: source[0], catchUpDataRate: source[1] })
    expect(found.sink).toMatchObject({ targetDataRate: sink[0], catchUpDataRate: sink[1] })
    expect(found.source.load).toBeCloseTo(0.7)
    expect(found.sink.load).toBeCloseTo(0.35)
  })

  it('takes the input as it is without lag', () => {
    const settled = window(
      [
        3000,
        {
          source: { lag: 0, recordsIn: 100, recordsOut: 200, load: 0.6 },
          sink: { recordsIn: 200, load: 0.3 }
        }
      ],
      [
        4000,
        {
          source: { lag: 0, recordsIn: 200, recordsOut: 400, load: 0.6 },
          sink: { recordsIn: 400, load: 0.3 }
        }
      ]
    )
    const { source, sink } = evaluated(settled, { catchUpDuration: '1m' })
    expect(source.targetDataRate).toBe(100)
    expect(sink.targetDataRate).toBe(200)
  })

  it('gives up when the input of a source is unknown, where the original throws', () => {
    expect(
      evaluate(chain, [1, 1], window([0, { source: {}, sink: {} }]), readFlinkOptions(), 0)
    ).toBeUndefined()
  })

  it('does not know the target of what an operator of unknown input feeds', () => {
    const moment = (n: number): Given => ({
      source: { lag: 0, recordsIn: 100 * n, load: 0.5 },
      map: { load: 0.5 },
      sink: { recordsIn: 50 * n, load: 0.5 }
    })
    const three = dag('source map sink', ['source', 'map'], ['map', 'sink'])
    const found = evaluate(three, [1, 1, 1], window([0, moment(0)], [1000, moment(1)]), readFlinkOptions(), 0)
    expect(found?.map(({ targetDataRate }) => targetDataRate)).toEqual([100, NaN, NaN])
  })

  it('reads no input as infinitely fast and nothing to do', () => {
    // testScaleDownWithZeroProcessingRate
    const idle = { lag: 0, recordsIn: 0, load: 0.1, observedTpr: -1 }
    const found = evaluate(
      dag('source'),
      [2],
      window([0, { source: idle }], [2000, { source: idle }]),
      readFlinkOptions(),
      0
    )
    expect(found?.[0]).toMatchObject({
      targetDataRate: 0,
      trueProcessingRate: Infinity,
      scaleUpThreshold: 0,
      scaleDownThreshold: 0
    })
  })

  it('tolerates a source without lag metric', () => {
    // testTolerateAbsenceOfPendingRecordsMetric: 1,000 records in 2 s, 10 % busy, utilisation 0.7 ± 0.3
    const moment = (recordsIn: number): Given => ({
      source: { lag: 0, recordsIn, load: 0.1, observedTpr: -1 }
    })
    const samples = window([0, moment(0)], [2000, moment(1000)])
    expect(evaluate(dag('source'), [5], samples, readFlinkOptions(), 0)?.[0]).toMatchObject({
      targetDataRate: 500,
      scaleUpThreshold: 500,
      scaleDownThreshold: 1250
    })
  })
})

describe('thresholds', () => {
  // testUtilizationBoundaryComputation, testUtilizationBoundaryComputationWithRestartTimesTracking
  const rows = [
    { catchUp: 0, restart: 1, lag: 0, backlog: false, expected: [778, 1000] },
    { catchUp: '2s', restart: 1, lag: 350, backlog: false, expected: [1128, 1700] },
    { catchUp: '2s', restart: 1, lag: 0, backlog: false, expected: [778, 1350] },
    { catchUp: '2s', restart: 1, lag: 350, backlog: true, expected: [1050, Infinity] },
    { catchUp: '2s', restart: 1, lag: 0, backlog: true, expected: [700, Infinity] },
    { catchUp: 0, restart: 300, lag: 0, backlog: false, expected: [778, 1000] },
    { catchUp: '1m', restart: 300, lag: 350, backlog: false, expected: [1128, 4850] },
    { catchUp: '1m', restart: 300, lag: 0, backlog: false, expected: [778, 4500] },
    { catchUp: '1m', restart: 300, lag: 350, backlog: true, expected: [1050, Infinity] },
    { catchUp: '1m', restart: 300, lag: 0, backlog: true, expected: [700, Infinity] }
  ]
  it.each(rows)(
    'rate 700, catch-up $catchUp at $lag, restart $restart s, backlog $backlog: $expected',
    ({ catchUp, restart, lag, backlog, expected }) => {
      const options = {
        utilizationTarget: 0.8,
        utilizationMax: 0.9,
        utilizationMin: 0.7,
        catchUpDuration: catchUp
      }
      const demand = { targetDataRate: 700, catchUpDataRate: lag }
      const found = thresholds(demand, readFlinkOptions(options), restart, backlog)
      expect([found.scaleUpThreshold, found.scaleDownThreshold]).toEqual(expected)
    }
  )
})

describe('isProcessingBacklog', () => {
  // testBacklogProcessingEvaluation, threshold 5 min
  const rows = [
    { when: 'no lag', records: 100, lag: 0, is: false },
    { when: 'a missing lag', records: 100, lag: null, is: false },
    { when: 'a lag of 375 s', records: 200, lag: 250 * 300, is: true },
    { when: 'a lag of 270 s', records: 200, lag: 180 * 300, is: false },
    { when: 'lag and nothing processed', records: 0, lag: 1, is: true }
  ]
  it.each(rows)('with $when: $is', ({ records, lag, is }) => {
    const samples = window(
      [0, { source: { lag: 0, recordsIn: 0 }, sink: {} }],
      [1000, { source: { lag, recordsIn: records }, sink: {} }]
    )
    expect(isProcessingBacklog(chain, samples, readFlinkOptions())).toBe(is)
  })
})

describe('trueProcessingRate', () => {
  const observed = window([1000, { v: { observedTpr: 200 } }], [2000, { v: { observedTpr: 400 } }])
  const none: Samples = []
  // testObservedTprEvaluation, testMissingObservedTpr, testMissingBusyTimeTpr, testZeroValuesForRatesOrBusyness
  const rows = [
    {
      samples: observed,
      busy: 0.1,
      rate: 35,
      options: { observedTrueProcessingRateSwitchThreshold: 0.2 },
      to: 350
    },
    {
      samples: observed,
      busy: 0.1,
      rate: 35,
      options: { observedTrueProcessingRateSwitchThreshold: 0.1 },
      to: 300
    },
    {
      samples: observed,
      busy: 0.1,
      rate: 35,
      options: {
        observedTrueProcessingRateSwitchThreshold: 0.1,
        observedTrueProcessingRateMinObservations: 3
      },
      to: 350
    },
    { samples: observed, busy: NaN, rate: 1, to: 300 },
    { samples: none, busy: 0.1, rate: 35, to: 350 },
    { samples: none, busy: 0, rate: 100, to: Infinity },
    { samples: none, busy: 0, rate: 0, to: Infinity },
    { samples: none, busy: NaN, rate: NaN, to: NaN },
    { samples: none, busy: 0.001, rate: 0, to: Infinity },
    { samples: none, busy: NaN, rate: 0, to: Infinity }
  ]
  it.each(rows)('busy $busy at $rate/s, $options: $to', ({ samples, busy, rate, options = {}, to }) => {
    const found = trueProcessingRate(samples, 'v', busy, rate, readFlinkOptions(options))
    if (Number.isNaN(to)) expect(found).toBeNaN()
    else expect(found).toBeCloseTo(to, 9)
  })
})

describe('busy time and input', () => {
  // testBusyTimeEvaluation: busy time in ms per second and instance
  const samples = window(
    [1000, { v: { load: 0.2, busyMs: 10_000 } }],
    [2000, { v: { load: 0.3, busyMs: 10_200 } }],
    [3000, { v: { load: 0.4, busyMs: 10_400 } }]
  )
  it.each([
    { aggregator: 'MAX', parallelism: 2, to: 300 },
    { aggregator: 'MIN', parallelism: 1, to: 300 },
    { aggregator: 'AVG', parallelism: 2, to: 100 },
    { aggregator: 'AVG', parallelism: 1, to: 200 }
  ])('$aggregator of $parallelism instances: $to ms/s', ({ aggregator, parallelism, to }) => {
    const settings = readFlinkOptions({ metricsBusyTimeAggregator: aggregator })
    expect(busyOf(samples, 'v', parallelism, settings) * 1000).toBeCloseTo(to, 9)
  })

  // computeTprInputRateTest
  it.each([
    { aggregator: 'MAX', gauges: [40, 60], to: 50 },
    { aggregator: 'MIN', gauges: [40, 60], to: 50 },
    { aggregator: 'AVG', gauges: [40, 60], to: 100 },
    { aggregator: 'MAX', gauges: [null, null], to: 100 }
  ])('$aggregator with gauges $gauges: $to/s', ({ aggregator, gauges, to }) => {
    const both = window(
      [1000, { v: { recordsIn: 0, inPerSecond: gauges[0] } }],
      [2000, { v: { recordsIn: 100, inPerSecond: gauges[1] } }]
    )
    expect(inputRate(both, 'v', readFlinkOptions({ metricsBusyTimeAggregator: aggregator }))).toBe(to)
  })

  // getRateTest
  it('have a rate from the first to the last moment that has the value, none from a single one', () => {
    const counts = window(
      [1000, { a: { recordsIn: 0 }, b: {} }],
      [2000, { a: { recordsIn: 0, recordsOut: 10 }, b: {} }],
      [3000, { a: { recordsIn: 4, recordsOut: 20 }, b: { recordsIn: 1 } }]
    )
    expect(rateOf(counts, 'a', 'recordsIn')).toBe(2)
    expect(rateOf(counts, 'a', 'recordsOut')).toBe(10)
    expect(rateOf(counts, 'b', 'recordsIn')).toBeNaN()
    expect(rateOf(counts, 'b', 'recordsOut')).toBeNaN()
  })

  it('are infinite on average only when nothing finite was observed', () => {
    const mixed = window([0, { v: { observedTpr: -1 } }], [1000, { v: { observedTpr: 3 } }])
    expect(average(mixed, 'v', 'observedTpr', 1)).toBe(3)
    expect(average(mixed, 'v', 'observedTpr', 2)).toBeNaN()
    expect(average(mixed.slice(0, 1), 'v', 'observedTpr', 2)).toBe(Infinity)
  })
})

describe('edgeOutputRatio', () => {
  const ratio = (graph: Dag, samples: Samples, from: string, to: string) => {
    const at = (id: string) => graph.operators.findIndex((operator) => operator.id === id)
    return edgeOutputRatio(graph, at(from), at(to), samples)
  }

  it('follows from what goes in where nothing else does, or where the others feed nothing else', () => {
    // testComputableOutputRatios
    const graph = dag('source1 source2 op sink', ['source1', 'op'], ['source2', 'op'], ['op', 'sink'])
    const source = (recordsIn: number, recordsOut: number) => ({ recordsIn, recordsOut })
    const samples = window(
      [
        1000,
        {
          source1: source(100, 100),
          source2: source(100, 100),
          op: { recordsIn: 100 },
          sink: { recordsIn: 100 }
        }
      ],
      [
        2000,
        {
          source1: source(200, 300),
          source2: source(200, 150),
          op: { recordsIn: 350 },
          sink: { recordsIn: 150 }
        }
      ]
    )
    expect(ratio(graph, samples, 'source1', 'op')).toBe(2)
    expect(ratio(graph, samples, 'source2', 'op')).toBe(0.5)
    expect(ratio(graph, samples, 'op', 'sink')).toBe(0.2)
  })

  it('falls back to all that goes out', () => {
    // testOutputRatioFallbackToOutPerSecond
    const graph = dag(
      'source1 source2 op1 op2',
      ['source1', 'op1'],
      ['source2', 'op1'],
      ['source1', 'op2'],
      ['source2', 'op2']
    )
    const none = { recordsIn: 0, recordsOut: 0 }
    const samples = window(
      [1000, { source1: none, source2: none }],
      [2000, { source1: { recordsIn: 100, recordsOut: 200 }, source2: { recordsIn: 100, recordsOut: 50 } }]
    )
    for (const op of ['op1', 'op2']) {
      expect(ratio(graph, samples, 'source1', op)).toBe(2)
      expect(ratio(graph, samples, 'source2', op)).toBe(0.5)
    }
  })
})

describe('a sample', () => {
  const settings = readFlinkOptions()
  const reading: Reading = {
    isSource: true,
    hasGauge: false,
    parallelism: 2,
    inPerSecond: 500,
    outPerSecond: 500,
    load: 0.2,
    backpressured: 0.6,
    lag: 1_000_000
  }

  it('counts on from the rates of each moment, over gaps too', () => {
    let samples: Samples = []
    for (const [second, inPerSecond] of [
      [0, 70],
      [10, 100],
      [20, NaN],
      [30, 400]
    ]) {
      samples = [...samples, sampleOf(samples, second * 1000, { v: { ...reading, inPerSecond } }, settings)]
    }
    expect(samples.map(({ vertices }) => vertices.v.recordsIn)).toEqual([0, 1000, null, 9000])
    expect(samples.map(({ vertices }) => vertices.v.busyMs)).toEqual([0, 4000, 8000, 12000])
  })

  it('observes the true rate only while catching up, else keeps the mean of at least two', () => {
    // testObservedTprCollection
    let samples: Samples = []
    const observe = (more: Partial<Reading>) => {
      const atMs = 100 * (samples.length + 1)
      const sample = sampleOf(samples, atMs, { v: { ...reading, ...more } }, settings)
      samples = [...samples, sample]
      return sample.vertices.v.observedTpr
    }
    expect(observe({})).toBe(500 / 0.4)
    expect(observe({ lag: 0 })).toBeNull()
    expect(observe({ lag: 100_000, backpressured: 0.5 })).toBe(500 / 0.5)
    expect(observe({ lag: 0 })).toBe((500 / 0.4 + 500 / 0.5) / 2)
  })

  // computeObservedTpr: previous rate 500; the lag threshold is 30 s
  it.each([
    { lag: 500, rate: 1000, backpressured: 0.5, to: null },
    { lag: 0, rate: 1000, backpressured: 0.5, to: null },
    { lag: 1e7, rate: 900, backpressured: 0.1, to: 900 / 0.9 },
    { lag: 1e7, rate: 900, backpressured: 0.09, to: 900 / 0.91 },
    { lag: 1e7, rate: 1000, backpressured: 0.2, to: 1000 / 0.8 },
    { lag: 1e7, rate: 1000, backpressured: 0.19, to: 1000 / 0.81 },
    { lag: 500, rate: 0, backpressured: 0.1, to: -1 }
  ])('at $rate/s, lag $lag, backpressure $backpressured observes $to', ({ lag, rate, backpressured, to }) => {
    const given = { v: { ...reading, lag, inPerSecond: rate, backpressured } }
    const { observedTpr } = sampleOf([], 0, given, settings).vertices.v
    if (to === null) expect(observedTpr).toBeNull()
    else expect(observedTpr).toBeCloseTo(to, 3)
  })

  // testComputeTprWithBackpressure
  it.each([
    [100, 1, NaN],
    [500, 0, 500],
    [250, 0.75, 1000]
  ])('%s/s with backpressure %s could be %s/s', (rate, backpressured, to) => {
    expect(withBackpressure(rate, backpressured)).toBe(to)
  })
})
