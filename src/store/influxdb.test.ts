import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { faultyProxy } from '../../test/fakes/faulty-proxy.ts'
import { type FakeInflux, fakeInflux } from '../../test/fakes/influxdb.ts'
import { random, series } from '../base/index.ts'
import type { Reading, Turn } from '../roles.ts'
import { type InfluxWriterOptions, influxWriter } from './influxdb.ts'
import { lineOf, linesOfReading, linesOfTurn } from './line-protocol.ts'

let fake: FakeInflux
beforeEach(async () => {
  fake = await fakeInflux()
})
afterEach(() => fake.close())

const writer = (options: Partial<InfluxWriterOptions> = {}) =>
  influxWriter({
    server: { url: fake.url, database: 'live', timeoutMs: 200 },
    flushMs: 5,
    rng: random(1),
    ...options
  })
const until = (condition: () => boolean) => expect.poll(condition, { interval: 5, timeout: 5_000 }).toBe(true)
const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `m v=${from + i} ${from + i}`)

describe('the writer', () => {
  it('returns at once and writes in batches, in order', async () => {
    const to = writer({ batchLines: 100 })
    to.write(lines(250))
    expect(fake.lines).toEqual([])
    await to.close()
    expect(fake.lines).toEqual(lines(250))
    expect(fake.asked.map(({ body }) => body.split('\n').length)).toEqual([100, 100, 50])
    expect(to.state()).toEqual({ waiting: 0, written: 250, dropped: 0, refused: 0 })
    expect(Object.fromEntries(fake.asked[0].params)).toEqual({ db: 'live', rp: 'prescale', precision: 'ms' })
  })

  it('writes by the clock what is less than a batch', async () => {
    const to = writer()
    to.write(lines(3))
    await until(() => fake.lines.length === 3)
    await to.close()
  })

  it('makes database and retention policy when they are not there', async () => {
    fake.databases = new Set()
    const to = writer()
    to.write(lines(1))
    await to.close()
    expect(fake.lines).toEqual(lines(1))
    expect(fake.asked.flatMap(({ body }) => new URLSearchParams(body).get('q') ?? [])).toEqual([
      'CREATE DATABASE "live"',
      'CREATE RETENTION POLICY "prescale" ON "live" DURATION 7d REPLICATION 1'
    ])
  })

  it('writes to a bucket of version 2', async () => {
    process.env.PRESCALE_TEST_TOKEN = 'hush'
    const to = writer({
      server: { url: fake.url, database: 'live', version: 2, org: 'us', token: 'env:PRESCALE_TEST_TOKEN' }
    })
    to.write(lines(1))
    await to.close()
    expect(fake.asked[0]).toMatchObject({ path: '/api/v2/write', authorization: 'Token hush' })
    expect(Object.fromEntries(fake.asked[0].params)).toEqual({ org: 'us', bucket: 'live', precision: 'ms' })
  })

  it.each([429, 500, 503])('sends again what was answered with %d, and loses nothing', async (status) => {
    fake.statuses = [status, status]
    const told: string[] = []
    const to = writer({ tell: (what) => told.push(what) })
    to.write(lines(10))
    await until(() => fake.lines.length === 10)
    await to.close()
    expect(told).toEqual(['influxdb-trouble', 'influxdb-back'])
    expect(to.state()).toEqual({ waiting: 0, written: 10, dropped: 0, refused: 0 })
  })

  it('does not send again what is refused as it is', async () => {
    fake.statuses = [400]
    const to = writer({ batchLines: 5 })
    to.write([...lines(5), ...lines(5, 5)])
    await to.close()
    expect(fake.lines).toEqual(lines(5, 5))
    expect(to.state()).toMatchObject({ written: 5, refused: 5 })
  })

  it('is bounded while the server is away: the oldest go and are counted', async () => {
    const proxy = await faultyProxy(fake.url)
    proxy.fault = () => ({ kind: 'status', status: 503 })
    const to = writer({ server: { url: proxy.url, database: 'live' }, batchLines: 10, maxLines: 50 })
    for (let i = 0; i < 20; i++) to.write(lines(10, 10 * i))
    await until(() => to.state().trouble !== undefined)
    expect(to.state().waiting).toBeLessThanOrEqual(50)
    proxy.fault = undefined
    await until(() => to.state().waiting === 0)
    expect(fake.lines).toEqual(lines(50, 150))
    expect(to.state()).toEqual({ waiting: 0, written: 50, dropped: 150, refused: 0 })
    await to.close()
    await proxy.close()
  })

  it('ends in time though the server hangs', async () => {
    const proxy = await faultyProxy(fake.url)
    proxy.fault = () => ({ kind: 'hang' })
    const to = writer({ server: { url: proxy.url, database: 'live', timeoutMs: 60_000 } })
    to.write(lines(1))
    await to.close(50)
    to.write(lines(1))
    expect(to.state()).toMatchObject({ waiting: 1, written: 0 })
    await proxy.close()
  })

  it('refuses batches larger than all that may wait', () => {
    expect(() => writer({ batchLines: 10, maxLines: 5 })).toThrow(
      /batchLines must be from 1 to maxLines, 5, was 10/
    )
  })
})

describe('a line', () => {
  it.each([
    ['plain', lineOf('m', { b: 'x', a: 'y' }, { v: 1.5 }, 7), 'm,a=y,b=x v=1.5 7'],
    [
      'escaped',
      lineOf('m n', { 't,g': 'a b=c\n' }, { t: 'say "hi"\nbye\\' }, 7),
      'm\\ n,t\\,g=a\\ b\\=c\\  t="say \\"hi\\" bye\\\\" 7'
    ],
    ['true or false', lineOf('m', {}, { v: true, w: false }, 7), 'm v=t,w=f 7'],
    ['a backslash at the end of a tag', lineOf('m', { a: 'x\\' }, { v: 1 }, 7), 'm,a=x v=1 7'],
    ['without what was not measured', lineOf('m', { a: '' }, { v: NaN, w: 2, x: undefined }, 7), 'm w=2 7'],
    ['nothing measured', lineOf('m', {}, { v: NaN }, 7), undefined],
    ['no time', lineOf('m', {}, { v: 1 }, NaN), undefined]
  ])('%s', (_, line, expected) => expect(line).toBe(expected))

  it('has no line break inside, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (tag, text) => {
        expect(lineOf('m', { tag }, { text, n: 1 }, 7)).not.toMatch(/[\r\n]/)
      })
    )
  })
})

describe('readings as lines', () => {
  const operator = { id: 'map', parallelism: 2, trueProcessingRate: 50, trueOutputRate: NaN, lag: 3 }
  const signal = {
    gateway: 'g',
    seq: 7,
    sentMs: 5,
    predictedLoad: 8,
    burstAlarm: true,
    horizonMs: 60,
    confidence: 0.9
  }
  it.each<[string, Reading, string[]]>([
    [
      'a metric',
      { kind: 'metric', name: 'lag', atMs: 5, metric: { value: 3, quality: 'ok', ageMs: 1 } },
      ['prescale_metric,name=lag,quality=ok,target=job value=3,known=t,ageMs=1 5']
    ],
    [
      'one that was not measured',
      { kind: 'metric', name: 'lag', atMs: 5, metric: { value: NaN, quality: 'missing' } },
      ['prescale_metric,name=lag,quality=missing,target=job known=f 5']
    ],
    [
      'a series with a gap',
      { kind: 'series', name: 'load', quality: 'partial', series: series(10, [1, NaN, 3], { startMs: 100 }) },
      [
        'prescale_series,name=load,quality=partial,target=job value=1 100',
        'prescale_series,name=load,quality=partial,target=job value=3 120'
      ]
    ],
    [
      'a topology',
      { kind: 'topology', atMs: 5, quality: 'ok', topology: { operators: [operator], edges: [] } },
      ['prescale_operator,operator=map,quality=ok,target=job parallelism=2,trueProcessingRate=50,lag=3 5']
    ],
    [
      'a capacity',
      {
        kind: 'capacity',
        atMs: 5,
        quality: 'ok',
        capacity: {
          ready: { map: 2 },
          wanted: { map: 3 },
          starting: [{ resource: 'map', units: 1, readyAtMs: 9 }]
        }
      },
      ['prescale_capacity,quality=ok,resource=map,target=job ready=2,wanted=3,starting=1 5']
    ],
    [
      'a signal',
      { kind: 'signal', signal },
      [
        'prescale_signal,gateway=g,target=job seq=7,predictedLoad=8,burstAlarm=t,horizonMs=60,confidence=0.9 5'
      ]
    ],
    [
      'an event',
      { kind: 'event', atMs: 5, what: 'job-failed', text: 'job has failed' },
      ['prescale_event,target=job,what=job-failed text="job has failed" 5']
    ]
  ])('%s', (_, reading, expected) => expect(linesOfReading('job', reading)).toEqual(expected))

  it('a Turn', () => {
    const turn: Turn = {
      target: 'job',
      atMs: 9,
      policy: { name: 'mpc', options: {} },
      observation: { nowMs: 9, load: series(10, [1, 2]), capacity: { ready: { map: 2 } } },
      before: null,
      decision: {
        kind: 'scale',
        to: { map: 4 },
        why: { rule: 'plan', inputs: {}, bound: ['max'], changed: [] }
      },
      after: null,
      receipt: { epoch: 3, reached: { map: 3 }, pending: { map: 1 }, atMs: 10 }
    }
    expect(linesOfTurn(turn)).toEqual([
      'prescale_turn,kind=scale,policy=mpc,target=job rule="plan",load=2,bound="max",epoch=3 9',
      'prescale_units,resource=map,target=job to=4,ready=2,reached=3,pending=1 9'
    ])
    expect(
      linesOfTurn({ ...turn, receipt: undefined, observation: { nowMs: 9, capacity: { ready: {} } } })
    ).toEqual([
      'prescale_turn,kind=scale,policy=mpc,target=job rule="plan",bound="max" 9',
      'prescale_units,resource=map,target=job to=4 9'
    ])
  })
})
