/**
 * Schema — the tables of a store of Turns, and opening a file that may be anything.
 *
 * Append-only by triggers: nothing stored is ever changed, and only `retain` deletes, after it has written down the
 * moment before which things may go. `user_version` holds the version of the schema.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  statSync
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { PrescaleError } from '../base/index.ts'

export const SCHEMA_VERSION = 2

/** A thing is used again: its `used_ms` may move. */
const appendOnly = (table: string) => `
CREATE TRIGGER ${table}_stay BEFORE UPDATE ${table === 'things' ? 'OF hash, body ' : ''}ON ${table}
  BEGIN SELECT raise(ABORT, '${table} are append-only'); END;
CREATE TRIGGER ${table}_last BEFORE DELETE ON ${table}
  WHEN (SELECT before_ms FROM retention) IS NULL ${newer[table] ?? ''}
  BEGIN SELECT raise(ABORT, '${table} are append-only'); END;`
const newer: Readonly<Record<string, string>> = {
  turns: 'OR old.stored_ms >= (SELECT before_ms FROM retention)',
  runs: 'OR old.stored_ms >= (SELECT before_ms FROM retention)',
  things: 'OR old.used_ms >= (SELECT before_ms FROM retention)'
}

const schema = `
CREATE TABLE turns (
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  at_ms REAL NOT NULL,
  stored_ms REAL NOT NULL,
  series INTEGER,
  from_step INTEGER,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX turns_by_time ON turns (target, at_ms);

-- A load that grows: steps counted from origin_ms. Where values were corrected later, a new series shares what came
-- before with its parent. All that share something are one family.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  origin_ms REAL NOT NULL,
  step_ms REAL NOT NULL,
  unit TEXT NOT NULL,
  parent INTEGER,
  shared_until INTEGER NOT NULL,
  family INTEGER
) STRICT;
CREATE INDEX series_by_target ON series (target, step_ms, unit);
CREATE TABLE segments (
  series INTEGER NOT NULL,
  from_step INTEGER NOT NULL,
  until_step INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (series, from_step)
) STRICT, WITHOUT ROWID;

-- Forecasts and large parts of memories (models), once each, by the hash of their text.
CREATE TABLE things (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, used_ms REAL NOT NULL, body TEXT NOT NULL) STRICT;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  at_ms REAL NOT NULL,
  stored_ms REAL NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  spec TEXT NOT NULL,
  result TEXT NOT NULL
) STRICT;

-- NULL: nothing may be deleted.
CREATE TABLE retention (id INTEGER PRIMARY KEY CHECK (id = 1), before_ms REAL) STRICT;
INSERT INTO retention VALUES (1, NULL);

${['turns', 'series', 'segments', 'things', 'runs'].map(appendOnly).join('')}
`

/** Since version 2: what a running loop must not forget. Only a receipt is added to a command later, once. */
const loopSchema = `
CREATE TABLE kept (target TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE commands (
  target TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  at_ms REAL NOT NULL,
  body TEXT NOT NULL,
  receipt TEXT,
  PRIMARY KEY (target, epoch)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER commands_stay BEFORE UPDATE ON commands
  WHEN old.receipt IS NOT NULL OR new.body IS NOT old.body OR new.at_ms IS NOT old.at_ms
  BEGIN SELECT raise(ABORT, 'commands are append-only'); END;
CREATE TABLE lease (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  holder TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  until_ms REAL NOT NULL
) STRICT;
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  at_ms REAL NOT NULL,
  what TEXT NOT NULL,
  said TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_time ON events (target, at_ms);
CREATE TABLE pauses (target TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${SCHEMA_VERSION};
`

const emptyLoop = loopSchema
  .replaceAll('CREATE TABLE', 'CREATE TEMP TABLE')
  .replaceAll('CREATE TRIGGER', 'CREATE TEMP TRIGGER')
  .replace(/PRAGMA user_version[^;]*;/, '')

/** Opens a store, making it when it is not there; refuses what is no store, broken, or newer than this program. */
export function openDatabase(file: string, readOnly: boolean): DatabaseSync {
  const isFile = file !== ':memory:'
  if (isFile) {
    if (existsSync(file)) refuseTruncated(file)
    else if (readOnly) throw new PrescaleError('NOT_FOUND', `store ${file} does not exist`)
    else explained(file, () => mkdirSync(dirname(file), { recursive: true }))
  }
  return explained(file, () => {
    const db = new DatabaseSync(addressOf(file, readOnly), { readOnly, timeout: 5_000 })
    try {
      prepare(db, file, readOnly)
      return db
    } catch (cause) {
      db.close()
      throw cause
    }
  })
}

/**
 * A reader of a write-ahead log shares memory with the writer through a file beside it. On a medium that cannot be
 * written there is no writer and no such file: `immutable` does without. https://sqlite.org/uri.html
 */
function addressOf(file: string, readOnly: boolean): string | URL {
  if (!readOnly || file === ':memory:' || isWritable(dirname(resolve(file)))) return file
  if (existsSync(`${file}-shm`) || existsSync(`${file}-wal`)) return file
  const url = pathToFileURL(resolve(file))
  url.searchParams.set('immutable', '1')
  return url
}

export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function prepare(db: DatabaseSync, file: string, readOnly: boolean): void {
  const version = versionOf(db)
  if (version > SCHEMA_VERSION) {
    throw new PrescaleError(
      'BAD_INPUT',
      `store ${file} has schema ${version}, this version knows up to ${SCHEMA_VERSION}: update Prescale or use another store`
    )
  }
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n)
  if (version === 0 && tables > 0) {
    throw new PrescaleError('BAD_INPUT', `${file} is an SQLite file of something else, not a store of Turns`)
  }
  if (version === 0 && readOnly) throw new PrescaleError('BAD_INPUT', `store ${file} is empty`)
  if (readOnly) {
    // Only who writes may change a file: until then an older one is read as it is, with nothing in what is new.
    if (version < SCHEMA_VERSION) db.exec(emptyLoop)
    return
  }
  // Readers go on while one process writes. Without an fsync per Turn a power cut may cost the last ones, never the file.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  db.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have made the tables in between.
    const now = versionOf(db)
    if (now === 0) db.exec(schema)
    if (now < SCHEMA_VERSION) db.exec(loopSchema)
    db.exec('COMMIT')
  } catch (cause) {
    db.exec('ROLLBACK')
    throw cause
  }
}

const versionOf = (db: DatabaseSync) => Number(db.prepare('PRAGMA user_version').get()?.user_version)

/**
 * The header says how many pages there are. SQLite itself would notice only when it comes to a missing page. With a
 * write-ahead log beside it, pages may still be there: after a full disk the file alone is shorter than it says.
 */
function refuseTruncated(file: string): void {
  const header = Buffer.alloc(100)
  const size = explained(file, () => {
    const handle = openSync(file, 'r')
    readSync(handle, header)
    closeSync(handle)
    return statSync(file).size
  })
  const logged = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0 || logged > 0) return
  const isSqlite = header.toString('latin1', 0, 15) === 'SQLite format 3'
  if (!isSqlite) throw new PrescaleError('BAD_INPUT', `${file} is not a store of Turns (not an SQLite file)`)
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
  const pages = header.readUInt32BE(28)
  // The count is only kept up by writers of the last fifteen years; they say so here.
  const counted = header.readUInt32BE(24) === header.readUInt32BE(92)
  if (counted && size < pages * pageSize) {
    throw new PrescaleError(
      'BAD_INPUT',
      `store ${file} is truncated: ${size} of ${pages * pageSize} bytes; restore it from a copy or move it away`
    )
  }
}

/** SQLite's and the file system's complaints as one line of ours. https://sqlite.org/rescode.html */
const complaints: Readonly<Record<number, readonly [PrescaleError['code'], string]>> = {
  5: ['IO', 'is locked by another process'],
  8: ['IO', 'is read-only'],
  10: ['IO', 'could not be read or written'],
  11: ['BAD_INPUT', 'is damaged; restore it from a copy or move it away'],
  13: ['IO', 'could not be written: the disk is full'],
  14: ['IO', 'cannot be opened'],
  26: ['BAD_INPUT', 'is not a store of Turns (not an SQLite file)']
}

/** Runs `use`; what SQLite throws is said in one line. */
export function explained<T>(file: string, use: () => T): T {
  try {
    return use()
  } catch (cause) {
    if (cause instanceof PrescaleError || !(cause instanceof Error)) throw cause
    const { errcode, code } = cause as Error & { errcode?: number; code?: string }
    const complaint = errcode === undefined ? undefined : complaints[errcode & 0xff]
    if (complaint !== undefined) {
      throw new PrescaleError(complaint[0], `store ${file} ${complaint[1]}`, { cause })
    }
    if (code !== undefined && /^E[A-Z]+$/.test(code)) {
      throw new PrescaleError('IO', `store ${file} cannot be opened: ${code}`, { cause })
    }
    throw cause
  }
}
