/**
 * A proxy that spoils what a test wants spoiled, for any HTTP server behind it.
 *
 *   status   answers itself: 409, 429, 503, …        html    200 with a login page        hang     takes the request and is silent
 *   cut      half an answer, then the line is cut    slow    passes it on, later          deaf     passes it on, and never tells the answer
 */
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Fault =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly body?: string
      readonly headers?: Record<string, string>
    }
  | { readonly kind: 'html' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'deaf' }

export interface FaultyProxy {
  readonly url: string
  /** Requests seen, in order. */
  readonly seen: { readonly method: string; readonly path: string; readonly fault?: Fault['kind'] }[]
  /** What to do to a request; undefined passes it on. */
  fault?: (request: {
    readonly method: string
    readonly path: string
    readonly n: number
  }) => Fault | undefined
  close(): Promise<void>
}

/** `n` counts the requests of the same method and path from 1. */
export async function faultyProxy(target: string): Promise<FaultyProxy> {
  const counts = new Map<string, number>()
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '/' } = request
    const path = url.split('?')[0]
    const n = (counts.get(`${method} ${path}`) ?? 0) + 1
    counts.set(`${method} ${path}`, n)
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    const fault = proxy.fault?.({ method, path, n })
    proxy.seen.push({ method, path, ...(fault && { fault: fault.kind }) })
    spoil(fault, response, (answered) => pass(target, request, Buffer.concat(chunks), answered))
  })
  const proxy: FaultyProxy = {
    url: '',
    seen: [],
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      })
  }
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return Object.assign(proxy, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

function spoil(
  fault: Fault | undefined,
  response: ServerResponse,
  forward: (answered: (answer: IncomingMessage) => void) => void
): void {
  const give = (answer: IncomingMessage) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  }
  if (fault === undefined) {
    forward(give)
    return
  }
  switch (fault.kind) {
    case 'slow':
      setTimeout(() => forward(give), fault.ms).unref()
      return
    case 'deaf':
      forward((answer) => answer.resume())
      return
    case 'hang':
      return
    case 'cut':
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        .write('{"half":')
      setTimeout(() => response.destroy(), 5)
      return
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please log in</body></html>')
      return
    default:
      response
        .writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
        .end(fault.body ?? JSON.stringify({ errors: [`the proxy says ${fault.status}`] }))
  }
}

function pass(
  target: string,
  request: IncomingMessage,
  body: Buffer,
  answered: (answer: IncomingMessage) => void
): void {
  const url = new URL(request.url ?? '/', target)
  const { host: _, connection: __, ...headers } = request.headers
  const passed = ask(url, { method: request.method, headers: { ...headers, host: url.host } }, answered)
  passed.on('error', () => {})
  passed.end(body)
}
