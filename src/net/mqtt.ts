/** How MQTT is reached: the client is loaded when it is used, secrets are looked up by reference. */
import type { IClientOptions, MqttClient } from 'mqtt'
import { PrescaleError, requireOption } from '../base/index.ts'
import { secret } from './secret.ts'
import { type TlsAccess, tlsOptions, tlsReason } from './tls.ts'

/** As `prescale.yaml` says it. */
export interface MqttAccess {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`. */
  readonly url: string
  /** Absent: one by chance, and no session that survives. */
  readonly clientId?: string
  /** For one answer; 10 s. */
  readonly timeoutMs?: number
  readonly username?: string
  readonly password?: string
  readonly tls?: TlsAccess
}

/** 3.1.1, which every broker has, or 5, which carries properties. */
export type MqttVersion = 4 | 5

/** Errors: NOT_FOUND with what to install. */
export async function mqttClient(): Promise<typeof import('mqtt')> {
  try {
    return await import('mqtt')
  } catch (cause) {
    throw new PrescaleError('NOT_FOUND', 'MQTT needs its client: npm install mqtt', { cause })
  }
}

/** What every client of it is made with. Errors: BAD_OPTION, NOT_FOUND (a secret or a file). */
export function mqttOptions(access: MqttAccess, protocolVersion: MqttVersion = 4): IClientOptions {
  const { url, clientId, timeoutMs = 10_000, username, password, tls } = access
  requireOption(URL.canParse(url), 'url', url, 'an address such as mqtt://host:1883')
  const { protocol, username: user, password: word } = new URL(url)
  requireOption(/^(mqtts?|wss?):$/.test(protocol), 'url', protocol, 'mqtt, mqtts, ws or wss')
  requireOption(user === '' && word === '', 'url', `${protocol}//…`, 'without credentials: say username')
  return {
    protocolVersion,
    connectTimeout: timeoutMs,
    reconnectPeriod: 1_000,
    keepalive: 15,
    ...(clientId !== undefined && { clientId, clean: false }),
    ...(protocolVersion === 5 && { properties: { sessionExpiryInterval: 3_600 } }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: secret(password, 'password') }),
    ...(tls !== undefined && tlsOptions(tls)),
    rejectUnauthorized: true
  }
}

/** Ends a client at once, whatever it waits for. */
export function endMqtt(client: MqttClient): Promise<void> {
  return new Promise((done) => client.end(true, {}, () => done()))
}

/** What the client said went wrong, as one line of ours. */
export function mqttError(error: unknown, url: string): PrescaleError {
  if (error instanceof PrescaleError) return error
  const inner = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error
  const code = inner instanceof Error && 'code' in inner ? inner.code : undefined
  const refused = typeof code === 'number' ? refusals[code] : undefined
  const text =
    refused ??
    reasons[String(code)] ??
    tlsReason(inner) ??
    (inner instanceof Error ? inner.message : String(inner))
  const isOther = inner instanceof Error && /header flag|packet|protocol/i.test(inner.message)
  return new PrescaleError(
    refused === undefined ? 'UNREACHABLE' : 'BAD_ANSWER',
    `MQTT at ${url}: ${isOther && refused === undefined ? `it does not speak MQTT (${text})` : text}`,
    {
      cause: error
    }
  )
}

/** Codes of CONNACK, MQTT 3.1.1 §3.2.2.3 and MQTT 5 §3.2.2.2. */
const refusals: Readonly<Record<number, string>> = {
  1: 'refuses this version of MQTT',
  2: 'refuses this client id',
  3: 'is not ready',
  4: 'refuses user name or password',
  5: 'refuses this client: not authorised',
  132: 'refuses this version of MQTT',
  134: 'refuses user name or password',
  135: 'refuses this client: not authorised'
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
  ECONNRESET: 'connection reset (TLS on one side only?)'
}
