import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { faultyProxy } from '../../test/fakes/faulty-proxy.ts'
import { type FakeInflux, fakeInflux } from '../../test/fakes/influxdb.ts'
import { PrescaleError } from '../base/index.ts'
import { type InfluxServer, influxPing } from '../net/index.ts'
import type { Reading } from '../roles.ts'
import { influxdb, queryInflux } from './influxdb.ts'

const minute = 60_000
const start = Date.UTC(2026, 0, 31, 10)
const query = 'SELECT mean(rate) FROM load WHERE $time GROUP BY time($step)'
let fake: FakeInflux
beforeEach(async () => {
  fake = await fakeInflux()
})
afterEach(() => fake.close())

const ask = (steps: number, server: Partial<InfluxServer> = {}, asked = query) =>
  queryInflux(
    { url: fake.url, database: 'live', ...server },
    { query: asked, fromMs: start, toMs: start + steps * minute, stepMs: minute }
  )

async function refusal(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.catch((e: unknown) => e)
  if (!(error instanceof PrescaleError)) throw new Error(`not refused: ${String(error)}`)
  expect(error.message).not.toContain('\n')
  return `${error.code}: ${error.message.replaceAll(/127\.0\.0\.1:\d+/g, 'host')}`
}

describe('a range', () => {
  it('is asked for in milliseconds, and has the value of each interval', async () => {
    fake.rows = [
      [start, 10],
      [start + minute, 20]
    ]
    const { series, quality, notes } = await ask(2)
    expect([...series.values]).toEqual([10, 20])
    expect([series.startMs, series.stepMs, quality, notes]).toEqual([start, minute, 'ok', []])
    const [{ params, body }] = fake.asked
    expect(Object.fromEntries(params)).toEqual({ db: 'live', epoch: 'ms' })
    expect(new URLSearchParams(body).get('q')).toBe(
      `SELECT mean(rate) FROM load WHERE time >= ${start}ms AND time < ${start + 2 * minute}ms GROUP BY time(60000ms)`
    )
  })

  it('in which nothing was written is missing, not zero', async () => {
    const { series, quality, notes } = await ask(2)
    expect([...series.values]).toEqual([NaN, NaN])
    expect([quality, notes]).toEqual(['missing', ['InfluxDB has nothing for this range']])
  })

  it('with null for some intervals is partial', async () => {
    fake.rows = [
      [start, 10],
      [start + minute, null]
    ]
    const { series, quality } = await ask(3)
    expect([...series.values]).toEqual([10, NaN, NaN])
    expect(quality).toBe('partial')
  })

  it.each([
    { results: [{ partial: true, series: [{ columns: ['time', 'mean'], values: [[start, 1]] }] }] },
    { results: [{ series: [{ partial: true, columns: ['time', 'mean'], values: [[start, 1]] }] }] }
  ])('that the server cut short is partial even where all is there: %o', async (result) => {
    fake.result = result
    const { quality, notes } = await ask(1)
    expect([quality, notes]).toEqual(['partial', ['InfluxDB warns: it left some of the answer out']])
  })
})

describe('what cannot be a load is refused in one line', () => {
  it.each([
    [-1, 'is -1 at'],
    ['many', 'is "many" at']
  ])('%s', async (value, says) => {
    fake.rows = [[start, value]]
    expect(await refusal(ask(1))).toContain(says)
  })

  it('several series, several columns, another step', async () => {
    const columns = ['time', 'mean']
    fake.result = {
      results: [
        {
          series: [
            { tags: { v: 'a' }, columns, values: [] },
            { tags: { v: 'b' }, columns, values: [] }
          ]
        }
      ]
    }
    expect(await refusal(ask(1))).toBe(
      'BAD_INPUT: the query answers with 2 series, {"v":"a"} {"v":"b"}: one is needed; leave GROUP BY of tags out'
    )
    fake.result = { results: [{ series: [{ columns: ['time', 'a', 'b'], values: [] }] }] }
    expect(await refusal(ask(1))).toContain('the columns time, a, b: one beside time is needed')
    fake.result = undefined
    fake.rows = [[start + 1, 5]]
    expect(await refusal(ask(1))).toContain('between two steps of 60000 ms: write GROUP BY time($step)')
  })

  it('an error of the query inside a 200', async () => {
    fake.result = { results: [{ error: 'database not found: live' }] }
    expect(await refusal(ask(1))).toBe('BAD_INPUT: InfluxDB refuses the query: database not found: live')
  })

  it.each([
    ['SELECT mean(rate) FROM load', /must be InfluxQL with WHERE \$time in it/],
    [
      'SELECT mean(rate) FROM load WHERE $time GROUP BY time($step) fill(0)',
      /must be without fill\(number\)/
    ],
    ['SELECT mean(rate) FROM load WHERE $time GROUP BY time($step) FILL( previous )', /must be without fill/]
  ])('%s, before it is asked', async (asked, says) => {
    expect(await refusal(ask(1, {}, asked))).toMatch(says)
    expect(() =>
      influxdb({
        ...{ server: { url: fake.url, database: 'live' }, queries: { load: asked }, stepMs: 1, historyMs: 1 },
        ...{ clock: () => 0, sleepUntil: async () => {} }
      })
    ).toThrow(says)
    expect(fake.asked).toEqual([])
  })
})

describe('a server that is not what it should be', () => {
  it.each([
    ['html', /^BAD_ANSWER: .* answers 200 with HTML/],
    ['hang', /^UNREACHABLE: .* did not answer within 100ms$/],
    ['cut', /^UNREACHABLE: /]
  ] as const)('%s', async (kind, says) => {
    const proxy = await faultyProxy(fake.url)
    proxy.fault = () => ({ kind })
    expect(await refusal(ask(1, { url: proxy.url, timeoutMs: kind === 'hang' ? 100 : 5_000 }))).toMatch(says)
    await proxy.close()
  })

  it.each([
    [
      401,
      '{"error":"authorization failed"}',
      'BAD_ANSWER: http://host/query answers 401: authorization failed; it wants other credentials'
    ],
    [503, '{"error":"timeout"}', 'UNREACHABLE: http://host/query answers 503: timeout'],
    [
      200,
      '{"hello":"world"}',
      'BAD_ANSWER: http://host/query answers JSON of another kind: results is not a list'
    ],
    [200, '', 'BAD_ANSWER: http://host/query answers JSON of another kind: it is not an object'],
    [302, '{}', 'BAD_ANSWER: http://host/query answers 302, not as InfluxDB does'],
    [
      200,
      '{"results":[{"series":[{"columns":["x"],"values":3}]}]}',
      'BAD_ANSWER: http://host/query answers JSON of another kind: no columns and values'
    ]
  ])('%d %s', async (status, body, says) => {
    const proxy = await faultyProxy(fake.url)
    proxy.fault = () => ({ kind: 'status', status, body })
    expect(await refusal(ask(1, { url: proxy.url }))).toBe(says)
    await proxy.close()
  })

  it('is told apart by a ping', async () => {
    await influxPing({ url: fake.url, database: 'x' })
    const proxy = await faultyProxy(fake.url)
    proxy.fault = () => ({ kind: 'status', status: 404 })
    expect(await refusal(influxPing({ url: proxy.url, database: 'x' }))).toMatch(
      /answers 404, not as InfluxDB does$/
    )
    await proxy.close()
  })
})

it('sends a token, or a name and a password, by reference', async () => {
  process.env.PRESCALE_TEST_TOKEN = 'hush'
  await ask(1, { version: 2, token: 'env:PRESCALE_TEST_TOKEN' })
  await ask(1, { username: 'me', password: 'env:PRESCALE_TEST_TOKEN', retentionPolicy: 'week' })
  expect(fake.asked.map(({ authorization }) => authorization)).toEqual([
    'Token hush',
    `Basic ${btoa('me:hush')}`
  ])
  expect(fake.asked[1].params.get('rp')).toBe('week')
})

it('as a source gives the history, then what is new, and missing while the server is away', async () => {
  const abort = new AbortController()
  let nowMs = start + 2 * minute
  const seen: Reading[] = []
  fake.rows = [
    [start, 1],
    [start + minute, 2]
  ]
  const source = influxdb({
    server: { url: fake.url, database: 'live' },
    ...{ queries: { load: query }, stepMs: minute, historyMs: 2 * minute, clock: () => nowMs },
    sleepUntil: async (atMs) => {
      nowMs = atMs
      fake.rows = [[start + 2 * minute, 3]]
      if (seen.length === 2) await fake.close()
      if (seen.length >= 3) abort.abort()
    }
  })
  for await (const reading of source.read(abort.signal)) seen.push(reading)
  expect(
    seen.map((it) =>
      it.kind === 'series' ? [it.quality, (it.series.startMs - start) / minute, [...it.series.values]] : it
    )
  ).toEqual([
    ['ok', 0, [1, 2]],
    ['ok', 2, [3]],
    ['missing', 3, [NaN]],
    {
      kind: 'event',
      atMs: expect.any(Number),
      what: 'source-unreachable',
      text: expect.stringMatching(/^http:.* cannot be reached: connection refused$/)
    }
  ])
})
