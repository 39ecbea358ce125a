/** TLS with authorities and certificates of one's own: PEM files by name, the private key by reference. The same for every protocol. */
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { PrescaleError } from '../base/index.ts'
import { secret } from './secret.ts'

/** As `prescale.yaml` says it. */
export interface TlsAccess {
  /** PEM file with the authorities to trust, else those of the system. */
  readonly ca?: string
  /** PEM file with our own certificate. */
  readonly cert?: string
  /** `env:NAME` or `file:PATH` of its private key. */
  readonly key?: string
  /** The name in the server's certificate, where it is not the host. */
  readonly serverName?: string
}

/** In the words of `node:tls`. */
export interface TlsOptions {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

/** Errors: NOT_FOUND (a file, a secret), BAD_OPTION (no PEM, a key that does not belong to its certificate). */
export function tlsOptions({ ca, cert, key, serverName }: TlsAccess): TlsOptions {
  const options = {
    ...(ca !== undefined && { ca: fileOf(ca, 'tls.ca') }),
    ...(cert !== undefined && { cert: fileOf(cert, 'tls.cert') }),
    ...(key !== undefined && { key: secret(key, 'tls.key') }),
    ...(serverName !== undefined && { servername: serverName })
  }
  for (const name of ['ca', 'cert', 'key'] as const) {
    const text = options[name]
    if (text === undefined) continue
    // Node passes over what it cannot read among authorities.
    if (!isPem[name].test(text)) throw new PrescaleError('BAD_OPTION', `tls.${name} must be ${inPem[name]}`)
    fits({ [name]: text }, `tls.${name} must be ${inPem[name]}`)
  }
  fits(options, 'tls.key must belong to tls.cert')
  return options
}

const isPem = {
  ca: /-BEGIN (TRUSTED |X509 )?CERTIFICATE-/,
  cert: /-BEGIN CERTIFICATE-/,
  key: /-BEGIN [A-Z ]*PRIVATE KEY-/
}
const inPem = { ca: 'certificates in PEM', cert: 'a certificate in PEM', key: 'a private key in PEM' }

function fits(options: TlsOptions, right: string): void {
  try {
    createSecureContext(options)
  } catch (cause) {
    const why = cause instanceof Error && 'reason' in cause ? String(cause.reason) : String(cause)
    throw new PrescaleError('BAD_OPTION', `${right}: ${why}`, { cause })
  }
}

/**
 * Changes when a file does: what was made of the settings before is then old. Certificates that are renewed in place are taken up so,
 * without a restart. Files that are not there say nothing; whoever reads them does.
 */
export function tlsStamp({ ca, cert, key }: TlsAccess): string {
  const files = [ca, cert, key?.startsWith('file:') ? key.slice('file:'.length) : undefined]
  return files.map((file) => (file === undefined ? '' : stampOf(file))).join(' ')
}

function stampOf(file: string): string {
  const { mtimeMs, size, ino } = statSync(file, { throwIfNoEntry: false }) ?? {}
  return `${mtimeMs}:${size}:${ino}`
}

function fileOf(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new PrescaleError('NOT_FOUND', `${what}: ${path} cannot be read`, { cause })
  }
}

/** Why a handshake failed, in words, by the code of Node or OpenSSL; `undefined` for what is nothing of TLS. */
export function tlsReason(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  const code = String(error.code)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another host${namesIn(error)}`
  if (reasons[code] !== undefined) return reasons[code]
  return code.startsWith('ERR_SSL_') ? `TLS fails (${code})` : undefined
}

/** ` (DNS:other.example)` */
function namesIn(error: Error): string {
  const { subjectaltname } = ('cert' in error ? error.cert : {}) as { subjectaltname?: unknown }
  return typeof subjectaltname === 'string' ? ` (${subjectaltname.slice(0, 100)})` : ''
}

const selfSigned = 'its certificate is self-signed: say tls.ca'
const unknownAuthority = 'its certificate cannot be verified: say tls.ca'
const noTls = 'it does not speak TLS'
const wanted = 'it wants a client certificate: say tls.cert and tls.key'
const refused = 'it refuses our client certificate'

const reasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  SELF_SIGNED_CERT_IN_CHAIN: selfSigned,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_SIGNATURE_FAILURE: 'its certificate is not by the authority of tls.ca',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: do the clocks differ?',
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: wanted,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it refuses the handshake: does it want a client certificate?',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: refused,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: refused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: refused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'our client certificate has expired'
}
