/**
 * Writing a file whole or not at all: to a temporary name beside it, to the disk, then renamed over it.
 *
 * A reader sees the old file or the new one. When the disk is full or the writing is interrupted, the old file is
 * still there and nothing half-written is left. rename(2) is atomic within one file system.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync
} from 'node:fs'
import { dirname } from 'node:path'
import { PrescaleError } from '../base/index.ts'

/** Writes a text, or bytes, to a file, and makes its folder. Errors: IO, one line; then the file is as it was. */
export function writeWhole(path: string, text: string | Uint8Array): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    const stat = statSync(path, { throwIfNoEntry: false })
    // A device or a pipe cannot be renamed over: /dev/stdout is asked for on purpose.
    if (stat !== undefined && !stat.isFile() && !stat.isDirectory()) writeAndClose(openSync(path, 'w'), text)
    else replace(stat === undefined ? path : realpathSync(path), text, stat?.mode)
  } catch (cause) {
    throw new PrescaleError('IO', `${path} could not be written: ${reasonOf(cause)}`, { cause })
  }
}

function replace(path: string, text: string | Uint8Array, mode?: number): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    writeAndClose(openSync(temporary, 'w', mode), text, fsyncSync)
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw cause
  }
}

function writeAndClose(handle: number, text: string | Uint8Array, flush?: (handle: number) => void): void {
  try {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at)
    flush?.(handle)
  } finally {
    closeSync(handle)
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a part of its path is a file'
}

/** Why the system refused, in words. */
export function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  return code === undefined ? String(cause) : (reasons[code] ?? code)
}
