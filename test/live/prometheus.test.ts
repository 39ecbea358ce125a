import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readData } from '../../src/cli/data.ts'
import { prometheus, queryRange } from '../../src/observe/index.ts'
import { type LivePrometheus, prometheusBinaries, startPrometheus } from './prometheus.ts'

const bin = prometheusBinaries()
const step = 15_000
const hour = 3_600_000
/** Three days that end an hour ago, on whole steps, with one hour in which nothing was scraped. */
const toMs = Math.floor((Date.now() - hour) / step) * step
const fromMs = toMs - 72 * hour
const gap = { fromMs: fromMs + 30 * hour, toMs: fromMs + 31 * hour }
const isGap = (ms: number) => ms > gap.fromMs && ms <= gap.toMs

describe.skipIf(bin === undefined)('a real Prometheus', () => {
  let server: LivePrometheus
  let app: Server
  const beganMs = Date.now()

  beforeAll(async () => {
    // 100 requests a second on each of two instances.
    app = createServer((_, response) => {
      const count = Math.floor((Date.now() - beganMs) / 10)
      response.end(
        `# TYPE requests_total counter\nrequests_total{code="200"} ${count}\nrequests_total{code="500"} ${count}\n`
      )
    }).listen(0, '127.0.0.1')
    await once(app, 'listening')
    const lines = ['# TYPE load gauge']
    for (let ms = fromMs + step; ms <= toMs; ms += step) {
      if (!isGap(ms)) lines.push(`load ${(ms - fromMs) / step} ${ms / 1_000}`)
    }
    lines.push('# EOF\n')
    server = await startPrometheus(
      bin as string,
      lines.join('\n'),
      `127.0.0.1:${(app.address() as AddressInfo).port}`
    )
  })
  afterAll(async () => {
    await server?.stop()
    app?.closeAllConnections()
    app?.close()
  })

  // One second less than the step: Prometheus 2 takes a sample at either end of the window.
  const load = 'last_over_time(load[14s])'

  it('gives three days in steps of 15 s, which is more than it answers at once', async () => {
    const { series, quality, notes } = await queryRange(server, { query: load, fromMs, toMs, stepMs: step })
    expect(series.values.length).toBe(17_280)
    series.values.forEach((y, i) => {
      const end = fromMs + (i + 1) * step
      expect(y, new Date(end).toISOString()).toBe(isGap(end) ? NaN : i + 1)
    })
    expect(quality).toBe('partial')
    expect(notes[0]).toMatch(/^240 of 17280 steps have no value/)
  })

  it('has our limit of points, or a higher one', async () => {
    const range = { query: load, start: `${fromMs / 1e3}`, end: `${fromMs / 1e3 + 11_001}`, step: '1' }
    const response = await fetch(`${server.url}/api/v1/query_range?${new URLSearchParams(range)}`)
    expect(await response.json()).toMatchObject({ status: 'error', errorType: 'bad_data' })
  })

  it('knows nothing before its first sample: unknown, not zero', async () => {
    const range = { query: load, fromMs: fromMs - hour, toMs: fromMs + hour, stepMs: step }
    const { series, quality } = await queryRange(server, range)
    expect(quality).toBe('partial')
    expect(series.values.subarray(0, 240).every(Number.isNaN)).toBe(true)
    expect([...series.values.subarray(240, 243)]).toEqual([1, 2, 3])
    const before = { query: load, fromMs: fromMs - 2 * hour, toMs: fromMs - hour, stepMs: step }
    expect((await queryRange(server, before)).quality).toBe('missing')
  })

  it('is asked on the command line', async () => {
    const { series } = await readData(`prometheus:${server.url}`, {
      query: load,
      from: new Date(fromMs).toISOString(),
      to: new Date(fromMs + hour).toISOString(),
      step: '15s',
      scale: '2'
    })
    expect([...series.values.subarray(0, 3)]).toEqual([2, 4, 6])
    await expect(readData(`prometheus:${server.url}`, { query: 'nothing_like_it' })).rejects.toThrow(
      'has nothing for nothing_like_it in this range'
    )
  })

  it('says what is wrong with a query, and which labels tell its series apart', async () => {
    const range = { fromMs: Date.now() - 60_000, toMs: Date.now(), stepMs: 1_000 }
    await expect(queryRange(server, { ...range, query: 'sum(' })).rejects.toThrow(
      /refuses the query: .*parse error/
    )
    await expect
      .poll(() => queryRange(server, { ...range, toMs: Date.now(), query: 'requests_total' }).catch(String), {
        timeout: 20_000
      })
      .toMatch(
        /answers with 2 series, \{code="200"\} \{code="500"\}: one is needed, such as sum\(requests_total\)/
      )
  })

  it('gives the rate of what it scrapes, as a source', { timeout: 40_000 }, async () => {
    const source = prometheus({
      server,
      queries: { load: 'sum(rate(requests_total[5s]))' },
      stepMs: 1_000,
      historyMs: 10_000,
      settleMs: 1_000,
      clock: Date.now,
      sleepUntil: (atMs) => new Promise((later) => setTimeout(later, Math.max(0, atMs - Date.now())))
    })
    const abort = AbortSignal.timeout(30_000)
    const rates: number[] = []
    for await (const reading of source.read(abort)) {
      if (reading.kind !== 'series') continue
      rates.push(...reading.series.values.filter((y) => !Number.isNaN(y)))
      if (rates.length >= 10) break
    }
    const settled = rates.slice(5)
    expect(settled.reduce((a, b) => a + b, 0) / settled.length).toBeCloseTo(200, -1.5)
  })
})

if (bin === undefined)
  it.skip('a real Prometheus cannot be had here: apt-get download prometheus fails', () => {})
