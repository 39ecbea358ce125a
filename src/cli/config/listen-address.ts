import { PrescaleError } from '../../base/index.ts'
import type { ListenConfig } from '../../config/index.ts'

/** `HOST:PORT`, `PORT` or `false` of a flag. Errors: BAD_OPTION. */
export function addressOf(text: string, flag: string): Pick<ListenConfig, 'host' | 'metrics'> {
  if (text === 'false') return { host: '127.0.0.1', metrics: false }
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535) {
    throw new PrescaleError('BAD_OPTION', `${flag} must be such as 127.0.0.1:8080 or false, was '${text}'`)
  }
  return { host: host?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', metrics: Number(port) }
}
