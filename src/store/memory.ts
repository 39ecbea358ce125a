/** Memory — the SQLite store without a file: the same promises, gone with the process. */

import type { LoopRecord } from './loop-record.ts'
import { type SqliteOptions, sqlite } from './sqlite.ts'
import type { TurnStore } from './turn-store.ts'

export function memory(options: Omit<SqliteOptions, 'file' | 'readOnly'> = {}): TurnStore & LoopRecord {
  return sqlite({ ...options, file: ':memory:' })
}
