import { describe, expect, it } from 'vitest'
import { PrescaleError } from '../base/index.ts'
import { kafkaError } from '../net/index.ts'
import type { Reading } from '../roles.ts'
import { gaugeOf, positionsOf, sourceMetricIds } from './flink-lag.ts'
import { arrivalRate, kafkaLag, lagOf, type OffsetReader, type Offsets } from './kafka-lag.ts'

const offsets = (...partitions: number[]): Offsets => new Map([['in', partitions]])

describe('the lag of a group', () => {
  it.each<[string, Offsets, Offsets, unknown]>([
    ['all partitions', offsets(100, 50), offsets(90, 50), { value: 10, quality: 'ok' }],
    [
      'a commit that is newer than the end that was read',
      offsets(100),
      offsets(105),
      { value: 0, quality: 'ok' }
    ],
    ['a partition without a commit', offsets(100, 50), offsets(90, NaN), { value: 10, quality: 'partial' }],
    [
      'a partition in which nothing was ever written',
      offsets(100, 0),
      offsets(90, NaN),
      { value: 10, quality: 'ok' }
    ],
    ['a partition without a leader', offsets(100, NaN), offsets(90, 40), { value: 10, quality: 'partial' }],
    ['a group that is not there', offsets(100, 50), new Map(), { value: NaN, quality: 'missing' }],
    ['a topic that is not there', new Map(), offsets(1), { value: NaN, quality: 'missing' }]
  ])('%s', (_, ends, committed, expected) => expect(lagOf(ends, committed)).toEqual(expected))
})

describe('arrivals', () => {
  it.each<[string, Offsets, Offsets, number, unknown]>([
    ['all partitions', offsets(0, 10), offsets(100, 110), 2_000, { value: 100, quality: 'ok' }],
    ['nothing arrived', offsets(5, 5), offsets(5, 5), 1_000, { value: 0, quality: 'ok' }],
    [
      'one partition that was not told',
      offsets(0, NaN),
      offsets(100, 50),
      1_000,
      { value: 200, quality: 'partial' }
    ],
    ['a partition that is new', offsets(0), offsets(100, 50), 1_000, { value: 200, quality: 'partial' }],
    ['a topic that was made anew', offsets(500), offsets(3), 1_000, { value: NaN, quality: 'invalid' }],
    ['no time', offsets(0), offsets(3), 0, { value: NaN, quality: 'missing' }],
    ['nothing known before', new Map(), offsets(3), 1_000, { value: NaN, quality: 'missing' }]
  ])('%s', (_, before, after, ms, expected) => expect(arrivalRate(before, after, ms)).toEqual(expected))
})

// Ids and values of the recorded source of Flink 2.3.0 with the Kafka connector 5.0.0-2.2.
describe("a Flink source's own positions", () => {
  const of = (partition: number, what: string) =>
    `Source__source.KafkaSourceReader.topic.in.put.partition.${partition}.${what}`
  const at = (max: number) => ({ max, sum: max })

  it('are the next offsets; before the first record the committed ones', () => {
    const values = new Map([
      [of(0, 'currentOffset'), at(99)],
      [of(0, 'committedOffset'), at(50)],
      [of(1, 'currentOffset'), at(-1)],
      [of(1, 'committedOffset'), at(7)],
      [of(3, 'currentOffset'), at(-(2 ** 63))],
      [of(3, 'committedOffset'), at(-1)],
      ['Source__source.pendingRecords', at(3)]
    ])
    expect(positionsOf(values)).toEqual(new Map([['in.put', [100, 7, NaN, NaN]]]))
  })

  it('are found among all metrics of the vertex', () => {
    const ids = [
      'numRecordsIn',
      of(0, 'currentOffset'),
      'Source__source.pendingRecords',
      'Source__source.pendingBytes',
      'x.currentEmitEventTimeLag'
    ]
    expect(sourceMetricIds(ids)).toEqual({
      offsets: [of(0, 'currentOffset')],
      gauges: ['Source__source.pendingRecords', 'x.currentEmitEventTimeLag']
    })
  })

  it('gauges are summed where they count and the largest where they are times; nonsense is not measured', () => {
    const values = new Map([
      ['a.pendingRecords', { sum: 3, max: 2 }],
      ['b.pendingRecords', { sum: 4, max: 4 }],
      ['a.currentEmitEventTimeLag', { sum: 12, max: 9 }]
    ])
    expect(gaugeOf(values, 'pendingRecords')).toBe(7)
    expect(gaugeOf(values, 'currentEmitEventTimeLag')).toBe(9)
    expect(gaugeOf(new Map(), 'pendingRecords')).toBeNaN()
    expect(gaugeOf(new Map([['a.pendingRecords', { sum: -1, max: -1 }]]), 'pendingRecords')).toBeNaN()
  })
})

describe('as a source', () => {
  async function read(
    reader: Partial<OffsetReader>,
    looks: number,
    group?: string,
    open?: () => Promise<OffsetReader>
  ) {
    const abort = new AbortController()
    let nowMs = 1_000
    let done = 0
    let closed = false
    const whole: OffsetReader = {
      ends: async () => new Map(),
      committed: async () => new Map(),
      close: async () => {
        closed = true
      },
      ...reader
    }
    const source = kafkaLag({
      ...{ access: { bootstrapServers: ['host:9092'] }, topics: ['in'], group, stepMs: 1_000 },
      open: open ?? (async () => whole),
      clock: () => nowMs,
      sleepUntil: async (atMs) => {
        nowMs = atMs
        if (++done === looks) abort.abort()
      }
    })
    const seen: Reading[] = []
    for await (const reading of source.read(abort.signal)) seen.push(reading)
    return { seen, closed }
  }

  it('tells arrivals from the second look on, and the lag of the group', async () => {
    const grows = [100, 200]
    const { seen, closed } = await read(
      { ends: async () => offsets(grows.shift() ?? NaN), committed: async () => offsets(60) },
      2,
      'g'
    )
    expect(seen).toEqual([
      { kind: 'metric', name: 'lag', atMs: 1_000, metric: { value: 40, quality: 'ok' } },
      { kind: 'metric', name: 'load', atMs: 2_000, metric: { value: 100, quality: 'ok' } },
      { kind: 'metric', name: 'lag', atMs: 2_000, metric: { value: 140, quality: 'ok' } }
    ])
    expect(closed).toBe(true)
  })

  it('that does not answer is missing, said once, and again when it is back', async () => {
    let look = 0
    const { seen } = await read(
      {
        ends: async () => {
          if (++look < 3)
            throw Object.assign(new Error('Connecting failed'), { cause: new Error('connect ECONNREFUSED') })
          return offsets(5)
        }
      },
      3
    )
    expect(seen).toEqual([
      { kind: 'metric', name: 'load', atMs: 1_000, metric: { value: NaN, quality: 'missing' } },
      {
        kind: 'event',
        atMs: 1_000,
        what: 'source-unreachable',
        text: 'Kafka at host:9092: connect ECONNREFUSED'
      },
      { kind: 'metric', name: 'load', atMs: 2_000, metric: { value: NaN, quality: 'missing' } },
      { kind: 'event', atMs: 3_000, what: 'source-back', text: 'Kafka answers again' }
    ])
  })

  it('ends with its error when it can never work', async () => {
    const open = () => Promise.reject(new PrescaleError('NOT_FOUND', 'Kafka needs its client'))
    await expect(read({}, 1, 'g', open)).rejects.toThrow('Kafka needs its client')
  })
})

describe("the client's errors", () => {
  it.each<[unknown, string]>([
    [
      new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')], 'Cannot connect'),
      'UNREACHABLE: Kafka at h:1: connect ECONNREFUSED 127.0.0.1:1'
    ],
    [new Error('SASL authentication failed'), 'BAD_ANSWER: Kafka at h:1: SASL authentication failed'],
    [
      new Error('x', { cause: new Error('self-signed certificate') }),
      'UNREACHABLE: Kafka at h:1: self-signed certificate'
    ],
    ['text', 'UNREACHABLE: Kafka at h:1: text'],
    [new PrescaleError('BAD_OPTION', 'ours'), 'BAD_OPTION: ours']
  ])('%s', (error, says) => {
    const { code, message } = kafkaError(error, ['h:1'])
    expect(`${code}: ${message}`).toBe(says)
  })
})
