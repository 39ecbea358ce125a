import { copyFileSync, writeFileSync } from 'node:fs'
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { certificates, hasOpenssl } from '../../test/fakes/certificates.ts'
import { PrescaleError } from '../base/index.ts'
import { ping } from '../observe/prometheus.ts'
import { flinkRest } from './flink.ts'
import { requestJson } from './http.ts'
import { influxQuery } from './influxdb.ts'
import { kafkaOptions } from './kafka.ts'
import { mqttOptions } from './mqtt.ts'
import { type TlsAccess, tlsOptions } from './tls.ts'

describe.skipIf(!hasOpenssl)('https', () => {
  const { at, read, issue, remove } = certificates()
  issue('server', 'IP:127.0.0.1')
  issue('other', 'DNS:another.example')
  issue('client', 'DNS:client')
  const stranger = certificates()
  stranger.issue('client', 'DNS:client')
  afterAll(() => {
    remove()
    stranger.remove()
  })

  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  type Answer = (request: IncomingMessage, response: ServerResponse) => void
  const fine: Answer = (_, response) => response.end('{"status":"success","results":[]}')

  async function serve(options: ServerOptions = {}, answer: Answer = fine): Promise<URL> {
    const mine = { cert: read('server.crt'), key: read('server.key'), ca: read('ca.crt') }
    const server = createServer({ ...mine, ...options }, answer)
    servers.push(server)
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  }
  const wantsCertificate = { requestCert: true, rejectUnauthorized: true }
  const ask = (url: URL, tls?: TlsAccess) => requestJson(url, { timeoutMs: 5_000, ...(tls && { tls }) })
  const refusal = async (asked: Promise<unknown>) => {
    const error = await asked.then(
      () => undefined,
      (it: unknown) => it
    )
    if (!(error instanceof PrescaleError)) throw new Error(`not refused: ${error}`)
    return { code: error.code, message: error.message }
  }
  const ca = { ca: at('ca.crt') }
  const both = { ...ca, cert: at('client.crt'), key: `file:${at('client.key')}` }

  it('with an authority of our own is believed, without it is refused in one line that says how to mend it', async () => {
    const url = await serve()
    expect((await ask(url, ca)).status).toBe(200)
    expect(await refusal(ask(url))).toEqual({
      code: 'UNREACHABLE',
      message: `${url.origin} cannot be reached: its certificate is self-signed: say tls.ca`
    })
  })

  it('with a certificate for another host is refused, and named; serverName says which one is meant', async () => {
    const url = await serve({ cert: read('other.crt'), key: read('other.key') })
    expect(await refusal(ask(url, ca))).toEqual({
      code: 'UNREACHABLE',
      message: `${url.origin} cannot be reached: its certificate is for another host (DNS:another.example)`
    })
    expect((await ask(url, { ...ca, serverName: 'another.example' })).status).toBe(200)
  })

  it('that wants a client certificate gets ours, for questions and for commands', async () => {
    const subjects: unknown[] = []
    const url = await serve(wantsCertificate, (request, response) => {
      const socket = request.socket as import('node:tls').TLSSocket
      subjects.push(socket.getPeerCertificate().subject.CN)
      response.end('{}')
    })
    expect((await ask(url, both)).status).toBe(200)
    const command = requestJson(url, { timeoutMs: 5_000, method: 'PUT', json: {}, tls: both })
    expect((await command).status).toBe(200)
    expect(subjects).toEqual(['client', 'client'])
  })

  it.each([
    ['none', ca, /it wants a client certificate: say tls.cert and tls.key/],
    [
      'one of another authority',
      { ...ca, cert: stranger.at('client.crt'), key: `file:${stranger.at('client.key')}` },
      /refuses? our client certificate/
    ]
  ])('that wants a client certificate and gets %s says so', async (_, tls, says) => {
    const url = await serve(wantsCertificate)
    const { code, message } = await refusal(ask(url, tls))
    expect(code).toBe('UNREACHABLE')
    expect(message).toMatch(says)
    expect(message).not.toContain('\n')
  })

  it('does not use the connection of one certificate for who has another, or none', async () => {
    const url = await serve(wantsCertificate)
    expect((await ask(url, both)).status).toBe(200)
    expect((await refusal(ask(url, ca))).message).toMatch(/client certificate/)
  })

  it('takes up a certificate that was renewed in place', async () => {
    const url = await serve(wantsCertificate)
    const renewed = { ...ca, cert: at('renewed.crt'), key: `file:${at('renewed.key')}` }
    for (const end of ['crt', 'key']) copyFileSync(stranger.at(`client.${end}`), at(`renewed.${end}`))
    expect((await refusal(ask(url, renewed))).message).toMatch(/refuses? our client certificate/)
    // Another file under the same name: its inode or its time is another one.
    for (const end of ['crt', 'key']) writeFileSync(at(`renewed.${end}`), `${read(`client.${end}`)}\n`)
    expect((await ask(url, renewed)).status).toBe(200)
  })

  it('is how Prometheus, Flink and InfluxDB are asked', async () => {
    const url = await serve(wantsCertificate)
    const server = { url: url.origin, tls: both }
    await ping(server)
    expect((await flinkRest(server).get('/x')).status).toBe(200)
    expect((await influxQuery({ ...server, database: 'd' }, 'SHOW')).status).toBe(200)
  })

  it.each([
    ['another host', (port: string) => `https://localhost:${port}/`],
    ['the same host without TLS', (port: string) => `http://127.0.0.1:${port}/`]
  ])('that redirects to %s gets neither our credentials nor our certificate there', async (_, to) => {
    let seen = 0
    const other = createPlain((_request, response) => response.end('{}'))
    // Who is not spoken to is not even called, with TLS or without.
    other.on('connection', () => seen++)
    servers.push(other)
    await new Promise<void>((ready) => other.listen(0, '127.0.0.1', ready))
    const location = to(String((other.address() as AddressInfo).port))
    const url = await serve({}, (_request, response) => response.writeHead(302, { location }).end())
    const asked = requestJson(url, { timeoutMs: 5_000, tls: both, headers: { Authorization: 'Bearer hush' } })
    const { code, message } = await refusal(asked)
    expect(code).toBe('BAD_ANSWER')
    expect(message).toMatch(/redirects to .*: not followed; give the address that answers itself/)
    expect(message).not.toContain('hush')
    expect(seen).toBe(0)
  })

  it('is the same for Kafka and MQTT', () => {
    const read_ = { ca: String(read('ca.crt')), cert: String(read('client.crt')) }
    expect(kafkaOptions({ bootstrapServers: ['h:1'], tls: both }).tls).toMatchObject(read_)
    expect(mqttOptions({ url: 'mqtts://h', tls: both })).toMatchObject(read_)
  })

  it.each<[string, () => TlsAccess, string, RegExp]>([
    [
      'a file that is not there',
      () => ({ ca: at('none.crt') }),
      'NOT_FOUND',
      /tls.ca: .*none.crt cannot be read/
    ],
    [
      'a file that is no PEM',
      () => ({ ca: at('server.csr.txt') }),
      'BAD_OPTION',
      /tls.ca must be certificates in PEM/
    ],
    [
      'a key of another certificate',
      () => ({ ...both, key: `file:${at('server.key')}` }),
      'BAD_OPTION',
      /tls.key must belong to tls.cert/
    ],
    [
      'a key without its reference',
      () => ({ ...both, key: at('client.key') }),
      'BAD_OPTION',
      /tls.key must be a reference/
    ]
  ])('refuses %s', (_, tls, code, says) => {
    writeFileSync(at('server.csr.txt'), 'no certificate')
    expect(() => tlsOptions(tls())).toThrow(says)
    expect(() => tlsOptions(tls())).toThrow(expect.objectContaining({ code }))
  })
})
