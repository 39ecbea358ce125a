/** Where a server is and how it is asked: an address without secrets in it, headers with secrets by reference. */
import { PrescaleError, requireOption } from '../base/index.ts'
import { secret } from './secret.ts'
import type { TlsAccess } from './tls.ts'

export interface Server {
  /** `http://host:port`, with a path when it lives under one. */
  readonly url: string
  /** `env:NAME` or `file:PATH` of a bearer token. */
  readonly bearer?: string
  /** With `password`, a reference, for a server that asks for both (RFC 7617). */
  readonly username?: string
  readonly password?: string
  /** Further headers; a value `env:NAME` or `file:PATH` is looked up. */
  readonly headers?: Readonly<Record<string, string>>
  /** For one request. */
  readonly timeoutMs?: number
  /** Authorities and certificate of our own, for https. */
  readonly tls?: TlsAccess
}

/** What messages call the address and its token. */
export interface Names {
  readonly url: string
  readonly bearer: string
}

/** The address of `path` on the server. Errors: BAD_OPTION. */
export function endpoint(address: string, path: string, { url: name }: Names, example: string): URL {
  let url: URL
  try {
    url = new URL(address)
  } catch (cause) {
    throw new PrescaleError('BAD_OPTION', `${name} must be such as ${example}, was '${address}'`, { cause })
  }
  requireOption(/^https?:$/.test(url.protocol), name, url.protocol, 'http or https')
  requireOption(
    url.username === '' && url.password === '',
    name,
    `${url.protocol}//…@${url.host}`,
    'without user and password: give --header Authorization=env:NAME'
  )
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`
  return url
}

/** The headers to send. Errors: BAD_OPTION for a secret that is written out, NOT_FOUND for one that is not there. */
export function headersOf(
  { bearer, username, password, headers = {} }: Server,
  names: Names
): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const isSecret = /^(env|file):/.test(value)
    requireOption(
      isSecret || !/authorization|token|key|cookie/i.test(name),
      `header ${name}`,
      '…',
      'a reference such as env:NAME'
    )
    out[name] = isSecret ? secret(value, `header ${name}`) : value
  }
  if (username !== undefined) {
    const word = password === undefined ? '' : secret(password, 'password')
    out.Authorization = `Basic ${Buffer.from(`${username}:${word}`).toString('base64')}`
  }
  if (bearer !== undefined) out.Authorization = `Bearer ${secret(bearer, names.bearer)}`
  return out
}
