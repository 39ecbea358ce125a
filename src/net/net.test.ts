import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findJob, flinkRest, vertexNames } from './flink.ts'
import { exceptionsOf, saysOf } from './flink-answers.ts'
import { requestJson } from './http.ts'
import { kafkaOptions } from './kafka.ts'
import { endpoint, headersOf } from './server.ts'
import { countOf, shapeOf } from './shape.ts'

const folder = mkdtempSync(join(tmpdir(), 'prescale-net-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a field of an answer', () => {
  const it_ = shapeOf(
    { text: 'x', number: 1, list: [{ a: 1 }], inner: { b: null }, inf: Number.POSITIVE_INFINITY },
    'http://host/x'
  )
  it.each<[string, () => unknown, string]>([
    ['no text', () => it_.text('number'), 'number is not a text'],
    ['no number', () => it_.number('text'), 'text is not a number'],
    ['not finite', () => it_.number('inf'), 'inf is not a number'],
    ['no list', () => it_.list('inner'), 'inner is not a list'],
    ['no object', () => it_.object('list'), 'list is not an object'],
    ['deep inside', () => it_.list('list')[0].text('b'), 'list[0].b is not a text'],
    ['nothing at all', () => shapeOf(null, 'http://host/x'), 'it is not an object']
  ])('%s: said with its path', (_, read, says) => {
    expect(read).toThrow(`http://host/x answers JSON of another kind: ${says}`)
  })
  it('that may be missing', () => {
    expect(it_.object('inner').optional('b')).toBeUndefined()
    expect(it_.maybe('nothing')).toBeNaN()
    expect(it_.optional('inner')?.raw('b')).toBeNull()
  })
})

it.each<[unknown, number | undefined]>([
  ...([
    [5, 5],
    ['5.0', 5],
    [0, 0],
    [undefined, NaN],
    [null, NaN],
    ['NaN', NaN],
    [NaN, NaN]
  ] as [unknown, number][]),
  ...([
    [-1, undefined],
    ['-1', undefined],
    [1e300, undefined],
    [Infinity, undefined],
    ['x', undefined],
    ['', undefined],
    [{}, undefined]
  ] as [unknown, undefined][])
])('a counter of %o is %o', (value, count) => expect(countOf(value)).toEqual(count))

// Bodies of Flink 2.3.0.
it.each([
  [
    {
      errors: [
        'org.apache.flink.runtime.rest.handler.RestHandlerException: The request is incomplete.\n\tat x.Y'
      ]
    },
    'The request is incomplete.'
  ],
  [
    {
      errors: [
        'Internal server error.',
        '<Exception on server side:\njava.util.concurrent.CompletionException: org.apache.flink.runtime.messages.FlinkJobNotFoundException: Could not find Flink job (ab)\n\tat x'
      ]
    },
    'Could not find Flink job (ab)'
  ],
  [{ errors: ['a.B: outer\n\tat x\nCaused by: c.D: the reason\n\tat y'] }, 'the reason'],
  [{ errors: ['Internal server error.'] }, 'Internal server error.'],
  [{ errors: ['Not found: /x'] }, 'Not found: /x'],
  [{ errors: ['a.b.BareException'] }, 'BareException'],
  [{ errors: [] }, ''],
  [{ hello: 'world' }, ''],
  [null, '']
])('what Flink says in %j is %j', (body, says) => expect(saysOf(body)).toBe(says))

it('exceptions have a short name, one line and a task', () => {
  const entry = {
    exceptionName: 'a.b.JobException',
    stacktrace: 'a.b.JobException: it broke\n\tat x',
    timestamp: 5,
    taskName: null
  }
  expect(exceptionsOf(shapeOf({ exceptionHistory: { entries: [entry] } }, 'x'))).toEqual([
    { atMs: 5, name: 'JobException', says: 'it broke' }
  ])
})

describe('which job is meant', () => {
  const job = (id: string, name: string, state: string, startMs: number) => ({ id, name, state, startMs })
  const jobs = [
    job('1', 'a', 'FAILED', 1),
    job('2', 'a', 'RUNNING', 2),
    job('3', 'b', 'FINISHED', 3),
    job('4', 'b', 'CANCELED', 4)
  ]
  it('an id, else the one of that name that lives, else the newest', () => {
    expect(findJob(jobs, '1')).toMatchObject({ id: '1' })
    expect(findJob(jobs, 'a')).toMatchObject({ id: '2' })
    expect(findJob(jobs, 'b')).toMatchObject({ id: '4' })
    expect(findJob(jobs, 'c')).toBeUndefined()
    expect(findJob([...jobs, job('5', 'a', 'RESTARTING', 5)], 'a')).toBe('several')
  })
})

it('vertices of one name are called by their ids', () => {
  const vertex = (id: string, name: string) => ({ id, name, parallelism: 1, maxParallelism: 1, running: 1 })
  expect([...vertexNames([vertex('1', 'a'), vertex('2', 'a'), vertex('3', 'b')])]).toEqual([
    ['1', '1'],
    ['2', '2'],
    ['3', 'b']
  ])
})

describe('an address', () => {
  const names = { url: 'flink url', bearer: 'flink bearer' }
  it.each([
    ['host', "flink url must be such as http://host:1, was 'host'"],
    ['ftp://host', "flink url must be http or https, was 'ftp:'"],
    [
      'http://me:hush@host',
      "flink url must be without user and password: give --header Authorization=env:NAME, was 'http://…@host'"
    ]
  ])('%s is none', (url, says) => expect(() => endpoint(url, '/x', names, 'http://host:1')).toThrow(says))
  it('may have a path of its own', () => {
    expect(endpoint('http://host:1/proxy/', '/x', names, '').href).toBe('http://host:1/proxy/x')
  })
  it('has its secrets by reference', () => {
    process.env.PRESCALE_TEST_TOKEN = 'hush'
    const server = { url: 'http://host', bearer: 'env:PRESCALE_TEST_TOKEN' }
    expect(headersOf(server, names)).toEqual({ Authorization: 'Bearer hush' })
    expect(headersOf({ url: '', username: 'me', password: 'env:PRESCALE_TEST_TOKEN' }, names)).toEqual({
      Authorization: `Basic ${btoa('me:hush')}`
    })
  })
})

describe('one request', () => {
  async function serve(answer: (path: string, method: string) => [number, Record<string, string>, string?]) {
    const server = createServer((request, response) => {
      const [status, headers, body] = answer(request.url ?? '', request.method ?? '')
      response.writeHead(status, headers).end(body)
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`)
    return { url, close: () => server.close() }
  }

  it('that commands is never sent on, not even on the same host', async () => {
    const { url, close } = await serve(() => [307, { location: '/y' }])
    await expect(requestJson(url, { timeoutMs: 5_000, method: 'PUT', json: {} })).rejects.toThrow(
      /not followed/
    )
    close()
  })

  it('tells how long the server wants to be left alone, and that there was no body', async () => {
    const { url, close } = await serve(() => [429, { 'retry-after': '7' }])
    expect(await requestJson(url, { timeoutMs: 5_000 })).toEqual({
      status: 429,
      body: undefined,
      dateMs: expect.any(Number),
      retryAfterMs: 7_000
    })
    close()
  })

  it('with more ids than a line has room for is asked in pieces', async () => {
    let asked = 0
    const { url, close } = await serve((path) => {
      asked++
      expect(path.length).toBeLessThan(4_096)
      const ids = new URL(path, 'http://x').searchParams.get('get')?.split(',') ?? []
      return [200, {}, JSON.stringify(ids.map((id) => ({ id, sum: 1, max: 1 })))]
    })
    const ids = Array.from(
      { length: 300 },
      (_, i) => `Source: a.KafkaSourceReader.topic.in.partition.${i}.currentOffset`
    )
    const found = await flinkRest({ url: url.origin }).metrics('j', 'v', ids)
    expect([...found.keys()]).toEqual(ids)
    expect(asked).toBeGreaterThan(5)
    close()
  })

  it('that lists metrics gets a list', async () => {
    const { url, close } = await serve(() => [200, {}, '{}'])
    await expect(flinkRest({ url: url.origin }).metricIds('j', 'v')).rejects.toThrow(/it is not a list$/)
    close()
  })
})

describe('a server of another kind', () => {
  async function tcp(answer: string | undefined) {
    const server = createTcp((socket) => {
      socket.on('error', () => {})
      if (answer === undefined) socket.destroy()
      else socket.end(answer)
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    return { port: (server.address() as AddressInfo).port, close: () => server.close() }
  }

  it.each([
    ['http', 'SSH-2.0-OpenSSH_9.2\r\n', 'it does not speak HTTP'],
    ['https', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'it does not speak TLS'],
    ['http', undefined, 'connection closed']
  ])('asked by %s, answers %j: %s', async (scheme, answer, says) => {
    const { port, close } = await tcp(answer)
    await expect(
      requestJson(new URL(`${scheme}://127.0.0.1:${port}/`), { timeoutMs: 5_000 })
    ).rejects.toThrow(`${scheme}://127.0.0.1:${port} cannot be reached: ${says}`)
    close()
  })

  it('a question over a connection that was closed meanwhile is asked again, a command is not', async () => {
    let asked = 0
    const server = createServer((request, response) => {
      asked++
      response.end('{}')
      // Closed behind the answer, without a word that it would be.
      setTimeout(() => request.socket.destroy(), 20)
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    for (let i = 0; i < 20; i++) {
      expect((await requestJson(url, { timeoutMs: 5_000 })).status).toBe(200)
      await new Promise((later) => setTimeout(later, 15 + (i % 10)))
    }
    expect(asked).toBeGreaterThanOrEqual(20)
    server.close()
    server.closeAllConnections()
  })
})

describe('how Kafka is reached', () => {
  it('with secrets by reference', () => {
    process.env.PRESCALE_TEST_TOKEN = 'hush'
    const options = kafkaOptions({
      bootstrapServers: ['h:1'],
      sasl: { mechanism: 'PLAIN', username: 'me', password: 'env:PRESCALE_TEST_TOKEN' },
      tls: { serverName: 'broker' }
    })
    expect(options).toMatchObject({
      bootstrapBrokers: ['h:1'],
      sasl: { mechanism: 'PLAIN', username: 'me', password: 'hush' },
      tls: { servername: 'broker' }
    })
    expect(
      kafkaOptions({
        bootstrapServers: ['h:1'],
        sasl: { mechanism: 'OAUTHBEARER', token: 'env:PRESCALE_TEST_TOKEN' }
      }).sasl
    ).toEqual({ mechanism: 'OAUTHBEARER', token: 'hush' })
  })
  it.each<[Parameters<typeof kafkaOptions>[0], string]>([
    [{ bootstrapServers: [] }, 'bootstrapServers must be at least one host:port'],
    [
      { bootstrapServers: ['h:1'], sasl: { mechanism: 'PLAIN', password: 'hush' } },
      'sasl.password must be a reference such as env:NAME or file:PATH'
    ],
    [
      { bootstrapServers: ['h:1'], tls: { cert: '/nowhere/x.pem' } },
      'tls.cert: /nowhere/x.pem cannot be read'
    ]
  ])('%o is refused', (access, says) => expect(() => kafkaOptions(access)).toThrow(says))
})
