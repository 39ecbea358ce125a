/**
 * Ctrl-C, or being asked to end: work stops, and nothing is half-written.
 *
 * Files are written whole between two turns of the event loop, where no signal comes in between; whoever waits gets
 * `interrupted`. A second signal does not wait for anybody.
 */
import { PrescaleError } from '../base/index.ts'

const controller = new AbortController()

/** Aborted by the first signal. */
export const interrupted: AbortSignal = controller.signal

let endsItself = false

/** A command that closes what it opened when `interrupted` comes, and then throws `INTERRUPTED`: it is waited for. */
export function waitForEnd(): void {
  endsItself = true
}

/** Listens from now on. Rejects with `INTERRUPTED` at the first signal, and never resolves. */
export function untilInterrupted(): Promise<never> {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (interrupted.aborted) process.exit(130)
      controller.abort()
    })
  }
  const stopped = new Promise<never>((_, reject) => {
    interrupted.addEventListener('abort', () => {
      if (!endsItself) reject(new PrescaleError('INTERRUPTED', 'stopped'))
    })
  })
  // It may come before anybody waits for it.
  stopped.catch(() => {})
  return stopped
}
