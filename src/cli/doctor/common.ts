/** What several checks of `doctor` share: how long an answer took, whose clock is off, how to mend what cannot be reached. */
import { formatDuration, PrescaleError } from '../../base/index.ts'
import { fail, type Looked, ok, warn } from './checks.ts'

/** Ages are measured by our own clock, but alarms and steps of a load are not: half a step of 5 s. */
const MOST_OFFSET_MS = 2_000

export async function timed<T>(
  work: () => Promise<T>
): Promise<{ readonly value: T; readonly tookMs: number }> {
  const beganMs = performance.now()
  const value = await work()
  return { value, tookMs: performance.now() - beganMs }
}

export const reached = (what: string, tookMs: number): Looked =>
  ok('reach', `${what} answers in ${Math.ceil(tookMs)} ms`)

export function clockCheck(theirMs: number, oursMs = Date.now()): Looked {
  if (!Number.isFinite(theirMs)) return ok('clock', 'not told')
  const offset = theirMs - oursMs
  const found = `${formatDuration(Math.abs(Math.round(offset)))} ${offset < 0 ? 'behind' : 'ahead of'} ours`
  return Math.abs(offset) <= MOST_OFFSET_MS
    ? ok('clock', found)
    : warn('clock', found, 'synchronise both machines (chrony, systemd-timesyncd)')
}

/** What went wrong with a system as one line of the table. */
export function failed(
  error: unknown,
  mends: Readonly<Partial<Record<PrescaleError['code'], string>>> = {}
): Looked {
  if (!(error instanceof PrescaleError)) throw error
  const check = error.code === 'UNREACHABLE' ? 'reach' : error.code === 'NOT_FOUND' ? 'find' : 'answer'
  const told = byMessage.find(([pattern]) => pattern.test(error.message))?.[1]
  return fail(check, error.message, told ?? mends[error.code] ?? general[error.code] ?? 'see the message')
}

/** What the message knows better than its code. */
const byMessage: readonly (readonly [RegExp, string])[] = [
  [
    /certificate is for another host/,
    'say the name in the certificate: in the address, or as tls.serverName'
  ],
  [/client certificate/, 'say tls.cert and tls.key of a client that this server knows'],
  [/certificate/, 'say its authority as tls.ca, or renew the certificate'],
  [
    /does not speak|does it speak/,
    'another port, or the protocol of another (http and https, mqtt and mqtts)?'
  ],
  [/wants other credentials/, 'look at the secret, and at what it may do there'],
  [/redirects to/, 'put the address that answers itself into the config: credentials are not sent on']
]

const general: Readonly<Partial<Record<PrescaleError['code'], string>>> = {
  UNREACHABLE:
    'is it started, is the address right, does a firewall stand between? Ask it from this machine with curl',
  BAD_ANSWER: 'something else listens at this address, or it wants other credentials',
  NOT_FOUND: 'create it, or correct its name in the config',
  BAD_OPTION: 'correct it in the config, or the file that it names',
  BAD_INPUT: 'correct what is asked for'
}
