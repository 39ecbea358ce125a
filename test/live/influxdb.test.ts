/** A real InfluxDB: what the writer writes can be queried, silence is unknown, the database is made with its retention. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../src/base/index.ts'
import { influxPing, influxQuery } from '../../src/net/index.ts'
import { queryInflux } from '../../src/observe/index.ts'
import { influxWriter, linesOfReading } from '../../src/store/index.ts'
import { influxFolder, type LiveInflux, startInflux } from './influxdb.ts'

const folder = influxFolder()
const minute = 60_000
const toMs = Math.floor(Date.now() / minute) * minute
const fromMs = toMs - 60 * minute

describe.skipIf(folder === undefined)('a real InfluxDB', () => {
  let server: LiveInflux
  beforeAll(async () => {
    server = await startInflux(folder as string)
  })
  afterAll(() => server?.stop())
  const live = () => ({ url: server.url, database: 'live', retentionPolicy: 'prescale' })

  it('takes what is written, into a database that it makes with a retention of a week', async () => {
    const told: string[] = []
    const writer = influxWriter({
      server: live(),
      rng: random(1),
      batchLines: 500,
      tell: (_, text) => told.push(text)
    })
    for (let second = 0; second < 3_600; second++) {
      const atMs = fromMs + second * 1_000
      // From minute 20 to 30 nothing is measured.
      if (second >= 1_200 && second < 1_800) continue
      const metric = { value: Math.floor(second / 60), quality: 'ok' } as const
      writer.write(linesOfReading('job, "1"', { kind: 'metric', name: 'load', atMs, metric }))
    }
    writer.write(
      linesOfReading('job', { kind: 'event', atMs: toMs, what: 'x', text: 'say "hi", \\ and = \n' })
    )
    const other = { value: 1, quality: 'ok' } as const
    writer.write(linesOfReading('other', { kind: 'metric', name: 'load', atMs: fromMs, metric: other }))
    await writer.close(20_000)
    expect(told).toEqual([])
    expect(writer.state()).toEqual({ waiting: 0, written: 3_002, dropped: 0, refused: 0 })
    const { body } = await influxQuery(live(), 'SHOW RETENTION POLICIES ON live')
    expect(JSON.stringify(body)).toContain('["prescale","168h0m0s"')
    const { body: event } = await influxQuery(live(), 'SELECT text FROM prescale_event')
    expect(JSON.stringify(event)).toContain(JSON.stringify('say "hi", \\ and =  '))
  })

  const query = `SELECT mean(value) FROM prescale_metric WHERE target = 'job, "1"' AND $time GROUP BY time($step)`

  it('gives it again minute by minute, and unknown where it was silent', async () => {
    const { series, quality, notes } = await queryInflux(live(), { query, fromMs, toMs, stepMs: minute })
    expect([...series.values]).toEqual(Array.from({ length: 60 }, (_, i) => (i >= 20 && i < 30 ? NaN : i)))
    expect([series.startMs, quality]).toEqual([fromMs, 'partial'])
    expect(notes[0]).toMatch(/^10 of 60 steps have no value/)
  })

  it('knows nothing before: missing, not zero', async () => {
    const { quality } = await queryInflux(live(), {
      query,
      fromMs: fromMs - 10 * minute,
      toMs: fromMs,
      stepMs: minute
    })
    expect(quality).toBe('missing')
  })

  it('says what is wrong', async () => {
    const range = { fromMs, toMs, stepMs: minute }
    await expect(queryInflux(live(), { ...range, query: 'SELECT FROM $time' })).rejects.toThrow(
      /refuses the query: error parsing query/
    )
    await expect(queryInflux({ ...live(), database: 'none' }, { ...range, query })).rejects.toThrow(
      /database not found: none/
    )
    const byTag = 'SELECT mean(value) FROM prescale_metric WHERE $time GROUP BY time($step), target'
    await expect(queryInflux(live(), { ...range, query: byTag })).rejects.toThrow(
      'the query answers with 2 series, {"target":"job, \\"1\\""} {"target":"other"}: one is needed'
    )
    await influxPing(live())
  })

  it('refuses a batch that is none, which is counted and not sent again', async () => {
    const writer = influxWriter({ server: live(), rng: random(1) })
    writer.write(['bad line'])
    await writer.close()
    expect(writer.state()).toMatchObject({
      refused: 1,
      waiting: 0,
      trouble: expect.stringContaining('unable to parse')
    })
  })
})

if (folder === undefined)
  it.skip('a real InfluxDB cannot be had here: apt-get download influxdb fails', () => {})
