import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakePrometheus, fakePrometheus } from '../../test/fakes/prometheus.ts'
import { PrescaleError } from '../base/index.ts'
import type { Reading } from '../roles.ts'
import { type PrometheusServer, queryRange } from './prometheus.ts'
import { prometheus } from './prometheus-source.ts'

const minute = 60_000
const start = Date.UTC(2026, 0, 31, 10)
let fake: FakePrometheus

beforeEach(async () => {
  fake = await fakePrometheus([{ at: (ms) => (ms - start) / minute }])
})
afterEach(() => fake.close())

const ask = (
  steps: number,
  server: Partial<PrometheusServer> = {},
  { query = 'up', stepMs = minute, abort }: { query?: string; stepMs?: number; abort?: AbortSignal } = {}
) =>
  queryRange(
    { url: fake.url, ...server },
    { query, fromMs: start, toMs: start + steps * stepMs, stepMs },
    abort
  )

async function refusal(asked: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await asked.catch((e: unknown) => e)
  if (!(error instanceof PrescaleError)) throw new Error(`not refused: ${String(error)}`)
  expect(error.message).not.toContain('\n')
  return { code: error.code, message: error.message.replaceAll(/127\.0\.0\.1:\d+/g, 'host') }
}

describe('a range', () => {
  it('has for each step the answer at its end', async () => {
    const { series, quality, notes } = await ask(3)
    expect([...series.values]).toEqual([1, 2, 3])
    expect([series.startMs, series.stepMs, quality, notes]).toEqual([start, minute, 'ok', []])
  })

  it('is asked for in pieces that Prometheus does not refuse', async () => {
    const { series } = await ask(25_000)
    expect(fake.asked).toHaveLength(3)
    expect(series.values).toEqual(Float64Array.from({ length: 25_000 }, (_, i) => i + 1))
  })

  it('may have steps of less than a second', async () => {
    const { series } = await ask(5, {}, { stepMs: 500 })
    expect([...series.values]).toEqual([0.5, 1, 1.5, 2, 2.5].map((s) => s / 60))
  })

  it('sends a long query as a form', async () => {
    const query = `sum(${'x'.repeat(2_000)})`
    await ask(1, {}, { query })
    expect(fake.asked[0].params.get('query')).toBe(query)
  })
})

describe('what Prometheus does not know is unknown, never zero', () => {
  it('an empty answer', async () => {
    fake.series = []
    const { series, quality, notes } = await ask(3)
    expect([...series.values]).toEqual([NaN, NaN, NaN])
    expect(quality).toBe('missing')
    expect(notes).toEqual(['Prometheus has nothing for this range'])
  })

  it('half the range', async () => {
    fake.series = [{ at: (ms) => (ms > start + 2 * minute ? 7 : undefined) }]
    const { series, quality, notes } = await ask(4)
    expect([...series.values]).toEqual([NaN, NaN, 7, 7])
    expect(quality).toBe('partial')
    expect(notes).toEqual([
      '2 of 4 steps have no value (measured from 2026-01-31T10:02:00Z to 2026-01-31T10:04:00Z): kept as not measured'
    ])
  })

  it('NaN', async () => {
    fake.series = [{ at: (ms) => (ms === start + 2 * minute ? NaN : 1) }]
    expect([...(await ask(3)).series.values]).toEqual([1, NaN, 1])
  })

  it('and warnings make it partial', async () => {
    fake.warnings = ['error reading from remote storage']
    const { quality, notes } = await ask(1)
    expect(quality).toBe('partial')
    expect(notes).toEqual(['Prometheus warns: error reading from remote storage'])
  })
})

describe('what cannot be a load is refused in one line', () => {
  it('several series, by the labels that tell them apart', async () => {
    fake.series = [
      { labels: { job: 'web', pod: 'a' }, at: () => 1 },
      { labels: { job: 'web', pod: 'b' }, at: () => 2 }
    ]
    expect(await refusal(ask(2))).toEqual({
      code: 'BAD_INPUT',
      message: 'the query answers with 2 series, {pod="a"} {pod="b"}: one is needed, such as sum(up)'
    })
  })

  it('a label that changes within a long range', async () => {
    const change = start + 15_000 * minute
    fake.series = [
      { labels: { pod: 'a' }, at: (ms) => (ms < change ? 1 : undefined) },
      { labels: { pod: 'b' }, at: (ms) => (ms < change + 10_000 * minute ? undefined : 1) }
    ]
    expect((await refusal(ask(40_000))).message).toMatch(/2 series, \{pod="a"\} \{pod="b"\}/)
  })

  it.each([
    [-1, '-1'],
    [Number.POSITIVE_INFINITY, '+Inf']
  ])('a rate of %d', async (value, text) => {
    fake.series = [{ at: () => value }]
    expect((await refusal(ask(1))).message).toBe(
      `up is ${text} at 2026-01-31T10:01:00.000Z: a rate is a finite number, at least 0`
    )
  })

  it('a query that Prometheus refuses', async () => {
    fake.respond = (_, response) =>
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end('{"status":"error","errorType":"bad_data","error":"parse error: unexpected end of input"}')
    expect(await refusal(ask(1))).toEqual({
      code: 'BAD_INPUT',
      message: 'http://host refuses the query: parse error: unexpected end of input'
    })
  })
})

describe('a server that is not what it should be', () => {
  it('answers HTML', async () => {
    fake.respond = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
    expect(await refusal(ask(1))).toEqual({
      code: 'BAD_ANSWER',
      message:
        'http://host/api/v1/query_range answers 200 with HTML (a login page, or another server?) instead of JSON'
    })
  })

  it('answers JSON of something else', async () => {
    fake.respond = (_, response) => response.writeHead(200).end('{"hello":"world"}')
    expect((await refusal(ask(1))).message).toMatch(/with JSON that is not a range of Prometheus$/)
  })

  it.each(['null', '[]', '3'])('answers %s', async (body) => {
    fake.respond = (_, response) => response.writeHead(200).end(body)
    expect((await refusal(ask(1))).code).toBe('BAD_ANSWER')
  })

  it('cannot be reached', async () => {
    const { url } = fake
    await fake.close()
    const refused = await refusal(ask(1, { url }))
    expect(refused).toEqual({
      code: 'UNREACHABLE',
      message: 'http://host cannot be reached: connection refused'
    })
    fake = await fakePrometheus()
  })

  it('does not answer in time', async () => {
    fake.respond = () => {}
    expect(await refusal(ask(1, { timeoutMs: 50 }))).toEqual({
      code: 'UNREACHABLE',
      message: 'http://host did not answer within 50ms'
    })
  })

  it('stops in the middle of its answer', async () => {
    fake.respond = (_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"status":')
      response.destroy()
    }
    expect((await refusal(ask(1))).code).toBe('UNREACHABLE')
  })

  it('sends us to another host, where our headers must not go', async () => {
    fake.respond = (_, response) => response.writeHead(302, { location: 'http://localhost:1/login' }).end()
    expect(await refusal(ask(1))).toEqual({
      code: 'BAD_ANSWER',
      message:
        'http://host redirects to http://localhost:1: not followed; give the address that answers itself'
    })
  })

  it('sends us elsewhere on the same host, which is followed', async () => {
    const other = createServer((_, response) =>
      response.end('{"status":"success","data":{"resultType":"matrix","result":[]}}')
    )
    await new Promise<void>((ready) => other.listen(0, '127.0.0.1', ready))
    const { port } = other.address() as AddressInfo
    fake.respond = (_, response) => response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end()
    expect((await ask(1)).quality).toBe('missing')
    other.close()
    other.closeAllConnections()
  })

  it('sends us in circles', async () => {
    fake.respond = (_, response) => response.writeHead(302, { location: '/again' }).end()
    expect((await refusal(ask(1))).message).toBe('http://host redirects more than 3 times')
  })
})

describe('secrets', () => {
  it('are taken by reference and sent as a header', async () => {
    process.env.PRESCALE_TEST_TOKEN = 'hush'
    await ask(1, { bearer: 'env:PRESCALE_TEST_TOKEN', headers: { 'X-Scope-OrgID': 'team' } })
    expect(fake.asked[0].headers).toMatchObject({ authorization: 'Bearer hush', 'x-scope-orgid': 'team' })
  })

  it.each([
    [{ bearer: 'hush' }, '--bearer must be a reference such as env:NAME or file:PATH'],
    [{ bearer: 'env:PRESCALE_NOT_SET' }, '--bearer: the variable PRESCALE_NOT_SET is not set, or empty'],
    [
      { headers: { Authorization: 'Basic hush' } },
      "header Authorization must be a reference such as env:NAME, was '…'"
    ],
    [
      { url: 'http://me:hush@host:9090' },
      "prometheus:URL must be without user and password: give --header Authorization=env:NAME, was 'http://…@host:9090'"
    ]
  ])('never stand in a message: %o', async (server, says) => {
    const { message } = await refusal(ask(1, server))
    expect(message).toBe(says)
    expect(message).not.toContain('hush')
  })
})

it('stops at once when it is interrupted', async () => {
  fake.respond = () => {}
  const abort = new AbortController()
  setTimeout(() => abort.abort(), 20)
  expect((await refusal(ask(1, {}, { abort: abort.signal }))).code).toBe('INTERRUPTED')
})

describe('as a source', () => {
  it('gives the history, then what is new, and asks again for what was missing', async () => {
    const abort = new AbortController()
    let nowMs = start + 3 * minute
    const answers = [200, 503, 503, 200]
    fake.series = [{ at: (ms) => (ms - start) / minute }]
    const source = prometheus({
      server: { url: fake.url },
      queries: { load: 'up' },
      stepMs: minute,
      historyMs: 3 * minute,
      clock: () => nowMs,
      sleepUntil: async (atMs) => {
        nowMs = atMs
        const status = answers[(nowMs - start) / minute - 3]
        fake.respond =
          status === 200 ? undefined : (_, response) => response.writeHead(status).end('<h1>unavailable</h1>')
        if (status === undefined) abort.abort()
      }
    })
    const seen: Reading[] = []
    for await (const reading of source.read(abort.signal)) seen.push(reading)
    expect(
      seen.map((r) =>
        r.kind === 'series'
          ? [r.quality, (r.series.startMs - start) / minute, [...r.series.values]]
          : r.kind === 'event'
            ? `${r.what}: ${r.text}`
            : r
      )
    ).toEqual([
      ['ok', 0, [1, 2, 3]],
      ['invalid', 3, [NaN]],
      // Said once, however long it lasts.
      expect.stringMatching(/^source-invalid: http:.* answers 503 with HTML/),
      ['invalid', 3, [NaN, NaN]],
      ['ok', 3, [4, 5, 6]],
      'source-back: it answers again'
    ])
  })

  it('says once that a query gives no rates, for as long as it gives none', async () => {
    const abort = new AbortController()
    let nowMs = start + minute
    fake.series = [{ at: () => -1 }]
    const source = prometheus({
      server: { url: fake.url },
      queries: { load: 'up' },
      stepMs: minute,
      historyMs: 2 * minute,
      clock: () => nowMs,
      sleepUntil: async (atMs) => {
        nowMs = atMs
        if (nowMs > start + 6 * minute) fake.series = [{ at: () => 1 }]
        if (nowMs > start + 8 * minute) abort.abort()
      }
    })
    const events: string[] = []
    for await (const it of source.read(abort.signal)) if (it.kind === 'event') events.push(it.what)
    expect(events).toEqual(['source-invalid', 'source-back'])
  })

  it('ends with the error of a query that can never work', async () => {
    fake.series = [
      { labels: { a: '1' }, at: () => 1 },
      { labels: { a: '2' }, at: () => 1 }
    ]
    const source = prometheus({
      server: { url: fake.url },
      queries: { load: 'up' },
      stepMs: minute,
      historyMs: minute,
      clock: () => start,
      sleepUntil: async () => {}
    })
    const reading = source.read(new AbortController().signal)[Symbol.asyncIterator]().next()
    expect((await refusal(reading)).code).toBe('BAD_INPUT')
  })
})
