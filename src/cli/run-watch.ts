/**
 * Looks at a file again and again, and says when it has become another one. Editors write in steps or put another file in its place: it
 * counts when it was the same at two looks.
 */
import { readFileSync } from 'node:fs'
import type { Clock } from '../loop/index.ts'

export interface WatchOptions {
  readonly clock: Clock
  readonly everyMs?: number
  /** Awaited before the next look. What it throws goes to `failed`, and the file counts as seen. */
  readonly changed: () => Promise<void>
  readonly failed: (error: unknown) => void
}

export async function watchFile(file: string, options: WatchOptions, abort: AbortSignal): Promise<void> {
  const { clock, everyMs = 1_000, changed, failed } = options
  let seen = contentOf(file)
  let last = seen
  while (!abort.aborted) {
    await clock.sleepUntil(clock.now() + everyMs, abort)
    const now = contentOf(file)
    const settled = now === last
    last = now
    // A file that is gone for a moment is being written.
    if (abort.aborted || !settled || now === seen || now === undefined) continue
    seen = now
    try {
      await changed()
    } catch (error) {
      failed(error)
    }
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
