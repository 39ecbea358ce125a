/**
 * Watches a config: whatever an editor, a copy or a ConfigMap does to it, what counts is that its content is another one.
 *
 * The folder is watched, since files are replaced rather than written; and because folders of networks tell nobody, the content is looked
 * at now and then anyway. A change counts when the file has been the same for a moment.
 */
import { readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PrescaleError } from '../../base/index.ts'

export interface Pace {
  /** So long the content must stay the same. */
  readonly settleMs: number
  /** It is looked at after this, told or not. */
  readonly pollMs: number
}

const usual: Pace = { settleMs: 200, pollMs: 5_000 }

/**
 * Calls `changed` for every new content until aborted, one after the other. What that throws, and a file that is gone, goes to `failed`; the
 * same wrong content is told once.
 */
export async function watchConfig(
  file: string,
  abort: AbortSignal,
  changed: () => Promise<void>,
  failed: (error: unknown) => void,
  { settleMs, pollMs }: Pace = usual
): Promise<void> {
  let seen = contentOf(file)
  let wake = () => {}
  const rung = () => wake()
  const watcher = watching(dirname(file), rung)
  abort.addEventListener('abort', rung, { once: true })
  try {
    while (!abort.aborted) {
      await ringOr(pollMs, (ring) => {
        wake = ring
      })
      const now = await settled(file, settleMs, abort)
      if (abort.aborted || now === seen) continue
      seen = now
      try {
        if (now === undefined) throw new PrescaleError('NOT_FOUND', `${file} is not there any more`)
        await changed()
      } catch (error) {
        failed(error)
      }
    }
  } finally {
    watcher?.close()
    abort.removeEventListener('abort', rung)
  }
}

async function ringOr(ms: number, listen: (ring: () => void) => void): Promise<void> {
  const rung = new AbortController()
  listen(() => rung.abort())
  await sleep(ms, undefined, { signal: rung.signal }).catch(() => {})
}

/** The content once it has not changed for a moment. */
async function settled(file: string, ms: number, abort: AbortSignal): Promise<string | undefined> {
  for (let last = contentOf(file); ; ) {
    await sleep(ms, undefined, { signal: abort }).catch(() => {})
    const now = contentOf(file)
    if (now === last || abort.aborted) return now
    last = now
  }
}

/** Without it only looks remain: no permission, or too many watches. */
function watching(folder: string, rung: () => void): ReturnType<typeof watch> | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, rung)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
