import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Metric, Observation, Operator } from '../roles.ts'
import { doubtsOf } from './doubt.ts'

const seen = (operator: Partial<Operator>): Observation => ({
  nowMs: 0,
  target: 'job',
  capacity: { ready: { sink: 3 } },
  topology: {
    operators: [
      {
        ...{ id: 'sink', parallelism: 3, trueProcessingRate: 100, trueOutputRate: 0 },
        ...{ observedProcessingRate: 5, observedOutputRate: 0, busy: 0.5 },
        ...operator
      }
    ],
    edges: []
  }
})

describe('what is doubted of an operator', () => {
  it.each([
    ['its rates are measured, and it gives out nothing', {}, []],
    [
      'its true rate is not known',
      { trueProcessingRate: NaN },
      ['topology.sink true processing rate unknown']
    ],
    // Nobody can measure what nothing came through; taking away is left to who sees something.
    ['it is idle', { trueProcessingRate: NaN, busy: 0 }, ['topology.sink true processing rate unknown']],
    ['its output is not known', { trueOutputRate: NaN }, ['topology.sink true output rate unknown']]
  ])('%s', (_, operator, doubts) => {
    expect(doubtsOf(seen(operator))).toEqual(doubts)
  })
})

describe('an operator to which nothing came', () => {
  const nothing = { trueProcessingRate: NaN, trueOutputRate: NaN, busy: 0, idle: 1 }
  const idle = { ...nothing, observedProcessingRate: 0, observedOutputRate: 0 }
  const job = (source: Partial<Operator>, sink: Partial<Operator>): Observation => ({
    nowMs: 0,
    capacity: { ready: { sink: 3 } },
    topology: {
      operators: [
        { id: 'src', parallelism: 1, source: true, ...idle, lag: 0, ...source },
        { id: 'sink', parallelism: 3, ...idle, ...sink }
      ],
      edges: [{ from: 'src', to: 'sink' }]
    }
  })
  const rate = 'topology.sink true processing rate unknown'

  it.each([
    ['is measured to be idle', {}, {}, []],
    ['waits, of which Flink has not counted all', {}, { busy: 0.4, idle: 0.6 }, []],
    ['works at something', {}, { busy: 0.9, idle: 0.1 }, [rate]],
    ['says nothing of its idle time', {}, { idle: undefined }, [rate]],
    ['has an idle time that is not known', {}, { idle: NaN }, [rate]],
    ['was not measured', {}, { observedProcessingRate: NaN }, [rate]],
    ['does not tell what came', {}, { observedProcessingRate: undefined }, [rate]],
    ['gives out what came before', {}, { observedOutputRate: 1 }, []],
    ['has an output that was not measured', {}, { observedOutputRate: NaN }, [rate]],
    ['has records that wait for its source', { lag: 7 }, {}, ['topology.src true output rate unknown', rate]],
    ['has a source of which the lag is not known', { lag: NaN }, {}, ['topology.src lag unknown', rate]],
    [
      'has a source that tells no lag, and may not reach its broker',
      { lag: undefined },
      {},
      ['topology.src true output rate unknown', rate]
    ],
    ['has no source at all', { source: false }, {}, ['topology.src true processing rate unknown', rate]]
  ] as const)('%s', (_, source, sink, doubts) => {
    expect(doubtsOf(job(source, sink))).toEqual(doubts)
  })
})

it('what rescales took in the past is no doubt about now', () => {
  const stale: Metric = { value: 585, quality: 'stale', ageMs: 1e9 }
  const metrics = {
    cpu: { value: 0.5, quality: 'ok' as const },
    rescaleMs: stale,
    'rescaleDownMs.p90': stale
  }
  expect(doubtsOf({ nowMs: 0, capacity: { ready: { a: 1 } }, metrics })).toEqual([])
  expect(
    doubtsOf({ nowMs: 0, capacity: { ready: { a: 1 } }, metrics: { ...metrics, rescaled: stale } })
  ).toEqual(['metrics.rescaled stale'])
})

const MINUTE = 60_000
const missing: Metric = { value: NaN, quality: 'missing' }
const zero: Metric = { value: 0, quality: 'ok' }

/** A service whose last minute had this load, and a latency that nobody could measure. */
const served = (last: number, more: Partial<Observation> = {}): Observation => ({
  nowMs: 10 * MINUTE,
  capacity: { ready: { web: 9 } },
  load: { startMs: 7 * MINUTE, stepMs: MINUTE, unit: 'events/s', values: Float64Array.of(5, 3, last) },
  metrics: { cpu: zero, latency: missing },
  ...more
})

describe('a latency that is missing', () => {
  const doubt = ['metrics.latency missing']
  const withQueue = (queue: Metric) => served(0, { metrics: { cpu: zero, latency: missing, queue } })
  const ofUnit = (last: number) =>
    served(last, {
      capacity: { ready: { web: 1 } },
      metrics: undefined,
      units: [{ id: 'a', resource: 'web', ready: true, metrics: { latency: missing } }]
    })

  it.each<[string, Observation, readonly string[]]>([
    ['nobody asked', served(0), []],
    ['nobody asked, and nothing waits', withQueue(zero), []],
    ['nobody asked, but something waits', withQueue({ value: 3, quality: 'ok' }), doubt],
    ['nobody asked, but the queue is not known', withQueue(missing), [...doubt, 'metrics.queue missing']],
    ['somebody asked', served(0.02), doubt],
    ['the load of the last minute is not known', served(NaN), ['load missing', ...doubt]],
    ['the load is long over', { ...served(0), nowMs: 60 * MINUTE }, ['load stale', ...doubt]],
    ['there is no load at all', served(0, { load: undefined }), doubt],
    ['a unit that nobody asked', ofUnit(0), []],
    ['a unit that is silent while others are asked', ofUnit(7), ['units.latency missing']],
    [
      'nobody asked for what is told by resource',
      served(0, { metrics: { 'latency.web': missing, 'queue.web': zero } }),
      []
    ],
    [
      'nobody asked, and it is stale',
      served(0, { metrics: { latency: { value: 9, quality: 'stale' } } }),
      ['metrics.latency stale']
    ],
    [
      'nobody asked, and another metric is missing',
      served(0, { metrics: { cpu: missing } }),
      ['metrics.cpu missing']
    ]
  ])('%s', (_, observed, doubts) => {
    expect(doubtsOf(observed)).toEqual(doubts)
  })

  it('is known only where load and queue are measured as zero, whatever else they are', () => {
    const amount = fc.oneof(fc.constantFrom(0, NaN, Infinity, -1, 1e-9), fc.double({ min: 0, max: 1e6 }))
    const quality = fc.constantFrom<Metric['quality']>('ok', 'late', 'stale', 'missing', 'partial', 'invalid')
    fc.assert(
      fc.property(amount, amount, quality, (last, value, told) => {
        const sound = (told === 'ok' || told === 'late') && value === 0
        const observed = served(last, { metrics: { latency: missing, queue: { value, quality: told } } })
        expect(doubtsOf(observed).includes('metrics.latency missing')).toBe(!(last === 0 && sound))
      })
    )
  })
})
