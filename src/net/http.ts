/**
 * JSON over HTTP — one request to a server that may be down, slow, behind a login page, or somebody else.
 *
 * Redirects are followed on the same host only, since headers may carry a secret, and only of what asks: a command is never
 * sent on. What comes back must be JSON, or nothing, and not larger than is reasonable. Errors: UNREACHABLE (refused, no such
 * host, timeout), BAD_ANSWER, INTERRUPTED.
 */
import { formatDuration, PrescaleError } from '../base/index.ts'

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
}

export interface JsonAnswer {
  readonly status: number
  /** Undefined: an answer without a body. */
  readonly body: unknown
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number
}

const largest = 64 * 1024 * 1024
const redirects = 3

export async function requestJson(url: URL, request: JsonRequest): Promise<JsonAnswer> {
  const timeout = AbortSignal.timeout(request.timeoutMs)
  const signal = request.abort === undefined ? timeout : AbortSignal.any([request.abort, timeout])
  try {
    const response = await follow(url, request, signal)
    const body = json(url, response, await text(url, response))
    const seconds = Number(response.headers.get('retry-after') ?? NaN)
    return { status: response.status, body, ...(seconds >= 0 && { retryAfterMs: seconds * 1_000 }) }
  } catch (cause) {
    if (cause instanceof PrescaleError) throw cause
    if (request.abort?.aborted) {
      throw new PrescaleError('INTERRUPTED', `asking ${url.host} was interrupted`, { cause })
    }
    const why = timeout.aborted
      ? `did not answer within ${formatDuration(request.timeoutMs)}`
      : `cannot be reached: ${reasonOf(cause)}`
    throw new PrescaleError('UNREACHABLE', `${url.origin} ${why}`, { cause })
  }
}

async function follow(url: URL, request: JsonRequest, signal: AbortSignal): Promise<Response> {
  const { headers, form } = request
  const body = request.json === undefined ? (request.text ?? form) : JSON.stringify(request.json)
  const method = request.method ?? (form === undefined ? 'GET' : 'POST')
  const type = request.json === undefined ? {} : { 'content-type': 'application/json' }
  let at = url
  for (let hop = 0; hop <= redirects; hop++) {
    const response = await fetch(at, {
      signal,
      method,
      headers: { accept: 'application/json', ...type, ...headers },
      redirect: 'manual',
      ...(body === undefined ? {} : { body })
    })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || location === null) return response
    await response.body?.cancel()
    const next = new URL(location, at)
    const downgraded = at.protocol === 'https:' && next.protocol !== 'https:'
    const isCommand = method !== 'GET' && form === undefined
    if (next.hostname !== at.hostname || downgraded || isCommand) {
      throw new PrescaleError(
        'BAD_ANSWER',
        `${at.origin} redirects to ${next.origin}: not followed; give the address that answers itself`
      )
    }
    at = next
  }
  throw new PrescaleError('BAD_ANSWER', `${url.origin} redirects more than ${redirects} times`)
}

async function text(url: URL, response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > largest) {
      throw new PrescaleError('BAD_ANSWER', `${url.origin} answers with more than 64 MB: ask for less`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function json(url: URL, response: Response, body: string): unknown {
  if (body === '') return undefined
  try {
    return JSON.parse(body)
  } catch (cause) {
    const isHtml = /^\s*</.test(body) || response.headers.get('content-type')?.includes('html')
    const got = isHtml
      ? 'HTML (a login page, or another server?)'
      : `'${body.slice(0, 60).replace(/\s+/g, ' ')}'`
    throw new PrescaleError(
      'BAD_ANSWER',
      `${url.origin}${url.pathname} answers ${response.status} with ${got} instead of JSON`,
      { cause }
    )
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
  ECONNRESET: 'connection reset',
  UND_ERR_SOCKET: 'connection closed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  CERT_HAS_EXPIRED: 'its certificate has expired'
}

/** `fetch failed` says nothing; the reason is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return reasons[code] ?? (code || (cause instanceof Error ? cause.message : String(cause)))
}
