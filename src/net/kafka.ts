/** How Kafka is reached: the client is loaded when it is used, secrets are looked up by reference. */
import { PrescaleError, requireOption } from '../base/index.ts'
import { secret } from './secret.ts'
import { type TlsAccess, tlsOptions } from './tls.ts'

/** As `prescale.yaml` says it. */
export interface KafkaAccess {
  /** `host:port` */
  readonly bootstrapServers: readonly string[]
  readonly clientId?: string
  /** For one request; 10 s. */
  readonly timeoutMs?: number
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'
    readonly username?: string
    readonly password?: string
    readonly token?: string
  }
  /** Present: TLS. */
  readonly tls?: TlsAccess
}

export type KafkaClient = typeof import('@platformatic/kafka')

/** Errors: NOT_FOUND with what to install. */
export async function kafkaClient(): Promise<KafkaClient> {
  try {
    return await import('@platformatic/kafka')
  } catch (cause) {
    throw new PrescaleError('NOT_FOUND', 'Kafka needs its client: npm install @platformatic/kafka', { cause })
  }
}

/** What every client of it is made with. Errors: BAD_OPTION, NOT_FOUND (a secret or a file). */
export function kafkaOptions(access: KafkaAccess) {
  const { bootstrapServers, clientId = 'prescale', timeoutMs = 10_000, sasl, tls } = access
  requireOption(bootstrapServers.length > 0, 'bootstrapServers', '[]', 'at least one host:port')
  return {
    clientId,
    bootstrapBrokers: [...bootstrapServers],
    timeout: timeoutMs,
    requestTimeout: timeoutMs,
    connectTimeout: timeoutMs,
    retries: 1,
    ...(sasl !== undefined && { sasl: saslOptions(sasl) }),
    ...(tls !== undefined && { tls: tlsOptions(tls) })
  }
}

function saslOptions({ mechanism, username, password, token }: NonNullable<KafkaAccess['sasl']>) {
  return {
    mechanism,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: secret(password, 'sasl.password') }),
    ...(token !== undefined && { token: secret(token, 'sasl.token') })
  }
}

/** What the client threw, as one line of ours. */
export function kafkaError(error: unknown, servers: readonly string[]): PrescaleError {
  if (error instanceof PrescaleError) return error
  const where = `Kafka at ${servers.join(', ')}`
  const messages = messagesOf(error)
  const text = messages.find((it) =>
    /auth|sasl|credential|unknown_topic|not authorized|certificate/i.test(it)
  )
  const last = messages.at(-1) ?? 'cannot be reached'
  const hint = /^connection closed/i.test(last)
    ? ': does it speak Kafka, and TLS on both sides or on none?'
    : ''
  const code = text === undefined || /certificate/i.test(text) ? 'UNREACHABLE' : 'BAD_ANSWER'
  return new PrescaleError(code, `${where}: ${text ?? last + hint}`, {
    cause: error
  })
}

/** From the outside in: several brokers fail with several errors. */
function messagesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)]
  const inner =
    error instanceof AggregateError ? error.errors : error.cause === undefined ? [] : [error.cause]
  return [error.message.split('\n')[0], ...inner.flatMap(messagesOf)].filter(Boolean)
}
