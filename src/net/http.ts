/**
 * JSON over HTTP — one request to a server that may be down, slow, behind a login page, or somebody else.
 *
 * Redirects are followed on the same host only, since headers may carry a secret, and only of what asks: a command is never
 * sent on. What comes back must be JSON, or nothing, and not larger than is reasonable. Errors: UNREACHABLE (refused, no such
 * host, timeout), BAD_ANSWER, INTERRUPTED. By `node:http`, which takes less than half the time of `fetch`: a loop that watches
 * thousands of jobs does little else.
 */
import { Agent, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSafe, Agent as SafeAgent } from 'node:https'
import { formatDuration, PrescaleError } from '../base/index.ts'
import { type TlsAccess, type TlsOptions, tlsOptions, tlsReason, tlsStamp } from './tls.ts'

export interface JsonRequest {
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly abort?: AbortSignal
  /** Sent as a form instead of in the URL, when given. */
  readonly form?: URLSearchParams
  /** GET when absent, POST with a form. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is. */
  readonly text?: string
  /** Of https; absent: the authorities of the system, and no certificate of our own. */
  readonly tls?: TlsAccess
}

export interface JsonAnswer {
  readonly status: number
  /** Undefined: an answer without a body. */
  readonly body: unknown
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number
  /** Its clock when it answered, to the second; `NaN` where it does not say. */
  readonly dateMs: number
  /** What InfluxDB calls its version in each answer. */
  readonly version?: string
}

const largest = 64 * 1024 * 1024
const redirects = 3
/** Connections are used again; idle ones do not keep the process alive. Those with certificates are apart from those without. */
const agents = { plain: new Agent({ keepAlive: true }), safe: new SafeAgent({ keepAlive: true }) }
const own = new Map<string, Trusted & { readonly stamp: string }>()

interface Trusted {
  readonly options: TlsOptions
  readonly agent: SafeAgent
}

/** Errors: NOT_FOUND, BAD_OPTION as of `tlsOptions`. */
function trustedBy(tls: TlsAccess | undefined): Trusted {
  if (tls === undefined) return { options: {}, agent: agents.safe }
  const name = JSON.stringify(tls)
  const stamp = tlsStamp(tls)
  const before = own.get(name)
  if (before?.stamp === stamp) return before
  const options = tlsOptions(tls)
  const made = { stamp, options, agent: new SafeAgent({ keepAlive: true, ...options }) }
  own.set(name, made)
  return made
}

export async function requestJson(url: URL, request: JsonRequest): Promise<JsonAnswer> {
  const timeout = AbortSignal.timeout(request.timeoutMs)
  const signal = request.abort === undefined ? timeout : AbortSignal.any([request.abort, timeout])
  try {
    const response = await follow(url, request, signal)
    const body = json(url, response, await text(url, response))
    const { date = '', 'retry-after': after = NaN, 'x-influxdb-version': version } = response.headers
    return {
      status: response.statusCode ?? 0,
      body,
      dateMs: Date.parse(date),
      ...(Number(after) >= 0 && { retryAfterMs: Number(after) * 1_000 }),
      ...(typeof version === 'string' && { version })
    }
  } catch (cause) {
    if (cause instanceof PrescaleError) throw cause
    if (request.abort?.aborted) {
      throw new PrescaleError('INTERRUPTED', `asking ${url.host} was interrupted`, { cause })
    }
    const why = timeout.aborted
      ? `did not answer within ${formatDuration(request.timeoutMs)}`
      : `cannot be reached: ${reasonOf(cause, request.tls)}`
    throw new PrescaleError('UNREACHABLE', `${url.origin} ${why}`, { cause })
  }
}

interface Sent {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** It asks and changes nothing. */
  readonly question: boolean
  readonly tls?: TlsAccess
}

async function follow(url: URL, request: JsonRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const sent = sentOf(request)
  let at = url
  for (let hop = 0; hop <= redirects; hop++) {
    const response = await send(at, sent, signal)
    const { statusCode = 0, headers } = response
    if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) return response
    response.destroy()
    const next = new URL(headers.location, at)
    const downgraded = at.protocol === 'https:' && next.protocol !== 'https:'
    if (next.hostname !== at.hostname || downgraded || !sent.question) {
      throw new PrescaleError(
        'BAD_ANSWER',
        `${at.origin} redirects to ${next.origin}: not followed; give the address that answers itself`
      )
    }
    at = next
  }
  throw new PrescaleError('BAD_ANSWER', `${url.origin} redirects more than ${redirects} times`)
}

function sentOf({ form, json, text, headers, method, tls }: JsonRequest): Sent {
  const how = {
    tls,
    method: method ?? (form === undefined ? 'GET' : 'POST'),
    question: form !== undefined || (method ?? 'GET') === 'GET'
  }
  const [body, type] =
    json !== undefined
      ? [JSON.stringify(json), 'application/json']
      : form !== undefined
        ? [form.toString(), 'application/x-www-form-urlencoded;charset=UTF-8']
        : [text, 'text/plain;charset=UTF-8']
  if (body === undefined) return { ...how, headers: { accept: 'application/json', ...headers } }
  const about = { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) }
  return { ...how, headers: { accept: 'application/json', ...about, ...headers }, body }
}

/**
 * A connection that is used again may have been closed by the server just now. A question is then asked once more, over a new one; a
 * command always has a connection of its own.
 */
function send(at: URL, sent: Sent, signal: AbortSignal, fresh = !sent.question): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isSafe = at.protocol === 'https:'
    const { method, headers, body, tls } = sent
    const { options, agent } = isSafe ? trustedBy(tls) : { options: {}, agent: agents.plain }
    const how = { ...options, method, headers, signal, agent: fresh ? false : agent }
    const request = (isSafe ? requestSafe : requestPlain)(at, how)
    request.on('response', resolve)
    request.on('error', (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && error.code === 'ECONNRESET' && !fresh
      if (stale) resolve(send(at, sent, signal, true))
      else reject(error)
    })
    request.end(body)
  })
}

async function text(url: URL, response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response) {
    size += chunk.length
    if (size > largest) {
      throw new PrescaleError('BAD_ANSWER', `${url.origin} answers with more than 64 MB: ask for less`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function json(url: URL, { statusCode, headers }: IncomingMessage, body: string): unknown {
  if (body === '') return undefined
  try {
    return JSON.parse(body)
  } catch (cause) {
    const isHtml = /^\s*</.test(body) || headers['content-type']?.includes('html')
    const got = isHtml
      ? 'HTML (a login page, or another server?)'
      : `'${body.slice(0, 60).replace(/\s+/g, ' ')}'`
    throw new PrescaleError(
      'BAD_ANSWER',
      `${url.origin}${url.pathname} answers ${statusCode} with ${got} instead of JSON`,
      { cause }
    )
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
  ECONNRESET: 'connection closed'
}

function reasonOf(error: unknown, tls?: TlsAccess): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code.startsWith('HPE_')) return 'it does not speak HTTP'
  // Who does not like a certificate may say so only by hanging up.
  if (code === 'ECONNRESET' && tls?.cert !== undefined) {
    return 'connection closed: does it refuse our client certificate?'
  }
  return (
    tlsReason(error) ?? reasons[code] ?? (code || (error instanceof Error ? error.message : String(error)))
  )
}
