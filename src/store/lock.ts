/** One process a folder: a file with the id of the process that uses it. One that was killed leaves it behind, and is not obeyed. */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { PrescaleError } from '../base/index.ts'
import { reasonOf } from './write-file.ts'

/** Gives what unlocks it again. Errors: IO. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock')
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = openSync(path, 'wx')
      try {
        writeSync(handle, String(process.pid))
      } finally {
        closeSync(handle)
      }
      return () => rmSync(path, { force: true })
    } catch (cause) {
      const holder = holderOf(path)
      if (!isCode(cause, 'EEXIST') || holder === undefined) {
        throw new PrescaleError('IO', `${folder} cannot be used: ${reasonOf(cause)}`, { cause })
      }
      if (isAlive(holder)) {
        throw new PrescaleError('IO', `${folder} is used by process ${holder}: end it, or say another path`)
      }
      rmSync(path, { force: true })
    }
  }
  throw new PrescaleError('IO', `${folder} is used by another process`)
}

/** 0: nobody who could be named. */
function holderOf(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8')) || 0
  } catch (cause) {
    return isCode(cause, 'ENOENT') ? 0 : undefined
  }
}

function isAlive(pid: number): boolean {
  if (pid <= 0 || pid === process.pid) return pid === process.pid
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return isCode(cause, 'EPERM')
  }
}

function isCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code
}
