/** The loop's own HTTP: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever keeps it alive. Read only. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PrescaleError } from '../base/index.ts'

export interface LoopPages {
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>
  /** Why it is not well, `undefined` when it is: then whoever watches should begin it anew. */
  readonly unhealthy: () => string | undefined
  /** Why it cannot be relied on yet. */
  readonly unready: () => string | undefined
}

export interface LoopHttp {
  readonly url: string
  close(): Promise<void>
}

/** Errors: IO where the port is taken or not allowed. */
export async function serveLoop(
  pages: LoopPages,
  at: { readonly host: string; readonly port: number }
): Promise<LoopHttp> {
  const server = createServer((request, response) => {
    void answer(pages, request.method ?? '', request.url ?? '', response)
  })
  // Who opens a connection and says nothing does not hold it.
  server.requestTimeout = 10_000
  server.headersTimeout = 5_000
  server.listen(at.port, at.host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : cause
    const hint =
      code === 'EADDRINUSE'
        ? 'somebody else uses it; set listen.metrics to another port, or false'
        : String(code)
    throw new PrescaleError('IO', `cannot listen on ${at.host}:${at.port}: ${hint}`, { cause })
  }
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}

async function answer(
  pages: LoopPages,
  method: string,
  url: string,
  response: ServerResponse
): Promise<void> {
  const say = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
    response.writeHead(status, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' })
    response.end(method === 'HEAD' ? '' : text)
  }
  if (method !== 'GET' && method !== 'HEAD') return say(405, 'read only\n')
  switch (url.split('?')[0]) {
    case '/metrics': {
      try {
        const { text, contentType } = await pages.metrics()
        return say(200, text, contentType)
      } catch (error) {
        return say(500, `${error instanceof Error ? error.message : error}\n`)
      }
    }
    case '/healthz':
      return state(pages.unhealthy(), say)
    case '/readyz':
      return state(pages.unready(), say)
    default:
      return say(404, 'there are /metrics, /healthz and /readyz\n')
  }
}

function state(because: string | undefined, say: (status: number, text: string) => void): void {
  say(because === undefined ? 200 : 503, `${because ?? 'ok'}\n`)
}
