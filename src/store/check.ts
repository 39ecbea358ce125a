/** Looks at a store without changing it. */
import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { PrescaleError } from '../base/index.ts'
import { explained, isWritable, openDatabase } from './schema.ts'

export interface StoreState {
  readonly exists: boolean
  /** The file, or the folder where it would be made, can be written. */
  readonly writable: boolean
  readonly turns: number
  readonly bytes: number
}

/** Errors: BAD_INPUT (no store, damaged, newer schema), IO. */
export function checkStore(file: string): StoreState {
  if (!existsSync(file))
    return { exists: false, writable: isWritable(nearestFolder(file)), turns: 0, bytes: 0 }
  const db = openDatabase(file, true)
  try {
    return explained(file, () => {
      const found = db.prepare('PRAGMA quick_check(1)').get()?.quick_check
      if (found !== 'ok') throw new PrescaleError('BAD_INPUT', `store ${file} is damaged: ${found}`)
      const turns = Number(db.prepare('SELECT count(*) AS n FROM turns').get()?.n)
      return { exists: true, writable: isWritable(file), turns, bytes: statSync(file).size }
    })
  } finally {
    db.close()
  }
}

function nearestFolder(file: string): string {
  const folder = dirname(resolve(file))
  return existsSync(folder) ? folder : nearestFolder(folder)
}
