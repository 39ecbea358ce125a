/**
 * Embedded broker — MQTT 3.1.1 in this process (aedes): to try a gateway without installing one, and to test with.
 *
 * In memory: what is queued for a session that is away is gone with the process. No shared subscriptions: `$share/…` is refused in one line rather
 * than accepted and never delivered. For anything that matters use a broker such as Mosquitto.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { PrescaleError } from '../base/index.ts'

export interface BrokerOptions {
  readonly host?: string
  /** 0: any that is free. */
  readonly port?: number
  /** Who may connect; everybody when absent. */
  readonly users?: Readonly<Record<string, string>>
  readonly tls?: TlsOptions
}

export interface EmbeddedBroker {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** Errors: NOT_FOUND (aedes), IO (the port). */
export async function embeddedBroker(options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  const { host = '127.0.0.1', port = 0, users, tls } = options
  const { Aedes } = await loaded()
  const broker = await Aedes.createBroker({
    authenticate: (_client, name, password, done) => {
      const isKnown = users === undefined || (name !== undefined && users[name] === password?.toString())
      done(isKnown ? null : Object.assign(new Error('not authorised'), { returnCode: 4 as const }), isKnown)
    },
    authorizeSubscribe: (_client, subscription, done) => {
      done(null, subscription.topic.startsWith('$share/') ? null : subscription)
    }
  })
  const handle = (socket: Parameters<typeof broker.handle>[0]) => {
    broker.handle(socket)
  }
  const server: Server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle)
  // Half a handshake, a port scan: no reason to end.
  server.on('tlsClientError', () => {})
  await listening(server, host, port)
  const bound = (server.address() as AddressInfo).port
  return {
    url: `${tls === undefined ? 'mqtt' : 'mqtts'}://${host}:${bound}`,
    port: bound,
    async close() {
      const closed = once(server, 'close')
      server.close()
      await new Promise<void>((done) => broker.close(() => done()))
      await closed
    }
  }
}

async function loaded(): Promise<typeof import('aedes')> {
  try {
    return await import('aedes')
  } catch (cause) {
    throw new PrescaleError('NOT_FOUND', 'an embedded broker needs aedes: npm install aedes', { cause })
  }
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    const why = code === 'EADDRINUSE' ? 'somebody else uses it' : code
    throw new PrescaleError('IO', `the broker cannot listen on ${host}:${port}: ${why}`, { cause })
  }
}
