/** What a loop is given that it cannot use: each row one clear line in `status`, nothing commanded, and no secret shown. */
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSafe } from 'node:https'
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openLoop } from '../../src/cli/live/loop.ts'
import { textOf } from '../../src/cli/status.ts'
import { readConfig } from '../../src/config/index.ts'
import { certificates, hasOpenssl } from '../fakes/certificates.ts'
import { type FakeFlink, fakeFlink, fakeJob } from '../fakes/flink.ts'
import { liveConfig } from '../fakes/live-config.ts'
import { folder } from '../fakes/prescale.ts'
import { type FakeSeries, fakePrometheus } from '../fakes/prometheus.ts'

const silent = { event: () => {}, note: () => {}, error: () => {} }
/** Closed at the end: the cases run beside each other, as each of them waits for a clock. */
const closing: (() => unknown)[] = []
beforeAll(() => {
  process.env.PRESCALE_TEST_TOKEN = 'hunter2'
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
  delete process.env.PRESCALE_TEST_TOKEN
})

function ownFolder(): string {
  const place = folder()
  closing.push(() => place.remove())
  return place.path
}

async function listening(server: Server): Promise<number> {
  closing.push(() => server.close())
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return (server.address() as AddressInfo).port
}

async function rates(at: FakeSeries['at']): Promise<string> {
  const fake = await fakePrometheus([{ at }])
  closing.push(() => fake.close())
  return fake.url
}

/** Whatever it is asked, and how often. */
async function answering(answer: RequestListener) {
  const seen: string[] = []
  const port = await listening(
    createServer((request, response) => {
      seen.push(`${request.method} ${request.headers.authorization ?? ''}`)
      answer(request, response)
    })
  )
  return { url: `http://127.0.0.1:${port}`, seen }
}

/** What `status` says of a target with this source once it says what matches. */
async function statusOf(source: string, says: RegExp): Promise<string> {
  const place = ownFolder()
  const config = readConfig(
    `version: 1
targets:
  cars:
    mode: recommend
    source: ${source}
    forecast: none
    interval: 1s
store: { path: '${place}/live.sqlite' }
listen: { metrics: false, socket: '${place}/loop.sock' }
`,
    'x'
  )
  const loop = await openLoop(config, { apply: true, once: false, log: silent })
  try {
    await vi.waitFor(() => expect(textOf(loop.book.all())).toMatch(says), { timeout: 20_000, interval: 50 })
    const [page] = loop.book.all()
    expect(page.counts.commands).toBe(0)
    return textOf(loop.book.all())
  } finally {
    await loop.close()
  }
}

const flink = (url: string, more = '') =>
  `{ type: flink, url: '${url}', job: x, bearer: env:PRESCALE_TEST_TOKEN, timeout: 2s${more} }`
const prometheus = (url: string) => `{ type: prometheus, url: '${url}', query: x, step: 1s }`

describe.concurrent('an endpoint', { timeout: 60_000 }, () => {
  it.each([
    ['Flink', flink, 'http://127.0.0.1:9'],
    ['Prometheus', prometheus, 'http://127.0.0.1:9'],
    ['InfluxDB', (url: string) => influx(url), 'http://127.0.0.1:9'],
    ['MQTT', (url: string) => `{ type: mqtt, url: '${url}', topic: x, timeout: 2s }`, 'mqtt://127.0.0.1:9'],
    ['Kafka', () => "{ type: kafka, bootstrapServers: '127.0.0.1:9', topic: x, timeout: 1s }", 'kafka']
  ])('%s that is unreachable', async (_, source, url) => {
    await statusOf(source(url), /source-unreachable: .*127\.0\.0\.1:9.*refused/i)
  })
  const influx = (url: string) =>
    `{ type: influxdb, url: '${url}', database: d, query: 'SELECT mean(v) FROM l WHERE $time GROUP BY time($step)' }`

  it.each([
    ['Flink', flink, 'http', /cannot be reached: it does not speak HTTP/],
    ['Prometheus', prometheus, 'http', /cannot be reached: it does not speak HTTP/],
    [
      'MQTT',
      (url: string) => `{ type: mqtt, url: '${url}', topic: x, timeout: 2s }`,
      'mqtt',
      /it does not speak MQTT/
    ],
    [
      'Kafka',
      (url: string) =>
        `{ type: kafka, bootstrapServers: '${url.replace(/.*\/\//, '')}', topic: x, timeout: 1s }`,
      'kafka',
      /does it speak Kafka|[Tt]imed out/
    ]
  ] as const)('of another protocol where %s should be', async (_, source, scheme, says) => {
    const port = await listening(
      createTcp((socket) => {
        socket.on('error', () => {})
        socket.end('SSH-2.0-OpenSSH_9.2\r\n')
      })
    )
    await statusOf(source(`${scheme}://127.0.0.1:${port}`), says)
  })

  it.each([
    ['Flink', flink],
    ['Prometheus', prometheus],
    ['InfluxDB', influx]
  ])('%s that wants other credentials says so, and shows none', async (_, source) => {
    const { url } = await answering((_request, response) => response.writeHead(401).end('{}'))
    const text = await statusOf(source(url), /answers 401.*wants other credentials/)
    expect(text).not.toContain('hunter2')
  })

  it('that redirects to another host gets our credentials, the other one does not', async () => {
    const other = await answering((_request, response) => response.end('{}'))
    const location = other.url.replace('127.0.0.1', 'localhost')
    const { url, seen } = await answering((_request, response) => response.writeHead(302, { location }).end())
    await statusOf(flink(url), /redirects to http:\/\/localhost:\d+: not followed/)
    expect(seen[0]).toBe('GET Bearer hunter2')
    expect(other.seen).toEqual([])
  })

  it.each([
    ['Flink', flink],
    ['Prometheus', prometheus]
  ])('%s that answers with a page', async (_, source) => {
    const { url } = await answering((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>')
    )
    await statusOf(
      source(url),
      /source-invalid: .*answers 200 with HTML \(a login page, or another server\?\)/
    )
  })
})

describe.skipIf(!hasOpenssl).concurrent('a certificate', { timeout: 60_000 }, () => {
  const made = certificates()
  made.issue('other', 'DNS:another.example')
  afterAll(() => made.remove())
  const serve = () =>
    listening(
      createSafe({ cert: made.read('other.crt'), key: made.read('other.key') }, (_request, response) =>
        response.end('{}')
      )
    )

  it('for another host', async () => {
    const tls = `, tls: { ca: '${made.at('ca.crt')}' }`
    const url = `https://127.0.0.1:${await serve()}`
    await statusOf(flink(url, tls), /its certificate is for another host \(DNS:another\.example\)/)
  })

  it('of an authority that nobody knows', async () => {
    await statusOf(flink(`https://127.0.0.1:${await serve()}`), /its certificate .*: say tls\.ca/)
  })
})

describe.concurrent('a metric', { timeout: 60_000 }, () => {
  it.each([
    ['NaN', NaN, /source-empty: the query of load gives nothing: not measured, which is not zero/],
    [
      'infinity',
      Infinity,
      /source-invalid: x is \+Inf at .*a rate is a finite number, at least 0.*not measured/
    ],
    ['a negative number', -3, /source-invalid: x is -3 at .*at least 0.*not measured/],
    [
      'more than can be counted',
      1e300,
      /source-invalid: x is 1e\+?300 at .*none is that large.*not measured/
    ],
    ['nothing', undefined, /source-empty: the query of load gives nothing/]
  ])('that is %s', async (_, value, says) => {
    await statusOf(prometheus(await rates(() => value)), says)
  })

  it('that is wrong once is a hole among what is right, said once', async () => {
    let asked = 0
    const url = await rates((ms) => (++asked === 5 ? -1 : ms > 0 ? 100 : undefined))
    const text = await statusOf(prometheus(url), /source-(invalid|back)/)
    expect(text.match(/source-/g)).toHaveLength(1)
  })
})

describe.concurrent('a job', { timeout: 60_000 }, () => {
  const state = (name: string) => (flink: FakeFlink) => Object.assign(flink.jobs[0], { state: name })
  const another = (flink: FakeFlink, ...names: readonly string[]) => {
    flink.jobs[0].state = 'CANCELED'
    const next = fakeJob(names.map((name) => ({ name, capacity: 500 })))
    flink.jobs.push(next)
    flink.deploy(next)
  }

  it.each<[string, (flink: FakeFlink) => unknown, RegExp]>([
    ['that finishes', state('FINISHED'), /cars: job-finished: loadjob/],
    ['that fails', state('FAILED'), /cars: job-failed: loadjob/],
    ['that restarts', state('RESTARTING'), /cars: job-restarting: loadjob/],
    [
      'with another topology',
      (flink) => another(flink, 'count', 'sink'),
      /job-replaced-topology-changed: loadjob is now \w+ with 2/
    ],
    [
      'with another id',
      (flink) => another(flink, 'Source: source', 'parse', 'count'),
      /job-replaced.*: loadjob is now \w+/
    ],
    [
      'that is gone',
      (flink) => flink.jobs.splice(0),
      /cars: job-absent: loadjob is not known to this cluster/
    ]
  ])('%s is a clear state in status, and is left in peace', async (_, happens, says) => {
    const flink = await fakeFlink()
    closing.push(() => flink.close())
    const text = liveConfig({ folder: ownFolder(), url: flink.url, metrics: 'false' })
    const loop = await openLoop(readConfig(text, 'x'), { apply: true, once: false, log: silent })
    const patience = { timeout: 25_000, interval: 50 }
    try {
      await vi.waitFor(() => expect(loop.book.of('cars')?.ready.count).toBeGreaterThan(0), patience)
      const writes = flink.writes().length
      happens(flink)
      await vi.waitFor(() => expect(textOf(loop.book.all())).toMatch(says), patience)
      const turns = loop.book.of('cars')?.counts.turns ?? 0
      await vi.waitFor(() => expect(loop.book.of('cars')?.counts.turns).toBeGreaterThan(turns + 1), patience)
      expect(flink.writes().length).toBe(writes)
    } finally {
      await loop.close()
    }
  })
})
