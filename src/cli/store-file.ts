/** The Turns of the last rehearsal, beside the work, so that two projects do not mix. Each rehearsal replaces it whole. */
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { PrescaleError } from '../base/index.ts'
import type { Turn } from '../roles.ts'
import { type NewRun, sqlite } from '../store/index.ts'

export const DEFAULT_STORE = '.prescale/rehearsal.sqlite'

/** Writes a store beside the file and renames it over: a reader sees the old rehearsal or the new one. */
export function replaceStore(file: string, turns: readonly Turn[], run: NewRun): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    mkdirSync(dirname(file), { recursive: true })
    const store = sqlite({ file: temporary })
    try {
      store.appendAll(turns)
      store.putRun(run)
    } finally {
      store.close()
    }
    renameSync(temporary, file)
  } catch (cause) {
    for (const ending of ['', '-wal', '-shm']) rmSync(`${temporary}${ending}`, { force: true })
    if (cause instanceof PrescaleError)
      throw new PrescaleError(cause.code, cause.message.replace(temporary, file), { cause })
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PrescaleError('IO', `store ${file} could not be written: ${reason}`, { cause })
  }
}
